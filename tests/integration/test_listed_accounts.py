"""Principals of accounts that the stack lists and does not manage."""

import json

from tests.integration.shapes import VENDOR, deploy, none_allowed, put, role, session_of
from tests.support.people import assume, refused
from tests.support.program import Program

BILLING = "123456789012"


def test_roles_of_listed_accounts_come_in_and_nobody_beside_them(program: Program) -> None:
    deploy(program, "listed-accounts")
    assert program.settled()
    bucket = "example-listed-101"
    put(bucket, "invoices/1", "plans/1")
    analyst = session_of(f"arn:aws:iam::{VENDOR}:role/data/Analyst")
    invoicing = session_of(f"arn:aws:iam::{BILLING}:role/Invoicing")
    s3 = assume(analyst, role("AnalyticsReader")).client("s3")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2
    s3 = assume(invoicing, role("BillingReader")).client("s3")
    assert s3.get_object(Bucket=bucket, Key="invoices/1")["Body"].read() == b"evening"
    none_allowed(lambda: s3.get_object(Bucket=bucket, Key="plans/1"))
    for caller, name in (
        (analyst, "BillingReader"),
        (invoicing, "AnalyticsReader"),
        (session_of(f"arn:aws:iam::{VENDOR}:role/Other"), "AnalyticsReader"),
        (session_of("arn:aws:iam::444455556666:role/data/Analyst"), "AnalyticsReader"),
    ):
        with refused():
            assume(caller, role(name))
    written = json.loads(program.outputs()["callerPolicies"]["billing"])
    (statement,) = written["Statement"]
    assert statement["Resource"] == [role("BillingReader")]
