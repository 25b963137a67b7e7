"""Says on standard output what each account answers; started by the package, as a file.

It must not import Pulumi: that would cost the time that running it apart saves. Nor boto3, whose
resources and service models a preview would wait for and not use; botocore is what it stands on.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Lock
from typing import Any, TypedDict

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ProfileNotFound
from botocore.exceptions import ConnectionError as NetworkError
from botocore.loaders import create_loader
from botocore.session import Session

_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard"})
_SHOWN = 300
"""The most characters of an answer that are told."""
_PASSING = ("RequestLimitExceeded", "ServiceUnavailable", "SlowDown", "Throttling")
_REFUSALS = ("AccessDenied", "AuthorizationError", "UnauthorizedOperation")
"""How the codes of AWS's services begin by which they say that one may not."""
_LOADER = create_loader()
"""For all sessions, so that what botocore knows of the services is read once."""
_LOADING = Lock()
"""Without it two threads that start at the same time both read it."""


class Call(TypedDict):
    """One call of AWS."""

    client: str
    method: str
    parameters: Mapping[str, str]
    absent: str | None
    """The error code that is an answer: there is no such thing."""
    if_allowed: bool
    """Whether a refusal is taken for a yes."""


class Answers(TypedDict, total=False):
    """What the account says: all but the `problem`, or else that alone."""

    account: str
    """12 digits."""
    arn: str
    """Of the identity that the profile stands for."""
    found: list[dict[str, Any] | None]
    """The answer to each call, None where there is no such thing."""
    problem: str
    """Why nothing could be asked, with the remedy, as the end of a sentence about the profile."""


class AccountRequest(TypedDict):
    """An account to ask."""

    profile: str
    region: str
    calls: list[Call]


def ask_all(accounts: Sequence[AccountRequest]) -> list[Answers]:
    """Asks all accounts at the same time; the answers are in their order."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(lambda account: ask(**account), accounts))


def ask(profile: str, region: str, calls: list[Call]) -> Answers:
    """Asks STS who a profile is, which needs no permission, and then each of the calls."""
    sign_in = f"sign in again, for example with aws sso login --profile {profile}"
    arn = None
    try:
        session = Session(profile=profile)
        session.register_component("data_loader", _LOADER)
        with _LOADING:
            sts: Any = session.create_client("sts", region_name=region, config=_CONFIG)
        identity = sts.get_caller_identity()
        arn = identity["Arn"]
        return {
            "account": identity["Account"],
            "arn": arn,
            "found": [_found(session, region, call) for call in calls],
        }
    except ProfileNotFound:
        return {
            "problem": "is not in your AWS config or credentials file; "
            f"make it with aws configure --profile {profile}, or name another"
        }
    except ClientError as error:
        code, reason = error.response["Error"]["Code"], _line(error.response["Error"]["Message"])
        call = error.operation_name
        if arn is None:
            problem = f"is refused by AWS ({code}: {reason}); {sign_in}"
        # Whoever is known has signed in; what fails is this call.
        elif code in _PASSING:
            problem = f"is {arn}, and {call} failed ({code}: {reason}); try again"
        elif not _is_refusal(error):
            problem = (
                f"is {arn}, and {call} failed ({code}: {reason}); correct what it was asked for in "
                "the stack file"
            )
        else:
            problem = (
                f"is {arn}, which may not call {call} ({code}: {reason}); allow it that, or name"
                " a profile that may"
            )
        return {"problem": problem}
    except (NetworkError, HTTPClientError) as error:
        # No answer says nothing about the credentials.
        return {
            "problem": f"could not be asked about ({_line(error)}); check the network, the proxy, "
            f"the region {region!r} and AWS_ENDPOINT_URL, then try again"
        }
    except BotoCoreError as error:
        return {"problem": f"cannot be used ({_line(error)}); {sign_in}"}


def _is_refusal(error: ClientError) -> bool:
    """Whether AWS says that one may not; services with JSON say it by the code alone."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = error.response["Error"]["Code"]
    return status == HTTPStatus.FORBIDDEN or code.startswith(_REFUSALS)


def _line(error: Exception | str) -> str:
    """One line that can be read, whatever it is: partial credentials, AWS's words, a proxy's."""
    words = " ".join(str(error).split())
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in words)[:_SHOWN]


def _found(session: Session, region: str, call: Call) -> dict[str, Any] | None:
    client = session.create_client(call["client"], region_name=region, config=_CONFIG)
    try:
        answer: dict[str, Any] = getattr(client, call["method"])(**call["parameters"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == call["absent"]:
            return None
        if call["if_allowed"] and code.startswith(_REFUSALS):
            return {}
        raise
    return answer


if __name__ == "__main__":
    sys.stdout.write(json.dumps(ask_all(json.loads(sys.argv[1])), default=str))
