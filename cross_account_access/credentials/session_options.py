"""The options of the commands with which a person says how a consumer's role is assumed."""

import argparse
import re
from collections.abc import Callable
from typing import Final

from cross_account_access.credentials.aws_files import AwsFile
from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.credentials.role_request import CREDENTIAL_SOURCES, RoleRequest
from cross_account_access.errors import UsageError
from cross_account_access.facts.quotas import (
    CHAINED_SESSION_SECONDS,
    DEFAULT_SESSION_SECONDS,
    SESSION_NAME_CHARACTERS,
    SESSION_SECONDS,
    SOURCE_IDENTITY_CHARACTERS,
)

_OF_A_ROLE: Final = frozenset(
    {"role_arn", "sso_session", "sso_start_url", "web_identity_token_file"}
)
"""Options of a profile whose credentials are those of a role.

Source: "Configuration and credential file settings in the AWS CLI",
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html.
"""


def add_session_options(
    parser: argparse.ArgumentParser, *, duration: int | None = DEFAULT_SESSION_SECONDS
) -> None:
    """Add what a session may be given beside the role; `request_of` reads it.

    Args:
        parser: of the verb.
        duration: length of a session in seconds unless told; None for the role's maximum.
    """
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
        default=duration,
        help=f"length of the session, {SESSION_SECONDS[0]} to {SESSION_SECONDS[-1]} and within the"
        f" role's maximum ({duration or 'that maximum'})",
    )
    parser.add_argument(
        "--session-name",
        metavar="NAME",
        type=_session_text("session name", SESSION_NAME_CHARACTERS),
        help="how the session appears in Production's CloudTrail; the consumer's name without it",
    )
    parser.add_argument(
        "--source-identity",
        metavar="WHO",
        type=_session_text("source identity", SOURCE_IDENTITY_CHARACTERS),
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
            the role or for who holds one already, or an option that cannot be guessed is missing.
        UncheckedError: the AWS config file cannot be read.
    """
    if consumer.role_arn is None:
        message = (
            f"consumer {consumer.name} has no role: it uses its own credentials, which the "
            "resources' own policies let in"
        )
        raise UsageError(message)
    if consumer.sign_in == "web_identity":
        message = (
            f"consumer {consumer.name} signs in with a token of its identity provider, not with a "
            "CLI profile; access handover tells how"
        )
        raise UsageError(message)
    if consumer.is_given_role:
        message = (
            f"consumer {consumer.name} has the role's credentials from EKS in its pods, and not by "
            "a CLI profile; access handover tells how"
        )
        raise UsageError(message)
    duration = arguments.duration or consumer.max_session_duration
    if duration > consumer.max_session_duration:
        message = (
            f"--duration {duration}: the role of {consumer.name} gives at most "
            f"{consumer.max_session_duration} seconds"
        )
        raise UsageError(message)
    source = _source_profile(contract, consumer, arguments.profile)
    holds_role = consumer.chains or _holds_a_role(source)
    if (arguments.duration or 0) > CHAINED_SESSION_SECONDS and holds_role:
        who = f"profile {source}" if source else f"consumer {consumer.name}"
        message = (
            f"--duration {duration}: {who} holds a role already, and STS gives no session of more "
            f"than {CHAINED_SESSION_SECONDS} seconds from one role to another; leave it out"
        )
        raise UsageError(message)
    if consumer.source_identity_required and arguments.source_identity is None:
        message = f"the role of {consumer.name} wants to know who you are: give --source-identity"
        raise UsageError(message)
    return RoleRequest(
        role_arn=consumer.role_arn,
        source_profile=source,
        credential_source=CREDENTIAL_SOURCES.get(consumer.sign_in),
        region=contract.production_region,
        session_name=arguments.session_name or consumer.name,
        duration=duration,
        # Of callers who are not known some may hold a role.
        chains=holds_role or not (arguments.duration or contract.usual_profile(consumer)),
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


def _source_profile(contract: Contract, consumer: Consumer, named: str | None) -> str | None:
    if named is not None or consumer.sign_in in CREDENTIAL_SOURCES:
        return named
    if usual := contract.usual_profile(consumer):
        return usual
    message = (
        f"consumer {consumer.name} is no user but of the kind {consumer.kind}; "
        "name the CLI profile that may assume its role with --profile"
    )
    raise UsageError(message)


def _holds_a_role(profile: str | None) -> bool:
    """Whether the AWS config file says so of a profile, as of one that signs in with SSO."""
    options = AwsFile.config().profile(profile) if profile else None
    return options is not None and not _OF_A_ROLE.isdisjoint(options)


def _mfa_serial(consumer: Consumer, named: str | None) -> str:
    if named is not None:
        return named
    if consumer.mfa_serial:
        return consumer.mfa_serial
    message = f"the role of {consumer.name} wants an MFA code; name the device with --mfa-serial"
    raise UsageError(message)


def _duration(text: str) -> int:
    if text.isdecimal() and int(text) in SESSION_SECONDS:
        return int(text)
    message = f"{text!r} must be {SESSION_SECONDS[0]} to {SESSION_SECONDS[-1]} seconds"
    raise argparse.ArgumentTypeError(message)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if key and equals:
        return key, value
    message = f"{text!r} must be a session tag as KEY=VALUE"
    raise argparse.ArgumentTypeError(message)


def _session_text(what: str, lengths: range) -> Callable[[str], str]:
    said = f"a {what} of {lengths[0]} to {lengths[-1]} letters, digits and +=,.@_-"

    def checked(text: str) -> str:
        if len(text) in lengths and re.fullmatch(r"[\w+=,.@-]+", text, re.ASCII):
            return text
        message = f"{text!r} must be {said}"
        raise argparse.ArgumentTypeError(message)

    return checked
