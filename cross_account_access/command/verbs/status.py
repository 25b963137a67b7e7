"""`access status`: says who a profile is, in which account, until when."""

import argparse
from datetime import UTC, datetime

from cross_account_access.aws import identify
from cross_account_access.credentials import aws_files, login_profile
from cross_account_access.credentials.session_options import add_profile_option
from cross_account_access.credentials.when import until, utc
from cross_account_access.errors import Status
from cross_account_access.presentation import BAD, GOOD, Page

_DESCRIPTION = """\
Say who a profile is, in which account and until when, as AWS sees it. Fails when the session
is over."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_profile_option(
        parser, purpose="the profile (%(default)s)", default=login_profile.DEFAULT_NAME
    )


def run(arguments: argparse.Namespace) -> int:
    """Say who."""
    name, page = arguments.name, Page()
    end = login_profile.expiration(name)
    over = None
    if not aws_files.exists(name):
        over = "there is no such profile"
    elif end is not None and end <= datetime.now(UTC):
        over = f"the session ended at {utc(end)}"
    if over:
        if arguments.json:
            page.json({"profile": name, "valid": False, "reason": over})
        else:
            page.line("profile ", (name, BAD), f": {over}; run access login --as {name}")
        return Status.NOT_AS_INTENDED
    identity = identify(name)
    if arguments.json:
        page.json(
            {
                "profile": name,
                "arn": identity.arn,
                "account": identity.account_id,
                "expires": end and end.isoformat(),
                "valid": True,
            }
        )
        return Status.AS_INTENDED
    page.line("profile ", (name, GOOD), f" is {identity.arn}")
    page.line(f"in account {identity.account_id}")
    page.line(f"until {until(end)}" if end else "with no end noted by a login")
    return Status.AS_INTENDED
