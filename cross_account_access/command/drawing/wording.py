"""What of access people read in a picture: levels for actions, and plain circumstances.

What a level means is the judge's own table (`iam.services`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cross_account_access.iam.services import Operation, Scope, services

_MOST: Final = 2
"""Actions beside levels, and prefixes, that are named; --json and the table have all."""
_ROLES: Final = {
    "sts:AssumeRole": "assume",
    "sts:AssumeRoleWithWebIdentity": "assume with a token",
    "sts:AssumeRoleWithSAML": "assume with SAML",
    "sts:TagSession": "tag the session",
    "sts:SetSourceIdentity": "state a source identity",
}
_PREFIX: Final = re.compile(r"s3:prefix(?:=| like )(?P<prefix>[^ ]*?)\*?(?= or |$)")
_PLAIN: Final = (
    (r"\baws:CurrentTime before ([^\s;]+)", lambda m: f"before {_day(m[1])}"),
    (r"\baws:CurrentTime after ([^\s;]+)", lambda m: f"after {_day(m[1])}"),
    (r"\bsts:ExternalId=([^\s;]+)", r"external ID \1"),
    (r"\bsts:SourceIdentity=([^\s;]+)", r"source identity \1"),
    (r"\baws:RequestTag/(\S+?)=([^\s;]+)", r"session tag \1=\2"),
    (r"\baws:PrincipalTag/(\S+?)=([^\s;]+)", r"tag \1=\2"),
    (r"\baws:MultiFactorAuthPresent=true", "MFA"),
    (r"\baws:MultiFactorAuthAge below (\d+)", r"MFA less than \1 s ago"),
    (r"\baws:PrincipalOrgID=([^\s;]+)", r"organization \1"),
    (r"\baws:PrincipalOrgPaths", "organization unit"),
    (r"\baws:SourceAccount=(\d+)", r"source account \1"),
    (r"\baws:SourceArn(?:=| like )([^\s;]+)", r"source \1"),
    (r"\baws:SourceIp in ([^\s;]+)", r"address in \1"),
    (r"\baws:SourceVpce=([^\s;]+)", r"endpoint \1"),
    (r"\bkms:ViaService=(\S+?)\.[^\s;]+", r"use by \1"),
    (r"\bkms:EncryptionContext:aws:s3:arn=arn:\S+?:::([^\s;]+)", r"bucket \1"),
    (r"\b[\w.-]+:sub( like |=)([^\s;]+)", r"subject\1\2"),
    (r"\b[\w.-]+:aud=([^\s;]+)", r"audience \1"),
)


@dataclass(frozen=True)
class Use:
    """Some actions on a resource, or on what is inside it."""

    actions: tuple[str, ...]
    inside: str | None
    """The pattern below the resource, like `published/*`; None for the resource itself."""


def levels(service: str, uses: Iterable[Use], listed: str = "") -> str:
    """Say what actions are together: `list, read under published/`.

    Args:
        service: as ARNs name it.
        uses: what is allowed.
        listed: the prefix that listing is confined to.
    """
    operations = services()[service].operations if service in services() else ()
    # An index or a stream is part of its table; only objects have levels of their own.
    has_objects = any(each.scope is Scope.OBJECTS for each in operations)
    by_place: dict[str, set[str]] = defaultdict(set)
    itself: set[str] = set()
    for use in uses:
        if use.inside is None or not has_objects:
            itself |= set(use.actions)
        else:
            by_place[use.inside.removesuffix("*")] |= set(use.actions)
    places = dict.fromkeys([*by_place, *([listed] if listed else [])]) or {"": None}
    told: dict[str, list[str]] = defaultdict(list)
    left = set(itself)
    for place in places:
        words, used = _at(operations, itself, by_place[place], place)
        left -= used
        rest = by_place[place] - used
        more = _named(rest)
        told[", ".join([*words, *more])].append(place)
    parts = [f"{words}{_under(places)}" for words, places in told.items() if words]
    return ", ".join([*parts, *_named(left)])


def _at(
    operations: Sequence[Operation], itself: set[str], inside: set[str], place: str
) -> tuple[list[str], set[str]]:
    """Return the levels that hold at a place, and the actions that they mean."""
    names = {level: None for each in operations for level in sorted(each.levels)}
    held: dict[str, set[str]] = {}
    for level in names:
        needed = [
            each
            for each in operations
            if level in each.levels
            and not (place and each.needs_whole_resource)
            and "*" not in each.everything
        ]
        if needed and all(_has(each, itself, inside) for each in needed):
            held[level] = {action for each in needed for action in each.actions}
    kept = [
        level
        for level, actions in held.items()
        if not any(actions < each for each in held.values())
    ]
    return kept, {action for level in kept for action in held[level]}


def _has(operation: Operation, itself: set[str], inside: set[str]) -> bool:
    is_inside = operation.scope is Scope.OBJECTS and "{arn}" not in operation.everything
    return set(operation.actions) <= (inside if is_inside else itself)


def _named(actions: set[str]) -> list[str]:
    """Name what is done with roles; a few other actions without their service, or how many."""
    of_roles = [_ROLES[each] for each in sorted(actions & _ROLES.keys())]
    others = [each.split(":", 1)[-1] for each in sorted(actions - _ROLES.keys())]
    return [*of_roles, *(others if len(others) <= _MOST else [f"{len(others)} other actions"])]


def _under(places: Sequence[str]) -> str:
    named = [place for place in places if place]
    if len(named) < len(places) or not named:
        return ""
    more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
    return f" under {', '.join(named[:_MOST])}{more}"


def without_prefix(when: str) -> tuple[str, str]:
    """Take the prefix that listing is confined to out of circumstances.

    Returns:
        the prefix, empty where there is none, and what is left.
    """
    parts = re.split(r" and (?=[A-Za-z0-9.-]+:)", when.removeprefix("with "))
    found = [match for each in parts if (match := _PREFIX.fullmatch(each))]
    if not when.startswith("with ") or not found:
        return "", when
    left = [each for each in parts if not _PREFIX.fullmatch(each)]
    return found[0]["prefix"], f"with {' and '.join(left)}" if left else ""


def plain(when: str) -> str:
    """Say circumstances in plain words, without the names of condition keys where possible."""
    for pattern, words in _PLAIN:
        when = re.sub(pattern, words, when)
    return when


def _day(text: str) -> str:
    moment = datetime.fromisoformat(text)
    is_midnight = (moment.hour, moment.minute) == (0, 0)
    return f"{moment:%Y-%m-%d}" if is_midnight else f"{moment:%Y-%m-%d %H:%M %Z}"
