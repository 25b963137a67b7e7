"""Reads invariants: what must never be allowed, in a file beside the stack file.

Every scalar is text, as in a policy document: an account, a date and a truth value need no quotes,
and none is changed by being read. All problems are told at once, a line each.
"""

import argparse
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.constructor import ConstructorError

from cross_account_access.errors import UsageError
from cross_account_access.facts.service_reference import (
    Action,
    actions,
    condition_key_type,
    nearest,
    services,
)
from cross_account_access.iam.checks import clipped, shown
from cross_account_access.iam.documents import PolicyKind, read
from cross_account_access.iam.engine import compile_policy
from cross_account_access.iam.errors import DocumentError
from cross_account_access.iam.patterns import matches

FILE: Final = "invariants.yaml"
ANYBODY: Final = "anybody"
_TOP: Final = "invariants"
_KEYS: Final = ("name", "who", "actions", "resource", "when", "except")
_REQUIRED: Final = ("name", "actions", "resource")
_OF_WHO: Final = ("aws:principalarn", "aws:principalaccount")


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """Nobody of `who` but the exceptions may do one of the actions."""

    name: str
    who: tuple[str, ...] = (ANYBODY,)
    """Names of consumers, accounts, groups or ARN patterns, as they are written."""
    actions: tuple[str, ...]
    """Patterns such as `s3:Get*`, each of which means an action that there is."""
    resources: tuple[str, ...]
    """ARN patterns or short names, as they are written."""
    when: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    """Circumstances that it is confined to, as the Condition of a policy; none for all."""
    exceptions: tuple[str, ...] = ()


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add `--invariants`, which `invariants_of` reads."""
    parser.add_argument(
        "--invariants",
        metavar="FILE",
        type=Path,
        help=f"what must never be allowed; without it, {FILE} beside the stack file, if there is"
        " one",
    )


def invariants_of(arguments: argparse.Namespace) -> tuple[Invariant, ...]:
    """Return the invariants of the option or beside the stack file; none without a file.

    Raises:
        UsageError: the file cannot be read, or says something that it cannot mean.
    """
    if arguments.invariants is not None:
        return read_invariants(arguments.invariants)
    beside: Path = arguments.cwd / FILE
    return read_invariants(beside) if beside.exists() else ()


def read_invariants(path: Path) -> tuple[Invariant, ...]:
    """Read a file.

    Raises:
        UsageError: it cannot be read, or says something that it cannot mean.
    """
    value = _loaded(path)
    listed = value.get(_TOP) if isinstance(value, dict) else None
    if not isinstance(value, dict) or value.keys() != {_TOP} or not isinstance(listed, list):
        message = f"{path}: must be one key, {_TOP}, with a list, got {shown(value)}"
        raise UsageError(message)
    problems: list[str] = []
    found: list[Invariant] = []
    for number, each in enumerate(listed, 1):
        reader = _Reader(each, f"invariant {number}")
        made = reader.read()
        problems += reader.problems
        if made is not None:
            found.append(made)
    names = [each.name for each in found]
    problems += [
        f"two invariants have the name {shown(name)}; give each its own"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if not listed:
        problems.append(f"{_TOP} is empty, so nothing would be checked; remove the file instead")
    if problems:
        raise UsageError("\n".join(f"{path}: {problem}" for problem in problems))
    return tuple(found)


class _Loader(yaml.BaseLoader):
    """Takes every scalar as text, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    message = f"{clipped(key.value)} is written twice"
                    raise ConstructorError(None, None, message, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _loaded(path: Path) -> Any:  # noqa: ANN401 - any YAML
    try:
        return yaml.load(path.read_text(), _Loader)  # noqa: S506 - makes nothing but texts
    except OSError as error:
        message = f"--invariants {path}: {error.strerror}"
    except UnicodeDecodeError:
        message = f"{path}: not a text file"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        message = f"{path}: {where}{error.problem}"
    except (yaml.YAMLError, RecursionError) as error:
        told = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        message = f"{path}: not YAML: {' '.join(told.split())}"
    raise UsageError(message)


class _Reader:
    """Reads one entry, and keeps what is wrong with it."""

    def __init__(self, entry: object, where: str) -> None:
        self._entry = entry
        self._where = where
        self.problems: list[str] = []

    def read(self) -> Invariant | None:
        """Return the invariant, or nothing where there are problems."""
        if not isinstance(self._entry, dict):
            keys = ", ".join(_KEYS)
            self.problems.append(
                f"{self._where} must be an entry of {keys}, got {shown(self._entry)}"
            )
            return None
        entry: dict[Any, Any] = self._entry
        name = entry.get("name")
        if isinstance(name, str) and name.strip():
            self._where = name.strip()
        self._check_keys(entry)
        made = Invariant(
            name=self._text(name),
            who=self._texts(entry, "who") if "who" in entry else (ANYBODY,),
            actions=self._actions(entry),
            resources=self._texts(entry, "resource"),
            when=self._when(entry),
            exceptions=self._texts(entry, "except") if "except" in entry else (),
        )
        return None if self.problems else made

    def _tell(self, problem: str) -> None:
        self.problems.append(f"{self._where}: {problem}")

    def _check_keys(self, entry: Mapping[Any, Any]) -> None:
        for key in entry:
            if key not in _KEYS:
                near = difflib.get_close_matches(str(key), _KEYS, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS)}"
                self._tell(f"unknown key {shown(key)}; {hint}")
        for key in _REQUIRED:
            if key not in entry:
                self._tell(f"{key} is missing")

    def _text(self, value: object) -> str:
        if value is None:
            return ""  # told as missing
        if isinstance(value, str) and value.strip() and len(value.splitlines()) == 1:
            return value.strip()
        self._tell(f"name must be one line of text, got {shown(value)}")
        return ""

    def _texts(self, entry: Mapping[Any, Any], key: str) -> tuple[str, ...]:
        value = entry.get(key)
        if value is None:
            return ()  # told as missing
        listed = [value] if isinstance(value, str) else value
        are_texts = isinstance(listed, list) and all(
            isinstance(each, str) and each.strip() for each in listed
        )
        if are_texts and listed:
            return tuple(each.strip() for each in listed)
        self._tell(f"{key} must be a text or a list of texts, and not empty, got {shown(value)}")
        return ()

    def _actions(self, entry: Mapping[Any, Any]) -> tuple[str, ...]:
        patterns = self._texts(entry, "actions")
        for pattern in patterns:
            if not any(actions_of([pattern])):
                near = nearest(pattern)
                hint = f"did you mean {near}?" if near else "write it like s3:GetObject or s3:Get*"
                self._tell(f"actions: {shown(pattern)} means no action; {hint}")
        return patterns

    def _when(self, entry: Mapping[Any, Any]) -> Mapping[str, Mapping[str, list[str]]]:
        if "when" not in entry:
            return {}
        condition = entry["when"]
        statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
        try:
            document = {"Version": "2012-10-17", "Statement": [statement]}
            compile_policy(document, PolicyKind.IDENTITY, "when")
            (told,) = read(document, PolicyKind.IDENTITY, "when").statements
        except DocumentError as error:
            self._tell(str(error))
            return {}
        if not told.conditions:
            self._tell("when is empty; leave it out for all circumstances")
        possible = list(actions_of(self._texts(entry, "actions")))
        for each in told.conditions:
            if each.key.lower() in _OF_WHO:
                self._tell(f"when: say by who and except what is asked of {each.key}")
            elif not _is_of_token(each.key) and condition_key_type(each.key) is None:
                self._tell(f"when: {shown(each.key)} is no condition key that AWS lists")
            elif possible and not any(action.can_have(each.key) for action in possible):
                self._tell(f"when: no request for these actions has {each.key}")
            elif not each.values:
                self._tell(f"when: {each.key} has no value")
        return {
            operator: {key: [text] if isinstance(text, str) else text for key, text in keys.items()}
            for operator, keys in condition.items()
        }


def actions_of(patterns: Sequence[str]) -> Iterator[Action]:
    """Yield the known actions that patterns mean."""
    for pattern in patterns:
        service, separator, _ = pattern.lower().partition(":")
        if service == "*" and not separator:
            service = "s3"  # one will do for all
        for name in [each for each in services() if matches(service, each)]:
            for spelled, action in actions(name).items():
                if pattern == "*" or matches(pattern.lower(), spelled):
                    yield action


def _is_of_token(key: str) -> bool:
    """Whether a key is a claim of an identity provider, of which AWS lists the best known ones."""
    return "." in key.partition(":")[0]
