"""A third party that comes by a role of its account, and changes its external ID without a gap."""

from functools import partial

from tests.integration.shapes import VENDOR, deploy, none_allowed, role, session_of
from tests.support.people import PRODUCTION_ADMIN, admin, assume, refused
from tests.support.program import Program

OURS = "CollectorAccess"
NOW, NEXT = "5b1f6c2e-collector/example", "c07d94ab-collector/example"


def test_one_role_comes_with_either_external_id_and_drops_what_it_cannot_read(
    program: Program,
) -> None:
    deploy(program, "third-party-role")
    assert program.settled()
    collector = session_of(f"arn:aws:iam::{VENDOR}:role/Collector")
    another = session_of(f"arn:aws:iam::{VENDOR}:role/Collector2")
    bucket, key = "example-collected-101", "incoming/1"
    for external_id in (NOW, NEXT):
        s3 = assume(collector, role(OURS), ExternalId=external_id).client("s3")
        s3.put_object(Bucket=bucket, Key=key, Body=b"evening")
        none_allowed(
            partial(s3.get_object, Bucket=bucket, Key=key),
            partial(s3.list_objects_v2, Bucket=bucket, Prefix="incoming/"),
            partial(s3.delete_object, Bucket=bucket, Key=key),
            partial(s3.put_object, Bucket=bucket, Key="elsewhere", Body=b""),
        )
        with refused():
            assume(another, role(OURS), ExternalId=external_id)
    for wrong in ({}, {"ExternalId": "another-customer"}):
        with refused():
            assume(collector, role(OURS), **wrong)
    stored = admin(PRODUCTION_ADMIN).client("s3").get_object(Bucket=bucket, Key=key)
    assert stored["Body"].read() == b"evening"


def test_a_role_that_trusts_itself_is_renewed_by_its_sessions_and_ends_with_a_revocation(
    program: Program,
) -> None:
    deploy(program, "third-party-renewal")
    assert program.settled()
    external_id = "0d6f1c9e-7b1a-4f0e-9f6e-2f2f6c9a4b51"
    provider = "arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL"
    ours, bucket = role("UnityCatalogAccess"), "example-lakehouse-101"
    first = assume(session_of(provider), ours, ExternalId=external_id)
    renewed = assume(first, ours, ExternalId=external_id)
    again = assume(renewed, ours, ExternalId=external_id)
    again.client("s3").put_object(Bucket=bucket, Key="table", Body=b"evening")
    for stated in ({}, {"ExternalId": "another-customer"}):
        with refused():
            assume(first, ours, **stated)
    # Nobody else of the account has become one who may.
    iam = admin(PRODUCTION_ADMIN).client("iam")
    with refused():
        assume(admin(PRODUCTION_ADMIN), ours, ExternalId=external_id)
    ran = program.run("access", "prove", "--from", "live")
    assert ran.status == 0, ran.output
    assert "the role of databricks trusts itself" in ran.output
    linted = program.run("access", "lint")
    assert (linted.status, "self-trust" in linted.output) == (0, True), linted.output
    explained = program.run("access", "explain", "databricks", "s3:GetObject", f"{bucket}/table")
    assert "the role of databricks trusts itself" in explained.output

    assert program.run("access", "revoke", "--consumer", "databricks").status == 0
    with refused():
        again.client("s3").get_object(Bucket=bucket, Key="table")
    with refused():
        assume(again, ours, ExternalId=external_id)
    assert iam.get_role(RoleName="UnityCatalogAccess")["Role"]["Arn"] == ours
    listed = program.settings()["buckets"]
    program.set(buckets=[{**item, "protect": False} for item in listed])
    program.up()
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
