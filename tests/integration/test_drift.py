"""What is changed behind the program's back shows in plain `pulumi preview`, and `up` heals it."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin
from tests.support.program import Program

BUCKET = "production-test-bucket-101"
READ_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}],
    }
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def open_trust(production: Any, _: Any) -> None:
    trust = json.loads(READ_ALL)
    trust["Statement"][0] |= {
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
    }
    del trust["Statement"][0]["Resource"]
    production("iam").update_assume_role_policy(
        RoleName="StageRole", PolicyDocument=json.dumps(trust)
    )


def widen_access_policy(production: Any, _: Any) -> None:
    production("iam").create_policy_version(
        PolicyArn="arn:aws:iam::111122223333:policy/StageRoleAccess",
        PolicyDocument=READ_ALL,
        SetAsDefault=True,
    )


def attach_policy_to_role(production: Any, _: Any) -> None:
    production("iam").attach_role_policy(RoleName="StageRole", PolicyArn=ADMINISTRATOR)


def detach_policy_from_role(production: Any, _: Any) -> None:
    production("iam").detach_role_policy(
        RoleName="StageRole", PolicyArn="arn:aws:iam::111122223333:policy/StageRoleAccess"
    )


def write_policy_to_role(production: Any, _: Any) -> None:
    production("iam").put_role_policy(
        RoleName="StageRole", PolicyName="extra", PolicyDocument=READ_ALL
    )


def attach_policy_to_user(_: Any, staging: Any) -> None:
    staging("iam").attach_user_policy(UserName="StageAdmin", PolicyArn=ADMINISTRATOR)


def write_policy_to_user(_: Any, staging: Any) -> None:
    staging("iam").put_user_policy(
        UserName="StageAdmin", PolicyName="extra", PolicyDocument=READ_ALL
    )


def widen_user_policy(_: Any, staging: Any) -> None:
    document = READ_ALL.replace("s3:GetObject", "sts:AssumeRole")
    staging("iam").put_user_policy(
        UserName="StageAdmin", PolicyName="assume-StageRole", PolicyDocument=document
    )


def delete_user_policy(_: Any, staging: Any) -> None:
    staging("iam").delete_user_policy(UserName="StageAdmin", PolicyName="assume-StageRole")


def lengthen_session(production: Any, _: Any) -> None:
    production("iam").update_role(RoleName="StageRole", MaxSessionDuration=43200)


def delete_bucket_policy(production: Any, _: Any) -> None:
    production("s3").delete_bucket_policy(Bucket=BUCKET)


def open_bucket_policy(production: Any, _: Any) -> None:
    policy = json.loads(READ_ALL)
    policy["Statement"][0] |= {
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    production("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def unblock_public_access(production: Any, _: Any) -> None:
    production("s3").put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": True,
        },
    )


def suspend_versioning(production: Any, _: Any) -> None:
    production("s3").put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
    )


def drop_lifecycle(production: Any, _: Any) -> None:
    production("s3").delete_bucket_lifecycle(Bucket=BUCKET)


def bring_back_acls(production: Any, _: Any) -> None:
    production("s3").put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )


def retag_role(production: Any, _: Any) -> None:
    production("iam").tag_role(RoleName="StageRole", Tags=[{"Key": "stack", "Value": "mine"}])


DRIFTS: list[tuple[Callable[[Any, Any], None], str]] = [
    (open_trust, "assumeRolePolicy"),
    (widen_access_policy, "aws:iam/policy:Policy"),
    (attach_policy_to_role, "AdministratorAccess"),
    (detach_policy_from_role, "aws:iam/rolePolicyAttachmentsExclusive"),
    (write_policy_to_role, "aws:iam/rolePoliciesExclusive"),
    (attach_policy_to_user, "aws:iam/userPolicyAttachmentsExclusive"),
    (write_policy_to_user, "aws:iam/userPoliciesExclusive"),
    (widen_user_policy, "aws:iam/userPolicy:UserPolicy"),
    (delete_user_policy, "aws:iam/userPolicy:UserPolicy"),
    (lengthen_session, "maxSessionDuration"),
    (delete_bucket_policy, "aws:s3/bucketPolicy:BucketPolicy"),
    (open_bucket_policy, "aws:s3/bucketPolicy:BucketPolicy"),
    (unblock_public_access, "blockPublicPolicy"),
    (suspend_versioning, "Suspended"),
    (drop_lifecycle, "aws:s3/bucketLifecycleConfiguration"),
    (bring_back_acls, "ObjectWriter"),
    (retag_role, "aws:iam/role:Role"),
]


@pytest.fixture(scope="module")
def clients(deployed: Program) -> tuple[Any, Any]:
    assert deployed.settled()

    def of(session: boto3.Session) -> Any:
        return session.client

    return of(admin(PRODUCTION_ADMIN)), of(admin(STAGING_ADMIN))


@pytest.mark.parametrize(
    ("drift", "shown"), DRIFTS, ids=[drift.__name__.replace("_", " ") for drift, _ in DRIFTS]
)
def test_drift_is_shown_and_healed(
    deployed: Program, clients: tuple[Any, Any], drift: Callable[[Any, Any], None], shown: str
) -> None:
    drift(*clients)
    assert shown in deployed.drift()
    deployed.up()
    assert deployed.settled()


def test_deleted_resources_are_made_again(program: Program) -> None:
    program.up()
    iam = admin(PRODUCTION_ADMIN).client("iam")
    policy = "arn:aws:iam::111122223333:policy/StageRoleAccess"
    iam.detach_role_policy(RoleName="StageRole", PolicyArn=policy)
    iam.delete_role(RoleName="StageRole")
    iam.delete_policy(PolicyArn=policy)
    admin(PRODUCTION_ADMIN).client("s3").delete_bucket(Bucket=BUCKET)
    assert "to create" in program.drift()
    program.up()
    assert program.settled()
