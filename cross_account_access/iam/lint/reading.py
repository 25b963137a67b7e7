"""Finds the policy documents in a file: one document, or what the AWS CLI printed.

Documents of IAM come as objects, or encoded for a URL as the API has them; those of resources as
text within the JSON.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from cross_account_access.facts import quotas
from cross_account_access.iam.documents import Place, PolicyKind
from cross_account_access.iam.errors import IamError
from cross_account_access.iam.lint.subjects import Subject, subject_of_text

_KINDS: Final[dict[str, PolicyKind | None]] = {
    "AssumeRolePolicyDocument": PolicyKind.TRUST,
    "Document": PolicyKind.IDENTITY,
    "PolicyDocument": PolicyKind.IDENTITY,
    "Policy": None,
    "ResourcePolicy": None,
    "policy": None,
    "policyText": None,
}
"""Members that hold a document, by name, with its kind where the name tells it."""
_ELEMENTS: Final = {"Statement", "Version", "Id"}
_ARNS: Final = ("QueueArn", "TopicArn", "ARN", "Arn", "ResourceArn")
_NAMES: Final = ("PolicyName", "RoleName", "UserName", "GroupName", "Name", *_ARNS)
_LIMITS: Final = {
    "UserName": quotas.USER_INLINE_CHARACTERS,
    "RoleName": quotas.ROLE_INLINE_CHARACTERS,
}
"""By the member beside an inline policy that tells whose it is."""
_ENCODED: Final = re.compile(r"\s*%7[Bb]")
_SPACE: Final = re.compile(r"\s*")


class NoDocumentError(IamError):
    """JSON of another kind, without a policy document in it."""


@dataclass(frozen=True)
class _Value:
    """A part of a JSON text."""

    value: Any
    start: int
    end: int
    members: "dict[str, _Value]"
    """Of an object."""
    items: "tuple[_Value, ...]" = ()
    """Of a list."""


def subjects_of_file(name: str, text: str, kind: PolicyKind | None = None) -> list[Subject]:
    """Return the documents of a file.

    Args:
        name: of the file.
        text: what is in it.
        kind: what they are, where the caller says so.

    Raises:
        KindError: for a document whose elements do not tell its kind.
        NoDocumentError: for what the AWS CLI printed about something that has no policy.
    """
    plain = unquote(text) if _ENCODED.match(text) else text
    try:
        value = json.loads(plain)
        is_other = isinstance(value, str) or (
            isinstance(value, dict) and not _ELEMENTS & value.keys()
        )
        found = list(_found(name, text, _values(plain, 0), kind)) if is_other else []
    except (ValueError, RecursionError):
        found, is_other = [], False
    if not found and is_other and (isinstance(value, str) or not _is_like_a_document(value)):
        msg = f"{name}: no policy document is in it; give one, or what the AWS CLI printed of one"
        raise NoDocumentError(msg)
    if not found:
        return [subject_of_text(name, plain, kind, start=Place(1, 1), is_quoted=plain != text)]
    if len(found) == 1:
        (only,) = found
        return [only[1]]
    return [subject for _, subject in found]


def _is_like_a_document(value: dict[str, Any]) -> bool:
    return not value or any(
        isinstance(each, dict) and "Effect" in each
        for member in value.values()
        for each in (member if isinstance(member, list) else [member])
    )


def _found(
    name: str, text: str, whole: _Value, kind: PolicyKind | None
) -> Iterator[tuple[str, Subject]]:
    if isinstance(whole.value, str):
        yield from _document(name, text, ("Policy", whole), _Value({}, 0, 0, {}), kind)
        return
    for item in whole.items:
        yield from _found(name, text, item, kind)
    for key, part in whole.members.items():
        documents = list(_document(name, text, (key, part), whole, kind)) if key in _KINDS else []
        yield from documents
        if not documents and not isinstance(part.value, str):
            yield from _found(name, text, part, kind)


def _document(
    name: str, text: str, member: tuple[str, _Value], holder: _Value, kind: PolicyKind | None
) -> Iterator[tuple[str, Subject]]:
    key, part = member
    value = part.value
    if isinstance(value, str):
        document = unquote(value) if _ENCODED.match(value) else value
        if not document.lstrip().startswith("{"):
            return
    elif isinstance(value, dict) and _ELEMENTS & value.keys():
        document = text[part.start : part.end]
    else:
        return
    beside = {each: member.value for each, member in holder.members.items()}
    arn = next((beside[each] for each in _ARNS if isinstance(beside.get(each), str)), "")
    label = next((beside[each] for each in _NAMES if isinstance(beside.get(each), str)), "")
    limit = next((size for each, size in _LIMITS.items() if each in beside), None)
    line_start = text.rfind("\n", 0, part.start) + 1
    place = Place(text.count("\n", 0, part.start) + 1, part.start - line_start + 1)
    yield (
        label,
        subject_of_text(
            name,
            document,
            kind or _KINDS[key],
            holder=arn,
            limit=limit if _KINDS[key] is PolicyKind.IDENTITY else None,
            start=place,
            is_quoted=isinstance(value, str),
            label=f"{key} of {label}" if label else key,
        ),
    )


def _values(text: str, position: int) -> _Value:
    """Read JSON that is known to be right, with where each part stands."""
    start = _past_space(text, position)
    if text[start] == "{":
        members: dict[str, _Value] = {}
        at = _past_space(text, start + 1)
        while text[at] != "}":
            key, at = json.JSONDecoder().raw_decode(text, at)
            member = _values(text, _past_space(text, at) + 1)
            members[key] = member
            at = _past_comma(text, member.end)
        value = {key: each.value for key, each in members.items()}
        return _Value(value, start, at + 1, members)
    if text[start] == "[":
        items: list[_Value] = []
        at = _past_space(text, start + 1)
        while text[at] != "]":
            items.append(_values(text, at))
            at = _past_comma(text, items[-1].end)
        return _Value([each.value for each in items], start, at + 1, {}, tuple(items))
    value, end = json.JSONDecoder().raw_decode(text, start)
    return _Value(value, start, end, {})


def _past_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _past_comma(text: str, position: int) -> int:
    at = _past_space(text, position)
    return _past_space(text, at + 1) if text[at] == "," else at
