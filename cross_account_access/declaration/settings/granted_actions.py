"""Reads the actions of a grant beside those of its levels, held to AWS's service reference."""

import re
from typing import Final

from cross_account_access.declaration.actions import is_pattern, meant, takes_none, takes_one
from cross_account_access.declaration.fields import Field, Flag, Texts
from cross_account_access.declaration.model import SharedResource
from cross_account_access.declaration.reader import Fields
from cross_account_access.declaration.rules import Rule
from cross_account_access.facts import service_reference

ACTIONS: Final = Field(
    "actions",
    Texts(
        "Actions beside those of the levels, each of which takes the resource, or what lies in it, "
        "or no resource: then it is allowed for the whole account.",
        example="[dynamodb:DescribeTimeToLive]",
    ),
    (),
)
WILDCARDS: Final = Field(
    "allow_wildcard_actions",
    Flag("Whether actions may have * and ?, and so mean what AWS adds later."),
    False,
)
SETTINGS: Final = (ACTIONS, WILDCARDS)


def read_actions(
    source: Fields, resource: SharedResource | None, arns: tuple[str, ...], *, wildcards: bool
) -> tuple[str, ...]:
    """The actions as AWS writes them; the problems are the source's.

    Args:
        source: the grant.
        resource: what it is of; None where that cannot be told.
        arns: those of the resource and patterns of what lies in it.
        wildcards: whether they may have any.
    """
    rule = _rule(resource, arns, wildcards=wildcards) if resource else _is_action
    listed = source.texts(ACTIONS.name, rule, ACTIONS.setting.example, ())
    known = {action: meant(action) for action in listed}
    return tuple(
        found[0].name if found and not is_pattern(action) else action
        for action, found in known.items()
    )


def _is_action(value: str) -> str | None:
    """How actions are written.

    Source: "IAM JSON policy elements: Action",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html.
    """
    if re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", value, re.ASCII):
        return None
    return f"must be an action, as in {ACTIONS.setting.example.strip('[]')}"


def _rule(resource: SharedResource, arns: tuple[str, ...], *, wildcards: bool) -> Rule:
    def rule(value: str) -> str | None:
        if broken := _is_action(value):
            return broken
        service, kind = value.partition(":")[0].lower(), resource.kind
        if service != resource.service:
            return f"is of {service}, and a {kind} takes actions of {resource.service}; remove it"
        if is_pattern(value) and not wildcards:
            return (
                "has a wildcard, which would also allow what AWS adds later; spell the actions "
                "out, or write allow_wildcard_actions: true beside it"
            )
        if not meant(value):
            return _unknown(value)
        if not (takes_none(value) or takes_one(value, arns)):
            forms = sorted({form for each in meant(value) for form in each.resources})
            told = " or ".join(forms[:2]) or "no resource, which a wildcard cannot be allowed on"
            return f"does not take this {kind}, but {told}; remove it"
        return None

    return rule


def _unknown(action: str) -> str:
    needed = service_reference.authorized_by(action)
    if needed:
        allow, those = ("allow", "those") if len(needed) > 1 else ("allows", "that")
        return f"is an operation that {' and '.join(needed)} {allow}; write {those}"
    near = service_reference.nearest(action)
    hint = f"did you mean {near}?" if near else "correct or remove it"
    return f"is no action in AWS's service reference of {service_reference.source().date}; {hint}"
