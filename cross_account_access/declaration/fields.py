"""What a setting is: one declaration by which it is read, checked and described.

A group of settings is a dataclass whose fields are annotated with what each is and how it is read:

    days: Annotated[int, Number("Days that it is kept.", range(1, 8), "days")] = 7

Its default is the field's. These declarations make the checks of a stack file, the inputs of the
package and their schema, the tables of the documentation and the descriptions of `Pulumi.yaml`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from inspect import getdoc
from typing import Any, ClassVar, Final, NamedTuple, TypeVar, get_type_hints

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.reader import REQUIRED, Fields, not_among, not_text
from cross_account_access.declaration.rules import Rule, moments


class Context(NamedTuple):
    """What the rule of a setting may depend on."""

    read: Mapping[str, Any]
    """The settings of the same group that stand before it."""
    accounts: Accounts


class Former(NamedTuple):
    """The name that a setting had; it is accepted until version 2, and told."""

    name: str
    values: Mapping[str, object] | None = None
    """The present value for each former word, where they differ."""


class Declared:
    """A group of settings; its first docstring says what it is to the readers of a schema."""

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """The settings that cannot be as they are beside the others, and why."""
        yield from ()


@dataclass(frozen=True)
class Setting(ABC):
    """One setting, apart from its name and its default."""

    json_type: ClassVar[object]
    """The Python type of what stands in a stack file; none for a group."""
    values: ClassVar[str]
    """What may stand there, in a word or two."""

    words: str
    """What it is: sentences for people."""
    _: KW_ONLY
    example: str = ""
    """A value, as YAML, for whoever left it out."""
    former: Former | None = None
    otherwise: Callable[[Mapping[str, Any]], Any] | None = None
    """The default, where it depends on the settings before it."""
    convert: Callable[[Any], Any] | None = None
    """From what stands in the stack file, checked, to what the declaration has."""

    @abstractmethod
    def read(self, source: Fields, name: str, default: Any, context: Context) -> Any:  # noqa: ANN401 - values of any type
        """The value that is written under this name, checked; the problems are the source's."""


class Field(NamedTuple):
    """A setting in its group."""

    name: str
    setting: Setting
    default: Any = REQUIRED

    @property
    def is_required(self) -> bool:
        """Whether a stack file must have it."""
        return self.default is REQUIRED and self.setting.otherwise is None

    def read(self, source: Fields, context: Context) -> Any:  # noqa: ANN401 - values of any type
        """The value in the terms of the declaration."""
        setting, default = self.setting, self.default
        if setting.former and source.renamed(self.name, setting.former.name):
            return self._read_former(setting.former, source, context)
        if setting.otherwise:
            default = setting.otherwise(context.read)
        value = setting.read(source, self.name, default, context)
        return setting.convert(value) if setting.convert and value is not None else value

    def _read_former(self, former: Former, source: Fields, context: Context) -> Any:  # noqa: ANN401
        if former.values is None:
            return self.setting.read(source, former.name, self.default, context)
        words = list(former.values)
        return former.values[Word("", words).read(source, former.name, words[0], context)]


class Group(NamedTuple):
    """The settings that may stand beside one another."""

    name: str
    """Of its type in the schema of the package."""
    words: str
    """What it is: a sentence for people."""
    fields: tuple[Field, ...]


_Read = TypeVar("_Read", bound=Declared)


_GROUPS: Final[dict[type, Group]] = {}
"""Those that were asked for: reading type hints takes a while, and a list may be long."""


def group_of(declared: type) -> Group:
    """The settings that a dataclass declares."""
    if declared not in _GROUPS:
        hints = get_type_hints(declared, include_extras=True)
        found = []
        for each in fields(declared):
            for setting in getattr(hints[each.name], "__metadata__", ()):
                default = each.default_factory() if callable(each.default_factory) else each.default
                found.append(Field(each.name, setting, default))
        words = (getdoc(declared) or "").split("\n\n")[0].replace("\n", " ")
        _GROUPS[declared] = Group(declared.__name__, words, tuple(found))
    return _GROUPS[declared]


def read_group(
    declared: type[_Read], source: Fields, accounts: Accounts, required: Sequence[str] = ()
) -> _Read:
    """The dataclass with the values of a mapping; fit for use only where there is no problem.

    Args:
        declared: which one.
        source: the mapping, of which nothing else is to be read.
        accounts: both, for rules that depend on them.
        required: settings that are required here beside those that are everywhere.
    """
    read: dict[str, Any] = {}
    known = source.problems
    before = len(known)
    for each in group_of(declared).fields:
        wanted = each._replace(default=REQUIRED) if each.name in required else each
        read[each.name] = wanted.read(source, Context(read, accounts))
    source.done()
    made = declared(**read)
    if len(known) == before:
        for name, reason in made.problems(accounts):
            source.refuse(name, reason)
    return made


@dataclass(frozen=True)
class Text(Setting):
    """A string that keeps a rule."""

    json_type = str
    values = "text"

    rule: Rule = lambda _: None
    _: KW_ONLY
    rule_for: Callable[[Context], Rule] | None = None
    """The rule, where it depends on other settings."""

    def read(self, source: Fields, name: str, default: Any, context: Context) -> Any:  # noqa: ANN401
        """None where it is left out and may be."""
        rule = self.rule_for(context) if self.rule_for else self.rule
        return source.text(name, rule, default)


@dataclass(frozen=True)
class Texts(Text):
    """A list of different strings, each of which keeps a rule."""

    json_type = list[str]
    values = "list of text"

    def read(self, source: Fields, name: str, default: Any, context: Context) -> Any:  # noqa: ANN401
        """At least one where the list is there."""
        rule = self.rule_for(context) if self.rule_for else self.rule
        return source.texts(name, rule, self.example, default)


@dataclass(frozen=True)
class Moment(Setting):
    """A date, or a time with its offset."""

    json_type = str
    values = "date or time"

    def read(self, source: Fields, name: str, default: Any, context: Context) -> str | None:  # noqa: ANN401, ARG002
        """As `YYYY-MM-DDTHH:MM:SSZ`."""
        value = source.take(name, default)
        if source.has(name):
            try:
                return moments.utc(value)
            except ValueError as error:
                source.refuse(name, str(error))
        return None


@dataclass(frozen=True)
class Number(Setting):
    """A whole number."""

    json_type = int
    values = "number"

    allowed: range
    unit: str

    def read(self, source: Fields, name: str, default: Any, context: Context) -> int | None:  # noqa: ANN401, ARG002
        """One of those that are allowed; None where it is left out and may be."""
        value, allowed = source.take(name, default), self.allowed
        if value is None and not source.has(name):
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            source.refuse(name, f"must be a whole number of {self.unit}, without quotes")
            return None if default is None else int(default)
        if value not in allowed:
            source.refuse(name, f"must be {allowed.start} to {allowed.stop - 1} {self.unit}")
        return value


@dataclass(frozen=True)
class Flag(Setting):
    """True or false."""

    json_type = bool
    values = "true or false"

    def read(self, source: Fields, name: str, default: Any, context: Context) -> bool:  # noqa: ANN401, ARG002
        """Whether it is true."""
        value = source.take(name, default)
        if not isinstance(value, bool):
            source.refuse(name, "must be true or false, unquoted (yes, no, on and off are text)")
        return value is True


@dataclass(frozen=True)
class Word(Setting):
    """One of a few words."""

    json_type = str
    values = "word"

    known: Sequence[str]

    def read(self, source: Fields, name: str, default: Any, context: Context) -> str:  # noqa: ANN401, ARG002
        """A known one."""
        value = source.take(name, default)
        if value in self.known:
            return str(value)
        source.refuse(name, not_among(self.known, value))
        return str(default)


@dataclass(frozen=True)
class Tags(Setting):
    """Tags of AWS, whose keys are the user's own."""

    json_type = dict[str, str]
    values = "tags"

    def read(self, source: Fields, name: str, default: Any, context: Context) -> dict[str, str]:  # noqa: ANN401, ARG002
        """Values by key."""
        value = source.take(name, {})
        if not isinstance(value, Mapping):
            source.refuse(name, "must be a mapping, as in {team: data}")
            return {}
        if len(value) > rules.TAG_LIMIT:
            source.report(
                name,
                f"{len(value)} tags; AWS takes 50 on a resource and the program adds its own, so "
                f"{rules.TAG_LIMIT} is the most: remove some",
            )
        for key in value:
            if broken := not_text(key, rules.tag_key):
                source.problems.about(source.path(name), key, broken)
        keys = [key for key in value if isinstance(key, str)]
        if len({key.lower() for key in keys}) < len(keys):
            source.problems.about(
                source.path(name), keys, "has keys that differ only in case; keep one of them"
            )
        tags = Fields(value, source.problems, source.path(name))
        return {key: tags.text(key, rules.tag_value) or "" for key in keys}


@dataclass(frozen=True)
class Nested(Setting):
    """A mapping of further settings."""

    values = "mapping"

    declared: type[Declared]

    def read(self, source: Fields, name: str, default: Any, context: Context) -> Declared | None:  # noqa: ANN401
        """None where it is left out and may be."""
        read = source.mapping if default is REQUIRED else source.optional_mapping
        inside = read(name, self.example)
        return None if inside is None else read_group(self.declared, inside, context.accounts)


@dataclass(frozen=True)
class Items(Setting):
    """A list of mappings."""

    values = "list of mappings"

    _: KW_ONLY
    group: Group
    """What may stand in each."""
    item: Callable[[Fields, Context], Any]
    """Reads one."""

    def read(self, source: Fields, name: str, default: Any, context: Context) -> list[Any]:  # noqa: ANN401
        """At least one where the list is required."""
        listed = source.mappings(name, self.example, default)
        return [self.item(each, context) for each in listed]


def items_of(declared: type[Declared], words: str, example: str) -> Items:
    """A list of mappings, each of which is this dataclass."""

    def item(source: Fields, context: Context) -> Declared:
        return read_group(declared, source, context.accounts)

    return Items(words, group=group_of(declared), example=example, item=item)
