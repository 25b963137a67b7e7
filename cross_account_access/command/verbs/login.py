"""`access login`: assumes a consumer's role and writes the session as a CLI profile."""

import argparse
import getpass
import re
import sys

from cross_account_access.credentials import login_profile
from cross_account_access.credentials.assume import assume
from cross_account_access.credentials.consumer import add_consumer_options, consumer_of, contract_of
from cross_account_access.credentials.session_options import (
    add_mfa_serial,
    add_profile_option,
    add_session_options,
    request_of,
)
from cross_account_access.credentials.when import until
from cross_account_access.errors import Status, UsageError
from cross_account_access.presentation import GOOD, QUIET, Page, progress

_DESCRIPTION = """\
Assume a consumer's role and write the session as a profile of the AWS CLI and the SDKs.
Other profiles, comments and order in the files stay as they are."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_consumer_options(parser)
    add_session_options(parser)
    add_mfa_serial(parser)
    add_profile_option(
        parser, purpose="the profile to write (%(default)s)", default=login_profile.DEFAULT_NAME
    )
    parser.add_argument(
        "--mfa-code",
        metavar="CODE",
        type=_mfa_code,
        help="6 digits, where the role wants MFA; asked for on a terminal",
    )


def run(arguments: argparse.Namespace) -> int:
    """Log in."""
    contract, name = contract_of(arguments), arguments.name
    consumer = consumer_of(arguments, contract)
    request = request_of(arguments, contract, consumer)
    source = request.source_profile
    if source is None:
        message = (
            f"consumer {consumer.name} is EC2 instances, which renew themselves with the block of "
            "access profile; elsewhere name a CLI profile that may assume the role with --profile"
        )
        raise UsageError(message)
    if name == source:
        message = f"--as {name}: the login would overwrite the profile that it comes from"
        raise UsageError(message)
    # Before the code is asked for, which works once.
    login_profile.check(name)
    code = request.mfa_serial and (arguments.mfa_code or _asked(request.mfa_serial))
    with progress(f"assuming {request.role_arn}"):
        credentials = assume(request, source, code)
    notes = login_profile.write(name, credentials, contract.production_region)

    page = Page()
    if arguments.json:
        page.json(
            {
                "profile": name,
                "arn": credentials.arn,
                "expires": credentials.expiration.isoformat(),
                "notes": notes,
            }
        )
        return Status.AS_INTENDED
    page.line("profile ", (name, GOOD), f" is {credentials.arn}")
    page.line(f"until {until(credentials.expiration)}")
    for note in notes:
        page.line((note, QUIET))
    page.line((f"use it with --profile {name}; end it with access logout --as {name}", QUIET))
    return Status.AS_INTENDED


def _mfa_code(text: str) -> str:
    if re.fullmatch(r"\d{6}", text, re.ASCII):
        return text
    message = f"{text!r} must be the 6 digits that the MFA device shows"
    raise argparse.ArgumentTypeError(message)


def _asked(serial: str) -> str:
    if not sys.stdin.isatty():
        message = f"the role wants a code of {serial}; give it with --mfa-code"
        raise UsageError(message)
    try:
        return _mfa_code(getpass.getpass(f"MFA code of {serial}: ").strip())
    except argparse.ArgumentTypeError as error:
        raise UsageError(str(error)) from None
    except EOFError:
        message = "no MFA code was given"
        raise UsageError(message) from None
