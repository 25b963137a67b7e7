"""`access recover`: what is left is told, and ended once the state is saved."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from cross_account_access.command.cli import main
from cross_account_access.errors import UncheckedError
from cross_account_access.recovery import lock
from cross_account_access.stack import Plan, Stack, resources_of_state
from tests.support.states import export, resource, urn, walkthrough

pytestmark = pytest.mark.usefixtures("empty_account")

OWN = "123456789012"
WORDS = "Objects of the bucket records"
PROVIDER: dict[str, Any] = {
    "urn": urn("pulumi:providers:aws", "production"),
    "type": "pulumi:providers:aws",
    "inputs": {"allowedAccountIds": json.dumps([OWN]), "region": "us-west-2"},
}
ROLE = resource("aws:iam/role:Role", "vendor", name="VendorAccess", path="/")
POLICIES = resource(
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive", "vendor", roleName="VendorAccess"
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{OWN}:root"]}}
            | {"Action": "kms:*", "Resource": "*"}
        ],
    }
)
AS_AWS_WRITES_IT = POLICY.replace('{"AWS": [', '{"AWS": ').replace('root"]}', 'root"}')
KEY = resource(
    "aws:kms/key:Key", "records", description=WORDS, policy=POLICY, enableKeyRotation=True
)
KEY["inputs"]["tags"] = {"stack": "prod"}
ALIAS = resource(
    "aws:kms/alias:Alias",
    "records",
    name="alias/records",
    dependencies={"targetKeyId": [KEY["urn"]]},
)
ENCRYPTION = resource(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "records",
    bucket="records",
)
PENDING = [{"type": "creating", "resource": ROLE}]
LOCKED = "pulumi: the stack is currently locked by 1 lock(s) created by {} (pid {}) at now"


class Engine:
    """The stack, as the engine has it, and what is done with it."""

    def __init__(self, pending: list[dict[str, Any]]) -> None:
        self.state = export(walkthrough())
        if pending:
            self.state["deployment"]["pending_operations"] = pending
        self.before = json.loads(json.dumps(self.state))
        self.planned: list[dict[str, Any]] = []
        self.created: set[str] = set()
        self.replaced: set[str] = set()
        """Made anew as long as the state has one before it."""
        self.imported: list[str] = []
        self.holder: tuple[str, int] | None = None
        self.backend = "gs://states"

    def replace_state(self, path: Path) -> None:
        if self.holder:
            raise UncheckedError(LOCKED.format(*self.holder))
        self.state = json.loads(path.read_text())

    def is_locked(self) -> bool:
        return self.holder is not None

    def cancel(self) -> None:
        self.holder = None

    def records(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state["deployment"]["resources"]
        return found

    def plan(self) -> Plan:
        recorded = {each["urn"] for each in self.records() if not each.get("delete")}
        created = self.created | (self.replaced - recorded)
        entries = [
            {
                "type": each["type"],
                "name": f"{each['urn'].rpartition('::')[2]}{number}",
                "logicalName": each["urn"].rpartition("::")[2],
                "id": "<PLACEHOLDER>",
            }
            for number, each in enumerate(self.planned)
            if each["urn"] in created
        ]
        resources = resources_of_state({"deployment": {"resources": [PROVIDER, *self.planned]}})
        return Plan(
            resources=resources,
            created=frozenset(created),
            replaced=frozenset(self.replaced & recorded),
            import_file={"resources": entries},
        )

    def import_from(self, path: Path) -> None:
        entries = json.loads(path.read_text())["resources"]
        self.imported = [each["id"] for each in entries]
        # As the engine, which puts what waits for its deletion behind all others.
        live = [each for each in self.records() if not each.get("delete")]
        urns = {each["urn"] for each in live}
        assert all(urns.issuperset(each.get("dependencies", ())) for each in live)
        for planned in self.planned:
            if planned["urn"] in self.replaced:
                self.records().append({**planned, "id": self.imported[0]})


def given(
    monkeypatch: pytest.MonkeyPatch, folder: Path, pending: list[dict[str, Any]] | None = None
) -> Engine:
    engine = Engine(pending or [])
    (folder / "Pulumi.yaml").write_text("name: cross\n")
    monkeypatch.setattr(Stack, "exported", lambda _: engine.state)
    monkeypatch.setattr(Stack, "backend", lambda _: engine.backend)
    for name in ("replace_state", "cancel", "plan", "import_from"):
        method = getattr(engine, name)
        monkeypatch.setattr(Stack, name, lambda _, *words, method=method: method(*words))
    return engine


@pytest.fixture
def kms() -> Any:
    return boto3.client("kms")


def run(folder: Path, *words: str) -> int:
    return main(["recover", "--stack", "prod", "--cwd", str(folder), *words])


def saved_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("prod.before-recover*"))


def key_of(kms: Any, description: str = WORDS, stack: str = "prod") -> str:
    tags = [{"TagKey": "stack", "TagValue": stack}]
    made: Mapping[str, Any] = kms.create_key(
        Description=description, Tags=tags, Policy=AS_AWS_WRITES_IT
    )
    return str(made["KeyMetadata"]["KeyId"])


def state_of(kms: Any, key: str) -> str:
    return str(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


def all_of(kms: Any) -> list[str]:
    return [each["KeyId"] for each in kms.list_keys()["Keys"]]


@pytest.mark.parametrize("words", [[], ["--apply"]])
def test_where_nothing_is_left_nothing_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    engine = given(monkeypatch, tmp_path)
    assert run(tmp_path, *words) == 0
    assert (engine.state, saved_in(tmp_path)) == (engine.before, [])


def test_without_apply_it_only_tells(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    engine.holder = ("root@gone", 1)
    assert run(tmp_path) == 1
    assert "creating: " in capsys.readouterr().out
    assert (engine.state, engine.holder, saved_in(tmp_path)) == (
        engine.before,
        ("root@gone", 1),
        [],
    )


def test_the_state_is_saved_and_loses_nothing_but_what_is_pending(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    assert run(tmp_path, "--apply") == 0
    (saved,) = saved_in(tmp_path)
    assert json.loads(saved.read_text()) == engine.before
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert engine.state == export(walkthrough())
    assert "pulumi up --stack prod" in capsys.readouterr().out


def test_a_saved_state_is_never_written_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    for _ in range(2):
        engine.state = engine.before
        assert run(tmp_path, "--apply") == 0
    assert len(saved_in(tmp_path)) == 2


@pytest.mark.parametrize(
    ("host", "name", "says"),
    [
        (socket.gethostname(), "pulumi", "wait for the end"),
        ("another", "pulumi", "pulumi cancel --stack prod"),
    ],
)
def test_an_update_that_may_live_keeps_its_lock_and_its_state(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    host: str,
    name: str,
    says: str,
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    engine.holder = (f"root@{host}", os.getpid())
    monkeypatch.setattr(lock, "_state_and_name", lambda _: ("S", name))
    assert run(tmp_path, "--apply") == 3
    assert (engine.state, saved_in(tmp_path)) == (engine.before, [])
    assert engine.is_locked()
    assert says in capsys.readouterr().err


def test_the_lock_of_an_update_that_has_ended_is_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    # This process is no engine.
    engine.holder = (f"root@{socket.gethostname()}", os.getpid())
    assert run(tmp_path, "--apply") == 0
    assert not engine.is_locked()
    assert engine.state == export(walkthrough())


def test_a_state_that_has_changed_meanwhile_is_not_written_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    plan, others = engine.plan, export([ROLE])

    def meanwhile(_: Stack) -> Plan:
        engine.state = others
        return plan()

    monkeypatch.setattr(Stack, "plan", meanwhile)
    assert run(tmp_path, "--apply") == 3
    assert (engine.state, saved_in(tmp_path)) == (others, [])


def locked_folder(folder: Path, **holder: object) -> Path:
    written = {"pid": 1, "username": "root", "hostname": socket.gethostname(), "timestamp": "now"}
    path = folder / ".pulumi" / "locks" / "organization" / "cross" / "prod" / "1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(written | holder))
    return path


def test_of_a_folder_the_lock_is_told_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = given(monkeypatch, tmp_path)
    engine.backend = tmp_path.as_uri()
    engine.holder = ("root@here", os.getpid())
    locked_folder(tmp_path, pid=os.getpid())
    assert run(tmp_path) == 1
    assert f"process {os.getpid()}" in capsys.readouterr().out
    assert engine.is_locked()
    assert run(tmp_path, "--apply") == 0
    assert not engine.is_locked()


def test_what_was_cut_off_stays_so_where_the_update_may_live(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = given(monkeypatch, tmp_path)
    engine.backend = tmp_path.as_uri()
    locked_folder(tmp_path, hostname="another")
    known = tmp_path / ".pulumi" / "stacks" / "cross" / "prod.json.attrs"
    known.parent.mkdir(parents=True)
    known.write_text("")
    assert run(tmp_path, "--apply") == 3
    assert known.exists()


def test_what_was_cut_off_is_told_and_then_cured_before_the_state_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = given(monkeypatch, tmp_path)
    engine.backend = tmp_path.as_uri()
    known = tmp_path / ".pulumi" / "stacks" / "cross" / "prod.json.attrs"
    known.parent.mkdir(parents=True)
    known.write_text("")

    def exported(_: Stack) -> dict[str, Any]:
        assert not known.exists()
        return engine.state

    monkeypatch.setattr(Stack, "exported", exported)
    assert run(tmp_path) == 1
    assert str(known) in capsys.readouterr().out
    assert run(tmp_path, "--apply") == 0


def test_what_aws_has_made_becomes_part_of_the_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kms: Any
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    # What is written over is left to the next update.
    engine.planned = [ROLE, POLICIES, KEY, ALIAS]
    engine.created = {each["urn"] for each in engine.planned}
    boto3.client("iam").create_role(RoleName="VendorAccess", AssumeRolePolicyDocument="{}")
    key = key_of(kms)
    assert run(tmp_path) == 1
    assert engine.imported == []
    assert run(tmp_path, "--apply") == 0
    assert engine.imported == ["VendorAccess", key]
    assert engine.state == export(walkthrough())


def test_what_the_state_has_is_not_taken_over_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A preview that did not find it once would make it anew."""
    engine = given(monkeypatch, tmp_path)
    engine.state["deployment"]["resources"].append(ROLE)
    engine.planned, engine.created = [ROLE], {ROLE["urn"]}
    boto3.client("iam").create_role(RoleName="VendorAccess", AssumeRolePolicyDocument="{}")
    assert run(tmp_path, "--apply") == 0
    assert engine.imported == []


FORMER = {**ROLE, "id": "Former", "inputs": {"name": "Former", "path": "/"}}
BEHIND = {
    **POLICIES,
    "id": "Former",
    "dependencies": [ROLE["urn"]],
    "propertyDependencies": {"roleName": [ROLE["urn"]]},
}


@pytest.mark.parametrize("waits", [{}, {"delete": True}], ids=["not yet", "already"])
def test_what_was_made_in_place_of_another_becomes_part_of_the_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, waits: dict[str, bool]
) -> None:
    """The other one waits for its deletion, in the order that the references say."""
    engine = given(monkeypatch, tmp_path, PENDING)
    engine.records().extend([{**FORMER, **waits}, BEHIND])
    before = json.loads(json.dumps(engine.records()))
    engine.planned, engine.replaced = [ROLE], {ROLE["urn"]}
    boto3.client("iam").create_role(RoleName="VendorAccess", AssumeRolePolicyDocument="{}")
    assert run(tmp_path) == 1
    assert run(tmp_path, "--apply") == 0
    assert engine.imported == ["VendorAccess"]
    new = {**ROLE, "id": "VendorAccess"}
    assert engine.records() == [*before[:-2], new, {**FORMER, "delete": True}, BEHIND]
    assert "pending_operations" not in engine.state["deployment"]


def test_what_is_referred_to_may_wait_for_its_deletion(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As after a kill before the next one was made."""
    engine = given(monkeypatch, tmp_path)
    waiting = {**resource("aws:iam/rolePolicy:RolePolicy", "other", role="Other"), "delete": True}
    behind = {**BEHIND, "dependencies": [waiting["urn"]], "propertyDependencies": {}}
    engine.records().extend([waiting, behind])
    before = json.loads(json.dumps(engine.records()))
    engine.planned, engine.created = [ROLE], {ROLE["urn"]}
    boto3.client("iam").create_role(RoleName="VendorAccess", AssumeRolePolicyDocument="{}")
    assert run(tmp_path, "--apply") == 0
    assert engine.imported == ["VendorAccess"]
    assert engine.records() == before


def test_what_was_made_once_the_other_had_gone_is_that_of_the_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both have the name, so that the record is of the one that exists."""
    engine = given(monkeypatch, tmp_path, PENDING)
    gone = {**ROLE, "id": "VendorAccess", "inputs": {"name": "VendorAccess", "path": "/before/"}}
    engine.records().append({**gone, "pendingReplacement": True})
    engine.planned, engine.replaced = [ROLE], {ROLE["urn"]}
    boto3.client("iam").create_role(RoleName="VendorAccess", AssumeRolePolicyDocument="{}")
    assert run(tmp_path, "--apply") == 0
    assert engine.imported == []
    assert engine.records()[-1] == gone
    assert [each for each in engine.records() if each["urn"] == ROLE["urn"]] == [gone]


@pytest.mark.parametrize("name", ["VendorAccess", None])
def test_what_is_yet_to_be_made_in_place_of_another_is_left_to_the_update(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str | None
) -> None:
    engine = given(monkeypatch, tmp_path)
    recorded = {**FORMER, "id": name or "Former"}
    engine.records().append(recorded)
    engine.planned, engine.replaced = [ROLE], {ROLE["urn"]}
    if name:
        boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    assert run(tmp_path) == 0
    assert run(tmp_path, "--apply") == 0
    assert engine.records()[-1] == recorded


def test_what_was_begun_and_is_declared_no_more_is_told_until_it_is_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a kill, and a stack file that was put back."""
    other = {"type": "updating", "resource": POLICIES}
    engine = given(monkeypatch, tmp_path, [*PENDING, other])
    iam = boto3.client("iam")
    iam.create_role(RoleName="VendorAccess", AssumeRolePolicyDocument="{}")
    assert run(tmp_path, "--apply") == 1
    assert "role:Role VendorAccess, which an update had begun to make" in capsys.readouterr().out
    assert engine.state["deployment"]["pending_operations"] == PENDING
    assert run(tmp_path, "--json") == 1
    (told,) = json.loads(capsys.readouterr().out)["abandoned"]
    assert (told["account"], told["id"]) == (OWN, "VendorAccess")
    assert run(tmp_path) == 1
    assert "--apply" not in capsys.readouterr().out
    iam.delete_role(RoleName="VendorAccess")
    assert run(tmp_path, "--apply") == 0
    assert "pending_operations" not in engine.state["deployment"]


def test_a_key_is_known_by_its_alias_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kms: Any
) -> None:
    engine = given(monkeypatch, tmp_path)
    engine.planned, engine.created = [KEY, ALIAS], {KEY["urn"], ALIAS["urn"]}
    named = key_of(kms)
    kms.create_alias(AliasName="alias/records", TargetKeyId=named)
    other = key_of(kms)
    assert run(tmp_path, "--apply") == 0
    assert engine.imported == [named, "alias/records"]
    assert (state_of(kms, named), state_of(kms, other)) == ("Enabled", "PendingDeletion")


def test_of_two_keys_the_one_that_the_provider_knew_is_taken_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kms: Any
) -> None:
    engine = given(monkeypatch, tmp_path)
    engine.planned, engine.created = [KEY], {KEY["urn"]}
    keys = [key_of(kms) for _ in range(4)]
    kms.enable_key_rotation(KeyId=keys[1])
    assert run(tmp_path, "--apply") == 0
    assert engine.imported == [keys[1]]
    assert [state_of(kms, key) for key in keys].count("PendingDeletion") == 3


def with_second_key(engine: Engine, kms: Any) -> str:
    """A key that the state has, and one that it does not have."""
    engine.planned = [KEY, ENCRYPTION]
    engine.state["deployment"]["resources"].append({**KEY, "id": key_of(kms)})
    return key_of(kms)


def test_a_second_key_that_nobody_has_used_is_deleted_where_that_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kms: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = given(monkeypatch, tmp_path)
    lost = with_second_key(engine, kms)
    others = [key_of(kms, "something else"), key_of(kms, stack="staging"), key_of(kms)]
    kms.create_alias(AliasName="alias/others", TargetKeyId=others[-1])
    about_to_go = key_of(kms)
    engine.state["deployment"]["resources"].append({**KEY, "id": about_to_go, "delete": True})
    before = {key: state_of(kms, key) for key in all_of(kms)}
    assert run(tmp_path) == 1
    told = capsys.readouterr().out
    assert f"{lost}, or can have used: --apply has it deleted in 30 days" in told
    assert not any(each in told for each in others)
    assert {key: state_of(kms, key) for key in all_of(kms)} == before

    assert run(tmp_path, "--apply") == 0
    assert f"aws kms cancel-key-deletion --key-id {lost}" in capsys.readouterr().out
    assert {key: state_of(kms, key) for key in all_of(kms)} == {**before, lost: "PendingDeletion"}
    assert run(tmp_path) == 0


def encrypting(_: Any, key: str) -> None:
    # Typed, it takes no dictionary that was put together.
    s3: Any = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="records")
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:x:1:key/{key}"}
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    s3.put_bucket_encryption(Bucket="records", ServerSideEncryptionConfiguration={"Rules": rules})


def granting(kms: Any, key: str) -> None:
    who = f"arn:aws:iam::{OWN}:root"
    kms.create_grant(KeyId=key, GranteePrincipal=who, Operations=["Decrypt"])


SPEAKING: dict[str, Callable[[Any, str], object]] = {
    "the bucket records encrypts with it": encrypting,
    "somebody has a grant on it": granting,
    "its policy is not the one that the stack gives": lambda kms, key: kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=POLICY.replace("kms:*", "kms:Decrypt")
    ),
    "an update may have used it": lambda kms, key: kms.enable_key_rotation(KeyId=key),
}


@pytest.mark.parametrize("why", SPEAKING)
def test_a_second_key_that_something_speaks_for_is_kept_and_told_with_what_removes_it(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kms: Any,
    capsys: pytest.CaptureFixture[str],
    why: str,
) -> None:
    lost = with_second_key(given(monkeypatch, tmp_path), kms)
    SPEAKING[why](kms, lost)
    assert run(tmp_path, "--apply") == 1
    told = capsys.readouterr().out
    assert f"{lost}, kept: {why};" in " ".join(told.split())
    assert f"aws kms schedule-key-deletion --key-id {lost}" in told
    assert state_of(kms, lost) == "Enabled"


def test_for_a_program_it_is_told_what_became_of_a_second_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kms: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = with_second_key(given(monkeypatch, tmp_path), kms)
    for words, deleted in (((), False), (("--apply",), True)):
        run(tmp_path, "--json", *words)
        (key,) = json.loads(capsys.readouterr().out)["keys"]
        assert (key["key"], key["why_kept"], key["deleted"]) == (lost, None, deleted)


def test_a_key_that_an_update_has_begun_meanwhile_is_no_second_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kms: Any
) -> None:
    engine = given(monkeypatch, tmp_path)
    engine.planned = [KEY]
    plan, made = engine.plan, []

    def meanwhile(_: Stack) -> Plan:
        engine.state = {**engine.before, "deployment": {"pending_operations": [KEY]}}
        made.append(key_of(kms))
        return plan()

    monkeypatch.setattr(Stack, "plan", meanwhile)
    assert run(tmp_path, "--apply") == 3
    assert state_of(kms, made[0]) == "Enabled"


def test_nothing_is_done_where_something_is_in_the_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = given(monkeypatch, tmp_path, PENDING)
    engine.planned, engine.created = [ROLE], {ROLE["urn"]}
    boto3.client("iam").create_role(
        RoleName="VendorAccess", AssumeRolePolicyDocument="{}", Path="/by-hand/"
    )
    assert run(tmp_path, "--apply") == 1
    assert (engine.state, engine.imported, saved_in(tmp_path)) == (engine.before, [], [])
