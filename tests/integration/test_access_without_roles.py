"""The `access` command on topics, queues, keys and consumers without a role."""

import json
import shutil
from typing import Any

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ACCESS, ROOT
from tests.support.people import PRODUCTION_ADMIN, admin
from tests.support.program import Program, Ran

TOPIC, QUEUE = "production:sns:example-direct-news", "production:sqs:example-direct-jobs"


@pytest.fixture(scope="module")
def direct(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """`examples/via-resource`, deployed once; no test here changes it for good."""
    box.reset()
    program = Program.copied_to(tmp_path_factory.mktemp("direct"), box.environment)
    program.init()
    shutil.copy2(ROOT / "examples" / "via-resource" / "Pulumi.prod.yaml", program.folder)
    program.up()
    return program


def access(program: Program, *words: str) -> Ran:
    return program.run(ACCESS, *words, "--stack", "prod")


def outcome(program: Program, *question: str) -> str:
    output = access(program, "explain", *question, "--json").output
    told: str = json.loads(output[output.index("{") :])["outcome"]
    return told


@pytest.mark.parametrize("source", ["live", "state", "preview"])
def test_explain_reads_the_policies_of_topics_and_queues(direct: Program, source: str) -> None:
    def asked(principal: str, action: str, resource: str) -> str:
        return outcome(direct, f"staging:{principal}", action, resource, "--from", source)

    assert asked("user/Publisher", "sns:Publish", TOPIC) == "allowed"
    assert asked("user/Copier", "sns:Publish", TOPIC) == "denied"
    assert asked("role/DirectWorker", "sqs:ReceiveMessage", QUEUE) == "allowed"
    assert asked("role/DirectWorker", "sqs:SendMessage", QUEUE) == "denied"


def test_explain_takes_what_a_key_is_asked_for(direct: Program) -> None:
    key = direct.outputs()["kmsKeyArns"]["example-direct-101"]
    by_s3 = (
        *("--context", "kms:ViaService=s3.us-west-2.amazonaws.com"),
        *("--context", "kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::example-direct-101"),
        *("--context", "aws:CurrentTime=2030-01-01T00:00:00Z"),
    )
    question = ("staging:user/Copier", "kms:Decrypt", key)
    assert outcome(direct, *question, *by_s3) == "allowed"
    assert outcome(direct, *question) == "unknown"
    assert outcome(direct, *question, "--absent", "kms:ViaService") == "denied"


def test_lint_has_nothing_against_what_the_stack_writes(direct: Program) -> None:
    for source in ("state", "live"):
        ran = access(direct, "lint", "--from", source)
        assert ran.status == 0, ran.output
        assert "10 documents checked, no findings" in ran.output


def test_diff_tells_what_is_planned_and_what_others_changed(direct: Program) -> None:
    for sources in ((), ("--to", "live")):
        ran = access(direct, "diff", *sources)
        assert ran.status == 0, ran.output
        assert "no change in access" in ran.output

    grants = direct.settings()["grants"]
    direct.set(grants=[grant for grant in grants if grant.get("topic") != "example-direct-news"])
    try:
        ran = access(direct, "diff")
        assert ran.status == 0, ran.output
        assert f"- staging:user/Publisher may sns:Publish {TOPIC}\n" in ran.output
        assert "narrows in 2" in ran.output
    finally:
        direct.set(grants=grants)

    sqs = admin(PRODUCTION_ADMIN).client("sqs")
    url = sqs.get_queue_url(QueueName="example-direct-jobs")["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    statements = json.loads(policy["Policy"])["Statement"]
    statements.append(_open_to_staging(statements[0]["Resource"]))
    changed = json.dumps({"Version": "2012-10-17", "Statement": statements})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": changed})
    try:
        ran = access(direct, "diff", "--to", "live")
        assert ran.status == 1
        assert f"+ anybody else of staging may sqs:SendMessage {QUEUE}\n" in ran.output
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy["Policy"]})


def _open_to_staging(resource: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "sqs:SendMessage",
        "Resource": resource,
    }


def test_map_draws_ways_that_take_no_role(direct: Program) -> None:
    ran = access(direct, "map", "--json")
    assert ran.status == 0
    graph = json.loads(ran.output)
    (key,) = direct.outputs()["kmsKeyArns"].values()
    nodes = {node["name"] for node in graph["nodes"]}
    assert {TOPIC, QUEUE, f"production:kms:{key.rsplit(':', 1)[1]}"} <= nodes
    drawn = {
        (row["principal"], row["through"], action, row["resource"])
        for row in graph["access"]
        for action in row["actions"]
    }
    assert ("staging:user/Publisher", None, "sns:Publish", TOPIC) in drawn
    way = ("ec2.amazonaws.com", "staging:role/DirectWorker")
    assert (*way, "sqs:ReceiveMessage", QUEUE) in drawn


def test_a_consumer_without_a_role_gets_a_page_and_no_session(direct: Program) -> None:
    page = access(direct, "handover", "--consumer", "copier", "--contact", "ops@example.com")
    assert page.status == 0
    assert "What goes without a role needs no profile" in page.output
    assert "Role to assume" not in page.output
    for verb in ("login", "profile"):
        ran = access(direct, verb, "--consumer", "copier")
        assert ran.status == 2
        assert "consumer copier has no role: it uses its own credentials" in ran.output
