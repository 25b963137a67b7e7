"""What the stack uses and does not make: it must be in its account before anything is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cross_account_access.declaration.model import Account, User, WebIdentities


@dataclass(frozen=True, kw_only=True)
class MustExist:
    """One call of AWS that finds it, and what its answer means."""

    side: Literal["production", "staging"]
    """The account that it is in."""
    client: str
    """The boto3 client, like `iam`."""
    method: str
    """The client's method, like `get_user`."""
    parameters: Mapping[str, str]
    absent: str
    """The error code by which AWS says that there is none."""
    problem: Callable[[Mapping[str, Any] | None], str | None]
    """From the answer, None where there is none, to what is wrong with it: a line that names the
    setting, the value and the remedy. None where all is as declared."""


def user_must_exist(user: User, staging: Account) -> MustExist:
    """A user that the stack adopts, at the path that it has."""

    def problem(found: Mapping[str, Any] | None) -> str | None:
        if found is None:
            return (
                f"consumers: {user.name!r} is no user of account {staging.account_id}, so it "
                "cannot be adopted; correct the name, or set adopt: false to have it made"
            )
        arn: str = found["User"]["Arn"]
        if arn == staging.user_arn(user):
            return None
        path = arn.split(":user", 1)[1].removesuffix(user.name)
        return f"consumers: user {user.name!r} is {arn}; add path: {path} to adopt it"

    return MustExist(
        side="staging",
        client="iam",
        method="get_user",
        parameters={"UserName": user.name},
        absent="NoSuchEntity",
        problem=problem,
    )


def identity_provider_must_exist(who: WebIdentities, production: Account) -> MustExist:
    """The identity provider of jobs, where the stack does not make it."""

    def problem(found: Mapping[str, Any] | None) -> str | None:
        if found is None:
            return (
                f"consumers: account {production.account_id} has no identity provider for "
                f"https://{who.issuer}; correct the issuer, or set provider: create to have it made"
            )
        audiences: list[str] = found["ClientIDList"]
        if who.audience in audiences:
            return None
        return (
            f"consumers: the identity provider for https://{who.issuer} does not take the audience "
            f"{who.audience!r}, only {', '.join(audiences) or 'none'}; correct the audience, or "
            "add it to the provider's client IDs"
        )

    return MustExist(
        side="production",
        client="iam",
        method="get_open_id_connect_provider",
        parameters={"OpenIDConnectProviderArn": production.identity_provider_arn(who.issuer)},
        absent="NoSuchEntity",
        problem=problem,
    )
