"""`access credentials`: a credential_process of the AWS CLI and the SDKs for a consumer's role."""

import argparse
import json
import os
import sys
from datetime import UTC
from typing import Final

from cross_account_access.credentials.aws_files import AwsFile
from cross_account_access.credentials.consumer import add_consumer_options, consumer_of, contract_of
from cross_account_access.credentials.role_profile import NO_MFA, renewed_by_process
from cross_account_access.credentials.role_request import RoleRequest
from cross_account_access.credentials.session_cache import ProcessCredentials, session
from cross_account_access.credentials.session_options import add_session_options, request_of
from cross_account_access.errors import Status, UsageError

_DESCRIPTION: Final = """\
Print the credentials of a consumer's role as a credential_process does, from a cache until they
are near their end. For the AWS CLI and the SDKs to start; on a terminal it prints how to install
it, and no secret."""
_PLACES: Final = (
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
)
"""What else tells one AWS, or one owner of a profile, from another."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_consumer_options(parser)
    add_session_options(parser)
    parser.add_argument(
        "--role-arn", metavar="ARN", help="the role itself, in place of a consumer of a stack"
    )
    parser.add_argument("--external-id", metavar="ID", help="with --role-arn, where it wants one")
    parser.add_argument("--region", help="with --role-arn: region of the STS endpoint")


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    request = _request(arguments)
    source = request.source_profile
    if source is None or sys.stdout.isatty():
        _tell_how_to_install(request)
        return Status.AS_INTENDED
    key = [
        request.role_arn,
        source,
        request.region,
        request.session_name,
        str(request.duration),
        request.external_id or "",
        request.source_identity or "",
        json.dumps(request.session_tags, sort_keys=True),
        *(os.environ.get(place, "") for place in _PLACES),
    ]
    credentials = session(key, request.duration, lambda: _new(request, source))
    sys.stdout.write(f"{json.dumps(credentials)}\n")
    return Status.AS_INTENDED


def _request(arguments: argparse.Namespace) -> RoleRequest:
    if arguments.role_arn is None:
        if arguments.external_id or arguments.region:
            message = "--external-id and --region go with --role-arn; a stack tells them itself"
            raise UsageError(message)
        contract = contract_of(arguments)
        consumer = consumer_of(arguments, contract)
        if consumer.mfa:
            raise UsageError(NO_MFA)
        return request_of(arguments, contract, consumer)
    missing = [
        option
        for option in ("profile", "region", "session_name")
        if getattr(arguments, option) is None
    ]
    if missing or arguments.consumer is not None:
        options = ", ".join(f"--{option.replace('_', '-')}" for option in missing)
        message = f"--role-arn needs {options}" if missing else "--role-arn is without --consumer"
        raise UsageError(message)
    return RoleRequest(
        role_arn=arguments.role_arn,
        source_profile=arguments.profile,
        region=arguments.region,
        session_name=arguments.session_name,
        duration=arguments.duration,
        external_id=arguments.external_id,
        source_identity=arguments.source_identity,
        session_tags=dict(arguments.tags),
    )


def _new(request: RoleRequest, source: str) -> ProcessCredentials:
    # The AWS SDK takes longest to load, and every AWS command waits for this one, mostly for what
    # is cached.
    from cross_account_access.credentials.assume import assume  # noqa: PLC0415

    given = assume(request, source)
    return {
        "Version": 1,
        "AccessKeyId": given.access_key_id,
        "SecretAccessKey": given.secret_access_key,
        "SessionToken": given.session_token,
        "Expiration": given.expiration.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _tell_how_to_install(request: RoleRequest) -> None:
    block = request.profile_block(options=renewed_by_process(request))
    sys.stdout.write(
        f"For {AwsFile.config().path}, or by itself with access profile --process --install:\n\n"
        f"{block}\n"
    )
