"""Assumes a role with a CLI profile, and says in one line why AWS would not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as NetworkError

from cross_account_access.aws import PATIENT
from cross_account_access.credentials.role_request import RoleRequest
from cross_account_access.errors import AccessError, Status, UncheckedError

_CLOCK: Final = re.compile(r"Signature (?:expired|not yet current)")
_CLOCK_CODES: Final = ("RequestExpired", "RequestTimeTooSkewed")
_EXPIRED_CODES: Final = ("ExpiredToken", "ExpiredTokenException")
_WRONG_KEY_CODES: Final = (
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)


class RefusedError(AccessError):
    """AWS knows who asks and says no."""

    status = Status.NOT_AS_INTENDED


@dataclass(frozen=True, kw_only=True)
class RoleCredentials:
    """Credentials of a role session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime
    """With its time zone."""
    arn: str
    """`arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a profile is."""

    arn: str
    account_id: str


def assume(request: RoleRequest, profile: str, mfa_code: str | None = None) -> RoleCredentials:
    """Asks STS for a session of the role ("AssumeRole", AWS STS API reference).

    Raises:
        RefusedError: AWS refuses the role, the MFA code or the length of the session.
        UncheckedError: the profile gives no valid credentials, or AWS cannot be reached.
    """
    options: dict[str, Any] = {
        "RoleArn": request.role_arn,
        "RoleSessionName": request.session_name,
        "DurationSeconds": request.duration,
        "ExternalId": request.external_id,
        "SourceIdentity": request.source_identity,
        "Tags": [{"Key": key, "Value": value} for key, value in request.session_tags.items()]
        or None,
        "SerialNumber": request.mfa_serial,
        "TokenCode": mfa_code,
    }
    with _explained(profile, request):
        session = boto3.Session(profile_name=profile, region_name=request.region)
        answer = session.client("sts", config=PATIENT).assume_role(
            **{name: value for name, value in options.items() if value is not None}
        )
    given = answer["Credentials"]
    return RoleCredentials(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretAccessKey"],
        session_token=given["SessionToken"],
        expiration=given["Expiration"],
        arn=answer["AssumedRoleUser"]["Arn"],
    )


def identify(profile: str, region: str | None = None) -> Identity:
    """Asks STS who a profile is ("GetCallerIdentity", which needs no permission).

    Args:
        profile: of the AWS files.
        region: of the STS endpoint; the profile's own without it.

    Raises:
        UncheckedError: the profile gives no valid credentials, or AWS cannot be reached.
    """
    with _explained(profile):
        session = boto3.Session(profile_name=profile, region_name=region)
        client = session.client("sts", config=PATIENT)
        caller = client.get_caller_identity()
    return Identity(arn=caller["Arn"], account_id=caller["Account"])


@contextmanager
def _explained(profile: str, request: RoleRequest | None = None) -> Iterator[None]:
    """Turns what botocore raises into one line that names the profile and the remedy."""
    try:
        yield
    except ProfileNotFound:
        message = (
            f"profile {profile} is not in your AWS config or credentials file\n"
            f"make it with aws configure --profile {profile}, or name another"
        )
        raise UncheckedError(message) from None
    except NoRegionError:
        message = (
            f"profile {profile} names no region\n"
            f"add one with aws configure set region REGION --profile {profile}"
        )
        raise UncheckedError(message) from None
    except ClientError as error:
        details = error.response.get("Error", {})
        raise _answer(
            profile, request, details.get("Code", ""), details.get("Message", "")
        ) from error
    except (NetworkError, HTTPClientError) as error:
        message = f"AWS STS cannot be reached ({_line(error)})\ncheck the network and the region"
        raise UncheckedError(message) from error
    except BotoCoreError as error:
        message = (
            f"profile {profile} gives no credentials ({_line(error)})\n"
            f"sign in with it again, or correct it with aws configure --profile {profile}"
        )
        raise UncheckedError(message) from error


def _answer(profile: str, request: RoleRequest | None, code: str, said: str) -> AccessError:
    if problem := _problem_of_credentials(profile, code, said):
        return UncheckedError(problem)
    if request is None:
        return UncheckedError(f"AWS does not say who profile {profile} is ({code}: {said})")
    if "MultiFactorAuthentication" in said:
        return RefusedError(
            f"AWS refused the MFA code of {request.mfa_serial} ({said})\n"
            "wait for the next code, since each works once; --mfa-serial names another device"
        )
    if code == "AccessDenied":
        return RefusedError(
            f"AWS does not let profile {profile} assume {request.role_arn} ({said})\n"
            "the role is gone, trusts somebody else, or wants an external ID, MFA, a source "
            "identity or tags that were not given; access explain says which"
        )
    return RefusedError(f"AWS refused {request.role_arn} for profile {profile} ({code}: {said})")


def _problem_of_credentials(profile: str, code: str, said: str) -> str | None:
    if code in _CLOCK_CODES or _CLOCK.search(said):
        return (
            f"this machine's clock differs from that of AWS ({code}: {said})\n"
            "set the clock, for example with timedatectl set-ntp true"
        )
    if code in _EXPIRED_CODES:
        return f"the credentials of profile {profile} have expired\nsign in with it again"
    if code in _WRONG_KEY_CODES:
        return (
            f"AWS does not accept the access key of profile {profile} ({code}): it is mistyped, "
            f"inactive or deleted\ncorrect it with aws configure --profile {profile}"
        )
    return None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
