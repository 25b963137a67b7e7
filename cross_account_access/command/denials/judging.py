"""Whether the engine decides as AWS did, on the same request, and a case of it where not."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cross_account_access.command.denials.evaluations import Evaluation, Reference
from cross_account_access.command.reports import write_file
from cross_account_access.iam.condition_keys import DERIVED
from cross_account_access.iam.documents import read
from cross_account_access.iam.engine import (
    Context,
    Decision,
    Outcome,
    Request,
    decide,
    parse_principal,
)
from cross_account_access.iam.inventory import Inventory, is_unknown_key
from cross_account_access.iam.services import policy_resource

_EFFECTS: Final = {
    "ALLOW": Outcome.ALLOWED,
    "EXPLICIT_DENY": Outcome.DENIED,
    "IMPLICIT_DENY": Outcome.DENIED,
}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """AWS's decision beside the engine's on the same request."""

    evaluation: Evaluation
    decision: Decision | None
    """None where the engine cannot be asked."""
    why: str = ""
    """Why not."""

    @property
    def agrees(self) -> bool | None:
        """Whether both say the same; None where the engine cannot tell."""
        if self.decision is None or self.decision.outcome is Outcome.UNKNOWN:
            return None
        return self.decision.outcome is _EFFECTS.get(self.evaluation.effect)


def compared(evaluation: Evaluation, inventory: Inventory) -> Comparison:
    """Ask the engine about the same request, from documents as they are now.

    What conditions of those documents look at and AWS's context lacks, the request did not carry.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
    """
    if evaluation.who is None:
        why = "AWS's context does not say who asked (aws:PrincipalArn)"
        return Comparison(evaluation=evaluation, decision=None, why=why)
    if set(evaluation.resource) & set("*?") and evaluation.resource != "*":
        why = f"AWS decided about several resources at once ({evaluation.resource})"
        return Comparison(evaluation=evaluation, decision=None, why=why)
    stated = {key: value for key, value in evaluation.context.items() if _can_be_stated(key)}
    request = Request(
        parse_principal(evaluation.who),
        evaluation.action,
        evaluation.resource,
        Context(stated, sorted(_looked_at(inventory) - stated.keys())),
    )
    return Comparison(evaluation=evaluation, decision=decide(inventory.world(), request))


def _can_be_stated(key: str) -> bool:
    return key not in DERIVED and ":" in key


def _looked_at(inventory: Inventory) -> set[str]:
    """The keys of all conditions, in lower case."""
    keys = {
        condition.key.lower()
        for each in inventory.documents()
        for statement in read(each.document, each.kind, each.holder).statements
        for condition in statement.conditions
        if not is_unknown_key(condition.key)
    }
    return {key for key in keys if _can_be_stated(key)}


def write_case(
    path: Path, reference: Reference, comparisons: Iterable[Comparison], inventory: Inventory
) -> None:
    """Write what both disagree about, in the form of the conformance cases.

    Raises:
        UncheckedError, UsageError: the file cannot be written.
    """
    cases = [
        _case(number, each, inventory)
        for number, each in enumerate(comparisons, start=1)
        if each.agrees is False
    ]
    content = {
        "title": "What AWS decided otherwise",
        "groups": [
            {
                "name": reference.id,
                "pages": ["evaluation"],
                "because": f"AWS decided so, by its own word: authorization ID {reference.id}.",
                "cases": cases,
            }
        ],
    }
    # JSON is YAML, in which the cases are read.
    write_file("--case", path, f"{json.dumps(content, indent=2)}\n")


def _case(number: int, comparison: Comparison, inventory: Inventory) -> dict[str, Any]:
    asked = comparison.evaluation
    resource = policy_resource(asked.resource)
    roles = (asked.who, asked.resource)
    return {
        "name": f"{number} {asked.action}",
        "users": {arn: each for arn, each in inventory.users.items() if arn == asked.who},
        "roles": {arn: each for arn, each in inventory.roles.items() if arn in roles},
        "resources": {arn: each for arn, each in inventory.resources.items() if arn == resource},
        "who": asked.who,
        "action": asked.action,
        "resource": asked.resource,
        "context": {
            **{key: value for key, value in asked.context.items() if _can_be_stated(key)},
            **dict.fromkeys(sorted(_looked_at(inventory) - asked.context.keys())),
        },
        "answer": _EFFECTS[asked.effect].value,
    }
