"""The requests that policy documents can tell apart: groups of actions, kinds of resources.

Resources of most kinds are told apart by the form of their ARN alone. What else a service has
(access points, jobs, grants) is one kind, "anything else", as far as no document says more.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from cross_account_access.facts.service_reference import (
    Action,
    action,
    actions,
    is_known_service,
    services,
)
from cross_account_access.iam.comparing.statements import ComparedStatement
from cross_account_access.iam.comparing.witnesses import Witness, witnesses
from cross_account_access.iam.patterns import matches
from cross_account_access.iam.services import services as described

FORMS: Final[Mapping[str, str]] = {
    form: words for each in described().values() for form, words in each.forms.items()
}
"""The ARNs that matter one by one, as AWS's service reference writes them, and what to call all of
a form."""

ELSEWHERE: Final = "000000000000"
"""An account that nobody has, for what is outside the stack."""

_ALWAYS_COMPARED: Final = frozenset({"iam", "kms", "s3", "sns", "sqs", "sts"})
"""Services that access across accounts is about; others are where a document names them."""
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

    @property
    def service(self) -> str:
        """Their service, as ARNs name it."""
        return self.name.partition(":")[0].lower()

    def is_about(self, resource: str) -> bool:
        """Say whether the actions can have this resource, an ARN or `*`."""
        return _is_about(self.name, self.services, resource)


def action_groups(
    statements: Iterable[ComparedStatement], asked: str | None = None
) -> list[ActionGroup]:
    """Return the groups that the statements tell apart.

    Args:
        statements: all that there are.
        asked: an action that is in one of the groups, in lower case, even if nothing knows it.
    """
    patterns = {pattern for statement in statements for pattern in statement.actions}
    also = set() if asked is None else {asked}
    known = _known_actions(patterns | also)
    matching: dict[str, set[str]] = defaultdict(set)
    names = known.keys() | {_OTHER} | also
    for pattern in patterns:
        meant = _meant(pattern, names)
        # All that a pattern of a known service means is known, unless that is nothing.
        for name in meant if meant and is_known_service(pattern) else {*meant, _instance(pattern)}:
            matching[name].add(pattern)
    groups: dict[tuple[frozenset[str], frozenset[str], frozenset[str], str], list[str]]
    groups = defaultdict(list)
    for name in sorted(names | matching.keys()):
        resources = known[name].resources if name in known else ()
        special = frozenset(form for form in resources if form in FORMS)
        others = {form.split(":")[2] for form in resources if form not in FORMS}
        if name not in known:
            others = {name.split(":")[0]}
        # Who can ask for a session differs from one of these actions to the next.
        alone = name if name.startswith("sts:") else ""
        key = (frozenset(matching[name]), frozenset(others), special, alone)
        groups[key].append(known[name].name if name in known else name)
    return [
        ActionGroup(tuple(each), matched, others) for (matched, others, *_), each in groups.items()
    ]


def _known_actions(patterns: Iterable[str]) -> Mapping[str, Action]:
    """Return the actions of the services that are compared, by their names in lower case."""
    named = {pattern.partition(":")[0] for pattern in patterns} & services()
    return {
        name: each
        for service in sorted(_ALWAYS_COMPARED | named)
        for name, each in actions(service).items()
        if name != _FREE
    }


def _meant(pattern: str, names: Set[str]) -> Set[str]:
    if "*" not in pattern and "?" not in pattern:
        return {pattern} & names
    return {name for name in names if matches(pattern, name)}


def resource_witnesses(
    statements: Iterable[ComparedStatement],
    more: Iterable[str],
    groups: Iterable[ActionGroup],
    partition: str,
    owners: Iterable[str] = (),
) -> tuple[list[Witness], Mapping[str, str]]:
    """Return one resource of each kind, and the patterns that stand for a whole form in words.

    Args:
        statements: the statements that tell resources apart.
        more: further patterns and ARNs that do.
        groups: the actions that are asked about.
        partition: of all ARNs.
        owners: accounts whose resources are told apart although no pattern does.

    Returns:
        the witnesses, first that of actions without a resource, `*`; and the words by pattern.

    Raises:
        ComparisonError: for too many patterns.
    """
    written = {pattern for statement in statements for pattern in statement.resources or ()}
    forms = {
        _PLACEHOLDER.sub("?*", form.replace("${Partition}", partition)): words
        for form, words in FORMS.items()
    }
    used = {service for group in groups for service in group.services}
    # Without it the shortest text of a kind could be one that has no bucket, and cannot exist.
    nowhere = f"arn:{partition}:s3:::/*"
    forms |= {f"arn:{partition}:{each}:*:?*:?*": f"anything else of {each}" for each in used}
    told_apart = used | {form.split(":")[2] for form in FORMS}
    owned = {f"arn:{partition}:{each}:*:{owner}:*" for owner in owners for each in told_apart}
    patterns = {*written, *more, *forms, nowhere, *owned}
    found = [_placed(each, patterns) for each in witnesses(sorted(patterns))]
    none = Witness("*", frozenset(pattern for pattern in written if not pattern.strip("*")))
    return [none, *(each for each in found if _can_exist(each.text))], forms


def _can_exist(resource: str) -> bool:
    """Leave out names that AWS does not give: without a name, or with a colon in S3 and IAM."""
    match = _ARN.fullmatch(resource)
    if match is None or match["service"] not in ("iam", "s3"):
        return match is not None
    name, slash, rest = match["rest"].partition("/")
    if match["service"] == "iam":
        return ":" not in match["rest"]
    return bool(name and ":" not in name and (rest or not slash))


def _placed(witness: Witness, patterns: Iterable[str]) -> Witness:
    """Put a resource into a proper account where the patterns leave that open."""
    match = _ARN.fullmatch(witness.text)
    if match is None or _ACCOUNT.fullmatch(match["account"]):
        return witness
    start, end = match.span("account")
    text = f"{witness.text[:start]}{ELSEWHERE}{witness.text[end:]}"
    same = {pattern for pattern in patterns if matches(pattern, text)} == witness.matches
    return Witness(text, witness.matches) if same else witness


@lru_cache(maxsize=1 << 16)
def _is_about(name: str, services: Set[str], resource: str) -> bool:
    known = action(name)
    if resource == "*":
        return known is None or not known.resources
    if known is None or not _has_form(resource):
        return resource.split(":")[2] in services
    return known.is_about(resource)


@lru_cache(maxsize=4096)
def _has_form(resource: str) -> bool:
    """Say whether a resource has one of the forms that matter one by one."""
    return any(_form(form).fullmatch(resource) for form in FORMS)


@cache
def _form(form: str) -> re.Pattern[str]:
    *texts, tail = _PLACEHOLDER.split(form)
    # What a slash leads to is told apart where it has a form of its own.
    last = "[^/]+" if any(each.startswith(f"{form}/") for each in FORMS) else ".+"
    return re.compile("[^:/]*".join(map(re.escape, texts)) + last + re.escape(tail), re.DOTALL)


def _instance(pattern: str) -> str:
    """Return an action that a pattern means, in lower case."""
    service, _, name = pattern.partition(":")
    if not name:
        return _OTHER
    return f"{service.replace('*', 'any')}:{name.replace('*', 'any').replace('?', 'x')}"
