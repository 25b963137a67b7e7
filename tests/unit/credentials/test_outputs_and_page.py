"""Outputs reach other tools as they are, and the page for a consumer says all it needs."""

import configparser
import json
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.credentials import Consumer, Contract
from cross_account_access.credentials.handover_page import handover_page
from cross_account_access.stack import Stack
from tests.support.deployment import deploy, stack_values
from tests.unit.credentials.conftest import BUCKET, ROLE, Access

PLACEHOLDER = "ARN-OF-YOUR-MFA-DEVICE"
HOSTILE = "a 'b' \"c\" $HOME `id` $(id) \\ %{x} ${y} # ; & é\nsecond line"

pytestmark = pytest.mark.usefixtures("outputs")


def test_json_is_what_pulumi_has(access: Access, outputs: dict[str, Any]) -> None:
    assert json.loads(access("outputs").out) == outputs
    assert json.loads(access("outputs", "--format", "env", "--json").out) == outputs


def test_a_shell_reads_every_value_as_it_is(
    access: Access, outputs: dict[str, Any], tmp_path: Path
) -> None:
    outputs["proofCommands"] = {"stage-admin": HOSTILE}
    (tmp_path / "env").write_text(access("outputs", "--format", "env").out)
    script = (
        f"set -a; . {tmp_path}/env; "
        "printf '%s|%s|%s|%s|%s' "
        '"$PRODUCTION_ACCOUNT_ID" "$BUCKET_NAMES_1" "$ROLE_ARNS_STAGE_ADMIN" '
        '"$ACCESS_POLICY_ARNS_STAGE_ADMIN_1" "$PROOF_COMMANDS_STAGE_ADMIN"'
    )
    read = subprocess.run(
        ["sh", "-euc", script], capture_output=True, text=True, check=True, env={"HOME": "/x"}
    ).stdout
    policy = "arn:aws:iam::111122223333:policy/StageRoleAccess"
    assert read == f"111122223333|production-test-bucket-101|{ROLE}|{policy}|{HOSTILE}"


def test_rejects_variables_that_would_hide_each_other(
    access: Access, outputs: dict[str, Any]
) -> None:
    outputs["roleArns"] = {"a-b": "1", "a.b": "2"}
    ran = access("outputs", "--format", "env")
    assert ran.status == 2
    assert "roleArns/a-b and roleArns/a.b would both be ROLE_ARNS_A_B" in ran.err
    assert ran.out == ""


def test_terraform_reads_every_value_as_it_is(access: Access, outputs: dict[str, Any]) -> None:
    outputs.clear()
    outputs.update(
        contractVersion="2",
        productionAccountId="111122223333",
        productionRegion=HOSTILE,
        stagingAccountId="444455556666",
        bucketNames=["x", "y"],
        bucketArns={},
        switchRoleUrls={},
        userArns={},
        roleArns={"stage-admin": ROLE},
        accessPolicyArns={"stage-admin": [f"{ROLE}-1", f"{ROLE}-2"]},
        declaration='{"consumers": [], "grants": []}',
    )
    assert access("outputs", "--format", "tfvars").out == (
        'contract_version = "2"\n'
        'production_account_id = "111122223333"\n'
        'production_region = "a \'b\' \\"c\\" $HOME `id` $(id) \\\\ %%{x} $${y} # ; & é\\nsecond '
        'line"\n'
        'staging_account_id = "444455556666"\n'
        'bucket_names = ["x", "y"]\n'
        "bucket_arns = {}\n"
        "switch_role_urls = {}\n"
        "user_arns = {}\n"
        f'role_arns = {{\n  "stage-admin" = "{ROLE}"\n}}\n'
        f'access_policy_arns = {{\n  "stage-admin" = ["{ROLE}-1", "{ROLE}-2"]\n}}\n'
        'declaration = "{\\"consumers\\": [], \\"grants\\": []}"\n'
    )


def test_each_value_becomes_one_parameter(access: Access, outputs: dict[str, Any]) -> None:
    outputs["proofCommands"] = {"stage-admin": HOSTILE}
    outputs["emptyThing"] = ""
    printed = access("outputs", "--format", "ssm", "--prefix", "/team/prod/").out

    put = {}
    for words in _commands(printed):
        assert words[:4] == ["aws", "ssm", "put-parameter", "--cli-input-json"]
        parameter = json.loads(words[4])
        assert (parameter["Type"], parameter["Overwrite"]) == ("String", True)
        put[parameter["Name"]] = parameter["Value"]
    assert put["/team/prod/roleArns/stage-admin"] == ROLE
    assert put["/team/prod/bucketNames/1"] == "production-test-bucket-101"
    assert put["/team/prod/accessPolicyArns/stage-admin/1"].endswith(":policy/StageRoleAccess")
    assert put["/team/prod/proofCommands/stage-admin"] == HOSTILE
    assert put["/team/prod/switchRoleUrls/stage-admin"].startswith("https://")
    assert "/team/prod/emptyThing" not in put


def test_a_parameter_that_costs_is_told(access: Access, outputs: dict[str, Any]) -> None:
    outputs["proofCommands"] = {"stage-admin": "x" * 4097}
    lines = access("outputs", "--format", "ssm").out.splitlines()
    told = lines.index("# An advanced parameter, which AWS charges for:")
    assert '"Tier": "Advanced"' in lines[told + 1]
    assert sum('"Advanced"' in line for line in lines) == 1


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("a b", "x", "/roleArns/a b: a parameter's name has"), ("a", "x" * 8193, "at most 8192")],
)
def test_rejects_what_the_parameter_store_does_not_take(
    access: Access, outputs: dict[str, Any], name: str, value: str, told: str
) -> None:
    outputs["roleArns"] = {name: value}
    ran = access("outputs", "--format", "ssm")
    assert ran.status == 2
    assert told in ran.err
    assert ran.out == ""


def test_rejects_the_outputs_of_another_stack(access: Access, outputs: dict[str, Any]) -> None:
    del outputs["contractVersion"]
    ran = access("outputs", "--format", "env")
    assert ran.status == 3
    assert "have no contractVersion" in ran.err
    assert ran.out == ""


def test_a_vendors_page_says_all_that_it_needs(
    access: Access, declare: Callable[..., None]
) -> None:
    declare(
        name="vendor",
        kind="third_party",
        external_id="vendor-7",
        principal_arns=["arn:aws:iam::777788889999:root"],
        max_session_duration=5400,
        expires_at="2030-01-01",
    )
    page = access("handover", "--contact", "security@example.com").out

    facts = dict(re.findall(r"^- \*\*(.+?):\*\* (.+)$", page, re.MULTILINE))
    assert facts == {
        "Role to assume": f"`{ROLE}`",
        "Longest session": "5400 seconds (1.5 h); 1 h for a caller that is a role itself",
        "External ID": "`vendor-7`, stated whenever the role is assumed",
        "MFA": "not asked for",
        "Open to": "`arn:aws:iam::777788889999:root`",
        "Region": "`us-west-2`",
        "Access ends": "2030-01-01",
        "Contact": "security@example.com",
    }
    assert f"- list, read on `{BUCKET}`\n" in page
    assert "external_id = vendor-7\n" in page
    assert "do not use it, and tell security@example.com." in page

    granted, refused = page.split("the answer must be a refusal")
    assert f"aws sts assume-role --role-arn {ROLE} --role-session-name test" in granted
    assert " --external-id vendor-7 " in granted
    tests = [line for line in refused.splitlines() if line.startswith("aws sts assume-role")]
    assert len(tests) == 2
    assert not [line for line in tests if "--external-id vendor-7" in line]
    assert " --external-id not-vendor-7 " in tests[1]


@pytest.mark.parametrize(
    ("kind", "device"),
    [("user", "arn:aws:iam::444455556666:mfa/StageAdmin"), ("principals", PLACEHOLDER)],
)
def test_a_page_for_mfa_tests_without_a_code_too(
    access: Access, declare: Callable[..., None], kind: str, device: str
) -> None:
    declare(kind=kind, mfa=True)
    page = access("handover", "--contact", "me").out
    granted, refused = page.split("The same without the MFA code must be refused")
    assert f"--serial-number {device} --token-code CODE " in granted
    assert f"mfa_serial = {device}\n" in page
    assert "--token-code" not in refused


def test_a_page_tells_what_every_session_must_state(
    access: Access, declare: Callable[..., None]
) -> None:
    declare(source_identity_required=True, session_tags={"project": "a b"})
    page = access("handover", "--contact", "me").out
    assert "- **Source identity:** to be stated with every session\n" in page
    assert "- **Session tag:** `project=a b`, to be given with every session\n" in page
    assert "--source-identity YOUR-NAME --tags 'Key=project,Value=a b' --query Assumed" in page
    assert "[profile" not in page


@pytest.mark.parametrize(
    ("kind", "told", "not_told"),
    [
        ("ec2", "credential_source = Ec2InstanceMetadata", "source_profile"),
        ("oidc", "aws sts assume-role-with-web-identity --role-arn", "source_profile"),
        ("principals", "source_profile = stage-admin", "web-identity"),
        ("organization", "source_profile = YOUR-PROFILE", "web-identity"),
    ],
)
def test_a_page_tells_how_its_kind_of_consumer_signs_in(
    access: Access, declare: Callable[..., None], kind: str, told: str, not_told: str
) -> None:
    declare(kind=kind)
    page = access("handover", "--contact", "me").out
    assert told in page
    assert not_told not in page


@pytest.mark.parametrize(
    ("sign_in", "told", "about_keys"),
    [
        ("console", "Sign in with `aws login --profile StageAdmin` (AWS CLI 2.32 or later)", False),
        ("none", "An administrator of account 444455556666 says how the user `StageAdmin`", False),
        (
            "key",
            "An administrator of account 444455556666 makes an access key of the user `StageAdmin`",
            True,
        ),
        (
            None,
            "An administrator of account 444455556666 makes an access key of the user `StageAdmin`",
            True,
        ),
    ],
)
def test_a_page_tells_how_its_user_signs_in(
    access: Access, declare: Callable[..., None], sign_in: str | None, told: str, about_keys: bool
) -> None:
    declare(user_sign_in=sign_in)
    page = access("handover", "--contact", "me").out
    assert told in page
    assert ("- Keep the access key to yourself" in page) is about_keys
    assert ("- Nobody will send you an access key" in page) is not about_keys


def test_a_page_without_a_role_speaks_of_none(access: Access, declare: Callable[..., None]) -> None:
    declare(role_arn=None)
    page = access("handover", "--contact", "me").out
    assert "needs no profile" in page
    (tried,) = (line for line in page.splitlines() if line.startswith("aws s3api head-object "))
    assert tried.endswith(" --profile StageAdmin")
    assert not re.search("assume-role|Role to assume", page)


def test_a_page_without_a_role_says_how_its_callers_come_to_credentials(
    access: Access, declare: Callable[..., None]
) -> None:
    declare(role_arn=None)
    user = access("handover", "--contact", "me").out
    assert "makes an access key of the user `StageAdmin`" in user
    declare(role_arn=None, kind="ec2")
    machine = access("handover", "--contact", "me").out
    assert "Launch the instances with" in machine
    assert "access key of the user" not in machine


def test_a_page_tells_what_its_callers_must_be(
    access: Access, declare: Callable[..., None]
) -> None:
    asked = {
        "claims": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]},
        "source_ips": ["198.51.100.0/24"],
        "vpc_endpoints": ["vpce-1a2b3c4d"],
        "source_identity_required": True,
        "source_identities": ["alice", "bob"],
    }
    plain = access("handover", "--contact", "me").out
    declare(**asked)
    page = access("handover", "--contact", "me").out
    for told in (
        "- **Only for `aws:PrincipalOrgID`:** `o-a1b2c3d4e5`",
        "- **Only from:** `198.51.100.0/24`",
        "- **Only through VPC endpoints:** `vpce-1a2b3c4d`",
        "- **Source identity:** to be stated with every session, one of `alice`, `bob`",
    ):
        assert told in page
        assert told not in plain


SQS, SNS = "arn:aws:sqs:us-west-2:111122223333:jobs", "arn:aws:sns:us-west-2:111122223333:news"
QUEUE_URL = "https://sqs.us-west-2.amazonaws.com/111122223333/jobs"


def page_of(
    access: Access, monkeypatch: pytest.MonkeyPatch, grant: dict[str, object], **consumer: object
) -> str:
    """The page for a consumer whom a stack with a topic and a queue lets do one thing."""
    whole = {"name": "mine", "user": {"name": "Mine"}, **consumer}
    declared = {key: value for key, value in whole.items() if value is not None}
    declared_stack = {
        "buckets": [{"name": "shared-bucket"}],
        "topics": [{"name": "news"}],
        "queues": [{"name": "jobs"}],
        "consumers": [declared],
        "grants": [{"consumer": "mine", **grant}],
    }
    outputs = deploy(stack_values("prod", **declared_stack)).outputs
    monkeypatch.setattr(Stack, "outputs", lambda _: outputs)
    return access("handover", "--contact", "me").out


@pytest.mark.parametrize(
    ("kind", "arn", "levels", "command"),
    [
        (
            "topic",
            SNS,
            ["publish"],
            f"aws sns publish --topic-arn {SNS} --message test --region us-west-2",
        ),
        (
            "queue",
            SQS,
            ["send", "receive"],
            f"aws sqs send-message --queue-url {QUEUE_URL} --message-body test --region us-west-2",
        ),
        (
            "queue",
            SQS,
            ["receive"],
            f"aws sqs receive-message --queue-url {QUEUE_URL} --visibility-timeout 0"
            " --region us-west-2",
        ),
    ],
)
def test_a_page_tests_topics_and_queues(
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    arn: str,
    levels: list[str],
    command: str,
) -> None:
    grant: dict[str, object] = {kind: arn.rsplit(":", 1)[-1], "levels": levels, "via": "resource"}
    lines = page_of(access, monkeypatch, grant).splitlines()
    told = f"- {', '.join(levels)} on `{arn}`, with your own credentials and without a role: "
    assert [line for line in lines if line.startswith(told)]
    assert f"{command} --profile Mine" in lines


def test_a_page_of_a_subscription_has_no_command_that_would_stay(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant: dict[str, object] = {"topic": "news", "levels": ["subscribe"]}
    page = page_of(access, monkeypatch, grant, role={"name": "Reader"})
    assert f"- subscribe on `{SNS}`: `sns:Subscribe`\n" in page
    assert "aws sns" not in page


def test_a_page_tells_every_action_of_a_level(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant: dict[str, object] = {"bucket": "shared-bucket", "levels": ["write"]}
    page = page_of(access, monkeypatch, grant, role={"name": "Writer"})
    assert "- write on `arn:aws:s3:::shared-bucket`: " in page
    assert "`s3:GetObject`" in page
    assert "`s3:PutObject`" in page


@pytest.mark.parametrize(
    "callers",
    [
        {"third_party": {"account_id": "777788889999"}, "conditions": {"external_id": "vendor-7"}},
        {"principals": {"arns": ["arn:aws:iam::444455556666:role/data/*"]}},
        {"organization": {"id": "o-abc1234567"}},
    ],
)
def test_a_page_has_the_policy_that_callers_need_whom_the_stack_does_not_make(
    access: Access, monkeypatch: pytest.MonkeyPatch, callers: dict[str, object]
) -> None:
    grant: dict[str, object] = {"topic": "news", "levels": ["publish"], "via": "role"}
    role = {"name": "Theirs"}
    page = page_of(access, monkeypatch, grant, **{"user": None, "role": role, **callers})
    (policy,) = map(json.loads, re.findall(r"^```json\n(.*?)^```", page, re.DOTALL | re.MULTILINE))
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == (
        "Allow",
        ["sts:AssumeRole"],
        ["arn:aws:iam::111122223333:role/Theirs"],
    )
    asked = {"StringEquals": {"sts:ExternalId": ["vendor-7"]}} if "third_party" in callers else None
    assert statement.get("Condition") == asked


def test_a_page_of_instances_names_their_instance_profile(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(
        access,
        monkeypatch,
        {"topic": "news", "levels": ["publish"]},
        user=None,
        ec2={"role": {"name": "Machines"}, "instance_profile": "Box"},
        role={"name": "Theirs"},
    )
    assert "`arn:aws:iam::444455556666:instance-profile/Box`" in page


@pytest.mark.parametrize(
    ("kind", "source", "told"),
    [
        ("ecs_tasks", "EcsContainer", "as the task role (`taskRoleArn`) of the task definition"),
        ("lambda_functions", "Environment", "Give the function the execution role"),
        ("ec2", "Ec2InstanceMetadata", "Launch the instances with an instance profile of"),
    ],
)
def test_a_page_of_machines_says_how_they_get_their_role_and_where_credentials_are(
    access: Access, monkeypatch: pytest.MonkeyPatch, kind: str, source: str, told: str
) -> None:
    machines = {"role": {"name": "Machines", "existing": True}}
    page = page_of(
        access,
        monkeypatch,
        {"topic": "news", "levels": ["publish"]},
        **{"user": None, "role": {"name": "Theirs"}, kind: machines},
    )
    assert told in page
    assert "`arn:aws:iam::444455556666:role/Machines`" in page
    assert f"credential_source = {source}\n" in page


def test_a_page_of_eks_pods_has_the_annotation_of_their_service_account(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    oidc = {
        "issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B",
        "audience": "sts.amazonaws.com",
        "subjects": ["system:serviceaccount:web:shop", "system:serviceaccount:web:stock"],
    }
    page = page_of(
        access,
        monkeypatch,
        {"topic": "news", "levels": ["publish"]},
        user=None,
        oidc=oidc,
        role={"name": "Theirs"},
    )
    annotation = "eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/Theirs"
    assert [line for line in shell_lines(page) if line[0] == "kubectl"] == [
        ["kubectl", "annotate", "serviceaccount", name, "--namespace", "web", annotation]
        for name in ("shop", "stock")
    ]
    assert "In a pod of the service account, this must succeed:" in page
    assert "web-identity-token" not in page


PODS = {"role": {"name": "S"}, "cluster": "apps", "namespace": "web", "service_account": "shop"}


def test_a_page_of_pods_has_nothing_to_type(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant: dict[str, object] = {"topic": "news", "levels": ["publish"]}
    page = page_of(access, monkeypatch, grant, user=None, eks_pods=PODS, role={"name": "Theirs"})
    assert "EKS assumes the role for them" in page
    assert "`kubernetes-service-account=shop`, which EKS gives" in page
    assert [line[:2] for line in shell_lines(page)] == [["aws", "sts"], ["aws", "sns"]]
    assert "[profile" not in page
    ran = access("profile", "--consumer", "mine")
    assert (ran.status, "has the role's credentials from EKS in its pods" in ran.err) == (2, True)


def test_a_page_of_machines_outside_has_both_profiles_and_whom_to_ask_for_theirs(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "arn:aws:rolesanywhere:eu-west-1:444455556666:trust-anchor"
    anchor = f"{place}/11111111-2222-3333-4444-555555555555"
    anywhere = {
        "role": {"name": "Backup"},
        "trust_anchor_arn": anchor,
        "certificate": {"x509Subject/CN": "backup.example.com"},
    }
    grant: dict[str, object] = {"topic": "news", "levels": ["publish"]}
    page = page_of(
        access, monkeypatch, grant, user=None, roles_anywhere=anywhere, role={"name": "Theirs"}
    )
    files = configparser.ConfigParser()
    for block in re.findall(r"^```ini\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        files.read_string(block)
    own, theirs = files["profile mine"], files["profile Theirs"]
    assert theirs["source_profile"] == "mine"
    helper = shlex.split(own["credential_process"])
    assert helper[helper.index("--trust-anchor-arn") + 1] == anchor
    assert helper[helper.index("--role-arn") + 1] == "arn:aws:iam::444455556666:role/Backup"
    (make,) = (line for line in shell_lines(page) if line[:2] == ["aws", "rolesanywhere"])
    assert make[-2:] == ["--region", "eu-west-1"]
    grant = {"queue": "jobs", "levels": ["send"], "via": "resource"}
    page = page_of(access, monkeypatch, grant, user=None, roles_anywhere=anywhere)
    assert "credential_process = /usr/local/bin/aws_signing_helper" in page
    assert all(line[-2:] == ["--profile", "mine"] for line in shell_lines(page)[1:])


@pytest.mark.parametrize(("kind", "is_promised"), [("user", False), ("third_party", True)])
def test_only_a_page_that_needs_no_key_says_that_nobody_sends_one(
    access: Access, declare: Callable[..., None], kind: str, is_promised: bool
) -> None:
    declare(kind=kind)
    page = access("handover", "--contact", "me").out
    assert ("Nobody will send you an access key" in page) is is_promised


def shell_lines(text: str) -> list[list[str]]:
    """The words of each command of a page's shell blocks, as a shell splits them."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


# What separates words or commands, or is replaced, in a shell; and letters.
SHELL = st.text(st.sampled_from(" ;|&$`'\"()<>*?[]#~=%!{}\\/:-aZ0"), min_size=1, max_size=20)


@given(path=SHELL, external_id=SHELL, tag=SHELL, user=SHELL, region=SHELL)
def test_every_value_of_a_pages_commands_is_one_word_of_a_shell(
    path: str, external_id: str, tag: str, user: str, region: str
) -> None:
    role_arn = f"arn:aws:iam::111122223333:role/{path}/Reader {path}".rstrip("/")
    consumer = Consumer(
        name="reader",
        kind="user",
        sign_in="profile",
        is_one_principal=True,
        home_account="444455556666",
        chains=False,
        is_machine=False,
        role_arn=role_arn,
        principal_arns=(f"arn:aws:iam::444455556666:user/{user.replace('/', '')}u",),
        external_id=external_id,
        mfa=True,
        session_tags={tag: tag},
    )
    contract = Contract(
        production_account_id="111122223333",
        production_region=region,
        staging_account_id="444455556666",
        bucket_arns={},
        topic_arns={},
        queue_arns={},
        kms_key_arns={},
        consumers={"reader": consumer},
    )
    asked, without, wrong, _ = shell_lines(handover_page(contract, consumer, "me"))
    serial = f"arn:aws:iam::444455556666:mfa/{consumer.user_name}"
    role = ["aws", "sts", "assume-role", "--role-arn", role_arn, "--role-session-name", "test"]
    role += ["--region", region]
    rest = ["--serial-number", serial, "--token-code", "CODE", "--tags", f"Key={tag},Value={tag}"]
    rest += ["--query", "AssumedRoleUser.Arn", "--output", "text"]
    rest += ["--profile", str(consumer.user_name)]
    assert asked == [*role, "--external-id", external_id, *rest]
    assert without == [*role, *rest]
    assert wrong == [*role, "--external-id", f"not-{external_id}", *rest]
    oidc = replace(consumer, sign_in="web_identity")
    assert ["--role-arn", role_arn] == shell_lines(handover_page(contract, oidc, "me"))[0][3:5]
    plain = replace(consumer, session_tags={})
    name = role_arn.rsplit("/", 1)[-1]
    assert shell_lines(handover_page(contract, plain, "me"))[-1] == [
        *("aws", "sts", "get-caller-identity", "--profile", name),
    ]


def test_a_page_without_a_role_tells_what_the_callers_account_and_mfa_need(
    access: Access, declare: Callable[..., None]
) -> None:
    declare(role_arn=None, kind="principals", mfa=True)
    page = access("handover", "--contact", "me").out
    assert "- **MFA:** a code with every session\n" in page
    assert "Its own policy must allow the same actions on the same resources" in page
    assert f"aws sts get-session-token --serial-number {PLACEHOLDER}" in page
    declare(role_arn=None)
    page = access("handover", "--contact", "me").out
    assert "Its own policy must allow" not in page
    assert "get-session-token" not in page


@pytest.mark.parametrize("contact", ["", " ", "two\nlines"])
def test_rejects_a_contact_that_is_no_line(access: Access, contact: str) -> None:
    ran = access("handover", "--contact", contact)
    assert ran.status == 2
    assert "must be one line that is not empty" in ran.err


def _commands(printed: str) -> list[list[str]]:
    """The words of each command, as a shell splits them."""
    words = shlex.split(printed, comments=True)
    starts = [at for at, word in enumerate(words) if word == "aws"]
    return [words[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
