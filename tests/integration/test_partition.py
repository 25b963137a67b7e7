"""The program in another partition: AWS GovCloud (US), as far as its ARNs go."""

import boto3

from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, refused
from tests.support.program import Program

REGION = "us-gov-west-1"
BUCKET, ROLE = "production-test-bucket-101", "arn:aws-us-gov:iam::111122223333:role/StageRole"


def test_a_stack_in_govcloud_has_the_access_by_its_own_arns(program: Program) -> None:
    program.set(production_region=REGION, staging_region=REGION)
    program.up()
    assert program.outputs()["roleArns"] == {"stage-admin": ROLE}
    assert program.settled()

    production = boto3.Session(profile_name=PRODUCTION_ADMIN, region_name=REGION)
    production.client("s3").put_object(Bucket=BUCKET, Key="Sunset.jpg", Body=b"evening")
    staging = boto3.Session(profile_name=STAGING_ADMIN, region_name=REGION).client("iam")
    key = staging.create_access_key(UserName="StageAdmin")["AccessKey"]
    caller = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    sts = caller.client("sts")
    assert sts.get_caller_identity()["Arn"].startswith("arn:aws-us-gov:iam::444455556666:user/")
    session = sts.assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    role = boto3.Session(
        session["AccessKeyId"],
        session["SecretAccessKey"],
        session["SessionToken"],
        region_name=REGION,
    ).client("s3")
    assert role.get_object(Bucket=BUCKET, Key="Sunset.jpg")["Body"].read() == b"evening"
    with refused():
        role.put_object(Bucket=BUCKET, Key="new.jpg", Body=b"")
