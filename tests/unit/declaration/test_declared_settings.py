"""What holds for every setting, whichever kind declares it: shown on all that are declared."""

import shlex
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import (
    Field,
    Group,
    Items,
    Nested,
    Setting,
    Tags,
    Text,
    Texts,
    group_of,
)
from cross_account_access.declaration.kinds import OWNED, Bucket, Principals, User
from cross_account_access.declaration.model import (
    Conditions,
    Consumer,
    Grant,
    Level,
    Mfa,
    OwnedResource,
    Role,
    SessionTags,
    SourceIdentity,
    Via,
)
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import SETTINGS, Settings, check, parse
from cross_account_access.declaration.settings.other_accounts import AccountIds
from cross_account_access.program.outputs import proof_commands
from tests.support.deployment import stack_values

ACCOUNTS = Accounts(
    trusting=Account(account_id="111122223333", profile="p", region="us-west-2"),
    trusted=Account(account_id="444455556666", profile="s", region="us-west-2"),
)

Path = tuple[str, ...]


def groups(path: Path, group: Group) -> Iterator[tuple[Path, Group]]:
    """Every group of settings by the names that lead to it."""
    yield path, group
    for each in group.fields:
        if inside := inner(each.setting):
            yield from groups((*path, each.name), inside)


def inner(setting: Setting) -> Group | None:
    if isinstance(setting, Nested):
        return group_of(setting.declared)
    return setting.group if isinstance(setting, Items) else None


GROUPS = dict(groups((), SETTINGS))
FIELDS: dict[Path, Field] = {
    (*path, each.name): each for path, group in GROUPS.items() for each in group.fields
}


def holding(path: Path, value: Any) -> dict[str, Any]:
    """Values of a stack file that have only this one setting."""
    for end in range(len(path), 0, -1):
        value = {path[end - 1]: value}
        if end > 1 and isinstance(FIELDS[path[: end - 1]].setting, Items):
            value = [value]
    found: dict[str, Any] = value
    return found


def place(path: Path) -> str:
    """How a problem names a setting."""
    names = (
        f"{path[end - 1]}[0]" if isinstance(FIELDS[path[:end]].setting, Items) else path[end - 1]
        for end in range(1, len(path) + 1)
    )
    return ".".join(names)


def problems_of(values: dict[str, Any]) -> list[str]:
    problems = Problems()
    parse(values, problems)
    return problems


@pytest.mark.parametrize("path", [path for path in GROUPS if path], ids=".".join)
def test_a_setting_that_there_is_not_is_refused_wherever_it_stands(path: Path) -> None:
    problems = problems_of(holding((*path, "no_such"), 1))
    assert any(each.startswith(f"{place(path)}.no_such: no such setting") for each in problems)


@pytest.mark.parametrize("path", [path for path in GROUPS if path], ids=".".join)
def test_text_in_place_of_settings_is_refused(path: Path) -> None:
    item = [problem for problem in problems_of(holding(path, "x")) if "must be a" in problem]
    name = ".".join((place(path[:-1]), path[-1])).removeprefix(".")
    assert any(problem.startswith(f"{name}: 'x' must be a") for problem in item)


@pytest.mark.parametrize(
    "path",
    [path for path, field in FIELDS.items() if isinstance(field.setting, Tags)],
    ids=".".join,
)
@pytest.mark.parametrize("value", ["team", ["team"], 7])
def test_tags_that_are_no_mapping_are_refused(path: Path, value: Any) -> None:
    told = f"{place(path)}: {value!r} must be a mapping, as in {{team: data}}"
    assert told in problems_of(holding(path, value))


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
def test_a_value_of_the_wrong_type_is_refused(path: Path) -> None:
    """No setting takes a mapping with a number for its key."""
    value: Any = {7: None}
    if isinstance(FIELDS[path].setting, Nested | Tags | AccountIds):
        value = [7]
    found = problems_of(holding(path, value))
    name = ".".join((place(path[:-1]), path[-1])).removeprefix(".")
    assert [problem for problem in found if problem.startswith(f"{name}: {value!r} ")]


@pytest.mark.parametrize(
    "path", [path for path, field in FIELDS.items() if field.setting.former], ids=".".join
)
def test_a_former_name_is_accepted_and_told(path: Path) -> None:
    former = FIELDS[path].setting.former
    assert former
    values: dict[Any, Any] = {**former.values} if former.values else {True: True}
    for word, value in values.items():
        old, new = Problems(), Problems()
        parse(holding((*path[:-1], former.name), word), old)
        parse(holding(path, value), new)
        assert old == new
        assert old.renamed == [
            f"{place(path[:-1])}.{former.name} is called {path[-1]} now; the former name is "
            "accepted until version 2"
        ]
        assert new.renamed == []


def with_user(**user: Any) -> dict[str, Any]:
    named = {"name": "stage-admin", "user": {"name": "StageAdmin", **user}}
    return stack_values("prod", consumers=[{**named, "role": {"name": "StageRole"}}])


def test_a_former_name_means_the_present_one(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    read: Settings = check(with_user(adopt=True), where="here")
    assert read.consumers[0].principal == User(name="StageAdmin", existing=True)
    assert told == [
        "consumers[0].user.adopt is called existing now; the former name is accepted until "
        "version 2"
    ]


def test_a_setting_under_both_its_names_is_refused() -> None:
    assert problems_of(with_user(adopt=True, existing=True)) == [
        "consumers[0].user.adopt: is the former name of existing, which is there too; remove it"
    ]


def test_a_problem_is_told_under_the_name_that_was_written() -> None:
    boundary = "arn:aws:iam::444455556666:policy/B"
    assert problems_of(with_user(adopt=True, permissions_boundary=boundary)) == [
        "consumers[0].user.adopt: True leaves the user as it is: remove permissions_boundary, or "
        "set existing: false"
    ]


def test_a_log_prefix_is_one_line_of_at_most_512_bytes() -> None:
    for prefix in ("a\nb", "a\x00", "\x7f", "a" * 513, "é" * 257):
        assert rules.log_prefix(prefix) == "must have at most 512 bytes and no control characters"
    for prefix in ("", "a" * 512, "é" * 256, "logs of 2030/"):
        assert rules.log_prefix(prefix) is None


PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]
EXTERNAL_IDS = st.text("aZ09_+=,.@:/-", min_size=2, max_size=8)
PATHS = (
    st.text([each for each in PRINTABLE if each not in "/*?"], min_size=1)
    .map(lambda text: f"/{text}/")
    .filter(lambda path: "${" not in path)
)
KEYS = st.text([" ", *(each for each in PRINTABLE if each not in "*?{/"), "é"]).map(
    lambda text: f"k{text}"
)
TAGS = st.text("aZ09é _.:/=+-@", min_size=1, max_size=8).filter(
    lambda text: rules.tag_key(text) is None
)


@given(path=PATHS, key=KEYS, external_id=EXTERNAL_IDS, tag=st.tuples(TAGS, TAGS))
def test_every_value_is_one_word_of_its_proof_command(
    path: str, key: str, external_id: str, tag: tuple[str, str]
) -> None:
    assert rules.iam_path(path) is rules.key_prefix(key) is rules.external_id(external_id) is None
    consumer = Consumer(
        name="stage-admin",
        principal=User(name="StageAdmin"),
        role=Role(name="StageRole", path=path, policy_name="Access"),
        conditions=Conditions(external_id=external_id, mfa=Mfa()),
    )
    tagged = Consumer(
        name="stage-admin",
        principal=User(name="StageAdmin"),
        role=Role(name="StageRole", path=path, policy_name="Access"),
        conditions=Conditions(
            source_identity=SourceIdentity(), session_tags=SessionTags(tags={tag[0]: tag[1]})
        ),
    )
    grant = Grant(
        consumer=consumer,
        resource=Bucket(name="ours"),
        levels=(Level.READ,),
        prefixes=(f"{key}/",),
    )
    role_arn = f"arn:aws:iam::111122223333:role{path}StageRole"

    assume_role, head, get = lines_of(consumer, grant)
    assert option(assume_role, "--role-arn") == role_arn
    assert option(assume_role, "--external-id") == external_id
    assert len(assume_role) == 21
    assert option(head, "--key") == option(get, "--key") == f"{key}/Sunset.jpg"
    assert len(head) == 9
    (with_tags,) = lines_of(tagged)
    assert option(with_tags, "--tags") == f"Key={tag[0]},Value={tag[1]}"


def lines_of(consumer: Consumer, *grants: Grant) -> list[list[str]]:
    """The words of each command, as a shell takes them."""
    return [shlex.split(line) for line in proof_commands(ACCOUNTS, consumer, grants).split("\n")]


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


@pytest.mark.parametrize("kind", OWNED)
def test_a_profile_named_as_no_shell_expects_is_one_word_of_every_proof(
    kind: type[OwnedResource],
) -> None:
    consumer = Consumer(name="x;touch y", principal=Principals(arns=()), role=None)
    resource = kind(name="ours")
    grant = Grant(consumer=consumer, resource=resource, levels=tuple(kind.levels), via=Via.RESOURCE)
    for words in lines_of(consumer, grant):
        assert words[-2:] == ["--profile", "x;touch y"]


def test_settings_have_words_that_end_as_sentences_do() -> None:
    for path, field in FIELDS.items():
        assert field.setting.words.endswith("."), path
        if isinstance(field.setting, Texts):
            assert field.setting.example, path
    assert any(isinstance(field.setting, Text) for field in FIELDS.values())
