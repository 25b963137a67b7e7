"""What the program exports is what the reader reads, and nothing else passes for it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.credentials import contract
from cross_account_access.credentials.contract import Consumer, ContractError, Grant, read
from cross_account_access.program import outputs as program_outputs
from tests.unit.credentials.conftest import BUCKET, ROLE

USER = "arn:aws:iam::444455556666:user/StageAdmin"


def test_the_reader_understands_what_the_program_exports(exported: dict[str, Any]) -> None:
    found = read(exported)

    assert found.production_account_id == "111122223333"
    assert found.production_region == "us-west-2"
    assert found.staging_account_id == "444455556666"
    assert found.bucket_arns == {"production-test-bucket-101": BUCKET}
    consumer = found.consumer("stage-admin")
    assert (consumer.kind, consumer.role_arn, consumer.principal_arns) == ("user", ROLE, (USER,))
    assert (consumer.external_id, consumer.mfa, consumer.max_session_duration) == (
        None,
        False,
        3600,
    )
    assert consumer.access_policy_arns == ("arn:aws:iam::111122223333:policy/StageRoleAccess",)
    assert consumer.switch_role_url is not None
    assert "roleName=StageRole" in consumer.switch_role_url


def test_the_reader_works_as_a_copy_without_any_package(
    exported: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copy(contract.__file__, tmp_path / "copied.py")
    role = (
        "import copied, json, sys; "
        "print(copied.read(json.load(sys.stdin)).consumer('stage-admin').role_arn)"
    )
    read = subprocess.run(
        [sys.executable, "-S", "-c", role],
        input=json.dumps(exported),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert read.stdout == f"{ROLE}\n"


def test_program_and_reader_are_of_the_same_version() -> None:
    assert str(contract.VERSION) == program_outputs.CONTRACT_VERSION


def declared(**changes: object) -> dict[str, object]:
    return {
        "name": "vendor",
        "kind": "third_party",
        "principal_arns": ["arn:aws:iam::777788889999:root"],
        "role_arn": ROLE,
        "external_id": "vendor-7",
        "mfa": False,
        "max_session_duration": 7200,
        "expires_at": "2030-01-01",
        **changes,
    }


def test_the_declaration_tells_what_the_flat_outputs_cannot(exported: dict[str, Any]) -> None:
    grant = {"resource_arn": BUCKET, "levels": ["read"], "prefixes": ["reports/"], "via": "role"}
    declaration = {
        "consumers": [declared(), declared(name="other", role_arn=None)],
        "grants": [{"consumer": "vendor", **grant}, {"consumer": "other", **grant}],
    }

    found = read({**exported, "declaration": json.dumps(declaration)})

    assert found.consumer("vendor") == Consumer(
        name="vendor",
        kind="third_party",
        sign_in="own",
        is_one_principal=False,
        home_account="777788889999",
        chains=False,
        is_machine=True,
        role_arn=ROLE,
        principal_arns=("arn:aws:iam::777788889999:root",),
        external_id="vendor-7",
        max_session_duration=7200,
        expires_at="2030-01-01",
        grants=(Grant(resource_arn=BUCKET, levels=("read",), prefixes=("reports/",)),),
    )
    assert found.consumer("other").role_arn is None


def test_the_declaration_tells_what_requests_must_be_like(exported: dict[str, Any]) -> None:
    conditions = {
        "mfa_max_age": 900,
        "source_identities": ["Alice"],
        "source_ips": ["203.0.113.0/24"],
        "vpc_endpoints": ["vpce-1"],
        "claims": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]},
    }
    declaration = {
        "consumers": [declared(**conditions)],
        "grants": [],
        "listed_by_staging": [BUCKET],
    }

    found = read({**exported, "declaration": json.dumps(declaration)})

    assert found.listed_by_staging == {BUCKET}
    vendor = found.consumer("vendor")
    assert vendor.mfa_max_age == 900
    assert vendor.source_identities == ("Alice",)
    assert vendor.may_state_source_identity
    assert vendor.source_ips == ("203.0.113.0/24",)
    assert vendor.vpc_endpoints == ("vpce-1",)
    assert vendor.claims == {"aws:PrincipalOrgID": ("o-a1b2c3d4e5",)}


@pytest.mark.parametrize("required", [True, False])
def test_what_may_be_stated_is_told_apart_from_what_must(
    exported: dict[str, Any], required: bool
) -> None:
    tags = {"team": "data"}
    told = {"may_state_source_identity": True, "allowed_session_tags": tags}
    older = {"source_identity_required": required, "session_tags": tags if required else {}}
    for conditions, may_state in ((older | told, True), (older, required)):
        declaration = {"consumers": [declared(**conditions)], "grants": []}
        vendor = read({**exported, "declaration": json.dumps(declaration)}).consumer("vendor")
        assert vendor.may_state_source_identity is may_state
        assert vendor.allowed_session_tags == (tags if may_state else {})
        assert vendor.session_tags == older["session_tags"]


def test_all_that_is_shared_is_told_by_name(exported: dict[str, Any]) -> None:
    topic, queue = (f"arn:aws:{each}:us-west-2:111122223333:mine" for each in ("sns", "sqs"))
    found = read({**exported, "topicArns": {"mine": topic}, "queueArns": {"mine": queue}})
    assert found.bucket_arns == {"production-test-bucket-101": BUCKET}
    assert (found.topic_arns, found.queue_arns) == ({"mine": topic}, {"mine": queue})
    assert found.kms_key_arns == {}
    assert found.resource_arns == {}
    secret = "arn:aws:secretsmanager:us-west-2:111122223333:secret:db-AbCdEf"
    assert read({**exported, "resourceArns": {"db": secret}}).resource_arns == {"db": secret}


ROLES = ["arn:aws:iam::444455556666:role/*", "arn:aws:iam::444455556666:user/x"]
CALLERS = ("sign_in", "is_one_principal", "home_account", "chains", "is_machine")


@pytest.mark.parametrize(
    ("kind", "arns", "callers"),
    [
        ("user", [USER], ("profile", True, "444455556666", False, False)),
        ("ec2", ROLES[:1], ("instance_metadata", True, "444455556666", True, True)),
        ("third_party", ["arn:aws:iam::7:root"], ("own", False, "7", False, True)),
        ("oidc", ["arn:aws:iam::1:oidc-provider/x"], ("web_identity", False, None, False, True)),
        ("principals", ROLES, ("own", False, "444455556666", True, False)),
        ("principals", ROLES[1:], ("own", False, "444455556666", False, False)),
        ("organization", [], ("own", False, None, False, False)),
    ],
)
def test_callers_are_what_is_said_or_what_follows_from_the_kind(
    exported: dict[str, Any], kind: str, arns: list[str], callers: tuple[object, ...]
) -> None:
    follows = declared(kind=kind, principal_arns=arns)
    stated = {"sign_in": "own", "is_one_principal": True, "home_account": None}
    output = {**follows, "name": "new", **stated, "chains": True, "is_machine": True}
    declaration = json.dumps({"consumers": [follows, output], "grants": []})
    contract = read({**exported, "declaration": declaration})
    found, new = contract.consumer("vendor"), contract.consumer("new")
    assert tuple(getattr(found, name) for name in CALLERS) == callers
    assert tuple(getattr(new, name) for name in CALLERS) == ("own", True, None, True, True)


@pytest.mark.parametrize(
    ("kind", "arns", "profile"),
    [
        ("user", [USER], "StageAdmin"),
        ("ec2", ROLES[:1], None),
        ("third_party", ["arn:aws:iam::777788889999:root"], None),
        ("principals", ROLES, "vendor"),
        ("organization", [], None),
    ],
)
def test_callers_have_the_profile_that_the_outputs_count_on(
    exported: dict[str, Any], kind: str, arns: list[str], profile: str | None
) -> None:
    consumer = declared(kind=kind, principal_arns=arns)
    declaration = json.dumps({"consumers": [consumer], "grants": []})
    contract = read({**exported, "declaration": declaration})
    assert contract.usual_profile(contract.consumer("vendor")) == profile


def test_texts_for_a_consumer_are_those_of_the_outputs(exported: dict[str, Any]) -> None:
    consumer = read(exported).consumer("stage-admin")
    assert consumer.cli_profile == exported["cliProfiles"]["stage-admin"]
    assert consumer.proof_commands == exported["proofCommands"]["stage-admin"]
    bare = {key: value for key, value in exported.items() if key not in NOT_ALWAYS}
    assert read(bare).consumer("stage-admin").cli_profile is None


NOT_ALWAYS = {"cliProfiles", "proofCommands", "topicArns", "queueArns", "kmsKeyArns"}


def test_rejects_outputs_without_a_declaration(exported: dict[str, Any]) -> None:
    bare = {name: value for name, value in exported.items() if name != "declaration"}
    with pytest.raises(ContractError, match="deploy the stack with a current version"):
        read(bare)


def test_another_project_imports_the_reader_and_loads_nothing_else(
    exported: dict[str, Any],
) -> None:
    code = (
        "import json, sys\n"
        "from cross_account_access.credentials import read\n"
        "found = read(json.load(sys.stdin)).consumer('stage-admin').role_arn\n"
        "ours = {name for name in sys.modules if name.startswith('cross_account_access.')}\n"
        "print(found, *sorted(ours), bool({'boto3', 'pulumi', 'rich'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(exported),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == [
        ROLE,
        "cross_account_access.credentials",
        "cross_account_access.credentials.contract",
        "False",
    ]


def test_an_unknown_consumer_is_told_with_those_that_there_are(exported: dict[str, Any]) -> None:
    with pytest.raises(ContractError) as caught:
        read(exported).consumer("vendor")
    assert str(caught.value) == "the stack has no consumer 'vendor'; it has: stage-admin"


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (None, "the outputs have no contractVersion, so they are not those of a deployed"),
        ("0", "contractVersion is 0, and this reader understands 1 and 2; deploy the stack with a"),
        ("3", "contractVersion is 3, and this reader understands 1 and 2; take the reader of the"),
        ("one", "contractVersion must be a number in text, as in '2', got 'one'"),
    ],
)
def test_rejects_another_contract(exported: dict[str, Any], version: str | None, told: str) -> None:
    with pytest.raises(ContractError) as caught:
        read({**exported, "contractVersion": version})
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_rejects_the_outputs_of_a_stack_that_was_never_deployed() -> None:
    with pytest.raises(ContractError, match="have no contractVersion"):
        read({})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"productionRegion": None}, "the output productionRegion must be text .*, got nothing"),
        ({"bucketArns": ["x"]}, "the output bucketArns must be texts by name .*, got list"),
        ({"switchRoleUrls": {"a": 1}}, "the output switchRoleUrls must be texts by name"),
        ({"accessPolicyArns": {"a": "x"}}, "accessPolicyArns must be lists of text by name"),
        ({"accessPolicyArns": {"a": [1]}}, "accessPolicyArns must be lists of text by name"),
        (
            {"accessPolicyArns": ["x"]},
            "accessPolicyArns must be lists of text by name .*, got list",
        ),
        ({"declaration": "{"}, "the output declaration is not as in version 2"),
        ({"declaration": '{"consumers": [{"name": "x"}], "grants": []}'}, "the output declaration"),
        ({"declaration": '{"consumers": 3, "grants": []}'}, "the output declaration"),
    ],
)
def test_rejects_a_value_that_the_contract_does_not_have(
    exported: dict[str, Any], changes: dict[str, object], told: str
) -> None:
    with pytest.raises(ContractError, match=told):
        read({**exported, **changes})
