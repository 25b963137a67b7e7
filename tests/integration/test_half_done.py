"""What cannot be done to its end is told before it begins, or told as it then is."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin
from tests.support.program import Program

UP = ("up", "--yes", "--skip-preview", "--stack", "prod")
POLICIES_OF_ROLE = 10


def test_a_role_without_room_for_a_further_policy_is_told_before_anything_changes(
    program: Program,
) -> None:
    program.up()
    iam = admin(PRODUCTION_ADMIN).client("iam")
    allowed = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    theirs = [
        iam.create_policy(
            PolicyName=f"Theirs{number}",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        )["Policy"]["Arn"]
        for number in range(POLICIES_OF_ROLE - 1)
    ]
    for arn in theirs:
        iam.attach_role_policy(RoleName="StageRole", PolicyArn=arn)
    (consumer,) = program.settings()["consumers"]
    program.set(consumers=[{**consumer, "role": {**consumer["role"], "policy_name": "Another"}}])

    output = program.refused(*UP)
    assert "nothing was changed" in output
    assert "Theirs8" in output
    attached = iam.list_attached_role_policies(RoleName="StageRole")["AttachedPolicies"]
    assert {each["PolicyArn"] for each in attached} > set(theirs)
    # What the message says.
    iam.detach_role_policy(RoleName="StageRole", PolicyArn=theirs[-1])
    program.up()
    attached = iam.list_attached_role_policies(RoleName="StageRole")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["Another"]
    assert program.settled()


@pytest.mark.parametrize(
    ("side", "action", "token", "left"),
    [
        ("production", "iam:DeleteRole", "aws:iam/role:Role", "OtherRole"),
        ("staging", "iam:DeleteUser", "aws:iam/user:User", "Other"),
    ],
)
def test_of_what_cannot_be_deleted_it_is_told_that_it_is_still_there(
    program: Program, side: str, action: str, token: str, left: str
) -> None:
    settings = program.settings()
    more = {"name": "other", "user": {"name": "Other"}, "role": {"name": "OtherRole"}}
    granted = {**settings["grants"][0], "consumer": "other"}
    program.set(consumers=[*settings["consumers"], more], grants=[*settings["grants"], granted])
    program.up()
    profile = PRODUCTION_ADMIN if side == "production" else STAGING_ADMIN
    iam = admin(profile).client("iam")
    denied = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    who = {"UserName": f"{side.title()}Administrator", "PolicyName": "refused"}
    iam.put_user_policy(**who, PolicyDocument=document)

    program.set(consumers=settings["consumers"], grants=settings["grants"])
    output = program.refused(*UP)
    assert re.search(
        rf"warning: {side} account \d{{12}}, profile {profile}: delete of {token} access-other, "
        r"which is still there, whatever the outputs say: AccessDenied; allow the action",
        output,
    ), output
    # It goes with the next update that may, and none is quiet before.
    assert left in program.drift()
    iam.delete_user_policy(**who)
    program.up()
    assert program.settled()
    assert not [each for each in program.resources() if each["urn"].endswith("::access-other")]
