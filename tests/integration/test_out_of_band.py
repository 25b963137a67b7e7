"""Whatever somebody changes behind the program's back is seen, by what the catalogue says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.counts import COUNTS
from tests.support.doors import DOORS, Door
from tests.support.existing import make_existing
from tests.support.out_of_band import CATALOGUE, GONE, Seen, rewritten
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin
from tests.support.program import Program
from tests.support.recorded import STATES, opened, stack_of

POWER: Final = "arn:aws:iam::aws:policy/PowerUserAccess"
EVERYTHING: Final[Mapping[str, Any]] = {
    "buckets": [
        {
            "name": "out-of-band-101",
            "encryption": "kms",
            "access_log": {"bucket": "out-of-band-logs-101", "prefix": "ours/"},
        },
        {
            "name": "out-of-band-102",
            "object_lock": {"days": 1},
            "notifications": [
                {"topic": "out-of-band-news", "events": ["s3:ObjectCreated:*"]},
                {"queue": "out-of-band-jobs", "events": ["s3:ObjectRemoved:*"]},
            ],
            "replication": {"bucket": "out-of-band-103"},
        },
        {"name": "out-of-band-103", "object_lock": {"days": 1}},
    ],
    "topics": [{"name": "out-of-band-news"}],
    "queues": [{"name": "out-of-band-jobs"}],
    "consumers": [
        {
            "name": "person",
            "user": {"name": "Person", "permissions_boundary": POWER, "sign_in": "key"},
            "role": {"name": "PersonAccess", "permissions_boundary": POWER},
        },
        {
            "name": "inline",
            "user": {"name": "Inline"},
            "role": {"name": "InlineAccess", "policy": "inline"},
        },
        {
            "name": "machines",
            "ec2": {"role": {"name": "Machine"}, "instance_profile": "Machine"},
            "role": {"name": "MachineAccess"},
        },
        {
            "name": "pods",
            "eks_pods": {
                "role": {"name": "Pod"},
                "cluster": "out-of-band",
                "namespace": "web",
                "service_account": "shop",
            },
            "role": {"name": "PodAccess"},
        },
        {
            "name": "ci",
            "oidc": {
                "issuer": "https://token.actions.githubusercontent.com",
                "audience": "sts.amazonaws.com",
                "subjects": ["repo:acme/app:ref:refs/heads/main"],
            },
            "role": {"name": "CiAccess"},
        },
    ],
    "grants": [
        *(
            {"consumer": name, "bucket": "out-of-band-101", "levels": ["list", "read"]}
            for name in ("person", "inline", "machines", "pods", "ci")
        ),
        {"consumer": "person", "bucket": "out-of-band-102", "levels": ["read"]},
        {"consumer": "person", "topic": "out-of-band-news", "levels": ["publish"]},
        {"consumer": "person", "queue": "out-of-band-jobs", "levels": ["send"]},
    ],
}
"""The settings of a stack that has every type of resource."""
EVERY: Final = "every type"
EXAMPLES: Final = sorted({path.stem for path in STATES.glob("*.json")} - {"yaml"})

DECLARED: Final = {
    "access log": "aws:s3/bucketLogging:BucketLogging",
    "notifications": "aws:s3/bucketNotification:BucketNotification",
    "replication": "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
}
"""The type of a door that the stack itself may have, so that a preview sees another one."""

Change = tuple[str, str, str, Seen]
"""The URN, the type, the property and how it is made."""
COUNTED: Final = {"by preview": 0, "by access drift alone": 0, "equal rewrites that are quiet": 0}


@pytest.fixture(scope="module", autouse=True)
def told(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say at the end how many were made."""
    yield
    line = ", ".join(f"{count} {what}" for what, count in COUNTED.items())
    request.config.stash.setdefault(COUNTS, []).append(f"out-of-band changes seen: {line}")


def deployed(name: str, box: Sandbox, folder: Path) -> tuple[Program, str]:
    if name != EVERY:
        program, stack = opened(name, box, folder), stack_of(name)
    else:
        box.reset()
        program, stack = Program.copied_to(folder, box.environment), "prod"
        program.init()
        program.set(**EVERYTHING)
        make_existing(program)
        admin(PRODUCTION_ADMIN).client("s3").create_bucket(
            Bucket=EVERYTHING["buckets"][0]["access_log"]["bucket"],
            CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        )
    program.up(stack)
    return program, stack


@pytest.fixture
def settled(request: pytest.FixtureRequest, box: Sandbox, tmp_path: Path) -> tuple[Program, str]:
    if request.param != EVERY and not request.config.getoption("--full"):
        pytest.skip("a sample; --full takes every example")
    return deployed(request.param, box, tmp_path)


def changes_of(resources: list[dict[str, Any]]) -> list[Change]:
    return [
        (each["urn"], each["type"], name, change)
        for each in resources
        for name, change in CATALOGUE.get(each["type"], {}).items()
        if isinstance(change, Seen) and (name == GONE or name in each["inputs"])
    ]


class Outside:
    """Somebody who changes the accounts by hand."""

    def __init__(self, resources: list[dict[str, Any]]) -> None:
        self._by_urn = {each["urn"]: each for each in resources}
        self._sessions = {
            label: admin(profile)
            for label, profile in (("production", PRODUCTION_ADMIN), ("staging", STAGING_ADMIN))
        }

    def make(self, urn: str, change: Any) -> None:
        aws, outputs = self._of(urn)
        change(aws, outputs)

    def rewrite(self, urn: str, name: str, change: Seen) -> None:
        aws, outputs = self._of(urn)
        assert change.writes is not None
        change.writes(aws, outputs, rewritten(outputs[name]))

    def _of(self, urn: str) -> tuple[Any, dict[str, Any]]:
        resource = self._by_urn[urn]
        label = resource["provider"].split("::")[-2]
        outputs = {**resource["inputs"], **resource["outputs"]}
        return self._sessions[label].client, outputs


def previewed(program: Program, stack: str) -> dict[str, dict[str, Any]]:
    """The steps of a preview that are no rest, by URN."""
    output = program.pulumi("preview", "--json", "--show-sames", "--stack", stack)
    steps = json.loads(output[output.index("{") :])["steps"]
    return {step["urn"]: step for step in steps if step["op"] in ("create", "update", "replace")}


def drift(program: Program, stack: str) -> dict[str, Any]:
    ran = program.run("access", "drift", "--json", "--stack", stack)
    found: dict[str, Any] = json.loads(ran.output[ran.output.index("{\n") :])
    return {**found, "status": ran.status}


def unseen(changes: list[Change], steps: Mapping[str, dict[str, Any]]) -> list[str]:
    return [
        f"{token} {name}"
        for urn, token, name, _ in changes
        if urn not in steps
        or (
            name != GONE
            and not any(
                path.split(".")[0].split("[")[0] == name
                for path in steps[urn].get("diffReasons") or ()
            )
        )
    ]


ALL = pytest.mark.parametrize("settled", [EVERY, *EXAMPLES], indirect=True)


@ALL
def test_every_change_of_what_the_program_writes_is_seen_and_healed(
    settled: tuple[Program, str],
) -> None:
    program, stack = settled
    resources = program.resources(stack)
    outside = Outside(resources)
    every = [change for change in changes_of(resources) if change[2] != GONE]
    together = [change for change in every if not change[3].alone]
    for urn, _, _, change in together:
        outside.make(urn, change.make)
    steps = previewed(program, stack)
    assert unseen(together, steps) == []
    found = drift(program, stack)
    assert found["status"] == 1
    by_resource = {(each["resource"], each["what"].split(" ")[0]) for each in found["drift"]}
    untold = [
        f"{token} {name}"
        for urn, token, name, _ in together
        if (f"{token} {urn.rsplit('::', 1)[-1]}", name) not in by_resource
    ]
    assert untold == []
    COUNTED["by preview"] += len(together)
    program.up(stack)
    assert program.settled(stack)
    for urn, token, name, change in every:
        if change.alone:
            outside.make(urn, change.make)
            assert unseen([(urn, token, name, change)], previewed(program, stack)) == []
            COUNTED["by preview"] += 1
            program.up(stack)
    assert program.settled(stack)


@ALL
def test_every_door_beside_the_resources_is_told_and_equal_rewrites_are_quiet(
    settled: tuple[Program, str],
) -> None:
    program, stack = settled
    assert drift(program, stack)["status"] == 0
    resources = program.resources(stack)
    outside = Outside(resources)
    declared = {
        (asks, each["inputs"]["bucket"])
        for each in resources
        for asks, token in DECLARED.items()
        if each["type"] == token
    }
    rewrites = [each for each in changes_of(resources) if each[3].writes is not None]
    for urn, _, name, change in rewrites:
        outside.rewrite(urn, name, change)
    assert program.settled(stack)
    COUNTED["equal rewrites that are quiet"] += len(rewrites)
    made: dict[str, Door] = {}
    asks_for_mfa = "MultiFactorAuth" in json.dumps(resources)
    for asks, door in DOORS.items():
        if asks == "MFA devices" and asks_for_mfa:
            continue
        for each in resources:
            is_open = isinstance(door, Door) and each["type"] == door.type and asks not in made
            if is_open and (asks, each["inputs"].get("bucket")) not in declared:
                assert isinstance(door, Door)
                outside.make(each["urn"], door.make)
                made[asks] = door
    assert program.settled(stack)
    found = drift(program, stack)
    assert found["unchecked"] == []
    told = [(each["effect"], each["what"]) for each in found["drift"]]
    untold = {
        asks: told
        for asks, door in made.items()
        if not any(effect == door.effect and door.told in what for effect, what in told)
    }
    assert untold == {}
    # The first of two keys is told too, where the user is to have none.
    words = (*(door.told for door in made.values()), "an access key")
    assert [what for _, what in told if not any(each in what for each in words)] == []
    COUNTED["by access drift alone"] += len(made)


@ALL
def test_what_is_taken_away_is_seen_and_made_again(settled: tuple[Program, str]) -> None:
    program, stack = settled
    resources = program.resources(stack)
    outside = Outside(resources)
    # What hangs on another thing goes before it.
    removals = [change for change in changes_of(resources) if change[2] == GONE]
    for urn, _, _, change in reversed(removals):
        outside.make(urn, change.make)
    assert unseen(removals, previewed(program, stack)) == []
    COUNTED["by preview"] += len(removals)
    program.up(stack)
    assert program.settled(stack)
