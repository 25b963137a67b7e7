"""`access logout`: removes the profile that a login wrote."""

import argparse

from cross_account_access.credentials import login_profile
from cross_account_access.credentials.session_options import add_profile_option
from cross_account_access.errors import Status
from cross_account_access.presentation import Page

_DESCRIPTION = """\
Remove the profile that access login wrote. The session itself lasts until its end for whoever
has a copy of it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_profile_option(
        parser, purpose="the profile to remove (%(default)s)", default=login_profile.DEFAULT_NAME
    )


def run(arguments: argparse.Namespace) -> int:
    """Log out."""
    name = arguments.name
    removed = login_profile.remove(name)
    page = Page()
    if arguments.json:
        page.json({"profile": name, "removed": removed})
    else:
        page.line(f"profile {name} is removed" if removed else f"there is no profile {name}")
    return Status.AS_INTENDED
