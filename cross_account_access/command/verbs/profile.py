"""`access profile`: the block for ~/.aws/config that assumes a role and renews itself."""

import argparse
import sys

from cross_account_access.credentials import aws_files, role_profile
from cross_account_access.credentials.aws_files import AwsFile
from cross_account_access.credentials.consumer import add_consumer_options, consumer_of, contract_of
from cross_account_access.credentials.session_options import (
    add_mfa_serial,
    add_profile_option,
    add_session_options,
    request_of,
)
from cross_account_access.errors import Status, UsageError
from cross_account_access.presentation import QUIET, Page

_DESCRIPTION = """\
Print, or install, the block for ~/.aws/config with which the AWS CLI and the SDKs assume the
consumer's role by themselves and renew the session: no credentials are copied."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_consumer_options(parser)
    add_session_options(parser, duration=None)
    add_mfa_serial(parser)
    add_profile_option(parser, purpose="name of the new profile; that of the role without it")
    parser.add_argument(
        "--process",
        action="store_true",
        help="let it start access credentials, which can state a source identity and tags",
    )
    parser.add_argument(
        "--install", action="store_true", help="write it into the file, after asking"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Print or install it."""
    contract = contract_of(arguments)
    request = request_of(arguments, contract, consumer_of(arguments, contract))
    renewed = role_profile.renewed_by_process if arguments.process else role_profile.renewed_by_sdk
    name, options = arguments.name or request.profile_name, renewed(request)
    if name == request.source_profile:
        message = f"--as {name}: the profile cannot be its own source"
        raise UsageError(message)
    block, path = request.profile_block(name, options), AwsFile.config().path
    notes = []
    if arguments.install:
        if not arguments.yes:
            _ask(block, str(path))
        notes = role_profile.install(name, options)
        if request.source_profile and not aws_files.exists(request.source_profile):
            notes.append(f"its source, profile {request.source_profile}, is not there yet")

    page = Page()
    if arguments.json:
        installed = str(path) if arguments.install else None
        page.json({"profile": name, "options": options, "installed": installed, "notes": notes})
    elif arguments.install:
        page.line(f"profile {name} is in {path}; use it with --profile {name}")
        for note in notes:
            page.line((note, QUIET))
    else:
        page.raw(block)
    return Status.AS_INTENDED


def _ask(block: str, path: str) -> None:
    if not sys.stdin.isatty():
        message = "--install asks first, and there is no terminal; say --yes to write it unasked"
        raise UsageError(message)
    sys.stderr.write(f"{block}\n\nWrite this profile into {path}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        message = "nothing was written"
        raise UsageError(message)
