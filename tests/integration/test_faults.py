"""Whatever fails between the program and AWS, the next `up` ends where an undisturbed one does.

Between the two stands a proxy, which lets calls go wrong, or kills the engine at one of them. What
a person does after that is what the messages say: `pulumi up`; where that names what exists
already, or a lock, `access recover --apply` before it; and the command that this names for a key.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.counts import COUNTS
from tests.support.deployment import ROOT
from tests.support.fault_proxy import RESET, Answer, Call, Fault, Proxy, proxied
from tests.support.program import Program, Ran
from tests.support.whole import accounts, differences, state_of

SMALL: Final[Mapping[str, Any]] = {
    "buckets": [{"name": "faults-101", "encryption": "kms"}],
    "topics": [{"name": "faults-news"}],
    "queues": [{"name": "faults-jobs"}],
    "consumers": [{"name": "person", "user": {"name": "Person"}, "role": {"name": "PersonAccess"}}],
    "grants": [
        {"consumer": "person", "bucket": "faults-101", "levels": ["list", "read"]},
        {"consumer": "person", "topic": "faults-news", "levels": ["publish"]},
        {"consumer": "person", "queue": "faults-jobs", "levels": ["send"]},
    ],
}
"""The settings of a small stack with something of every service."""
UP: Final = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive")
RECOVER: Final = ("access", "recover", "--stack", "prod", "--apply")
ALWAYS: Final = 10**6
COUNTED: Counter[str] = Counter()


@dataclass(frozen=True)
class Undisturbed:
    """What an update ends with, and the calls that it made to change something."""

    state: Any
    accounts: Any
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A stack of some settings behind the proxy, and what it comes to."""

    box: Sandbox
    proxy: Proxy
    program: Program
    expected: Undisturbed
    thorough: bool
    """Whether it is also asked whether anything is left, and whether a preview is quiet."""

    def emptied(self) -> None:
        """As before the first `up`."""
        self.proxy.clear()
        self.box.reset()
        backend = Path(self.program.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
        shutil.rmtree(backend / ".pulumi")
        for saved in self.program.folder.glob("prod.before-recover*"):
            saved.unlink()
        self.program.init()

    def disturbed_up(self, fault: Fault) -> Ran:
        """An `up` that meets the fault, from nothing."""
        self.emptied()
        self.proxy.clear(fault)
        ran = self.program.run(*UP)
        self.proxy.clear()
        return ran

    def mended(self) -> None:
        """Do what the messages say until an `up` succeeds, which it must; the proxy is at rest."""
        ran = self.program.run(*UP)
        if ran.status:
            # The program's own words, or those of an engine that does not come as far.
            assert re.search(
                r"access recover --stack prod|currently locked|load checkpoint", ran.output
            ), ran.output
            COUNTED["ended by access recover"] += 1
            self.recover()
            ran = self.program.run(*UP)
        else:
            COUNTED["ended by pulumi up alone"] += 1
        assert ran.status == 0, ran.output

    def recover(self) -> None:
        ran = self.program.run(*RECOVER)
        if ran.status == 1 and "a second key" in ran.output:
            for command in re.findall(r"aws kms schedule-key-deletion .*", ran.output):
                assert self.program.run(*shlex.split(command)).status == 0
            ran = self.program.run(*RECOVER)
        assert ran.status == 0, ran.output

    def check(self) -> None:
        """The state and both accounts are those of an undisturbed `up`."""
        if self.thorough:
            self.recover()
            assert self.program.settled()
        assert list(differences(self.expected.state, state_of(self.program))) == []
        assert list(differences(self.expected.accounts, accounts())) == []


def place(
    box: Sandbox, folder: Path, proxy: Proxy, address: str, example: str | None, *, full: bool
) -> Place:
    box.reset()
    environment = {**box.environment, "AWS_ENDPOINT_URL": address}
    program = Program.copied_to(folder, environment)
    if example is None:
        program.set(**SMALL)
    else:
        shutil.copy2(ROOT / "examples" / example / "Pulumi.prod.yaml", program.folder)
    program.init()
    proxy.clear()
    program.up()
    assert program.settled()
    writes = tuple(proxy.writes)
    whole = Undisturbed(state_of(program), accounts(), writes)
    return Place(box, proxy, program, whole, full)


@pytest.fixture(scope="module")
def proxy(box: Sandbox) -> Iterator[tuple[Proxy, str]]:
    authority = box.environment["AWS_CA_BUNDLE"]
    with proxied(box.emulator.https_endpoint, authority) as running:
        yield running


@pytest.fixture(scope="module")
def small(
    box: Sandbox,
    proxy: tuple[Proxy, str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Place:
    full = bool(request.config.getoption("--full"))
    return place(box, tmp_path_factory.mktemp("faults"), *proxy, None, full=full)


@pytest.fixture(scope="module", autouse=True)
def told(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say at the end how many faults there were, and what ended them."""
    yield
    line = ", ".join(f"{number} {what}" for what, number in COUNTED.items())
    request.config.stash.setdefault(COUNTS, []).append(f"faults: {line}")


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


def named(name: str) -> Callable[[Call], bool]:
    return lambda call: call.name == name


def sampled(request: pytest.FixtureRequest, *, of_sample: bool) -> None:
    if not (of_sample or request.config.getoption("--full")):
        pytest.skip("a sample; --full takes every one")


def test_what_passes_is_not_noticed(small: Place) -> None:
    """All of them in one `up`, each at another call."""
    faults = [make(3 * number) for number, make in enumerate(PASSING.values(), 1)]
    small.emptied()
    small.proxy.clear(*faults)
    small.program.up()
    small.proxy.clear()
    COUNTED["passed by themselves"] += len(faults)
    small.check()


@pytest.mark.parametrize("what", STOPPING)
def test_the_next_update_goes_on_from_what_stopped_one(
    request: pytest.FixtureRequest, small: Place, what: str
) -> None:
    sampled(request, of_sample=what in SAMPLE)
    middle = len(small.expected.writes) // 2
    # Of calls of one kind there are fewer.
    at = middle if what in SAMPLE or "?" not in what else 1
    ran = small.disturbed_up(STOPPING[what](1 if "principal" in what or "two" in what else at))
    assert ran.status != 0, ran.output
    assert re.search(
        r"warning: (production|staging) account \d{12}, profile \w+Admin: create of aws:.*;",
        ran.output,
    ), ran.output
    small.mended()
    small.check()


@pytest.mark.parametrize("call", LOST)
def test_a_lost_reply_leaves_nothing_twice(
    request: pytest.FixtureRequest, small: Place, call: str
) -> None:
    sampled(request, of_sample=call == "CreateKey")
    small.disturbed_up(Fault(1, RESET, carried_out=True, meets=named(call)))
    small.mended()
    # Tells a second key, of which no update says anything.
    small.recover()
    small.check()


def test_what_a_refresh_has_not_found_once_is_taken_back(
    request: pytest.FixtureRequest, small: Place
) -> None:
    sampled(request, of_sample=False)
    small.emptied()
    small.program.up()
    small.proxy.clear(Fault(0, NOT_YET, meets=named("GetRole")))
    small.program.pulumi("refresh", "--yes", "--skip-preview", "--stack", "prod")
    small.proxy.clear()
    assert not any(each["type"] == "aws:iam/role:Role" for each in small.program.resources())
    small.mended()
    small.check()


@pytest.mark.parametrize("carried_out", [True, False], ids=["carried out", "not begun"])
@pytest.mark.parametrize(
    "call", [*LOST, "CreateTopic", "CreateQueue", "AttachRolePolicy", "PUT ?policy"]
)
def test_an_engine_that_is_killed_leaves_nothing_behind(
    request: pytest.FixtureRequest, small: Place, call: str, carried_out: bool
) -> None:
    sampled(request, of_sample=carried_out and call in ("CreateAlias", "PUT"))
    fault = Fault(1, RESET, ALWAYS, carried_out, meets=named(call), then=small.program.kill)
    ran = small.disturbed_up(fault)
    assert ran.status == -signal.SIGKILL
    small.mended()
    small.check()


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


def test_an_edit_that_is_killed_at_any_call_is_made_whole(
    request: pytest.FixtureRequest, box: Sandbox, proxy: tuple[Proxy, str], tmp_path: Path
) -> None:
    sampled(request, of_sample=False)
    made = place(box, tmp_path, *proxy, None, full=True)
    before = {**SMALL, **OPEN}

    def deployed() -> None:
        made.program.set(**before)
        made.emptied()
        made.program.up()
        made.program.set(**EDITED)
        made.proxy.clear()

    deployed()
    made.program.up()
    writes = len(made.proxy.writes)
    edited = replace(made, expected=Undisturbed(state_of(made.program), accounts(), ()))
    for at in range(1, writes + 1):
        deployed()
        edited.proxy.clear(Fault(at, RESET, ALWAYS, carried_out=True, then=made.program.kill))
        assert made.program.run(*UP).status == -signal.SIGKILL
        edited.proxy.clear()
        edited.mended()
        edited.check()


def test_a_destroy_that_is_killed_at_any_call_goes_on(
    request: pytest.FixtureRequest, box: Sandbox, proxy: tuple[Proxy, str], tmp_path: Path
) -> None:
    sampled(request, of_sample=False)
    made = place(box, tmp_path, *proxy, None, full=True)
    destroy = ("destroy", "--yes", "--skip-preview", "--stack", "prod")
    made.program.set(**OPEN)
    made.emptied()
    nothing = accounts()
    made.program.up()
    made.proxy.clear()
    made.program.pulumi(*destroy)
    for at in range(1, len(made.proxy.writes) + 1):
        made.emptied()
        made.program.up()
        made.proxy.clear(Fault(at, RESET, ALWAYS, carried_out=True, then=made.program.kill))
        made.program.refused(*destroy)
        made.proxy.clear()
        made.recover()
        made.program.pulumi(*destroy)
        assert made.program.resources() == []
        assert accounts() == nothing


@pytest.mark.parametrize("example", ["kms", "topics-queues", "prefixes"])
def test_an_engine_that_is_killed_at_any_call_leaves_nothing_behind(
    request: pytest.FixtureRequest,
    box: Sandbox,
    proxy: tuple[Proxy, str],
    tmp_path: Path,
    example: str,
) -> None:
    sampled(request, of_sample=False)
    made = place(box, tmp_path, *proxy, example, full=True)
    for at in range(1, len(made.expected.writes) + 1):
        fault = Fault(at, RESET, ALWAYS, carried_out=True, then=made.program.kill)
        assert made.disturbed_up(fault).status == -signal.SIGKILL
        made.mended()
        made.check()
