"""A request as the rules read it, and a refusal in the words of its service."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack import app as gateway
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import iam, s3, sns

Response = tuple[int, dict[str, Any], Any]
"""Status, headers and body."""

_SUCCESS = 200
_QUERY = ("iam", "sns", "sts")


@dataclass(frozen=True)
class Request:
    """One request whose signature is right and that policies allow."""

    service: str
    """As ministack names it."""
    method: str
    path: str
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes
    query: Mapping[str, list[str]]

    @classmethod
    def of(cls, service: str, *arguments: Any) -> "Request":  # noqa: ANN401 - ministack has no types
        """The request that ministack hands to a service."""
        return cls(service, *arguments)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What ministack hands to a service."""
        return self.method, self.path, self.headers, self.body, self.query

    @cached_property
    def action(self) -> str:
        """The action as policies name it, like `iam:CreateRole`; empty where there is none."""
        routing = gateway._routing_params(*self.arguments)
        about = (self.service, self.method, self.path, self.headers, self.body, routing)
        return iam_actions.extract_iam_action(*about) or ""

    @property
    def operation(self) -> str:
        """The name of the action without its service."""
        return self.action.partition(":")[2]

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """What the request states: flat text, like `Tags.member.1.Key`, or what its JSON holds."""
        if self.service in _QUERY:
            text = self.body.decode("utf-8", "replace")
            given = {**self.query, **parse_qs(text, keep_blank_values=True)}
            return {name: values[0] for name, values in given.items()}
        try:
            stated = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return stated if isinstance(stated, dict) else {}

    @property
    def account(self) -> str:
        """The account that the caller is of."""
        account: str = get_account_id()
        return account

    @property
    def region(self) -> str:
        """The region that the request is signed for."""
        region: str = get_region()
        return region

    @property
    def caller(self) -> str:
        """The ARN of who makes the request, of the session where there is one."""
        arn: str = iam_evaluator.caller_arn()
        return arn

    @property
    def access_key(self) -> str:
        """The ID of the access key that signed the request."""
        key: str = extract_access_key_id(self.headers, self.query) or ""
        return key

    @property
    def bucket_and_key(self) -> tuple[str, str]:
        """The bucket and the object that a request of S3 names in its path."""
        bucket, _, key = self.path.lstrip("/").partition("/")
        return bucket, key

    def may(self, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
        """Say whether the emulated AWS allows the caller something else too.

        Args:
            action: as policies name it.
            resource: its ARN.
            context: values of condition keys.
        """
        service = action.partition(":")[0]
        asked = (self.access_key, action, service, self.region, resource, dict(context or {}))
        return iam_evaluator.enforce(*asked) is None

    def refused(self, code: str, message: str, status: int = 400) -> Response:
        """An error as the service of the request tells it."""
        match self.service:
            case "iam" | "sts":
                answer = iam._error(status, code, escape(message), ns=self.service)
            case "s3":
                answer = s3._error(code, message, status, self.path)
            case "sns":
                answer = sns._error(code, message, status)
            case _:
                answer = error_response_json(code, message, status)
        told: Response = answer
        return told

    def denied(self, action: str, resource: str) -> Response:
        """A denial as the service of the request tells it."""
        answer: Response = iam_actions.access_denied_response(
            *(self.service, action, self.caller, ""), headers=self.headers, resource_arn=resource
        )
        return answer


def succeeded(response: Response) -> bool:
    """Say whether a service did what it was asked."""
    return response[0] // 100 == _SUCCESS // 100
