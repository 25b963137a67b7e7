"""Condition keys that follow from a request or from who makes it, which ministack 1.5.33 has not.

AWS says: "AWS global condition context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html; "Actions,
resources, and condition keys for Amazon S3",
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html; "Actions,
resources, and condition keys for Amazon SNS",
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import parse_qs
from xml.etree.ElementTree import ParseError

from ministack import app as gateway
from ministack.core import iam_evaluator
from ministack.services import s3

_NOBODY: Final[Mapping[str, str | None]] = {
    "aws:principalarn": None,
    "aws:principalisawsservice": None,
    "aws:principalaccount": "anonymous",
    "aws:principaltype": "Anonymous",
    "aws:userid": "anonymous",
}
"""What an anonymous caller is."""
_SERVICE: Final = {
    "aws:principalarn": None,
    "aws:principalaccount": None,
    "aws:principaltype": None,
    "aws:principalisawsservice": "true",
}
_OTHERS: Final = {"Anonymous": _NOBODY, "Service": _SERVICE}
_TAG: Final = "s3:requestobjecttag/"
_SUBSCRIPTION: Final = {"sns:endpoint": "Endpoint", "sns:protocol": "Protocol"}
_TOLD: Final = (b"Action=Subscribe", b"Action=AssumeRole")
_TRANSITIVE: Final = "TransitiveTagKeys.member."

_keys: ContextVar[Mapping[str, Any] | None] = ContextVar("keys_of_the_request", default=None)


def apply() -> None:
    """Replaces two functions of ministack, in this process; to be called once."""
    dispatch, resolve = gateway._dispatch_service_request, iam_evaluator._resolve_condition_key

    async def dispatch_with_keys(*arguments: Any) -> Any:  # noqa: ANN401 - ministack has no types
        method, _, headers, body, query, _ = arguments
        _keys.set(_of(method, headers, body, query))
        return await dispatch(*arguments)

    gateway._dispatch_service_request = dispatch_with_keys
    iam_evaluator._resolve_condition_key = _with_keys(resolve)


def _with_keys(resolve: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    def resolved(key: str, context: Any) -> Any:  # noqa: ANN401 - ministack has no types
        lower = key.lower()
        # S3 asks for a key on behalf of who asked for an object.
        for_a_caller = "kms:viaservice" in context.service_context
        known = {
            **(_keys.get() or {}),
            "aws:principalisawsservice": "false",
            "aws:viaawsservice": str(for_a_caller).lower(),
        }
        known |= _OTHERS.get(context.principal_type, {})
        return known[lower] if lower in known else resolve(key, context)

    return resolved


def _of(
    method: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
) -> Mapping[str, Any]:
    keys: dict[str, Any] = {}
    for header, key in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
        if header in headers:
            keys[key] = headers[header]
    keys |= _of_query(body)
    tags = _object_tags(method, headers, body, query)
    if tags:
        keys |= {f"{_TAG}{name}".lower(): value for name, value in tags.items()}
        keys["s3:requestobjecttagkeys"] = list(tags)
    return keys


def _of_query(body: bytes) -> Mapping[str, Any]:
    """What a subscription to a topic, or a request for a session, states."""
    if not any(each in body for each in _TOLD):
        return {}
    stated = parse_qs(body.decode("utf-8", "replace"))
    keys: dict[str, Any] = {
        key: stated[name][0] for key, name in _SUBSCRIPTION.items() if name in stated
    }
    transitive = [values[0] for name, values in stated.items() if name.startswith(_TRANSITIVE)]
    return keys | ({"sts:transitivetagkeys": transitive} if transitive else {})


def _object_tags(
    method: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
) -> Mapping[str, str]:
    """The tags that a request gives an object of S3."""
    if "x-amz-tagging" in headers:
        stated = parse_qs(headers["x-amz-tagging"], keep_blank_values=True)
        return {name: values[0] for name, values in stated.items()}
    if method != "PUT" or "tagging" not in query:
        return {}
    try:
        root = s3.fromstring(body)
    except ParseError:
        return {}
    plain = ({_plain(each.tag): each.text or "" for each in tag} for tag in root.iter())
    return {tag["Key"]: tag.get("Value", "") for tag in plain if "Key" in tag}


def _plain(name: str) -> str:
    return re.sub(r"\{.*\}", "", name)
