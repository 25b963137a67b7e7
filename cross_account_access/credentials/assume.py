"""Assumes a role with a CLI profile."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from cross_account_access.aws import (
    CLIENT_CONFIG,
    code_and_message,
    explained_failures,
    is_about_credentials,
)
from cross_account_access.credentials.role_request import RoleRequest
from cross_account_access.errors import AccessError, Status


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


def assume(request: RoleRequest, profile: str, mfa_code: str | None = None) -> RoleCredentials:
    """Asks STS for a session of the role.

    "AssumeRole", AWS STS API reference
    (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).

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
    with explained_failures(profile):
        session = boto3.Session(profile_name=profile, region_name=request.region)
        client = session.client("sts", config=CLIENT_CONFIG)
        try:
            answer = client.assume_role(
                **{name: value for name, value in options.items() if value is not None}
            )
        except ClientError as error:
            if is_about_credentials(error):
                raise
            raise _refusal(error, request, profile) from error
    given = answer["Credentials"]
    return RoleCredentials(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretAccessKey"],
        session_token=given["SessionToken"],
        expiration=given["Expiration"],
        arn=answer["AssumedRoleUser"]["Arn"],
    )


def _refusal(error: ClientError, request: RoleRequest, profile: str) -> RefusedError:
    code, reason = code_and_message(error)
    if "MultiFactorAuthentication" in reason:
        return RefusedError(
            f"AWS refused the MFA code of {request.mfa_serial} ({reason})\n"
            "wait for the next code, since each works once; --mfa-serial names another device"
        )
    if code == "AccessDenied":
        return RefusedError(
            f"AWS does not let profile {profile} assume {request.role_arn} ({reason})\n"
            "the role is gone, trusts somebody else, or wants an external ID, MFA, a source "
            "identity or tags that were not given; access explain says which"
        )
    return RefusedError(f"AWS refused {request.role_arn} for profile {profile} ({code}: {reason})")
