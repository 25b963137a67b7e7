"""`access status`: says who a profile is, in which account, until when."""

import argparse
from datetime import UTC, datetime

from cross_account_access.aws import identify
from cross_account_access.credentials import aws_files, login_profile
from cross_account_access.credentials.consumer import (
    add_consumer_options,
    consumer_of,
    contract_of,
)
from cross_account_access.credentials.session_options import profile_name
from cross_account_access.credentials.when import until, utc
from cross_account_access.errors import Status
from cross_account_access.presentation import BAD, GOOD, Page

_DESCRIPTION = """\
Say who a profile is, in which account and until when, as AWS sees it; with --consumer also whether
it holds the role of that consumer. Fails when the session is over, or is another's."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "--as",
        "--profile",
        dest="name",
        metavar="PROFILE",
        type=profile_name,
        default=login_profile.DEFAULT_NAME,
        help="the profile (%(default)s)",
    )
    add_consumer_options(parser)


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
    consumer = None
    if arguments.consumer is not None:
        consumer = consumer_of(arguments, contract_of(arguments))
    holds = consumer is None or _is_session_of(identity.arn, consumer.role_arn)
    if arguments.json:
        page.json(
            {
                "profile": name,
                "arn": identity.arn,
                "account": identity.account_id,
                "expires": end and end.isoformat(),
                "valid": True,
                **({"consumer": consumer.name, "holdsRole": holds} if consumer else {}),
            }
        )
        return Status.AS_INTENDED if holds else Status.NOT_AS_INTENDED
    page.line("profile ", (name, GOOD), f" is {identity.arn}")
    page.line(f"in account {identity.account_id}")
    page.line(f"until {until(end)}" if end else "with no end noted by a login")
    if consumer is not None:
        told = "holds" if holds else "does not hold"
        page.line((told, GOOD if holds else BAD), f" the role of {consumer.name}")
    return Status.AS_INTENDED if holds else Status.NOT_AS_INTENDED


def _is_session_of(arn: str, role: str | None) -> bool:
    """Say whether an identity is a session of a role; its ARN has the role's name alone."""
    name = (role or "").rsplit("/", 1)[-1]
    account = (role or "::::").split(":")[4]
    return bool(name) and f"::{account}:assumed-role/{name}/" in arn
