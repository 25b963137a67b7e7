"""Nobody's state breaks: the program as it is now, on states that an earlier one left."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.recorded import STATES, examples, opened, replay, resources, stack_of

RECORDED: Final = sorted(path.stem for path in STATES.glob("*.json"))
WITHOUT: Final = {
    "consumer-stack": "reads our stack and makes nothing by our program",
    "github-actions": "has workflows, and no stack",
}
"""Examples that have no state of ours, and why."""
DECLARED_SINCE: Final = {
    "aws:iam/role:Role": {"description", "forceDetachPolicies"},
    "aws:kms/key:Key": {"rotationPeriodInDays"},
    "aws:s3/bucketPolicy:BucketPolicy": {"policy"},
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "rules"
    },
}
"""What the program says of a resource that it made before, without a word on it: the one thing that
an upgrade may change, in place. All are as AWS has them by default, but for the description, and
for the policies of buckets, which have come to refuse uploads that bring a key."""
NEWER: Final = {
    "existing-resources": "no earlier program knew `resources`",
    "third-party-role": "no earlier program let in a third party's role",
    "third-party-renewal": "no earlier program made a role that trusts itself",
    "listed-accounts": "no earlier program knew `accounts`",
    "ecs-tasks": "no earlier program knew tasks",
    "roles-anywhere": "no earlier program knew certificates",
    "eks-pods": "no earlier program knew pods",
    "eks-irsa": "the same as of oidc, whose state is there",
    "lambda-functions": "no earlier program knew functions",
    "bucket-settings": "no earlier program told S3 to do anything by itself",
    "shared-bucket": "no earlier program shared a bucket that exists",
}
"""Examples of which nobody has a state yet, and why not."""


def test_every_example_has_a_recorded_state() -> None:
    assert examples() - {*RECORDED, *WITHOUT, *NEWER} == set()


@pytest.mark.parametrize("name", RECORDED)
def test_the_plan_for_a_recorded_state_is_to_leave_it(
    name: str, box: Sandbox, tmp_path: Path
) -> None:
    program, stack = opened(name, box, tmp_path), stack_of(name)
    program.pulumi("stack", "import", "--file", str(STATES / f"{name}.json"), "--stack", stack)
    # The accounts are empty: the state says what is in them.
    plan = program.pulumi("preview", "--refresh=false", "--json", "--show-sames", "--stack", stack)
    # The engine may warn of a tool that it found on PATH before it tells the plan.
    steps = json.loads(plan[plan.index("{") :])["steps"]
    assert [step for step in steps if step["op"] != "same" and not _declared_since(step)] == []
    # By their names in the state, since aliases give others. A plan lists no default provider.
    kept = {step["oldState"]["urn"] for step in steps}
    recorded = {resource["urn"] for resource in resources(name)}
    assert {urn for urn in recorded - kept if not urn.endswith("::default")} == set()


@pytest.mark.parametrize("name", ["prod", "beyond-examples", "via-resource"])
def test_an_upgrade_leaves_everything_that_is_in_the_accounts(
    name: str, box: Sandbox, tmp_path: Path
) -> None:
    program = opened(name, box, tmp_path)
    replay(name, program)
    assert _as_recorded(program.resources()) == _as_recorded(resources(name))
    program.up()
    # What waits for what is the program's alone: the next order in which things are made.
    left = [each[:-1] for each in _as_recorded(program.resources())]
    assert left == [each[:-1] for each in _as_recorded(resources(name))]
    assert program.settled()


def _declared_since(step: dict[str, Any]) -> bool:
    """Whether a step changes in place what the program has come to declare, and nothing else."""
    changed = {re.split(r"[.\[]", path)[0] for path in step.get("diffReasons") or ()}
    declared = DECLARED_SINCE.get(step["newState"]["type"], set())
    return step["op"] == "update" and bool(changed) and changed <= declared


def _as_recorded(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    keys = ("urn", "parent", "protect")
    return sorted(
        (*(str(resource.get(key)) for key in keys), sorted(resource.get("dependencies", [])))
        for resource in found
        # The engine's own, which comes and goes with what the program reads.
        if not resource["urn"].endswith("::default")
    )
