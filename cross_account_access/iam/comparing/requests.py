"""The requests that policy documents can tell apart: groups of actions, kinds of resources.

Resources of most kinds are told apart by the form of their ARN alone. What else a service has
(access points, jobs, grants) is one kind, "anything else", as far as no document says more.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from cross_account_access.iam.catalogue import actions, expand, is_known_service
from cross_account_access.iam.comparing.statements import Statement
from cross_account_access.iam.comparing.witnesses import Kind, kinds
from cross_account_access.iam.patterns import matches

FORMS: Final[Mapping[str, str]] = {
    "arn:${Partition}:s3:::${BucketName}": "any bucket",
    "arn:${Partition}:s3:::${BucketName}/${ObjectName}": "any object",
    "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}": "any role",
    "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}": "any user",
    "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}": "any key",
    "arn:${Partition}:sns:${Region}:${Account}:${TopicName}": "any topic",
    "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}": "any queue",
}
"""The ARNs that matter one by one, as the catalogue writes them, and what to call all of a form."""

ELSEWHERE: Final = "000000000000"
"""An account that nobody has, for what is outside the stack."""

_FREE: Final = "sts:getcalleridentity"
_OTHER: Final = "other:any"
_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}")
_ARN: Final = re.compile(
    r"arn:[a-z-]+:(?P<service>[a-z0-9-]+):[^:]*:(?P<account>[^:]*):(?P<rest>.+)", re.DOTALL
)
_ACCOUNT: Final = re.compile(r"\d{12}|")


@dataclass(frozen=True)
class ActionGroup:
    """Actions that no document tells apart and that are about the same kinds of resources."""

    names: tuple[str, ...]
    patterns: frozenset[str]
    """The patterns of the documents that match them."""
    services: frozenset[str]
    """Services of which they can be about "anything else"."""

    @property
    def name(self) -> str:
        """One of them."""
        return self.names[0]

    def is_about(self, resource: str) -> bool:
        """Say whether the actions can have this resource, an ARN or `*`."""
        known = actions().get(self.name.lower())
        if resource == "*":
            return known is None or not known.resources
        service = resource.split(":")[2]
        if service in self.services:
            return not _has_form(resource) or known is None
        return known is not None and _has_form(resource) and known.is_about(resource)


def action_groups(statements: Iterable[Statement]) -> list[ActionGroup]:
    """Return the groups that the statements tell apart."""
    patterns = {pattern for statement in statements for pattern in statement.actions}
    names = {*actions(), *map(_instance, patterns)} - {_FREE}
    matching: dict[str, set[str]] = defaultdict(set)
    for pattern in patterns:
        for name in expand(pattern) | {name for name in names if matches(pattern, name)}:
            matching[name].add(pattern)
    groups: dict[tuple[frozenset[str], frozenset[str], frozenset[str], str], list[str]]
    groups = defaultdict(list)
    for name in sorted(names):
        known = actions().get(name)
        resources = known.resources if known else ()
        special = frozenset(form for form in resources if form in FORMS)
        services = {form.split(":")[2] for form in resources if form not in FORMS}
        if known is None:
            services = {name.split(":")[0]}
        # Who can ask for a session differs from one of these actions to the next.
        alone = name if name.startswith("sts:") else ""
        key = (frozenset(matching[name]), frozenset(services), special, alone)
        groups[key].append(known.name if known else name)
    return [
        ActionGroup(tuple(each), matched, services)
        for (matched, services, *_), each in groups.items()
    ]


def resource_kinds(
    statements: Iterable[Statement], more: Iterable[str], partition: str
) -> tuple[list[Kind], Mapping[str, str]]:
    """Return one resource of each kind, and the patterns that stand for a whole form in words.

    Args:
        statements: the statements that tell resources apart.
        more: further patterns and ARNs that do.
        partition: of all ARNs.

    Returns:
        the kinds, first that of actions without a resource, `*`; and the words by pattern.

    Raises:
        CannotCompareError: for too many patterns.
    """
    written = {pattern for statement in statements for pattern in statement.resources or ()}
    forms = {
        _PLACEHOLDER.sub("?*", form.replace("${Partition}", partition)): words
        for form, words in FORMS.items()
    }
    used = {
        form.split(":")[2]
        for action in actions().values()
        for form in action.resources
        if form not in FORMS
    }
    forms |= {f"arn:{partition}:{each}:*:?*:?*": f"anything else of {each}" for each in used}
    patterns = {*written, *more, *forms}
    found = [_placed(kind, patterns) for kind in kinds(sorted(patterns))]
    none = Kind("*", frozenset(pattern for pattern in written if not pattern.strip("*")))
    return [none, *(kind for kind in found if _can_exist(kind.text))], forms


def _can_exist(resource: str) -> bool:
    """Leave out names that AWS does not give: those of buckets and in IAM have no colon."""
    match = _ARN.fullmatch(resource)
    if match is None:
        return False
    name = match["rest"] if match["service"] == "iam" else match["rest"].split("/", 1)[0]
    return match["service"] not in ("iam", "s3") or bool(name and ":" not in name)


def _placed(kind: Kind, patterns: Iterable[str]) -> Kind:
    """Put a resource into a proper account where the patterns leave that open."""
    match = _ARN.fullmatch(kind.text)
    if match is None or _ACCOUNT.fullmatch(match["account"]):
        return kind
    start, end = match.span("account")
    text = f"{kind.text[:start]}{ELSEWHERE}{kind.text[end:]}"
    same = {pattern for pattern in patterns if matches(pattern, text)} == kind.matches
    return Kind(text, kind.matches) if same else kind


@lru_cache(maxsize=4096)
def _has_form(resource: str) -> bool:
    """Say whether a resource has one of the forms that matter one by one."""
    return any(_form(form).fullmatch(resource) for form in FORMS)


@cache
def _form(form: str) -> re.Pattern[str]:
    *texts, tail = _PLACEHOLDER.split(form)
    last = "[^/]+" if form.endswith(":::${BucketName}") else ".+"
    return re.compile("[^:/]*".join(map(re.escape, texts)) + last + re.escape(tail), re.DOTALL)


def _instance(pattern: str) -> str:
    """Return an action that a pattern means, in lower case."""
    service, _, name = pattern.partition(":")
    if not name:
        return _OTHER
    if is_known_service(pattern) and "*" in name:
        # All that it can mean is in the catalogue.
        return _OTHER
    return f"{service.replace('*', 'any')}:{name.replace('*', 'any').replace('?', 'x')}"
