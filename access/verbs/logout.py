"""`access logout`: removes the profile that a login wrote."""

import argparse

from access import login_profile
from access.errors import Status
from access.presentation import Page
from access.role_request import profile_name

_DESCRIPTION = """\
Remove the profile that access login wrote. The session itself lasts until its end for whoever
has a copy of it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "--as",
        dest="name",
        metavar="PROFILE",
        type=profile_name,
        default=login_profile.DEFAULT_NAME,
        help="the profile to remove (%(default)s)",
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
