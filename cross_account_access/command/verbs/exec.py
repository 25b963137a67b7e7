"""`access exec`: runs one command with a session of a consumer's role, and writes nothing."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC
from typing import Final

from cross_account_access.command.sign_in import SignIn, add_sign_in_options, sign_in_of
from cross_account_access.errors import Status, UsageError
from cross_account_access.presentation import Page

_DESCRIPTION: Final = """\
Assume a consumer's role and run a command with the session in its environment. Nothing is written:
the session ends with the command, or with its time."""
_EPILOG: Final = """\
examples:
  access exec -- aws s3 ls s3://production-test-bucket-101
  access exec --consumer reports -- python report.py
  eval "$(access exec --export)"     for this shell; the session ends with its time

exit status: that of the command; before it is started 1 AWS refused, 2 wrong usage, 3 could not be
tried"""
_OTHER_CREDENTIALS: Final = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
"""Variables by which an SDK would find somebody else's ("AWS SDKs and Tools standardized credential
providers", https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html)."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add whose session it is, and the command."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_sign_in_options(parser)
    parser.add_argument(
        "--export",
        action="store_true",
        help="print the session as lines for the shell, or as JSON, instead of running a command;"
        " never on a terminal",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="behind --, with its options")


def run(arguments: argparse.Namespace) -> int:
    """Assume the role, and become the command."""
    command = arguments.command[arguments.command[:1] == ["--"] :]
    if arguments.export:
        if command:
            message = "--export prints the session; leave out the command, or --export"
            raise UsageError(message)
        if sys.stdout.isatty():
            message = (
                '--export prints secrets, so not on a terminal: eval "$(access exec --export)"'
            )
            raise UsageError(message)
        _export(_variables(sign_in_of(arguments)), as_json=arguments.json)
        return Status.AS_INTENDED
    if not command:
        message = "which command? access exec -- COMMAND"
        raise UsageError(message)
    if arguments.json:
        message = "--json goes with --export; behind -- the command prints what it prints"
        raise UsageError(message)
    given = _variables(sign_in_of(arguments))
    own = {name: value for name, value in os.environ.items() if name not in _OTHER_CREDENTIALS}
    _become(command, {**own, **given})
    raise AssertionError


def _variables(sign_in: SignIn) -> Mapping[str, str]:
    """What the AWS CLI and the SDKs read.

    "Configuring environment variables for the AWS CLI",
    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html.
    """
    session = sign_in.session()
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
        # No SDK reads it; prompts and people do.
        "AWS_CREDENTIAL_EXPIRATION": session.expiration.astimezone(UTC).isoformat(
            timespec="seconds"
        ),
        "AWS_REGION": sign_in.request.region,
        "AWS_DEFAULT_REGION": sign_in.request.region,
    }


def _export(variables: Mapping[str, str], *, as_json: bool) -> None:
    page = Page()
    if as_json:
        page.raw(json.dumps(dict(variables), indent=2))
        return
    page.raw(f"unset {' '.join(_OTHER_CREDENTIALS)}")
    for name, value in variables.items():
        page.raw(f"export {name}={shlex.quote(value)}")


def _become(command: list[str], environment: Mapping[str, str]) -> None:
    """Give this process to the command, so that signals and its end are its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - what it is for
    except OSError as error:
        message = f"{command[0]}: {error.strerror}; name a command that is on PATH"
        raise UsageError(message) from error
