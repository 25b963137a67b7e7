"""A session of a consumer's role, asked for by a person who may have an MFA device."""

import argparse
import getpass
import re
import sys
from dataclasses import dataclass

from cross_account_access.credentials.assume import RoleCredentials, assume
from cross_account_access.credentials.consumer import add_consumer_options, consumer_of, contract_of
from cross_account_access.credentials.contract import Consumer
from cross_account_access.credentials.role_request import RoleRequest
from cross_account_access.credentials.session_options import (
    add_mfa_serial,
    add_session_options,
    request_of,
)
from cross_account_access.errors import UsageError
from cross_account_access.presentation import progress


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Whose role is assumed, and by what."""

    consumer: Consumer
    request: RoleRequest
    source: str
    """CLI profile that assumes the role."""
    mfa_code: str | None
    """As it was given; a person is asked for it where it is needed and missing."""

    def session(self) -> RoleCredentials:
        """Assumes the role.

        Raises:
            UsageError: the role wants an MFA code, and there is none.
            RefusedError, UncheckedError: as `assume`.
        """
        serial = self.request.mfa_serial
        code = serial and (self.mfa_code or _asked(serial))
        with progress(f"assuming {self.request.role_arn}"):
            return assume(self.request, self.source, code)


def add_sign_in_options(parser: argparse.ArgumentParser) -> None:
    """Add all that says which role is assumed and how; `sign_in_of` reads it."""
    add_consumer_options(parser)
    add_session_options(parser)
    add_mfa_serial(parser)
    parser.add_argument(
        "--mfa-code",
        metavar="CODE",
        type=_mfa_code,
        help="6 digits, where the role wants MFA; asked for on a terminal",
    )


def sign_in_of(arguments: argparse.Namespace) -> SignIn:
    """What the options say; nothing is asked of AWS yet.

    Raises:
        UsageError: as `request_of`, and for machines without a profile.
        UncheckedError: the stack cannot be read.
    """
    contract = contract_of(arguments)
    consumer = consumer_of(arguments, contract)
    request = request_of(arguments, contract, consumer)
    if request.source_profile is None:
        message = (
            f"consumer {consumer.name} is machines ({consumer.kind}), which renew themselves with "
            "the block of access profile; elsewhere name a CLI profile that may assume the role "
            "with --profile"
        )
        raise UsageError(message)
    return SignIn(
        consumer=consumer,
        request=request,
        source=request.source_profile,
        mfa_code=arguments.mfa_code,
    )


def _mfa_code(text: str) -> str:
    if re.fullmatch(r"\d{6}", text, re.ASCII):
        return text
    message = f"{text!r} must be the 6 digits that the MFA device shows"
    raise argparse.ArgumentTypeError(message)


def _asked(serial: str) -> str:
    if not sys.stdin.isatty():
        message = f"the role wants a code of {serial}; give it with --mfa-code"
        raise UsageError(message)
    try:
        return _mfa_code(getpass.getpass(f"MFA code of {serial}: ").strip())
    except argparse.ArgumentTypeError as error:
        raise UsageError(str(error)) from None
    except EOFError:
        message = "no MFA code was given"
        raise UsageError(message) from None
