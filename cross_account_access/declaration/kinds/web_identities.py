"""Jobs that prove themselves by OpenID Connect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import Flag, Former, Text, Texts
from cross_account_access.declaration.model import MustExist, Principal, SignIn, Trust
from cross_account_access.declaration.rules import issuers
from cross_account_access.declaration.statements import ConditionBlock


@dataclass(frozen=True, kw_only=True)
class WebIdentities(Principal):
    """Jobs elsewhere that prove themselves with a token of an OpenID Connect issuer, as in CI."""

    kind = "oidc"
    words = "Jobs with a token, as in CI."
    example = (
        "{issuer: https://token.actions.githubusercontent.com, audience: sts.amazonaws.com, "
        "subjects: [repo:my-org/my-repo:ref:refs/heads/main]}"
    )
    signs_in = SignIn.WEB_IDENTITY
    is_machine = True
    only_by_role = "a token makes nobody known to AWS but by a role"

    issuer: Annotated[
        str,
        Text(
            "URL of the issuer, as in https://token.actions.githubusercontent.com.",
            issuers.issuer,
            convert=lambda url: url.removeprefix("https://"),
        ),
    ]
    """Without its `https://`, which is how IAM names the provider and its condition keys."""
    audience: Annotated[
        str, Text("Whom the token must be for, as in sts.amazonaws.com.", rules.audience)
    ]
    allow_wildcard_subjects: Annotated[bool, Flag("Whether subjects may have * and ?.")] = False
    private_issuer: Annotated[
        bool,
        Flag(
            "Whether the issuer gives tokens to nobody but you, as a GitLab or Kubernetes of your "
            "own does."
        ),
    ] = False
    subjects: Annotated[
        tuple[str, ...],
        Texts(
            "Which jobs: the token's subject, in the issuer's own form.",
            rule_for=lambda context: issuers.subject(
                context.read["issuer"],
                is_private=context.read["private_issuer"],
                allow_wildcards=context.read["allow_wildcard_subjects"],
            ),
            example="[repo:my-org/my-repo:ref:refs/heads/main]",
        ),
    ]
    existing: Annotated[
        bool,
        Flag(
            "Whether the account has the identity provider for the issuer already; it is "
            "made unless said.",
            former=Former("provider", {"create": False, "existing": True}),
        ),
    ] = False

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """A public issuer is nobody's own."""
        name = issuers.public_name(self.issuer)
        if self.private_issuer and name:
            yield "private_issuer", f"is not so: {name} gives tokens to everybody; remove it"

    @property
    def is_given_role(self) -> bool:
        """Pods of EKS are."""
        return issuers.is_eks(self.issuer)

    @property
    def claims(self) -> Mapping[str, Sequence[str]]:
        """Audience and subject of the token."""
        return {f"{self.issuer}:aud": [self.audience], f"{self.issuer}:sub": sorted(self.subjects)}

    @property
    def unmeetable(self) -> Mapping[str, str]:
        """A token has claims in place of what a caller could state."""
        why = "cannot be met by a token, which has claims of its own; remove it"
        stated = ("external_id", "source_identity", "session_tags")
        return {**super().unmeetable, **dict.fromkeys(stated, why)}

    def home_account(self, accounts: Accounts) -> str | None:  # noqa: ARG002
        """None: the jobs run outside of AWS."""
        return None

    def provider_arn(self, owner: Account) -> str:
        """`arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER`."""
        return owner.iam_arn(f"oidc-provider/{self.issuer}")

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The identity provider's, in Production."""
        return (self.provider_arn(accounts.trusting),)

    def trust(self, accounts: Accounts) -> Trust:
        """By the identity provider, narrowed to an audience and to subjects.

        The provider alone would let in every customer of a public issuer.

        Source: "Create a role for OpenID Connect federation (console)",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html.
        """
        subject, audience = f"{self.issuer}:sub", f"{self.issuer}:aud"
        has_wildcards = any(char in text for text in self.subjects for char in "*?")
        exactly: dict[str, Sequence[str]] = {audience: [self.audience]}
        conditions: ConditionBlock = (
            {"StringEquals": exactly, "StringLike": {subject: sorted(self.subjects)}}
            if has_wildcards
            else {"StringEquals": {**exactly, subject: sorted(self.subjects)}}
        )
        return Trust(
            sid="TrustWebIdentities",
            principal={"Federated": self.principal_arns(accounts)},
            action="sts:AssumeRoleWithWebIdentity",
            conditions=conditions,
        )

    def must_exist(self, accounts: Accounts) -> Iterator[MustExist]:
        """An identity provider that exists must take the audience."""
        if not self.existing:
            return

        def problem(answer: Mapping[str, Any] | None) -> str | None:
            if answer is None:
                return (
                    f"consumers: account {accounts.trusting.account_id} has no identity provider "
                    f"for https://{self.issuer}; correct the issuer, or set existing: false to "
                    "have it made"
                )
            audiences = answer["ClientIDList"]
            if self.audience in audiences:
                return None
            return (
                f"consumers: the identity provider for https://{self.issuer} does not take the "
                f"audience {self.audience!r}, only {', '.join(audiences) or 'none'}; correct the "
                "audience, or add it to the provider's client IDs"
            )

        yield MustExist(
            side="production",
            client="iam",
            method="get_open_id_connect_provider",
            parameters={"OpenIDConnectProviderArn": self.provider_arn(accounts.trusting)},
            absent="NoSuchEntity",
            problem=problem,
        )
