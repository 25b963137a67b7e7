"""A stack stays in the accounts that it was made in, whatever its file comes to say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ACCESS
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin, root
from tests.support.program import Program

PRODUCTION, STAGING, OTHER = "111122223333", "444455556666", "777788889999"
VERBS: Final = {
    "up": ["up", "--yes"],
    "up without a preview": ["up", "--yes", "--skip-preview"],
    "up without a refresh": ["up", "--yes", "--skip-preview", "--refresh=false"],
    "up with the program first": ["up", "--yes", "--skip-preview", "--run-program"],
    "preview": ["preview"],
    "refresh": ["refresh", "--yes", "--skip-preview", "--run-program"],
    "destroy": ["destroy", "--yes", "--skip-preview", "--run-program"],
}
MOVED: Final = {"staging_account_id": OTHER, "staging_profile": "Other"}
"""Staging's ID and profile, changed together."""
SWAPPED: Final = {
    "production_account_id": STAGING,
    "production_profile": STAGING_ADMIN,
    "staging_account_id": PRODUCTION,
    "staging_profile": PRODUCTION_ADMIN,
}


def with_profile_of_another_account(program: Program, box: Sandbox, folder: Path) -> Program:
    """The same program where a third profile, `Other`, is as good as the two."""
    iam = root(OTHER).client("iam")
    iam.create_user(UserName="OtherAdministrator")
    iam.attach_user_policy(
        UserName="OtherAdministrator", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    key = iam.create_access_key(UserName="OtherAdministrator")["AccessKey"]
    credentials = folder / "credentials"
    credentials.write_text(
        Path(box.environment["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
        + f"\n[Other]\naws_access_key_id = {key['AccessKeyId']}\n"
        + f"aws_secret_access_key = {key['SecretAccessKey']}\n"
    )
    return Program(
        program.folder, {**program.environment, "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    )


@pytest.fixture(scope="module")
def made(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """`prod`, deployed once, since nothing may change it."""
    box.reset()
    folder = tmp_path_factory.mktemp("made")
    program = with_profile_of_another_account(
        Program.copied_to(folder, box.environment), box, folder
    )
    program.init()
    program.up()
    settle(program)
    return program


@pytest.fixture
def restored(made: Program) -> Iterator[Program]:
    """The deployed program, whose stack file is afterwards as it was."""
    path = made.folder / "Pulumi.prod.yaml"
    content = path.read_text()
    yield made
    path.write_text(content)


def settle(program: Program) -> None:
    """Lets the engine record what only a refresh reads, so that the next one finds it there."""
    program.pulumi("refresh", "--yes", "--skip-preview", "--stack", "prod")


def as_made(program: Program) -> dict[str, dict[str, Any]]:
    """The resources of the state by URN, timestamps aside."""
    return {
        resource["urn"]: {
            key: value for key, value in resource.items() if key not in ("created", "modified")
        }
        for resource in program.resources()
    }


def told(output: str) -> str:
    """What a person reads last."""
    last = output[output.index("Diagnostics:") :]
    assert "Traceback" not in last
    assert last.count("nothing was changed") == 1, last
    return last


@pytest.mark.parametrize("changed", [MOVED, SWAPPED], ids=["one side", "swapped"])
@pytest.mark.parametrize("verb", VERBS)
def test_other_accounts_are_refused_and_the_state_is_left(
    restored: Program, verb: str, changed: dict[str, str]
) -> None:
    before = as_made(restored)
    restored.set(**changed)
    output = told(restored.refused(*VERBS[verb], "--stack", "prod"))
    assert (
        f"staging_account_id is {changed['staging_account_id']}, "
        f"but stack 'prod' was made in account {STAGING}"
    ) in output
    assert as_made(restored) == before


def test_wrong_credentials_behind_the_right_name_are_told_by_the_program_where_it_runs_first(
    made: Program, tmp_path: Path
) -> None:
    before = as_made(made)
    profiles = Path(made.environment["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
    wrong = tmp_path / "wrong"
    wrong.write_text(
        profiles.replace(f"[{STAGING_ADMIN}]", "[Right]").replace("[Other]", f"[{STAGING_ADMIN}]")
    )
    mistaken = Program(made.folder, {**made.environment, "AWS_SHARED_CREDENTIALS_FILE": str(wrong)})
    # The refresh comes before the program, and knows no setting.
    for verb in ("preview", "refresh"):
        yes = [] if verb == "preview" else ["--yes", "--skip-preview"]
        output = mistaken.refused(verb, *yes, "--stack", "prod")
        assert f"AWS account ID not allowed: {OTHER}" in output
        assert "staging" in output
        output = told(mistaken.refused(verb, *yes, "--run-program", "--stack", "prod"))
        assert f"staging_profile: '{STAGING_ADMIN}' is arn:aws:iam::{OTHER}:user/" in output
        assert f"but staging_account_id is {STAGING}; correct whichever is wrong" in output
    assert as_made(made) == before


def test_access_import_refuses_other_accounts_too(restored: Program) -> None:
    before = as_made(restored)
    restored.set(**MOVED)
    ran = restored.run(ACCESS, "import", "--stack", "prod", "--apply", "--yes")
    assert ran.status != 0
    assert f"staging_account_id is {OTHER}, but stack 'prod' was made in account {STAGING}" in (
        ran.output
    )
    assert as_made(restored) == before


def test_a_stack_whose_first_up_was_interrupted_knows_its_accounts(
    program: Program, box: Sandbox, tmp_path: Path
) -> None:
    program = with_profile_of_another_account(program, box, tmp_path)
    program.interrupted("up", after="aws:s3:BucketPublicAccessBlock")
    assert "aws:s3/bucketPolicy:BucketPolicy" not in {each["type"] for each in program.resources()}
    settle(program)
    before, file = as_made(program), (program.folder / "Pulumi.prod.yaml").read_text()
    program.set(production_account_id=OTHER, production_profile="Other")
    output = told(program.refused("up", "--yes", "--skip-preview", "--stack", "prod"))
    assert (
        f"production_account_id is {OTHER}, but stack 'prod' was made in account {PRODUCTION}"
    ) in output
    assert as_made(program) == before
    (program.folder / "Pulumi.prod.yaml").write_text(file)
    program.up()
    assert program.settled()


def test_without_the_program_refresh_and_destroy_go_to_the_accounts_of_the_stack(
    program: Program, box: Sandbox, tmp_path: Path
) -> None:
    program = with_profile_of_another_account(program, box, tmp_path)
    (bucket,) = program.settings()["buckets"]
    program.set(buckets=[{**bucket, "protect": False}])
    program.up()
    settle(program)
    before = as_made(program)
    program.set(**MOVED)
    program.pulumi("refresh", "--yes", "--skip-preview", "--stack", "prod")
    assert as_made(program) == before
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    production, staging = admin(PRODUCTION_ADMIN), admin(STAGING_ADMIN)
    assert production.client("s3").list_buckets()["Buckets"] == []
    assert production.client("iam").list_roles()["Roles"] == []
    assert len(staging.client("iam").list_users()["Users"]) == 1
    # Nothing is left that could be lost, so the stack may be made elsewhere.
    program.pulumi("preview", "--stack", "prod")
