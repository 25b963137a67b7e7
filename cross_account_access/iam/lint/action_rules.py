"""Rules about actions: whether they exist, and what resources and condition keys they have.

They follow AWS's service reference, which is never complete on the day: what it does not know is
told, and may be right all the same. The reference is "Actions, resources, and condition keys for
AWS services",
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html;
types of operators are those of "IAM JSON policy elements: Condition operators",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
Patterns are left alone, as far as they mean something: that
some of the actions that `s3:Get*` means do not fit is in its nature.
"""

import re
from collections.abc import Iterator
from typing import Final

from cross_account_access.facts.service_reference import (
    Action,
    action,
    authorized_by,
    condition_key_type,
    is_known_service,
    nearest,
)
from cross_account_access.iam.actions import expand
from cross_account_access.iam.documents import PolicyKind, Statement
from cross_account_access.iam.lint.findings import Found, Rule, Severity
from cross_account_access.iam.patterns import Variable, tokenize

_ARN_COLONS: Final = 5
_PLACEHOLDER: Final = re.compile(r"\$?\{[^}]*\}|<[^>]*>")
_FAMILIES: Final = {
    "Numeric": "Numeric",
    "Date": "Date",
    "Bool": "Bool",
    "IpAddress": "IPAddress",
    "NotIpAddress": "IPAddress",
}
"""Types of keys by the beginning of the operators that compare nothing else."""

_CLOSED: Final = {False: Severity.LOW, True: Severity.MEDIUM}
"""By whether it is `NotAction` how bad an unknown name is where less is allowed than is meant."""

_DATE_AND_NUMBER: Final = "aws:epochtime"
"""A key for the operators of both ("AWS global condition context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html)."""


def _unknown_action(statement: Statement) -> Found:
    """Names of no action (the service reference).

    An allow gives less than it reads as; a deny refuses less, and so does an allow of all actions
    but some. A trust policy with other actions than those of AWS STS is not saved ("How to use
    trust policies with IAM roles",
    https://aws.amazon.com/blogs/security/how-to-use-trust-policies-with-iam-roles/).
    """
    is_trust = statement.kind is PolicyKind.TRUST
    fails_open = statement.allows is statement.not_action
    severity = Severity.HIGH if fails_open or is_trust else _CLOSED[statement.not_action]
    for name in statement.actions:
        service = name.partition(":")[0]
        if is_trust and service.lower() not in ("sts", "*"):
            told = f"{statement.name} names {name}, but a trust policy has actions of AWS STS only"
            yield severity, "unknown-action", f"{told}; name sts:AssumeRole"
            continue
        if name == "*" or set(service) & set("*?") or expand(name):
            continue
        needed, near = authorized_by(name), nearest(name)
        what = "action" if is_known_service(name) else "service"
        told = f"{statement.name} names {name}, no {what} that AWS's service reference knows"
        told += ", so that it refuses nothing" if fails_open and not statement.allows else ""
        if needed:
            told += f"; this operation needs {' and '.join(needed)}"
        else:
            told += f"; did you mean {near}?" if near else "; look it up"
        yield severity, "unknown-action", told


def _resource_mismatch(statement: Statement) -> Found:
    """Actions about none of the resources, which therefore have no effect (the same)."""
    if statement.resources is None or statement.not_resource or statement.not_action:
        return
    for known in _named(statement):
        if not any(_can_be_about(known, each) for each in statement.resources):
            forms = " or ".join(known.resources) or "*, since it is about none"
            message = f"{statement.name}: {known.name} needs a resource like {forms}"
            yield Severity.MEDIUM, "resource-mismatch", message


def _unknown_condition(statement: Statement) -> Found:
    """Keys that requests for the action never have (the same).

    Those of identity providers have the provider's name, and are not in any list.
    """
    for key in {each.key for each in statement.conditions}:
        if not is_known_service(key) and not key.lower().startswith("aws:"):
            continue
        for known in [] if statement.not_action else _named(statement):
            if not known.can_have(key):
                message = f"{statement.name}: requests for {known.name} have no key {key}"
                yield Severity.MEDIUM, "unknown-condition-for-action", f"{message}; leave it out"


def _mismatched_type(statement: Statement) -> Found:
    """Operators for other values.

    "IAM JSON policy elements: Condition operators",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
    """
    for each in statement.conditions:
        found = (condition_key_type(each.key) or "").removeprefix("ArrayOf")
        wanted = {type_ for name, type_ in _FAMILIES.items() if each.comparison.startswith(name)}
        if found and wanted and found not in wanted and each.key.lower() != _DATE_AND_NUMBER:
            message = f"{statement.name} compares {each.key} by {each.operator}"
            told = f"{message}, but its values are of type {found}; use an operator for them"
            yield Severity.MEDIUM, "mismatched-type", told


def _named(statement: Statement) -> Iterator[Action]:
    """Yield the known actions that are named in full."""
    for name in statement.actions:
        known = None if set(name) & set("*?") else action(name)
        if known is not None:
            yield known


def _can_be_about(known: Action, pattern: str) -> bool:
    """Say whether a pattern means a resource of the action, by texts that it means.

    Its last `*` may stand for as much as the end of an ARN of the action.
    """
    if pattern == "*" or not known.resources:
        return pattern == "*"
    tokens = tokenize(pattern, variables=True)
    text = "".join(
        "x" if isinstance(token, Variable) else token if isinstance(token, str) else token.value
        for token in tokens
    ).replace("?", "x")
    before, star, after = text.rpartition("*")
    if before.count(":") < _ARN_COLONS:
        return bool(star) or known.is_about(text)
    ends = {end for form in known.resources for end in _ends(form)} if star else {""}
    return any(
        known.is_about(f"{before.replace('*', filling)}{end}{after}")
        for end in ends
        for filling in ("x", "")
    )


def _ends(form: str) -> Iterator[str]:
    parts = _PLACEHOLDER.split(form)
    yield ""
    for number in range(1, len(parts)):
        end = "x".join(parts[number:])
        yield from (end, f"x{end}")


ACTION_RULES: Final[tuple[Rule, ...]] = (
    _unknown_action,
    _resource_mismatch,
    _unknown_condition,
    _mismatched_type,
)
"""In the order in which they are told."""
