"""Whatever fails between the program and AWS, the next `up` ends where an undisturbed one does.

Between the two stands a proxy, which lets calls go wrong, or kills the engine at one of them. What
a person does after that is what the messages say: `pulumi up`; where that names what exists
already, or a lock, `access recover --apply` before it.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Mapping
from typing import Final

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.fault_proxy import RESET, Answer, Call, Fault, Proxy
from tests.support.faults import ALWAYS, MENDED, Place, Undisturbed
from tests.support.program import Ran

pytestmark = pytest.mark.usefixtures("mended_told")


@pytest.fixture(scope="module")
def small(
    box: Sandbox, proxy: tuple[Proxy, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Place, Undisturbed]:
    place = Place.made(box, tmp_path_factory.mktemp("faults"), *proxy, None)
    place.emptied()
    return place, place.undisturbed()


THROTTLED: Final = Answer(400, "Throttling", "Rate exceeded")
UNAVAILABLE: Final = Answer(503, "ServiceUnavailable")
BROKEN: Final = Answer(500, "InternalFailure")
DENIED: Final = Answer(403, "AccessDenied", "is not authorized to perform this")
EXPIRED: Final = Answer(400, "ExpiredToken", "The security token included is expired")
NOT_YET: Final = Answer(404, "NoSuchEntity", "cannot be found")
UNKNOWN: Final = Answer(400, "MalformedPolicyDocument", "Invalid principal in policy")
MEETING: Final = Answer(409, "OperationAborted", "A conflicting operation is in progress")

# Those that the provider gets over by itself, and those after which `pulumi up` goes on.
PASSING: Final[Mapping[str, Callable[[int], Fault]]] = {
    "throttling": lambda at: Fault(at, THROTTLED),
    "an internal failure": lambda at: Fault(at, BROKEN),
    "a service that is unavailable": lambda at: Fault(at, UNAVAILABLE),
    "a connection reset before the call": lambda at: Fault(at, RESET),
    "a slow answer": lambda at: Fault(at, wait=2),
}
STOPPING: Final[Mapping[str, Callable[[int], Fault]]] = {
    "access denied in one account": lambda at: Fault(at, DENIED, ALWAYS, same_key=True),
    "an expired token": lambda at: Fault(at, EXPIRED, ALWAYS),
    "a network that is gone": lambda at: Fault(at, RESET, ALWAYS),
    "throttling that does not end": lambda at: Fault(at, THROTTLED, ALWAYS),
    "a service that stays away": lambda at: Fault(at, UNAVAILABLE, ALWAYS),
    "a principal that is not known yet": lambda at: Fault(
        at, NOT_YET, meets=lambda call: call.form == "query" and not call.name.startswith("Create")
    ),
    "a principal that no document may name yet": lambda at: Fault(
        at, UNKNOWN, meets=lambda call: call.name in ("CreateRole", "PUT ?policy", "PutUserPolicy")
    ),
    "two changes of one bucket": lambda at: Fault(
        at, MEETING, meets=lambda call: call.form == "s3"
    ),
}
LOST: Final = ("CreateUser", "CreateRole", "CreatePolicy", "PUT", "CreateKey", "CreateAlias")
"""Calls that AWS does not take twice, or takes for another one."""
SAMPLE: Final = ("access denied in one account",)
CODES: Final[Mapping[str, str]] = {
    "access denied in one account": "AccessDenied",
    "an expired token": "ExpiredToken",
    "a network that is gone": "no answer",
    "throttling that does not end": "Throttling",
    "a service that stays away": "ServiceUnavailable",
    "a principal that is not known yet": "NoSuchEntity",
    "a principal that no document may name yet": "MalformedPolicyDocument",
    "two changes of one bucket": "OperationAborted",
}
"""What is told of each."""
PARTS: Final = 3


def named(name: str) -> Callable[[Call], bool]:
    return lambda call: call.name == name


def tells_all(ran: Ran, code: str) -> None:
    """An update has failed and says with what, where, as who, at what, and what helps."""
    assert ran.status != 0, ran.output
    assert re.search(
        r"warning: (production account 111122223333, profile ProductionAccountAdmin"
        r"|staging account 444455556666, profile StagingAccountAdmin)"
        rf": create of aws:\S+ access-\S+: {code}; .*pulumi up",
        ran.output,
    ), ran.output


def sampled(request: pytest.FixtureRequest, *, of_sample: bool) -> None:
    if not (of_sample or request.config.getoption("--full")):
        pytest.skip("a sample; --full takes every one")


def is_whole(request: pytest.FixtureRequest, place: Place, expected: Undisturbed) -> None:
    """Whether all is as after an undisturbed `up`; with --full also asked of both commands."""
    if request.config.getoption("--full"):
        place.recover()
        assert place.program.settled()
    place.check(expected)


def test_what_passes_is_not_noticed(
    request: pytest.FixtureRequest,
    small: tuple[Place, Undisturbed],
) -> None:
    """All of them in one `up`, each at another call."""
    place, expected = small
    place.emptied()
    faults = [make(3 * number) for number, make in enumerate(PASSING.values(), 1)]
    place.proxy.clear(*faults)
    place.program.up()
    place.proxy.clear()
    MENDED["passed by themselves"] += len(faults)
    is_whole(request, place, expected)


@pytest.mark.parametrize("what", STOPPING)
def test_the_next_update_goes_on_from_what_stopped_one(
    request: pytest.FixtureRequest, small: tuple[Place, Undisturbed], what: str
) -> None:
    sampled(request, of_sample=what in SAMPLE)
    place, expected = small
    place.emptied()
    # Of calls of one kind there are fewer.
    at = 1 if "principal" in what or "two" in what else len(expected.writes) // 2
    ran = place.disturbed(STOPPING[what](at))
    tells_all(ran, CODES[what])
    place.mended()
    is_whole(request, place, expected)


@pytest.mark.parametrize("part", range(PARTS))
def test_each_call_that_is_refused_is_told_with_all_that_helps(
    request: pytest.FixtureRequest, small: tuple[Place, Undisturbed], part: int
) -> None:
    sampled(request, of_sample=False)
    place, expected = small
    for call in sorted({*expected.writes})[part::PARTS]:
        place.emptied()
        tells_all(place.disturbed(Fault(1, DENIED, ALWAYS, meets=named(call))), "AccessDenied")
        MENDED["refused calls told"] += 1


@pytest.mark.parametrize("call", LOST)
def test_a_lost_reply_leaves_nothing_twice(
    request: pytest.FixtureRequest, small: tuple[Place, Undisturbed], call: str
) -> None:
    sampled(request, of_sample=call == "CreateKey")
    place, expected = small
    place.emptied()
    place.disturbed(Fault(1, RESET, carried_out=True, meets=named(call)))
    place.mended()
    # Ends a second key, of which no update says anything.
    place.recover()
    is_whole(request, place, expected)


def test_what_a_refresh_has_not_found_once_is_taken_back(
    request: pytest.FixtureRequest, small: tuple[Place, Undisturbed]
) -> None:
    sampled(request, of_sample=False)
    place, expected = small
    place.emptied()
    place.program.up()
    place.proxy.clear(Fault(0, NOT_YET, meets=named("GetRole")))
    place.program.pulumi("refresh", "--yes", "--skip-preview", "--stack", "prod")
    place.proxy.clear()
    assert not any(each["type"] == "aws:iam/role:Role" for each in place.program.resources())
    place.mended()
    is_whole(request, place, expected)


@pytest.mark.parametrize("carried_out", [True, False], ids=["carried out", "not begun"])
@pytest.mark.parametrize(
    "call", [*LOST, "CreateTopic", "CreateQueue", "AttachRolePolicy", "PUT ?policy"]
)
def test_an_engine_that_is_killed_leaves_nothing_behind(
    request: pytest.FixtureRequest, small: tuple[Place, Undisturbed], call: str, carried_out: bool
) -> None:
    sampled(request, of_sample=carried_out and call in ("CreateAlias", "PUT"))
    place, expected = small
    place.emptied()
    fault = Fault(1, RESET, ALWAYS, carried_out, meets=named(call), then=place.program.kill)
    assert place.disturbed(fault).status == -signal.SIGKILL
    place.mended()
    is_whole(request, place, expected)
