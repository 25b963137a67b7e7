"""`access login`: assumes a consumer's role and writes the session as a CLI profile."""

import argparse

from cross_account_access.command.sign_in import add_sign_in_options, sign_in_of
from cross_account_access.credentials import login_profile
from cross_account_access.credentials.session_options import add_profile_option
from cross_account_access.credentials.when import until
from cross_account_access.errors import Status, UsageError
from cross_account_access.presentation import GOOD, QUIET, Page

_DESCRIPTION = """\
Assume a consumer's role and write the session as a profile of the AWS CLI and the SDKs.
Other profiles, comments and order in the files stay as they are."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_sign_in_options(parser)
    add_profile_option(
        parser, purpose="the profile to write (%(default)s)", default=login_profile.DEFAULT_NAME
    )


def run(arguments: argparse.Namespace) -> int:
    """Log in."""
    sign_in, name = sign_in_of(arguments), arguments.name
    if name == sign_in.source:
        message = f"--as {name}: the login would overwrite the profile that it comes from"
        raise UsageError(message)
    # Before the code is asked for, which works once.
    login_profile.check(name)
    credentials = sign_in.session()
    notes = login_profile.write(name, credentials, sign_in.request.region)

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
