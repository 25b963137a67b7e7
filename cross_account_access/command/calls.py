"""Turns what a service's description says of a request into calls of a client."""

from collections.abc import Mapping, Sequence
from typing import Any

from cross_account_access.iam.services import Call, Place


def make(client: Any, calls: Sequence[Call], place: Place) -> Mapping[str, Any]:  # noqa: ANN401 - botocore makes clients as it runs
    """Make the calls, one after the other; the answer to the last one.

    Raises:
        ClientError, BotoCoreError: a call fails; those after it are not made.
    """
    known = {"endpoint": client.meta.endpoint_url.rstrip("/")}
    answer: Mapping[str, Any] = {}
    for call in calls:
        answer = getattr(client, call.method)(**place.fill(call.parameters, **known))
        known |= {name: answer[given] for name, given in call.keep.items()}
        for value in answer.values():
            # Of an object: what is not asked for is not transferred.
            if hasattr(value, "close"):
                value.close()
    return answer
