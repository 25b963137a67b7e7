"""What is asked of AWS to assume a consumer's role: the options of the commands and their rules."""

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.errors import UsageError

_SECONDS: Final = range(900, 43201)
"""`DurationSeconds` of "AssumeRole", AWS STS API reference."""
_DEFAULT_SECONDS: Final = 3600
"""What AWS takes without a duration, and the most that a chained role gets."""


@dataclass(frozen=True, kw_only=True)
class RoleRequest:
    """Which role to assume, from where, and how."""

    role_arn: str
    source_profile: str | None
    """CLI profile that assumes it; None for the own role of an EC2 instance."""
    region: str
    """Of the STS endpoint, and of the buckets."""
    session_name: str
    """2 to 64 characters; the owner of the role sees it in CloudTrail."""
    duration: int
    """Seconds, 900 to 43200."""
    external_id: str | None = None
    source_identity: str | None = None
    """2 to 64 characters; the owner of the role sees it in CloudTrail, and it outlasts chaining."""
    session_tags: Mapping[str, str] = field(default_factory=dict)
    mfa_serial: str | None = None
    """ARN of the MFA device, where the role wants a code of it."""


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """Add what a session may be given beside the role; `request_of` reads it."""
    parser.add_argument(
        "--profile",
        metavar="SOURCE",
        type=profile_name,
        help="CLI profile that assumes the role; without it, the one named as the consumer's"
        " user, or as the consumer when it is principals of Staging",
    )
    parser.add_argument(
        "--duration",
        metavar="SECONDS",
        type=_duration,
        default=_DEFAULT_SECONDS,
        help=f"length of the session, {_SECONDS[0]} to {_SECONDS[-1]} and within the role's"
        " maximum (%(default)s)",
    )
    parser.add_argument(
        "--session-name",
        metavar="NAME",
        type=_session_text("session name"),
        help="how the session appears in Production's CloudTrail; the consumer's name without it",
    )
    parser.add_argument(
        "--source-identity",
        metavar="WHO",
        type=_session_text("source identity"),
        help="who is behind the session, in CloudTrail; the user's policy and the role's trust"
        " must both allow sts:SetSourceIdentity",
    )
    parser.add_argument(
        "--tag",
        dest="tags",
        metavar="KEY=VALUE",
        type=_tag,
        action="append",
        default=[],
        help="a tag of the session beside those that the role wants; both sides must allow"
        " sts:TagSession",
    )


def add_mfa_serial(parser: argparse.ArgumentParser) -> None:
    """Add `--mfa-serial`, for where the role wants MFA."""
    parser.add_argument(
        "--mfa-serial",
        metavar="ARN",
        help="the MFA device, where the role wants MFA; the one of the user's name without it",
    )


def request_of(
    arguments: argparse.Namespace, contract: Contract, consumer: Consumer
) -> RoleRequest:
    """The request that the options make for a consumer.

    Raises:
        UsageError: the consumer has no role or signs in otherwise, the session is too long for
            the role, or an option that cannot be guessed is missing.
    """
    if consumer.role_arn is None:
        message = (
            f"consumer {consumer.name} has no role: it uses its own credentials, which the "
            "resources' own policies let in"
        )
        raise UsageError(message)
    if consumer.kind == "oidc":
        message = (
            f"consumer {consumer.name} signs in with a token of its identity provider, not with a "
            "CLI profile; access handover tells how"
        )
        raise UsageError(message)
    if arguments.duration > consumer.max_session_duration:
        message = (
            f"--duration {arguments.duration}: the role of {consumer.name} gives at most "
            f"{consumer.max_session_duration} seconds"
        )
        raise UsageError(message)
    if consumer.source_identity_required and arguments.source_identity is None:
        message = f"the role of {consumer.name} wants to know who you are: give --source-identity"
        raise UsageError(message)
    return RoleRequest(
        role_arn=consumer.role_arn,
        source_profile=_source_profile(consumer, arguments.profile),
        region=contract.production_region,
        session_name=arguments.session_name or consumer.name,
        duration=arguments.duration,
        external_id=consumer.external_id,
        source_identity=arguments.source_identity,
        session_tags={**consumer.session_tags, **dict(arguments.tags)},
        mfa_serial=_mfa_serial(consumer, arguments.mfa_serial) if consumer.mfa else None,
    )


def add_profile_option(
    parser: argparse.ArgumentParser, *, purpose: str, default: str | None = None
) -> None:
    """Add `--as`, the CLI profile that a verb is about; it is read as `name`."""
    parser.add_argument(
        "--as", dest="name", metavar="PROFILE", type=profile_name, default=default, help=purpose
    )


def profile_name(text: str) -> str:
    """The name of a CLI profile that fits into a section header without quotes."""
    if re.fullmatch(r"[^\s\[\]'\"#;]+", text):
        return text
    message = f"{text!r} must be the name of a CLI profile without spaces, quotes or brackets"
    raise argparse.ArgumentTypeError(message)


def _source_profile(consumer: Consumer, named: str | None) -> str | None:
    if named is not None or consumer.kind == "ec2":
        return named
    if consumer.kind == "principals":
        return consumer.name
    if consumer.user_name:
        return consumer.user_name
    message = (
        f"consumer {consumer.name} is no user but of the kind {consumer.kind}; "
        "name the CLI profile that may assume its role with --profile"
    )
    raise UsageError(message)


def _mfa_serial(consumer: Consumer, named: str | None) -> str:
    if named is not None:
        return named
    if consumer.user_name:
        account = consumer.principal_arns[0].partition(":user/")[0]
        return f"{account}:mfa/{consumer.user_name}"
    message = f"the role of {consumer.name} wants an MFA code; name the device with --mfa-serial"
    raise UsageError(message)


def _duration(text: str) -> int:
    if text.isdecimal() and int(text) in _SECONDS:
        return int(text)
    message = f"{text!r} must be {_SECONDS[0]} to {_SECONDS[-1]} seconds"
    raise argparse.ArgumentTypeError(message)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if key and equals:
        return key, value
    message = f"{text!r} must be a session tag as KEY=VALUE"
    raise argparse.ArgumentTypeError(message)


def _session_text(what: str) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if re.fullmatch(r"[\w+=,.@-]{2,64}", text, re.ASCII):
            return text
        message = f"{text!r} must be a {what} of 2 to 64 letters, digits and +=,.@_-"
        raise argparse.ArgumentTypeError(message)

    return checked
