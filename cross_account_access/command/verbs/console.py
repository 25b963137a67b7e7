"""`access console`: AWS's console in a browser, as a consumer's role."""

import argparse
import os
import webbrowser
from typing import Final

from cross_account_access.command.sign_in import SignIn, add_sign_in_options, sign_in_of
from cross_account_access.credentials.console import federated_link
from cross_account_access.errors import Status, UsageError
from cross_account_access.facts.partitions import console_host, partition_of, sign_in_host
from cross_account_access.presentation import QUIET, Page, notice

_DESCRIPTION: Final = """\
Open AWS's console in the browser as a consumer's role: by the switch-role link where the console
can state all that the role wants, and you are signed in as the caller; else with a session of the
role, which asks for no sign-in of your own."""
_EPILOG: Final = """\
A link with a session lets in whoever has it, for 15 minutes.

exit status: 0 opened or printed, 1 AWS refused, 2 wrong usage, 3 could not be tried"""
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add whose console it is, and how it is opened."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_sign_in_options(parser)
    parser.add_argument(
        "--federated",
        action="store_true",
        help="sign in with a session of the role though there is a switch-role link: for who has"
        " no password for the console",
    )
    parser.add_argument("--print", action="store_true", help="print the link, and open nothing")


def run(arguments: argparse.Namespace) -> int:
    """Open it."""
    sign_in = sign_in_of(arguments)
    switch = None if arguments.federated else sign_in.consumer.switch_role_url
    link = switch or _with_session(sign_in)
    if arguments.json:
        Page().json({"url": link, "federated": switch is None})
    elif arguments.print:
        Page().raw(link)
    elif webbrowser.open(link):
        Page().line((f"the console of {sign_in.request.role_arn} opens in your browser", QUIET))
    else:
        notice("there is no browser here; access console --print gives the link")
        return Status.UNCHECKED
    return Status.AS_INTENDED


def _with_session(sign_in: SignIn) -> str:
    # Nothing else stands for this host, and a session that is not AWS's has no business there.
    for name in _ENDPOINTS:
        if os.environ.get(name):
            message = (
                f"${name} is set, so the session would not be one of AWS, which alone has a "
                "console; the switch-role link needs none"
            )
            raise UsageError(message)
    region = sign_in.request.region
    partition = partition_of(region)
    sign_in_at, console = sign_in_host(partition), console_host(partition)
    if sign_in_at is None or console is None:
        message = f"no address of the console is published for partition {partition}"
        raise UsageError(message)
    return federated_link(
        sign_in.session(),
        sign_in=f"https://{sign_in_at}/federation",
        console=f"https://{console}/console/home?region={region}",
    )
