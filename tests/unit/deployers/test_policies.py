"""What deployers are allowed: by the data, by AWS's service reference, and by the stack's names."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from cross_account_access.declaration.settings import Settings
from cross_account_access.deployers.actions import actions, tried
from cross_account_access.deployers.made import in_production, in_staging
from cross_account_access.deployers.policies import Owner, policies_of
from cross_account_access.deployers.stack_file import settings_in
from cross_account_access.facts import service_reference
from cross_account_access.facts.quotas import MANAGED_POLICY_CHARACTERS, policy_characters
from tests.support.deployment import ROOT, deploy
from tests.unit.declaration.stack_file import consumer, settings_of
from tests.unit.program.stacks import automatic, every_kind

OWNER = Owner(project="cross-account-access", stack="prod")
STACK_FILES = [ROOT / "Pulumi.prod.yaml", *sorted(ROOT.glob("examples/*/Pulumi.prod.yaml"))]
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
STAGING_BOUNDARY = "arn:aws:iam::444455556666:policy/boundary"
KEY = "iam:PermissionsBoundary"
READS = {"List", "Read"}


def settings_from(path: Path, tmp_path: Path) -> Settings:
    """Those of an example, which has its project file in the root."""
    for name, source in (("Pulumi.yaml", ROOT / "Pulumi.yaml"), (path.name, path)):
        (tmp_path / name).write_text(source.read_text())
    return settings_in(tmp_path / path.name)[1]


def statements(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield from document["Statement"]


def allowed(
    settings: Settings, side: str = "production", *, read_only: bool = False
) -> dict[str, set[str]]:
    """The resources of each action."""
    found: dict[str, set[str]] = {}
    for statement in statements(policies_of(settings, OWNER, read_only=read_only)[side]):
        for action in statement["Action"]:
            found.setdefault(action, set()).update(statement["Resource"])
    return found


def listed() -> Iterator[tuple[str, str, str]]:
    """Every action with its mode and its caller."""
    for kinds in actions().values():
        for modes in kinds.values():
            for mode, callers in modes.items():
                for action, caller in callers.items():
                    yield action, mode, caller


@pytest.mark.parametrize(("action", "mode"), sorted({each[:2] for each in listed()}))
def test_an_action_is_one_of_aws_and_reads_where_it_says_so(action: str, mode: str) -> None:
    known = service_reference.action(action)
    assert known is not None
    assert known.name == action
    if mode == "read":
        assert known.access_level in READS


@pytest.mark.parametrize("caller", sorted({each[2] for each in listed()}))
def test_who_calls_it_can_be_looked_up(caller: str) -> None:
    ours = {"access drift", "access import", "access recover", "access verify", "preflight"}
    assert caller in ours or re.fullmatch(r"internal/service/\w+/\w+\.go \w+", caller)


def test_the_calls_of_a_type_are_those_of_its_service() -> None:
    for type_, kinds in actions().items():
        callers = {
            caller.split("/")[2]
            for modes in kinds.values()
            for by_action in modes.values()
            for caller in by_action.values()
            if caller.startswith("internal/service/")
        }
        if type_.startswith("aws:"):
            assert callers == {type_.split(":")[1].split("/")[0]}


def test_what_was_tried_is_what_deployers_are_allowed() -> None:
    named = {action for action, _, _ in listed()}
    for commands in tried().values():
        for sides in commands.values():
            for found in sides.values():
                assert found == sorted(set(found) & named)


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("side", ["production", "staging"])
def test_each_action_is_allowed_on_resources_that_it_can_have(
    path: Path, side: str, tmp_path: Path
) -> None:
    for action, resources in allowed(settings_from(path, tmp_path), side).items():
        known = service_reference.action(action)
        assert known is not None
        for resource in resources:
            # Any policy may be attached, those of AWS as well.
            assert known.is_about(resource.replace("iam::*", "iam::111122223333")), action


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.parent.name)
def test_policies_fit_into_the_quota(path: Path, tmp_path: Path) -> None:
    for documents in policies_of(settings_from(path, tmp_path), OWNER).values():
        for document in documents:
            assert policy_characters(json.dumps(document)) <= MANAGED_POLICY_CHARACTERS


def test_everything_that_the_program_makes_has_its_actions() -> None:
    made = deploy(every_kind()).resources
    settings = settings_of(**{name: json.loads(value) if value[:1] in "[{" else value
                              for name, value in every_kind().items()})  # fmt: skip
    for side, found in (
        ("production", in_production(settings)),
        ("staging", in_staging(settings)),
    ):
        types = {each.type for each in made if each.provider == side}
        assert types
        assert types <= {each.type for each in found}


def test_what_s3_does_by_itself_has_its_actions() -> None:
    elsewhere = {"replication": {"bucket": "elsewhere"}}
    for changes, looked_for in (({}, False), (elsewhere, True)):
        values = automatic(**changes)
        settings = settings_of(**{name: json.loads(value) if value[:1] in "[{" else value
                                  for name, value in values.items()})  # fmt: skip
        types = {each.type for each in deploy(values).resources if each.provider == "production"}
        assert types <= {each.type for each in in_production(settings)}
        found = allowed(settings)
        role = "arn:aws:iam::111122223333:role/orders-replication"
        assert found["iam:PassRole"] == {role}
        assert role in found["iam:CreateRole"]
        assert found["s3:PutReplicationConfiguration"] == {"arn:aws:s3:::orders"}
        assert ("arn:aws:s3:::elsewhere" in found["s3:GetBucketVersioning"]) is looked_for


def test_reading_alone_allows_nothing_that_writes() -> None:
    settings = settings_of(**{name: json.loads(value) if value[:1] in "[{" else value
                              for name, value in every_kind().items()})  # fmt: skip
    for side in ("production", "staging"):
        reads, writes = allowed(settings, side, read_only=True), allowed(settings, side)
        for action, resources in reads.items():
            known = service_reference.action(action)
            assert known is not None
            assert known.access_level in READS
            assert resources <= writes[action]


def test_what_others_have_is_not_named() -> None:
    found = allowed(settings_of())
    assert found["iam:CreateRole"] == {"arn:aws:iam::111122223333:role/StageRole"}
    assert found["s3:PutBucketPolicy"] == {"arn:aws:s3:::production-test-bucket-101"}
    assert "kms:CreateKey" not in found
    assert "iam:CreateUser" not in found


def test_a_protected_bucket_is_not_emptied() -> None:
    bucket = {"name": "production-test-bucket-101", "staging_may_list": True}
    everything = "arn:aws:s3:::production-test-bucket-101/*"
    protected = allowed(settings_of(buckets=[{**bucket, "protect": True}]))
    open_one = allowed(settings_of(buckets=[{**bucket, "protect": False}]))
    assert everything not in protected["s3:DeleteObject"]
    assert open_one["s3:DeleteObject"] == {everything}


def test_a_key_is_written_to_where_it_has_the_tags_of_the_stack() -> None:
    bucket = {"name": "production-test-bucket-101", "encryption": "kms"}
    documents = policies_of(settings_of(buckets=[bucket]), OWNER)["production"]
    writes = [each for each in statements(documents) if "kms:PutKeyPolicy" in each["Action"]]
    tags = {"aws:ResourceTag/project": [OWNER.project], "aws:ResourceTag/stack": [OWNER.stack]}
    assert [each["Condition"] for each in writes] == [{"StringEquals": tags}]
    for each in statements(documents):
        if "kms:TagResource" in each["Action"]:
            condition = each["Condition"]
            assert tags in (condition["StringEquals"], condition.get("StringEqualsIfExists"))


@pytest.mark.parametrize(
    ("side", "who"),
    [
        ("production", consumer(role={"name": "StageRole", "permissions_boundary": BOUNDARY})),
        (
            "staging",
            consumer(user={"name": "StageAdmin", "permissions_boundary": STAGING_BOUNDARY}),
        ),
        (
            "staging",
            consumer(
                user=None,
                ec2={"role": {"name": "Machine", "permissions_boundary": STAGING_BOUNDARY}},
            ),
        ),
    ],
)
def test_with_a_boundary_nobody_is_made_or_given_more_without_it(
    side: str, who: dict[str, Any]
) -> None:
    declared = {name: value for name, value in who.items() if value is not None}
    boundary = BOUNDARY if side == "production" else STAGING_BOUNDARY
    bound = set()
    for statement in statements(policies_of(settings_of(consumers=[declared]), OWNER)[side]):
        for action in statement["Action"]:
            known = service_reference.action(action)
            assert known is not None
            if KEY in known.condition_keys and known.access_level not in READS:
                assert statement["Condition"] == {"ArnEquals": {KEY: [boundary]}}
                bound.add(action)
    kind = "User" if "user" in declared and side == "staging" else "Role"
    assert {f"iam:Create{kind}", f"iam:Put{kind}PermissionsBoundary"} <= bound
    assert f"iam:Delete{kind}PermissionsBoundary" not in bound


def test_without_a_boundary_none_is_put_on_anybody() -> None:
    found = allowed(settings_of())
    assert "iam:PutRolePermissionsBoundary" not in found
    assert "iam:DeleteRolePermissionsBoundary" in found


def test_the_command_prints_them_before_there_is_a_state(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["deployers", "--stack", "prod", "--cwd", str(ROOT), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["policies"]) == {"production", "staging"}
    assert main(["deployers", "--stack", "prod", "--cwd", str(ROOT)]) == 0
    words = capsys.readouterr().out
    assert words.startswith("account 111122223333, policy 1 of 1\n{")
    printed = words.split("account 444455556666, policy 1 of 1\n")[1]
    assert json.loads(printed) == answer["policies"]["staging"][0]


def test_settings_that_the_program_refuses_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: cross-account-access\n")
    words = ["deployers", "--stack", "prod", "--cwd", str(tmp_path)]
    assert main(words) == 2
    assert "Pulumi.prod.yaml: No such file" in capsys.readouterr().err
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {cross-account-access:buckets: [x]}")
    assert main(words) == 2
    assert "problems in Pulumi.prod.yaml" in capsys.readouterr().err
    (tmp_path / "Pulumi.prod.yaml").write_text("[")
    assert main(words) == 2
    assert "no YAML" in capsys.readouterr().err
