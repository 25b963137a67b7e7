"""Killed at whichever call, an update, an edit or a destroy comes to its end after one command.

Each test takes every so-manieth call of one of them, so that each is short, and may run by itself.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.fault_proxy import RESET, Fault, Proxy
from tests.support.faults import ALWAYS, MENDED, SMALL, UP, Place, Undisturbed
from tests.support.people import STAGING_ADMIN
from tests.support.whole import accounts, state_of

EDITED: Final[Mapping[str, Any]] = {
    "consumers": [
        {"name": "person", "user": {"name": "Person"}, "role": {"name": "PersonAccess"}},
        {"name": "other", "user": {"name": "Other"}, "role": {"name": "OtherAccess"}},
    ],
    "queues": [],
    "grants": [
        {"consumer": "person", "topic": "faults-news", "levels": ["publish"]},
        {"consumer": "other", "bucket": "faults-101", "levels": ["read"]},
    ],
}
"""Something more, something less, something else."""
OPEN: Final[Mapping[str, Any]] = {
    kind: [{**each, "protect": False} for each in SMALL[kind]]
    for kind in ("buckets", "topics", "queues")
}
NAMED: Final[Mapping[str, Any]] = {
    "buckets": [{"name": "faults-101", "protect": False}],
    "topics": [],
    "queues": [],
    "consumers": [
        {"name": "person", "user": {"name": "Person"}, "role": {"name": "PersonAccess"}},
        {"name": "moved", "user": {"name": "Moved"}, "role": {"name": "MovedAccess"}},
        {
            "name": "machines",
            "ec2": {"role": {"name": "Machine"}, "instance_profile": "Machine"},
            "role": {"name": "MachineAccess"},
        },
        {"name": "kept", "user": {"name": "Kept"}, "role": {"name": "KeptAccess"}},
    ],
    "grants": [
        {"consumer": name, "bucket": "faults-101", "levels": ["read"]}
        for name in ("person", "moved", "machines", "kept")
    ],
}
"""Something of all that AWS makes once by its name."""
RENAMED: Final[Mapping[str, Any]] = {
    "consumers": [
        {"name": "person", "user": {"name": "Other"}, "role": {"name": "OtherAccess"}},
        {
            "name": "moved",
            "user": {"name": "Moved"},
            "role": {"name": "MovedAccess", "path": "/moved/"},
        },
        {
            "name": "machines",
            "ec2": {"role": {"name": "Other"}, "instance_profile": "Other"},
            "role": {"name": "MachineAccess"},
        },
        {
            "name": "kept",
            "user": {"name": "Kept"},
            "role": {"name": "KeptAccess", "policy_name": "Other"},
        },
    ],
}
"""Each in place of another: of another name, and so made before the other goes, or of another path,
and so made once the other has gone."""
EDITS: Final = {"edited": ({**SMALL, **OPEN}, EDITED), "renamed": (NAMED, RENAMED)}
DESTROY: Final = (
    *("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive"),
)
PARTS: Final = 8
"""How many tests the calls of one update are spread over."""
pytestmark = pytest.mark.usefixtures("mended_told")
in_parts: Final = pytest.mark.parametrize("part", range(PARTS))
whole: Final = pytest.mark.usefixtures("with_full")


@pytest.fixture(scope="module")
def places() -> dict[str, tuple[Place, Undisturbed]]:
    """Those that are made already, by what they are for."""
    return {}


@pytest.fixture
def with_full(request: pytest.FixtureRequest) -> None:
    """Too long for a sample, of which `test_faults` has more."""
    if not request.config.getoption("--full"):
        pytest.skip("every call: with --full")


def numbers(part: int, writes: tuple[str, ...]) -> Iterator[int]:
    """The calls of a part, from 1, each told where a test fails."""
    for number in range(part + 1, len(writes) + 1, PARTS):
        print(f"killed at call {number} of {len(writes)}, {writes[number - 1]}")  # noqa: T201
        yield number


def kill_at_each(
    place: Place,
    expected: Undisturbed,
    part: int,
    before: Callable[[Place], None],
    updates: int = 1,
) -> None:
    """Kills an update at each call of a part, and asserts that the next one makes it whole."""
    for at in numbers(part, expected.writes):
        before(place)
        place.killed(at)
        place.recover()
        for _ in range(updates):
            place.program.up()
        place.check(expected)


@whole
@in_parts
@pytest.mark.parametrize("example", [None, "kms", "topics-queues", "prefixes"])
def test_an_update_that_is_killed_at_any_call_is_made_whole(
    box: Sandbox,
    proxy: tuple[Proxy, str],
    tmp_path_factory: pytest.TempPathFactory,
    places: dict[str, tuple[Place, Undisturbed]],
    example: str | None,
    part: int,
) -> None:
    name = example or "small"
    if name not in places:
        made = Place.made(box, tmp_path_factory.mktemp(name), *proxy, example)
        made.emptied()
        places[name] = made, made.undisturbed()
    place, expected = places[name]
    kill_at_each(place, expected, part, Place.emptied)


@whole
@in_parts
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_that_is_killed_at_any_call_is_made_whole(
    box: Sandbox,
    proxy: tuple[Proxy, str],
    tmp_path_factory: pytest.TempPathFactory,
    places: dict[str, tuple[Place, Undisturbed]],
    edit: str,
    part: int,
) -> None:
    before, after = EDITS[edit]
    if edit not in places:
        made = Place.made(box, tmp_path_factory.mktemp(edit), *proxy, None)
        deploy_before(made, before, after)
        writes = made.undisturbed().writes
        made.program.up()
        places[edit] = made, Undisturbed(state_of(made.program), accounts(), writes)
    place, expected = places[edit]
    # What the records of a state refer to depends on the way there, until one more.
    kill_at_each(
        place, expected, part, lambda place: deploy_before(place, before, after), updates=2
    )


def deploy_before(place: Place, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Deploys what an edit begins with, and makes the edit."""
    place.program.set(**before)
    place.emptied()
    place.program.up()
    place.program.set(**after)


def test_an_update_that_is_killed_as_it_replaces_something_is_made_whole(
    box: Sandbox, proxy: tuple[Proxy, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A sample of the edit above: what has another name is made before the other one goes."""
    place = Place.made(box, tmp_path_factory.mktemp("sample"), *proxy, None)
    deploy_before(place, NAMED, RENAMED)
    at_user = Fault(
        1,
        RESET,
        ALWAYS,
        carried_out=True,
        meets=lambda call: call.name == "CreateUser",
        then=place.program.kill,
    )
    assert place.disturbed(at_user).status == -signal.SIGKILL
    MENDED["killed"] += 1
    assert place.program.run(*UP).status != 0
    place.recover()
    place.program.up()
    assert place.program.settled()
    users = {name for name in accounts()[STAGING_ADMIN]["iam"] if name.startswith("user ")}
    assert users == {"user StagingAdministrator", "user Other", "user Moved", "user Kept"}


@whole
@in_parts
def test_a_destroy_that_is_killed_at_any_call_goes_on(
    box: Sandbox,
    proxy: tuple[Proxy, str],
    tmp_path_factory: pytest.TempPathFactory,
    places: dict[str, tuple[Place, Undisturbed]],
    part: int,
) -> None:
    if "destroyed" not in places:
        made = Place.made(box, tmp_path_factory.mktemp("destroyed"), *proxy, None)
        made.program.set(**OPEN)
        made.emptied()
        nothing = accounts()
        made.program.up()
        made.proxy.clear()
        made.program.pulumi(*DESTROY[1:-1])
        places["destroyed"] = made, Undisturbed((), nothing, tuple(made.proxy.writes))
    place, expected = places["destroyed"]
    for at in numbers(part, expected.writes):
        place.emptied()
        place.program.up()
        place.killed(at, *DESTROY)
        place.recover()
        place.program.pulumi(*DESTROY[1:-1])
        assert place.program.resources() == []
        assert accounts() == expected.accounts
