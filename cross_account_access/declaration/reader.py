"""Reads typed values out of plain mappings and keeps every problem that it meets.

A problem is one line: the setting by its path in the stack file, the value,
the rule, the remedy. Reading goes on after a problem with a stand-in value, so
that all of them are told together; the caller must not use what was read
before `Problems` is known to be empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from typing import Any, Final

from cross_account_access.declaration.nearest import did_you_mean
from cross_account_access.declaration.rules import Rule
from cross_account_access.declaration.rules.moments import is_unquoted

REQUIRED: Final[Any] = MISSING
"""In place of a default."""
_SHOWN: Final = 200
"""The most characters of a value that a problem shows."""
_SHOWN_OF_NAME: Final = 100


class Problems(list[str]):
    """The problems met so far, in the order of the stack file."""

    def __init__(self) -> None:
        super().__init__()
        self.renamed: list[str] = []
        """A line for each setting that is there under its former name, which is no problem yet."""
        self.unread: set[str] = set()
        """Names of what is there and could not be read, which is told once."""

    def about(self, setting: str, value: object, rule: str) -> None:
        """Adds `SETTING: VALUE RULE`."""
        shown = "null" if value is None else _shortened(repr(value), _SHOWN)
        self.append(f"{setting}: {shown} {_in_a_line(rule, str(value))}")

    def report(self, where: str) -> str:
        """All of them, a line each, under a line that counts them and says where they are."""
        count = "1 problem" if len(self) == 1 else f"{len(self)} problems"
        told = "\n".join(f"  {problem}" for problem in self)
        return f"{count} in {where}; nothing was changed:\n{told}"

    def has_any_of(self, setting: str) -> bool:
        """Whether the setting, or something inside it, has been reported."""
        return any(problem.startswith((f"{setting}.", f"{setting}:")) for problem in self)


class Fields:
    """One mapping of the stack file, read field by field.

    Every field that is read counts as known; `done` reports the others, with
    the nearest known name.
    """

    def __init__(self, values: Mapping[str, Any], problems: Problems, path: str = "") -> None:
        self.problems = problems
        """All that were met, here and elsewhere."""
        self._values = values
        self._path = path
        self._known: list[str] = []
        self._former: dict[str, str] = {}

    def path(self, name: object) -> str:
        """The field's place in the stack file, as in `grants[0].levels`."""
        # Names are the user's own too: tags have any, and YAML has keys of every type.
        plain = name if isinstance(name, str) and name.isprintable() else repr(name)
        shown = _shortened(plain, _SHOWN_OF_NAME)
        return f"{self._path}.{shown}" if self._path else shown

    def refuse(self, name: str, reason: str) -> None:
        """Reports a field that must not be as it is beside the others."""
        name = self._former.get(name, name)
        if self.has(name):
            self.problems.about(self.path(name), self._values[name], reason)
        elif not isinstance(self._values, _Unusable):
            self.report(name, reason)

    def report(self, name: str, told: str) -> None:
        """Reports a field of which the value says nothing."""
        self.problems.append(f"{self.path(name)}: {told}")

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        return name in self._values

    def has_items(self, name: str) -> bool:
        """Whether the field is there and is not an empty list."""
        return name in self._values and self._values[name] != []

    def renamed(self, name: str, former: str) -> bool:
        """Whether a field is there under its former name, which is told."""
        self._known.append(name)
        if not self.has(former):
            return False
        if self.has(name):
            self.report(former, f"is the former name of {name}, which is there too; remove it")
        else:
            self._former[name] = former
            self.problems.renamed.append(
                f"{self.path(former)} is called {name} now; the former name is accepted until "
                "version 2"
            )
        return True

    def take(self, name: str, default: Any, example: str = "") -> Any:  # noqa: ANN401 - raw values
        """The value as it stands there; where it is missing, the default or a problem."""
        self._known.append(name)
        value = self._values.get(name, default)
        if value is REQUIRED and not isinstance(self._values, _Unusable):
            remedy = f"add it, as in {example}" if example else "add it to the stack file"
            self.report(name, f"missing; {remedy}")
        return value

    def text(self, name: str, rule: Rule, default: str | None = REQUIRED) -> str | None:
        """A string that keeps the rule; empty where it is required and missing."""
        value = self.take(name, default)
        if not self.has(name):
            return "" if default is REQUIRED else default
        is_default = isinstance(value, str) and value == default
        if not is_default and (broken := not_text(value, rule)):
            self.problems.about(self.path(name), value, broken)
        return value if isinstance(value, str) and not is_unquoted(value) else ""

    def mapping(self, name: str, example: str) -> "Fields":
        """A mapping of further fields; an empty one where it is missing or something else."""
        value = self.take(name, REQUIRED, example)
        if value is not REQUIRED and not isinstance(value, Mapping):
            self.problems.about(self.path(name), value, f"must be a mapping, as in {example}")
        usable = value if isinstance(value, Mapping) else _Unusable()
        return Fields(usable, self.problems, self.path(name))

    def optional_mapping(self, name: str, example: str) -> "Fields | None":
        """As `mapping`, or None where the field is left out."""
        return self.mapping(name, example) if self.has(name) else self.take(name, None)

    def choice(self, examples: Mapping[str, str]) -> "tuple[str, Fields] | None":
        """The one field of these that is there, a mapping; None where it cannot be told."""
        name = self.one_of(examples)
        return (name, self.mapping(name, examples[name])) if name else None

    def one_of(self, examples: Mapping[str, str]) -> str | None:
        """The name of the one field of these that is there; None where it cannot be told."""
        there = [name for name in examples if self.has(name)]
        self._known += examples
        if len(there) == 1:
            return there[0]
        if there:
            told = " and ".join(there)
            self.problems.append(f"{self._path}: has {told}; it takes one of them, remove the rest")
        elif not isinstance(self._values, _Unusable):
            known = ", ".join(examples)
            name, example = next(iter(examples.items()))
            self.problems.append(
                f"{self._path}: has none of {known}; add one, as in {name}: {example}"
            )
        return None

    def mappings(self, name: str, example: str, default: object = REQUIRED) -> "list[Fields]":
        """A list of mappings, with at least one item where it is required."""
        if default is not REQUIRED and not self.has_items(name):
            self.take(name, default)
            return []
        fields = []
        for index, item in enumerate(self._list(name, example)):
            place = f"{self.path(name)}[{index}]"
            if isinstance(item, Mapping):
                fields.append(Fields(item, self.problems, place))
            else:
                self.problems.about(place, item, f"must be a mapping, as in {example}")
        return fields

    def words(self, name: str, known: Sequence[str]) -> list[str]:
        """A list of different words, each a known one, with at least one item."""
        example = f"[{', '.join(known[:2])}]"
        words = []
        for index, word in enumerate(self._list(name, example)):
            place = f"{self.path(name)}[{index}]"
            if word not in known:
                self.problems.about(place, word, not_among(known, word))
            elif word in words:
                self.problems.about(place, word, "is there twice; remove one")
            else:
                words.append(word)
        return words

    def texts(
        self, name: str, rule: Rule, example: str, default: object = REQUIRED
    ) -> tuple[str, ...]:
        """Different strings, each of which keeps the rule; at least one where the list is there."""
        texts: list[str] = []
        for index, text in enumerate(self._list(name, example, default)):
            place = f"{self.path(name)}[{index}]"
            if broken := not_text(text, rule):
                self.problems.about(place, text, broken)
            elif text in texts:
                self.problems.about(place, text, "is there twice; remove one")
            else:
                texts.append(text)
        return tuple(texts)

    def done(self) -> None:
        """Reports the fields that nobody asked for."""
        for name in self._values:
            if name not in self._known:
                hint = did_you_mean(str(name), self._known) or "; remove it"
                self.report(name, f"no such setting{hint}")

    def _list(self, name: str, example: str, default: object = REQUIRED) -> Sequence[Any]:
        value = self.take(name, default, example)
        if not self.has(name):
            return []
        if not isinstance(value, list):
            self.problems.about(self.path(name), value, f"must be a list, as in {example}")
            return []
        if not value:
            self.report(name, f"empty; name at least one, as in {example}")
        return value


def not_text(value: object, rule: Rule) -> str | None:
    """What is wrong with a value that must be text that keeps a rule.

    No remedy names another value: what stands there without quotes may have been read as octal, as
    hexadecimal or as a date, and only whoever wrote it knows it.
    """
    if is_unquoted(value):
        return "is what YAML makes of a date without quotes; write it in quotes"
    if isinstance(value, str):
        return rule(value)
    if value is None:
        return "is empty; give it a value, or remove it"
    if isinstance(value, bool | int | float):
        told = rule(str(value)) if isinstance(value, int) else None
        return told or "must be text: write it in quotes, exactly as it is meant"
    return "must be text, not a list or a mapping"


def not_among(known: Sequence[str], word: object) -> str:
    """What is wrong with a word that is none of the known ones."""
    return f"must be one of {', '.join(known)}{did_you_mean(str(word), known)}"


def _in_a_line(rule: str, value: str) -> str:
    """A rule whose words may be parts of the value, which is anything."""
    words = (
        _shortened(each, _SHOWN_OF_NAME) if each.rstrip(",;") in value else each
        for each in rule.split(" ")
    )
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in " ".join(words))


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


class _Unusable(dict[str, Any]):
    """Stands for a mapping that was missing or malformed and has been reported already."""
