"""Calls of AWS with the profiles of the stack's providers, and their failures as one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as NetworkError,
)

from cross_account_access.errors import UncheckedError
from cross_account_access.stack import Account

PATIENT: Final = Config(
    connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4}
)
"""For clients: an answer, or a failure, within a minute or two."""

_EXPIRED: Final = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_INVALID: Final = ("InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException")


def session_of(account: Account) -> boto3.Session:
    """Return a session that is proven to be in the account.

    Raises:
        UncheckedError: no such profile, no or expired credentials, or those of another account.
    """
    with asking(account):
        session = boto3.Session(profile_name=account.profile, region_name=account.region)
        caller = session.client("sts", config=PATIENT).get_caller_identity()
    if caller["Account"] != account.id:
        msg = (
            f"profile {account.profile} holds credentials of account {caller['Account']}, but the"
            f" stack's {account.label} account is {account.id}\n"
            "point the profile at that account in your AWS config file"
        )
        raise UncheckedError(msg)
    return session


@contextmanager
def asking(account: Account) -> Iterator[None]:
    """Turn failures that are not an answer into one line that names the profile and the remedy.

    Raises:
        UncheckedError: in place of what botocore raises.
    """
    who = f"profile {account.profile}" if account.profile else "the ambient AWS credentials"
    try:
        yield
    except ProfileNotFound as error:
        msg = f"no {who}, which deploys to {account.label}; add it to your AWS config file"
        raise UncheckedError(msg) from error
    except (NoCredentialsError, SSOError, TokenRetrievalError) as error:
        msg = f"{who}, for {account.label}, gives no credentials ({error}); sign in with it again"
        raise UncheckedError(msg) from error
    except ClientError as error:
        details = error.response.get("Error", {})
        code, message = details.get("Code", ""), details.get("Message", "")
        if code in _EXPIRED:
            msg = f"the credentials of {who}, for {account.label}, have expired; sign in again"
        elif code in _INVALID:
            msg = f"AWS does not accept the credentials of {who}, for {account.label} ({code})"
        else:
            msg = f"{error.operation_name} with {who}, for {account.label}: {code}: {message}"
        raise UncheckedError(msg) from error
    except (NetworkError, HTTPClientError) as error:
        msg = f"AWS cannot be reached with {who}, for {account.label}: {error}"
        raise UncheckedError(msg) from error
    except BotoCoreError as error:
        msg = f"{who}, for {account.label}: {error}"
        raise UncheckedError(msg) from error
