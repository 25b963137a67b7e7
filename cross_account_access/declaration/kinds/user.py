"""IAM users of Staging."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import Flag, Former, Text, Word
from cross_account_access.declaration.model import (
    MustExist,
    Principal,
    SignIn,
    Trust,
    boundary_must_exist,
    narrowed_to_principals,
)
from cross_account_access.facts import quotas
from cross_account_access.facts.managed_policies import sign_in_policy_arn


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    """An IAM user of the Staging account."""

    kind = "user"
    words = "An IAM user of Staging."
    example = "{name: StageAdmin}"
    signs_in = SignIn.PROFILE
    is_one_principal = True
    own_policy_characters = quotas.USER_INLINE_CHARACTERS
    unique_names: ClassVar[Mapping[str, Callable[[Any], str]]] = {"name": lambda user: user.name}

    existing: Annotated[
        bool,
        Flag(
            "Whether the user exists already and only gains one inline policy.",
            former=Former("adopt"),
        ),
    ] = False
    name: Annotated[
        str,
        Text(
            "The user's name.",
            rule_for=lambda context: rules.iam_name(
                quotas.OLD_USER_NAME_CHARACTERS
                if context.read["existing"]
                else quotas.USER_NAME_CHARACTERS
            ),
        ),
    ]
    path: Annotated[
        str, Text("The user's path, as in /people/; / unless said.", rules.iam_path)
    ] = "/"
    permissions_boundary: Annotated[
        str | None,
        Text(
            "ARN of a managed policy of Staging, or of AWS.",
            rule_for=lambda context: rules.permissions_boundary(context.accounts.trusted),
        ),
    ] = None
    # The stack makes neither password nor key; what is declared is no drift.
    sign_in: Annotated[
        str,
        Word(
            "none unless said; console: with a password, which serves aws login of AWS CLI 2.32 "
            "and later too; key: with an access key that Staging makes.",
            ("none", "console", "key"),
        ),
    ] = "none"

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """A user that exists is left as it is."""
        if self.existing and self.permissions_boundary:
            yield (
                "existing",
                "leaves the user as it is: remove permissions_boundary, or set existing: false",
            )
        if self.existing and self.sign_in != "none":
            yield "existing", "leaves the user as it is: remove sign_in, or set existing: false"

    @property
    def is_adopted(self) -> bool:
        """As declared."""
        return self.existing

    @property
    def user_sign_in(self) -> str | None:
        """None where the user is somebody else's."""
        return None if self.existing else self.sign_in

    def attached_policies(self, owner: Account) -> list[str]:
        """ARNs of the managed policies that a user of ours has beside its inline policy."""
        return [sign_in_policy_arn(owner.partition)] if self.sign_in == "console" else []

    def profile(self, consumer: str) -> str:  # noqa: ARG002 - the user's own
        """Named as the user."""
        return self.name

    def mfa_serial(self, accounts: Accounts) -> str:
        """The user's virtual MFA device, if it is named as the user, as most are."""
        return accounts.trusted.iam_arn(f"mfa/{self.name}")

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:iam::ACCOUNT:user/PATH/NAME`."""
        return owner.iam_arn(f"user{self.path}{self.name}")

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The user's."""
        return (self.arn(accounts.trusted),)

    def trust(self, accounts: Accounts) -> Trust:
        """By the account, narrowed to the user."""
        return narrowed_to_principals(
            accounts, "TrustOnePrincipal", "ArnEquals", self.principal_arns(accounts)
        )

    def must_exist(self, accounts: Accounts) -> Iterator[MustExist]:
        """A user that exists must have the path that is declared; another its boundary."""
        if not self.existing:
            whose = f"user {self.name!r}"
            yield from boundary_must_exist(self.permissions_boundary, "staging", whose)
            return

        def problem(answer: Mapping[str, Any] | None) -> str | None:
            if answer is None:
                return (
                    f"consumers: {self.name!r} is no user of account "
                    f"{accounts.trusted.account_id}, so it cannot be adopted; correct the name, "
                    "or set existing: false to have it made"
                )
            arn = answer["User"]["Arn"]
            if arn == self.arn(accounts.trusted):
                return None
            path, _, name = arn.split(":user", 1)[1].rpartition("/")
            if name != self.name:
                # IAM finds it whatever the case, while policies compare ARNs as they are written.
                return f"consumers: user {self.name!r} is {arn}; write name: {name} to adopt it"
            return f"consumers: user {self.name!r} is {arn}; add path: {path}/ to adopt it"

        yield MustExist(
            side="staging",
            client="iam",
            method="get_user",
            parameters={"UserName": self.name},
            absent="NoSuchEntity",
            problem=problem,
        )
