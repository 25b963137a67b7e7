"""`access prove` with the real engine: before a stack is made, before it changes, and after."""

from __future__ import annotations

import json
import shlex
import shutil
from typing import Any

import pytest

from tests.support.deployment import ACCESS, ROOT
from tests.support.program import Program, Ran

BROKEN = """\
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import Level, LevelActions

Bucket.levels = {
    **Bucket.levels,
    Level.LIST: LevelActions(on_resource=("s3:ListBucket", "s3:PutBucketPolicy")),
}
"""
"""A program that means more by a level than it should, and less."""

LOCKED = """\
import json

import pulumi


def refusing(args):
    statement = {"Sid": "DenyAll", "Effect": "Deny", "Principal": "*", "Action": "ACTION"}
    if args.type_ != "TYPE":
        return None
    document = json.loads(args.props["policy"])
    first = document["Statement"][0]
    document["Statement"].append(statement | {"Resource": first["Resource"]})
    return pulumi.ResourceTransformResult({**args.props, "policy": json.dumps(document)}, args.opts)


pulumi.runtime.register_resource_transform(refusing)
"""
"""A program that refuses everybody everything, as a template from elsewhere might."""


def prove(program: Program, source: str) -> Ran:
    return program.run(ACCESS, "prove", "--stack", "prod", "--from", source)


def differences(program: Program, source: str) -> list[tuple[str, tuple[str, ...]]]:
    ran = program.run(ACCESS, "prove", "--stack", "prod", "--from", source, "--json")
    told: dict[str, Any] = json.loads(ran.output[ran.output.index("{") :])
    assert ran.status == (0 if told["proved"] else 1)
    return [(each["effect"], tuple(each["actions"])) for each in told["differences"]]


def broken(program: Program) -> None:
    main = program.folder / "__main__.py"
    main.write_text(f"{BROKEN}{main.read_text()}")


@pytest.mark.parametrize("example", ["kms", "topics-queues", "many-grants"])
def test_a_stack_is_proved_before_it_is_made(program: Program, example: str) -> None:
    shutil.copy2(ROOT / "examples" / example / "Pulumi.prod.yaml", program.folder)
    ran = prove(program, "preview")
    assert ran.status == 0, ran.output
    assert "proved: documents allow what is declared and nothing more (preview;" in ran.output


def test_a_program_that_means_more_is_found_before_it_has_made_anything(program: Program) -> None:
    broken(program)
    found = differences(program, "preview")
    assert ("widens", ("s3:PutBucketPolicy",)) in found
    assert ("narrows", ("s3:GetBucketLocation",)) in found


@pytest.mark.parametrize(
    ("token", "action", "told"),
    [
        ("aws:s3/bucketPolicy:BucketPolicy", "s3:*", "s3:PutBucketPolicy"),
        ("aws:sqs/queuePolicy:QueuePolicy", "sqs:*", "sqs:SetQueueAttributes"),
        ("aws:kms/key:Key", "kms:*", "kms:PutKeyPolicy"),
    ],
)
def test_a_policy_that_would_lock_out_is_found_before_it_is_written(
    program: Program, token: str, action: str, told: str
) -> None:
    shutil.copy2(ROOT / "examples" / "via-resource" / "Pulumi.prod.yaml", program.folder)
    main = program.folder / "__main__.py"
    changed = LOCKED.replace("TYPE", token).replace("ACTION", action)
    main.write_text(f"{changed}{main.read_text()}")
    ran = prove(program, "preview")
    assert ran.status == 1, ran.output
    lines = ran.output.splitlines()
    (number,) = (n for n, line in enumerate(lines) if line.startswith("locked out: "))
    assert told in lines[number]
    answered = program.run(*shlex.split(lines[number + 1]))
    assert "denied  production:" in answered.output, answered.output


def test_every_change_is_proved_before_it_is_made(program: Program) -> None:
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        assert program.run(*git, *words).status == 0
    program.up()
    for source in ("state", "live", "preview"):
        assert differences(program, source) == []
    # Less of a bucket that is there, and a bucket with a key that is not.
    stack_file = program.folder / "Pulumi.prod.yaml"
    bucket, grant = "      staging_may_list: true\n", "      levels: [list, read]\n"
    added = f"{grant}      prefixes: [reports/]\n    - consumer: stage-admin\n"
    settings = stack_file.read_text()
    assert settings.count(bucket) == settings.count(grant) == 1
    stack_file.write_text(
        settings.replace(
            bucket, f"{bucket}    - name: example-second\n      encryption: kms\n"
        ).replace(grant, f"{added}      bucket: example-second\n      levels: [write]\n")
    )
    assert differences(program, "preview") == []
    broken(program)
    assert ("widens", ("s3:PutBucketPolicy",)) in differences(program, "preview")
    assert differences(program, "git:HEAD") == []
