"""What is changed behind the program's back shows in plain `pulumi preview`, and `up` heals it."""

import json
from collections.abc import Callable
from typing import Any

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


Drift = tuple[Callable[[Any, Any], None], str, str]

ROUNDS: list[list[Drift]] = [
    [
        (open_trust, "aws:iam/role:Role: (update)", "~ assumeRolePolicy"),
        (widen_access_policy, "aws:iam/policy:Policy: (update)", "~ policy"),
        (attach_policy_to_role, "RolePolicyAttachmentsExclusive: (update)", ADMINISTRATOR),
        (write_policy_to_role, "RolePoliciesExclusive: (update)", "extra"),
        (attach_policy_to_user, "UserPolicyAttachmentsExclusive: (update)", ADMINISTRATOR),
        (write_policy_to_user, "UserPoliciesExclusive: (update)", "extra"),
        (delete_bucket_policy, "aws:s3/bucketPolicy:BucketPolicy: (create)", "policy"),
        (unblock_public_access, "BucketPublicAccessBlock: (update)", "~ blockPublicPolicy"),
        (suspend_versioning, "BucketVersioning: (update)", "Suspended"),
    ],
    [
        (lengthen_session, "aws:iam/role:Role: (update)", "~ maxSessionDuration"),
        (detach_policy_from_role, "RolePolicyAttachmentsExclusive: (update)", "StageRoleAccess"),
        (widen_user_policy, "aws:iam/userPolicy:UserPolicy: (update)", "~ policy"),
        (open_bucket_policy, "aws:s3/bucketPolicy:BucketPolicy: (update)", "~ policy"),
        (drop_lifecycle, "BucketLifecycleConfiguration: (create)", "expire-noncurrent-versions"),
        (bring_back_acls, "BucketOwnershipControls: (update)", "ObjectWriter"),
    ],
    [
        (delete_user_policy, "aws:iam/userPolicy:UserPolicy: (create)", "assume-StageRole"),
        (retag_role, "aws:iam/role:Role: (update)", "stack"),
    ],
]
"""Each drift with what a preview says of it: the resource and what `up` does to it, and a detail.
A round is made at once, since an engine run costs seconds; within a round no two touch the same
resource."""


def test_a_settled_stack_shows_no_drift(deployed: Program) -> None:
    assert deployed.settled()


@pytest.mark.parametrize(
    "drifts", ROUNDS, ids=[" + ".join(drift.__name__ for drift, *_ in drifts) for drifts in ROUNDS]
)
def test_every_drift_is_shown_and_healed(deployed: Program, drifts: list[Drift]) -> None:
    production, staging = admin(PRODUCTION_ADMIN).client, admin(STAGING_ADMIN).client
    for drift, *_ in drifts:
        drift(production, staging)
    shown = deployed.drift()
    unseen = [
        drift.__name__
        for drift, resource, detail in drifts
        if resource not in shown or detail not in shown
    ]
    assert unseen == []
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
