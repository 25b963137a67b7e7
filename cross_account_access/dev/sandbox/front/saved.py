"""The policy documents that requests save, and the kinds of document that AWS tells apart."""

import enum
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cross_account_access.dev.sandbox.front.requests import Request, Response

Statement = Mapping[str, Any]


class Kind(enum.Enum):
    """What a document is the policy of."""

    IDENTITY = "identity"
    """A user's, group's or role's permissions policy, or a managed policy."""
    TRUST = "trust"
    SESSION = "session"
    S3 = "s3"
    SNS = "sns"
    SQS = "sqs"
    KMS = "kms"


@dataclass(frozen=True)
class Saved:
    """A document in a request."""

    kind: Kind
    text: str
    name: str = ""
    """The bucket that an S3 policy is for."""

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that have the form of one; none of a document that is no JSON."""
        return tuple(each for each in statements(self.text) if isinstance(each, dict))


_PARAMETERS: Final[Mapping[str, tuple[Kind, str]]] = {
    "iam:CreateRole": (Kind.TRUST, "AssumeRolePolicyDocument"),
    "iam:UpdateAssumeRolePolicy": (Kind.TRUST, "PolicyDocument"),
    "iam:CreatePolicy": (Kind.IDENTITY, "PolicyDocument"),
    "iam:CreatePolicyVersion": (Kind.IDENTITY, "PolicyDocument"),
    "iam:PutRolePolicy": (Kind.IDENTITY, "PolicyDocument"),
    "iam:PutUserPolicy": (Kind.IDENTITY, "PolicyDocument"),
    "iam:PutGroupPolicy": (Kind.IDENTITY, "PolicyDocument"),
    "sts:AssumeRole": (Kind.SESSION, "Policy"),
    "sts:AssumeRoleWithWebIdentity": (Kind.SESSION, "Policy"),
    "sts:GetFederationToken": (Kind.SESSION, "Policy"),
    "kms:CreateKey": (Kind.KMS, "Policy"),
    "kms:PutKeyPolicy": (Kind.KMS, "Policy"),
}

_MALFORMED: Final = {
    Kind.IDENTITY: ("MalformedPolicyDocument", ""),
    Kind.TRUST: ("MalformedPolicyDocument", ""),
    Kind.SESSION: ("MalformedPolicyDocument", ""),
    Kind.S3: ("MalformedPolicy", ""),
    Kind.SNS: ("InvalidParameter", "Invalid parameter: Policy Error: "),
    Kind.SQS: ("InvalidAttributeValue", "Invalid value for the parameter Policy: "),
    Kind.KMS: ("MalformedPolicyDocumentException", ""),
}
"""The code by which each service refuses a document, and how its words begin."""


def document_in(request: Request) -> Saved | None:
    """The policy document that a request saves, if it saves one."""
    given = request.parameters
    found: tuple[Kind, object] | None = None
    if request.action in _PARAMETERS:
        kind, name = _PARAMETERS[request.action]
        found = kind, given.get(name)
    elif request.action == "s3:PutBucketPolicy":
        return Saved(Kind.S3, request.body.decode("utf-8", "replace"), request.bucket_and_key[0])
    elif request.action == "sns:SetTopicAttributes" and given.get("AttributeName") == "Policy":
        found = Kind.SNS, given.get("AttributeValue")
    elif request.action == "sns:CreateTopic":
        found = Kind.SNS, _entry(given, "Policy")
    elif request.action in {"sqs:SetQueueAttributes", "sqs:CreateQueue"}:
        found = Kind.SQS, (given.get("Attributes") or {}).get("Policy")
    if found is None or not found[1]:
        return None
    return Saved(found[0], str(found[1]))


def malformed(request: Request, saved: Saved, problem: str) -> Response:
    """The refusal of a document, as its service tells it."""
    code, words = _MALFORMED[saved.kind]
    return request.refused(code, f"{words}{problem}")


def statements(text: str) -> list[Any]:
    """What stands below `Statement`, whatever its form; nothing where the text is no JSON."""
    try:
        document = json.loads(text)
    except ValueError:
        return []
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return found if isinstance(found, list) else [found]


def values(element: object) -> list[Any]:
    """The values of an element that may be one value or a list of them."""
    return list(element) if isinstance(element, list) else [element]


def principals(statement: Statement) -> Iterator[tuple[str, Any]]:
    """The kind and the value of each principal that a statement names, denied ones as well."""
    for element in ("Principal", "NotPrincipal"):
        named = statement.get(element)
        if isinstance(named, dict):
            for kind, of_kind in named.items():
                yield from ((kind, value) for value in values(of_kind))


def _entry(given: Mapping[str, Any], wanted: str) -> object:
    """A value of a map that a query states as entries of keys and values."""
    for name, key in given.items():
        if key == wanted and re.fullmatch(r"Attributes\.entry\.\d+\.key", name):
            return given.get(name.removesuffix("key") + "value")
    return None
