"""The actions of AWS, and which resources each of them is about.

The data are those of parliament, which takes them from AWS's "Service Authorization Reference".
The file is read without importing the package, which takes longer than all else together.
"""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

_SERVICES: Final = ("iam", "kms", "s3", "sns", "sqs", "sts")
"""Those that cross-account access of this project is about; others are not judged."""
_BUCKET: Final = "arn:${Partition}:s3:::${BucketName}"
_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Action:
    """One action."""

    name: str
    """As AWS writes it, like `s3:GetObject`."""
    resources: tuple[str, ...]
    """ARNs with placeholders, like `arn:${Partition}:s3:::${BucketName}`; none for no resource."""

    def is_about(self, resource: str) -> bool:
        """Say whether the action can have this resource, an ARN or `*`."""
        if not self.resources:
            return resource == "*"
        return any(_expression(pattern).fullmatch(resource) for pattern in self.resources)


@lru_cache(maxsize=1)
def actions() -> Mapping[str, Action]:
    """Return the actions by their names in lower case."""
    path = Path(str(distribution("parliament").locate_file("parliament/iam_definition.json")))
    found = {}
    for service in json.loads(path.read_text()):
        if service["prefix"] in _SERVICES:
            arns = {each["resource"]: each["arn"] for each in service["resources"]}
            for privilege in service["privileges"]:
                action = _action(service["prefix"], privilege, arns)
                found[action.name.lower()] = action
    return found


def expand(pattern: str) -> frozenset[str]:
    """Return the names, in lower case, of the actions that an `Action` pattern means."""
    if "*" not in pattern and "?" not in pattern:
        return frozenset({pattern.lower()})
    wanted = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    expression = re.compile(wanted)
    return frozenset(name for name in actions() if expression.fullmatch(name))


def nearest(name: str) -> str | None:
    """Return the action whose name is closest, if one is close."""
    close = difflib.get_close_matches(name.lower(), list(actions()), n=1, cutoff=0.7)
    return actions()[close[0]].name if close else None


def is_known_service(action: str) -> bool:
    """Say whether the actions of this one's service are in the catalogue."""
    return action.split(":", 1)[0].lower() in _SERVICES


def _action(prefix: str, privilege: Mapping[str, Any], arns: Mapping[str, str]) -> Action:
    kinds = [each["resource_type"].rstrip("*") for each in privilege["resource_types"]]
    resources = dict.fromkeys(arns[kind] for kind in kinds if kind in arns)
    return Action(f"{prefix}:{privilege['privilege']}", tuple(resources))


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    """Let the last placeholder hold anything; others end at a colon or slash.

    The name of a bucket has no slash either: what follows one is an object.
    """
    *texts, tail = _PLACEHOLDER.split(pattern)
    head = "[^:/]*".join(map(re.escape, texts))
    last = "[^/]*" if pattern == _BUCKET else ".*"
    return re.compile(f"{head}{last}{re.escape(tail)}", re.DOTALL)
