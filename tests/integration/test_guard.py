"""A mistake about accounts ends in one clear message, with nothing made in either account."""

from pathlib import Path

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin
from tests.support.program import Program

PROVEN = 'preflight.prove(settings.load(), component="access")'
"""The program's own proof."""


def nothing_was_made(program: Program) -> bool:
    production, staging = admin(PRODUCTION_ADMIN), admin(STAGING_ADMIN)
    return (
        not [item for item in program.resources() if item["type"].startswith("aws:")]
        and production.client("s3").list_buckets()["Buckets"] == []
        and production.client("iam").list_roles()["Roles"] == []
        and len(staging.client("iam").list_users()["Users"]) == 1
    )


def diagnostics(output: str) -> str:
    return output[output.index("Diagnostics:") :]


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"staging_profile": "NoSuchProfile"},
            "staging_profile: 'NoSuchProfile' is not in your AWS config or credentials file",
        ),
        (
            {
                "production_profile": "StagingAccountAdmin",
                "staging_profile": "ProductionAccountAdmin",
            },
            "production_profile: 'StagingAccountAdmin' is "
            "arn:aws:iam::444455556666:user/StagingAdministrator of account 444455556666, but "
            "production_account_id is 111122223333",
        ),
        (
            {"staging_account_id": "123456789012"},
            "but staging_account_id is 123456789012; correct whichever is wrong",
        ),
        (
            {"production_account_id": 12345678901},
            "production_account_id: '12345678901' must be 12 digits",
        ),
    ],
    ids=["missing profile", "swapped profiles", "wrong account ID", "account ID as a number"],
)
def test_rejects_the_wrong_account_before_either_is_touched(
    program: Program, settings: dict[str, str], told: str, preview: bool
) -> None:
    program.set(**settings)
    arguments = ["preview"] if preview else ["up", "--yes", "--skip-preview"]
    output = diagnostics(program.refused(*arguments, "--stack", "prod"))
    assert told in output
    assert output.count("nothing was changed") == 1
    assert "Traceback" not in output
    assert nothing_was_made(program)


def test_rejects_credentials_that_aws_refuses(
    program: Program, box: Sandbox, tmp_path: Path
) -> None:
    credentials = Path(box.environment["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
    refused = tmp_path / "refused"
    refused.write_text(credentials.replace("aws_access_key_id = ", "aws_access_key_id = AKIA0"))
    ran = program.run(
        "pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive",
        AWS_SHARED_CREDENTIALS_FILE=str(refused),
    )  # fmt: skip
    output = diagnostics(ran.output)
    assert ran.status != 0
    assert "is refused by AWS (InvalidClientTokenId" in output
    assert output.count("nothing was changed") == 1
    assert nothing_was_made(program)


def test_the_component_alone_makes_nothing_when_one_provider_is_refused(
    program: Program, box: Sandbox, tmp_path: Path
) -> None:
    # Without the program's own proof: what protects those who use the component elsewhere.
    main = (program.folder / "__main__.py").read_text()
    assert PROVEN in main
    (program.folder / "__main__.py").write_text(main.replace(PROVEN, "settings.load()"))
    profiles = Path(box.environment["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
    production = profiles[profiles.index("[ProductionAccountAdmin]") :].split("[Staging")[0]
    wrong = tmp_path / "wrong"
    wrong.write_text(profiles + production.replace("ProductionAccountAdmin", "Wrong"))
    program.set(staging_profile="Wrong")
    ran = program.run(
        "pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive",
        AWS_SHARED_CREDENTIALS_FILE=str(wrong),
    )  # fmt: skip
    assert ran.status != 0
    assert "AWS account ID not allowed: 111122223333" in ran.output
    assert nothing_was_made(program)


def test_rejects_a_bucket_name_that_somebody_else_holds(program: Program) -> None:
    admin(STAGING_ADMIN).client("s3").create_bucket(
        Bucket="production-test-bucket-101",
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
    )
    output = diagnostics(program.refused("up", "--yes", "--skip-preview", "--stack", "prod"))
    assert "BucketAlreadyExists" in output
    assert "production-test-bucket-101" in output
    assert "Traceback" not in output
