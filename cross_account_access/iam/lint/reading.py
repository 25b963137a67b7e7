"""Finds the policy documents in a file: one document, or what the AWS CLI printed.

Documents of IAM come as objects, or encoded for a URL as the API has them; those of resources as
text within the JSON.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote

from cross_account_access.facts import quotas
from cross_account_access.iam.checks import clipped
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
    "GroupName": quotas.GROUP_INLINE_CHARACTERS,
}
"""By the member beside or around an inline policy that tells whose it is."""
_AROUND: Final = ("PolicyName", *_LIMITS)
"""Members that tell whose a document is from further out."""
_ENCODED: Final = re.compile(r"\s*%7[Bb]")
_SPACE: Final = re.compile(r"\s*")


class NoDocumentError(IamError):
    """JSON of another kind, without a policy document in it."""


@dataclass(frozen=True)
class _File:
    """A file that is looked through."""

    name: str
    text: str
    kind: PolicyKind | None
    """What its documents are, where the caller says so."""


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
        json.loads(plain)
        whole = _values(plain, 0)
    except (ValueError, RecursionError):
        return [subject_of_text(name, plain, kind)]
    found = list(_found(_File(name, plain, kind), whole))
    if not found and not _is_like_a_document(whole.value):
        msg = f"{name}: no policy document is in it; give one, or what the AWS CLI printed of one"
        raise NoDocumentError(msg)
    if plain != text:
        # The lines of what was decoded are none of the file.
        return [replace(each, start=Place(1, 1), is_quoted=True) for each in found]
    return found or [subject_of_text(name, plain, kind)]


def _is_like_a_document(value: object) -> bool:
    """Say whether this is meant to be one, whose elements have other names."""
    members = value.values() if isinstance(value, dict) else ()
    return value == {} or any(
        isinstance(each, dict) and "Effect" in each
        for member in members
        for each in (member if isinstance(member, list) else [member])
    )


def _found(
    file: _File, part: _Value, key: str = "", beside: Mapping[str, object] = MappingProxyType({})
) -> Iterator[Subject]:
    """Yield the documents in a part of a file, which is a member of another or the whole."""
    document = _document(file, part, key)
    if document is not None:
        yield _subject(file, part, document, key, beside)
        return
    for item in part.items:
        yield from _found(file, item, key, beside)
    around = {name: beside[name] for name in _AROUND if name in beside}
    for name, member in part.members.items():
        yield from _found(file, member, name, {**around, **part.value})


def _document(file: _File, part: _Value, key: str) -> str | None:
    value = part.value
    if isinstance(value, str) and (not key or key in _KINDS):
        document = unquote(value) if _ENCODED.match(value) else value
        return document if document.lstrip().startswith("{") else None
    is_one = isinstance(value, dict) and ("Statement" in value if key else _ELEMENTS & value.keys())
    return file.text[part.start : part.end] if is_one else None


def _subject(
    file: _File, part: _Value, document: str, key: str, beside: Mapping[str, object]
) -> Subject:
    arn = next((str(beside[each]) for each in _ARNS if each in beside), "")
    label = next((str(beside[each]) for each in _NAMES if each in beside), "")
    kind = _KINDS.get(key)
    limit = next((size for each, size in _LIMITS.items() if each in beside), None)
    line_start = file.text.rfind("\n", 0, part.start) + 1
    return subject_of_text(
        file.name,
        document,
        file.kind or kind,
        holder=arn,
        limit=limit if kind is PolicyKind.IDENTITY else None,
        start=Place(file.text.count("\n", 0, part.start) + 1, part.start - line_start + 1),
        is_quoted=isinstance(part.value, str),
        label=f"{key} of {clipped(label)}" if label else key,
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
