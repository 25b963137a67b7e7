"""The policies of deployers: statements by what they are about, cut to IAM's quota."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from cross_account_access.declaration.policies.parts import in_parts
from cross_account_access.declaration.settings import Settings
from cross_account_access.declaration.statements import ConditionBlock, allow, render
from cross_account_access.deployers.actions import actions
from cross_account_access.deployers.made import Made, in_production, in_staging
from cross_account_access.facts import service_reference
from cross_account_access.facts.quotas import MANAGED_POLICY_CHARACTERS

_BOUNDARY: Final = "iam:PermissionsBoundary"
"""The boundary of the principal that an action is about, or is to get ("Permissions boundaries for
IAM entities",
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html)."""
_UNBINDING: Final = frozenset(
    {"iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"}
)
_BINDING: Final = frozenset({"iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary"})
_TAGGED: Final = frozenset({"any", "key"})
"""Kinds of objects that the tags of the stack tell from others; an alias is told by its name."""
_MAKING_TAGGED: Final = "kms:CreateKey"
_TAGGING: Final = "kms:TagResource"


@dataclass(frozen=True)
class Owner:
    """The stack whose deployers they are, which tags what it makes."""

    project: str
    stack: str


def policies_of(
    settings: Settings, owner: Owner, *, read_only: bool = False
) -> Mapping[str, list[dict[str, Any]]]:
    """The documents for each account, `production` and `staging`, as few as IAM's quota allows.

    Args:
        settings: of the stack.
        owner: the stack.
        read_only: what a preview, the search for drift and questions about access need.
    """
    sides = {"production": in_production(settings), "staging": in_staging(settings)}
    return {
        side: [
            json.loads(part)
            for part in in_parts(
                _document(made, owner, read_only=read_only), MANAGED_POLICY_CHARACTERS
            )
        ]
        for side, made in sides.items()
    }


def _document(all_made: Iterable[Made], owner: Owner, *, read_only: bool) -> str:
    arns: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for made in all_made:
        for kind, by_mode in actions()[made.type].items():
            if kind not in made.objects:
                continue
            for mode, callers in by_mode.items():
                if read_only and mode == "write":
                    continue
                for action in callers:
                    for block in _conditions(made, kind, action, owner):
                        arns[action, json.dumps(block)][made.objects[kind]] = None
    together: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for (action, written), found in arns.items():
        together[tuple(_widest(found)), written].append(action)
    return render(
        allow(f"Deploy{number}", names, json.loads(written), resources=resources)
        for number, ((resources, written), names) in enumerate(
            sorted(together.items(), key=lambda each: (each[0][0], each[0][1])), start=1
        )
    )


def _widest(arns: Iterable[str]) -> list[str]:
    """The ARNs in order, without those that another one covers."""
    found = sorted(arns)
    return [
        arn for arn in found if not any(other != arn and fnmatchcase(arn, other) for other in found)
    ]


def _conditions(made: Made, kind: str, action: str, owner: Owner) -> list[ConditionBlock]:
    """The conditions under any of which an action is allowed; none where it is not at all."""
    is_read = action in actions()[made.type][kind].get("read", {})
    known = service_reference.action(action)
    bound: list[ConditionBlock] = [{}]
    if action in (_BINDING if made.boundary is None else _UNBINDING):
        bound = []
    elif made.boundary is not None and not is_read and known and _BOUNDARY in known.condition_keys:
        bound = [{"ArnEquals": {_BOUNDARY: [made.boundary]}}]
    if not made.is_tagged or kind not in _TAGGED or is_read:
        return bound
    return _on_tagged(action, {"project": owner.project, "stack": owner.stack})


def _on_tagged(action: str, tags: Mapping[str, str]) -> list[ConditionBlock]:
    """The conditions on a write of what the tags of the stack alone tell from others."""
    requested = {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}
    own = {f"aws:ResourceTag/{key}": [value] for key, value in tags.items()}
    if action == _MAKING_TAGGED:
        return [{"StringEquals": requested}]
    if action == _TAGGING:
        # A new key gets its tags as it is made, and has none before.
        return [{"StringEquals": requested, "StringEqualsIfExists": own}, {"StringEquals": own}]
    return [{"StringEquals": own}]
