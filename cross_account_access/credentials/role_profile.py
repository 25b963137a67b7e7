"""CLI profiles that assume a consumer's role and renew themselves: nothing is copied."""

import shlex
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cross_account_access.credentials.aws_files import AwsFile, Options, write
from cross_account_access.credentials.role_request import RoleRequest
from cross_account_access.errors import UsageError

_OPTIONS: Final = (
    *("role_arn", "source_profile", "credential_source", "credential_process", "external_id"),
    *("mfa_serial", "role_session_name", "duration_seconds", "region"),
)
"""All that a block may state; installing one removes those that it does not."""

NO_MFA: Final = (
    "the role wants an MFA code, which a credential_process cannot ask for; "
    "use access login, or a profile without --process"
)


def renewed_by_sdk(request: RoleRequest) -> dict[str, str]:
    """Options with which the AWS CLI and the SDKs assume the role themselves.

    Raises:
        UsageError: the session has a source identity or tags, which they do not know.
    """
    if request.source_identity is not None or request.session_tags:
        message = "a profile carries a source identity and session tags with --process only"
        raise UsageError(message)
    return request.profile_options()


def renewed_by_process(request: RoleRequest) -> dict[str, str]:
    """Options with which the AWS CLI and the SDKs start `access credentials` for the role.

    The command needs neither a folder nor a stack, nor variables of the shell ("Source
    credentials with an external process in the AWS CLI",
    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html).

    Raises:
        UsageError: the role wants an MFA code, which nobody could type there, or the source is
            a machine's own credentials, which the SDKs renew themselves.
    """
    if request.mfa_serial:
        raise UsageError(NO_MFA)
    if request.source_profile is None:
        message = (
            "machines with a role of their own need no credential_process; leave out --process"
        )
        raise UsageError(message)
    given = {
        "--role-arn": request.role_arn,
        "--profile": request.source_profile,
        "--region": request.region,
        "--session-name": request.session_name,
        "--duration": str(request.renewable_duration),
        "--external-id": request.external_id,
        "--source-identity": request.source_identity,
    }
    # The installed script: `python -m` would look first in the folder that a person stands in.
    command = [str(Path(sysconfig.get_path("scripts"), "access")), "credentials"]
    # One word each, since a value may begin with a dash.
    command += [f"{option}={value}" for option, value in given.items() if value is not None]
    command += [f"--tag={key}={value}" for key, value in request.session_tags.items()]
    return {"credential_process": shlex.join(command), "region": request.region}


def install(name: str, options: Mapping[str, str]) -> list[str]:
    """Writes the profile into the config file and returns what a person should know of it.

    Raises:
        UsageError: the credentials file has a profile of that name, whose keys would be used in
            place of the role.
        UncheckedError: the file cannot be changed.
    """
    if AwsFile.credentials().profile(name) is not None:
        message = (
            f"profile {name} has credentials in {AwsFile.credentials().path}, which would be used "
            "in place of the role; choose another name with --as"
        )
        raise UsageError(message)
    wanted: Options = {**dict.fromkeys(_OPTIONS), **options}
    return write(name, (AwsFile.config(), lambda _: wanted))
