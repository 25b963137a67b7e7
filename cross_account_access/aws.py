"""Calls of AWS with CLI profiles, and in a line or two why there is no answer."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as NetworkError

from cross_account_access.errors import UncheckedError
from cross_account_access.stack import StackAccount

CLIENT_CONFIG: Final = Config(
    connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4}
)
"""For clients: an answer, or a failure, within a minute or two."""

_CLOCK: Final = re.compile(r"Signature (?:expired|not yet current)")
_CLOCK_CODES: Final = ("RequestExpired", "RequestTimeTooSkewed")
_EXPIRED_CODES: Final = ("ExpiredToken", "ExpiredTokenException")
_WRONG_KEY_CODES: Final = (
    *("InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"),
)


@dataclass(frozen=True, kw_only=True)
class CallerIdentity:
    """Who a profile is."""

    arn: str
    account_id: str
    """12 digits."""


def identify(profile: str | None, region: str | None = None) -> CallerIdentity:
    """Asks STS who a profile is, which needs no permission.

    "GetCallerIdentity", AWS STS API reference
    (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).

    Args:
        profile: of the AWS files; None for the credentials of the environment.
        region: of the STS endpoint; the profile's own without it.

    Raises:
        UncheckedError: the profile gives no valid credentials, or AWS cannot be reached.
    """
    with explained_failures(profile):
        return _identity_of(boto3.Session(profile_name=profile, region_name=region))


def session_of(account: StackAccount) -> boto3.Session:
    """Return a session that is proven to be in the account.

    Raises:
        UncheckedError: no such profile, no or expired credentials, or those of another account.
    """
    with explained_failures(account.profile, account.label):
        session = boto3.Session(profile_name=account.profile, region_name=account.region)
        identity = _identity_of(session)
    if identity.account_id != account.id:
        msg = (
            f"profile {account.profile} holds credentials of account {identity.account_id}, but the"
            f" stack's {account.label} account is {account.id}\n"
            "point the profile at that account in your AWS config file"
        )
        raise UncheckedError(msg)
    return session


def _identity_of(session: boto3.Session) -> CallerIdentity:
    caller = session.client("sts", config=CLIENT_CONFIG).get_caller_identity()
    return CallerIdentity(arn=caller["Arn"], account_id=caller["Account"])


@contextmanager
def explained_failures(profile: str | None, label: str | None = None) -> Iterator[None]:
    """Turn failures of calls into a line or two that name the profile and the remedy.

    Args:
        profile: that the calls are made with; None for the credentials of the environment.
        label: of the account that it deploys to, where it does.

    Raises:
        UncheckedError: in place of what botocore raises.
    """
    who = f"profile {profile}" if profile else "the environment"
    who += f" (for {label})" if label else ""
    try:
        yield
    except BotoCoreError as error:
        raise UncheckedError(_no_answer(error, who, profile)) from error
    except ClientError as error:
        call = f"{error.operation_name} with {who}: {': '.join(code_and_message(error))}"
        raise UncheckedError(_bad_credentials(error, who, profile) or call) from error


def is_about_credentials(error: ClientError) -> bool:
    """Whether AWS rejects the credentials, or the clock, rather than what was asked with them."""
    return _bad_credentials(error, "", None) is not None


def _no_answer(error: BotoCoreError, who: str, profile: str | None) -> str:
    option = f" --profile {profile}" if profile else ""
    line = " ".join(str(error).split())
    match error:
        case ProfileNotFound():
            return (
                f"{who} is not in your AWS config or credentials file\n"
                f"make it with aws configure{option}, or name another"
            )
        case NoRegionError():
            return f"{who} names no region\nadd one with aws configure set region REGION{option}"
        case NetworkError() | HTTPClientError():
            return f"AWS cannot be reached with {who} ({line})\ncheck the network and the region"
    return (
        f"{who} gives no credentials ({line})\n"
        f"sign in with it again, or correct it with aws configure{option}"
    )


def _bad_credentials(error: ClientError, who: str, profile: str | None) -> str | None:
    code, message = code_and_message(error)
    if code in _CLOCK_CODES or _CLOCK.search(message):
        return (
            f"this machine's clock differs from that of AWS ({code}: {message})\n"
            "set the clock, for example with timedatectl set-ntp true"
        )
    if code in _EXPIRED_CODES:
        return f"the credentials of {who} have expired\nsign in with it again"
    if code in _WRONG_KEY_CODES:
        option = f" --profile {profile}" if profile else ""
        return (
            f"AWS does not accept the access key of {who} ({code}): it is mistyped, inactive or "
            f"deleted\ncorrect it with aws configure{option}"
        )
    return None


def code_and_message(error: ClientError) -> tuple[str, str]:
    """AWS's own code and words; empty where an answer to HEAD has none."""
    details = error.response.get("Error", {})
    return details.get("Code", ""), details.get("Message", "")
