"""`access handover`: a page for a consumer that says all it needs to use its access."""

import argparse

from cross_account_access.credentials.consumer import add_consumer_options, consumer_of, contract_of
from cross_account_access.credentials.handover_page import handover_page
from cross_account_access.errors import Status
from cross_account_access.presentation import Page

_DESCRIPTION = """\
Print a Markdown page for a consumer, such as a vendor: role, external ID, how to set it up, how
to test it with and without the external ID, limits, and whom to tell. It has no secret in it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_consumer_options(parser)
    parser.add_argument(
        "--contact",
        metavar="TEXT",
        type=_line,
        required=True,
        help="whom the reader tells when something is wrong: an address, a name",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    contract = contract_of(arguments)
    consumer = consumer_of(arguments, contract)
    markdown = handover_page(contract, consumer, arguments.contact)
    page = Page()
    if arguments.json:
        page.json({"consumer": consumer.name, "markdown": markdown})
    else:
        page.raw(markdown)
    return Status.AS_INTENDED


def _line(text: str) -> str:
    if text.strip() and text.isprintable():
        return text.strip()
    message = f"{text!r} must be one line that is not empty"
    raise argparse.ArgumentTypeError(message)
