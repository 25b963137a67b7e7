"""After an update that was killed, the commands that are told end where an undisturbed one does."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.support.people import (
    PRODUCTION_ADMIN,
    REGION,
    STAGING_ADMIN,
    admin,
    assume,
    refused,
    user,
)
from tests.support.program import Program

BUCKET, STATES = "production-test-bucket-101", "states-of-recover-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"


@contextmanager
def stopped(program: Program, after: int) -> Iterator[None]:
    """An `up` that stands still once so much is made; it is killed at the end, with all it started.

    As with SIGKILL at that moment, nothing of it is done afterwards.
    """
    with subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive"],
        cwd=program.folder,
        env=dict(program.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            made = 0
            for line in process.stdout:
                made += " created (" in line
                if made == after:
                    process.send_signal(signal.SIGSTOP)
                    break
            assert made == after
            yield
        finally:
            process.kill()
            program.kill()


def access(program: Program, *words: str) -> tuple[int, str]:
    ran = program.run("access", *words, "--stack", "prod")
    return ran.status, ran.output


def test_a_killed_update_is_recovered_from_with_what_it_made(program: Program) -> None:
    with stopped(program, after=6):
        status, output = access(program, "recover", "--apply")
        assert (status, "is being updated by" in output) == (3, True), output
    status, output = access(program, "recover")
    assert (status, "locked by an update that has ended" in output) == (1, True), output
    status, output = access(program, "recover", "--apply")
    assert status == 0, output
    program.up()
    assert program.settled()
    status, output = access(program, "recover")
    assert (status, "nothing is left" in output) == (0, True), output
    status, output = access(program, "drift")
    assert status == 0, output
    roles = admin(PRODUCTION_ADMIN).client("iam").list_roles()["Roles"]
    assert [each["RoleName"] for each in roles if each["RoleName"].startswith("Stage")] == [
        "StageRole"
    ]


def test_a_state_in_a_bucket_is_recovered_as_well(program: Program) -> None:
    admin(PRODUCTION_ADMIN).client("s3").create_bucket(
        Bucket=STATES, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    endpoint = program.environment["AWS_ENDPOINT_URL"]
    backend = f"s3://{STATES}?region={REGION}&endpoint={endpoint}&s3ForcePathStyle=true"
    variables = {"PULUMI_BACKEND_URL": backend, "AWS_PROFILE": PRODUCTION_ADMIN}
    there = replace(program, environment={**program.environment, **variables})
    there.init()
    with stopped(there, after=6):
        status, output = access(there, "recover", "--apply")
        assert (status, "is being updated by" in output) == (3, True), output
    status, output = access(there, "recover", "--apply")
    assert (status, "locked by an update that has ended" in output) == (0, True), output
    there.up()
    assert there.settled()


def test_revoked_sessions_end_at_once_and_the_next_up_keeps_it(deployed: Program) -> None:
    person = user("StageAdmin")
    old = assume(person, ROLE).client("s3")
    old.list_objects_v2(Bucket=BUCKET)
    # The emulated STS dates sessions to the second, and IAM compares with "less than".
    clock = admin(STAGING_ADMIN).client("sts")
    begun = clock.get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["date"]
    while clock.get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["date"] == begun:
        pass
    assert access(deployed, "revoke", "--consumer", "stage-admin")[0] == 0
    with refused():
        old.list_objects_v2(Bucket=BUCKET)
    deployed.up()
    assert deployed.settled()
    with refused():
        old.list_objects_v2(Bucket=BUCKET)
    assume(person, ROLE).client("s3").list_objects_v2(Bucket=BUCKET)
    assert access(deployed, "prove", "--from", "live")[0] == 0
    assert access(deployed, "revoke", "--consumer", "stage-admin", "--undo")[0] == 0
    old.list_objects_v2(Bucket=BUCKET)
    deployed.up()
    assert deployed.settled()
