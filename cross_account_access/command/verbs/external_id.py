"""`access external-id`: a fresh external ID for a consumer that is a third party."""

import argparse
import secrets
import string
from typing import Final

from cross_account_access.errors import Status
from cross_account_access.presentation import Page

_DESCRIPTION: Final = """\
Print a fresh random external ID. It is derived from nothing: two runs print two. Put it into the
consumer's conditions in the stack file, where it stays, and give it to the third party; a third
party that has given you one of its own needs none from here.

  conditions:
    external_id: WHAT-WAS-PRINTED"""

_LENGTH: Final = 32
_CHARACTERS: Final = string.ascii_letters + string.digits
"""What STS takes ("AssumeRole", AWS STS API reference,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html) without what a shell or a
file of settings would want in quotes."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the description."""
    parser.description = _DESCRIPTION


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    # YAML reads digits, and digits around an `e`, as a number.
    first = secrets.choice(string.ascii_letters)
    fresh = first + "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH - 1))
    page = Page()
    if arguments.json:
        page.json({"external_id": fresh})
    else:
        page.line(fresh)
    return Status.AS_INTENDED
