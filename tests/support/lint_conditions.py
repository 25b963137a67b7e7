"""Conditions beside `Principal: "*"`, those that strangers meet and those that none meets."""

from __future__ import annotations

from typing import Any

from tests.support.states import BUCKET, STAGING, Json, allow

ORGANIZATION = "o-a1b2c3d4e5"


def when(operator: str, key: str, value: Any) -> Json:
    return {operator: {key: value}}


def reading(*conditions: Json, principal: Any = "*") -> Json:
    """An allow to read objects, for everybody."""
    merged: Json = {}
    for each in conditions:
        for operator, keys in each.items():
            merged.setdefault(operator, {}).update(keys)
    more = {"Condition": merged} if merged else {}
    return allow("s3:GetObject", f"{BUCKET}/*", Principal=principal, **more)


def without(statement: Json, element: str) -> Json:
    return {key: value for key, value in statement.items() if key != element}


def assuming(principal: Any, *conditions: Json, action: str = "sts:AssumeRole") -> Json:
    statement = reading(*conditions, principal=principal) | {"Action": action}
    del statement["Resource"]
    return statement


OPEN_CONDITIONS: list[tuple[str, list[Json]]] = [
    ("none", []),
    ("every address", [when("IpAddress", "aws:SourceIp", "0.0.0.0/0")]),
    ("every address of version 6", [when("IpAddress", "aws:SourceIp", "::/0")]),
    ("both halves", [when("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"])]),
    (
        "four quarters",
        [when("IpAddress", "aws:SourceIp", [f"{64 * n}.0.0.0/2" for n in range(4)])],
    ),
    ("neighbours", [when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "11.0.0.0/8"])]),
    ("a range of version 6", [when("IpAddress", "aws:SourceIp", "2001:db8::/31")]),
    ("all but a range", [when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24")]),
    ("an address in a VPC", [when("IpAddress", "aws:VpcSourceIp", "10.0.0.0/16")]),
    ("any role", [when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*")]),
    ("a role of any account", [when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/App")]),
    ("a user of any account", [when("StringLike", "aws:PrincipalArn", "*:user/Deploy")]),
    ("an account like", [when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::1111*:role/App")]),
    ("accounts like", [when("StringLike", "aws:PrincipalAccount", "1111????????")]),
    ("any organization", [when("StringLike", "aws:PrincipalOrgID", "o-*")]),
    ("some organization", [when("Null", "aws:PrincipalOrgID", "false")]),
    ("organizations like", [when("StringLike", "aws:PrincipalOrgID", "o-a1*")]),
    ("organization if any", [when("StringEqualsIfExists", "aws:PrincipalOrgID", ORGANIZATION)]),
    ("another organization", [when("StringNotEquals", "aws:PrincipalOrgID", ORGANIZATION)]),
    (
        "for all organizations",
        [when("ForAllValues:StringEquals", "aws:PrincipalOrgID", ORGANIZATION)],
    ),
    (
        "any path",
        [when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*/r-ab12/ou-ab12-11111111/*")],
    ),
    (
        "for all paths",
        [when("ForAllValues:StringLike", "aws:PrincipalOrgPaths", f"{ORGANIZATION}/*")],
    ),
    ("any VPC", [when("StringLike", "aws:SourceVpc", "vpc-*")]),
    ("any endpoint", [when("StringLike", "aws:SourceVpce", "vpce-*")]),
    ("any source account", [when("StringLike", "aws:SourceAccount", "*")]),
    ("any source", [when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*")]),
    ("any bucket", [when("ArnLike", "aws:SourceArn", "arn:aws:s3:::*")]),
    ("any access point", [when("StringLike", "s3:DataAccessPointArn", "arn:aws:s3:*:*:*")]),
    ("TLS", [when("Bool", "aws:SecureTransport", "true")]),
    ("a header", [when("StringEquals", "aws:Referer", "https://www.example.com/")]),
    ("a user agent", [when("StringEquals", "aws:UserAgent", "a secret")]),
    ("a user name", [when("StringEquals", "aws:username", "admin")]),
    ("a session name", [when("StringLike", "aws:userid", "*:alice")]),
    ("any ID of a role", [when("StringLike", "aws:userid", "AROA*")]),
    ("a tag", [when("StringEquals", "aws:PrincipalTag/team", "reports")]),
    ("MFA", [when("Bool", "aws:MultiFactorAuthPresent", "true")]),
    ("a tag of the object", [when("StringEquals", "s3:ExistingObjectTag/public", "yes")]),
    ("until a second", [when("DateLessThan", "aws:EpochTime", "32000000000")]),
    ("since a year", [when("DateGreaterThan", "aws:CurrentTime", "2020")]),
    ("until then", [when("DateLessThan", "aws:CurrentTime", "2999-01-01T00:00:00Z")]),
    ("a variable", [when("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalTag/org}")]),
    ("a kind", [when("StringEquals", "aws:PrincipalType", "User")]),
    (
        "a fixed value beside any",
        [when("StringLike", "aws:PrincipalOrgID", [ORGANIZATION, "o-*"])],
    ),
    ("a service's use", [when("Bool", "aws:ViaAWSService", "true")]),
]
"""Beside `Principal: "*"`: strangers meet them."""

CLOSED_CONDITIONS: list[tuple[str, list[Json]]] = [
    ("an organization", [when("StringEquals", "aws:PrincipalOrgID", ORGANIZATION)]),
    ("an organization, like", [when("StringLike", "aws:PrincipalOrgID", ORGANIZATION)]),
    (
        "a unit",
        [
            when(
                "ForAnyValue:StringLike",
                "aws:PrincipalOrgPaths",
                f"{ORGANIZATION}/r-ab12/ou-ab12-11111111/*",
            )
        ],
    ),
    (
        "many units",
        [
            when(
                "ForAnyValue:StringLike",
                "aws:PrincipalOrgPaths",
                [f"{ORGANIZATION}/r-ab12/ou-ab12-1111111{n}/*" for n in range(9)],
            )
        ],
    ),
    ("an account", [when("StringEquals", "aws:PrincipalAccount", STAGING)]),
    ("a role", [when("ArnEquals", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:role/App")]),
    (
        "roles of an account",
        [when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:role/*")],
    ),
    ("all of an account", [when("StringLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:*")]),
    ("an address", [when("IpAddress", "aws:SourceIp", "203.0.113.7")]),
    ("a range", [when("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "198.51.100.0/24"])]),
    ("the widest range", [when("IpAddress", "aws:SourceIp", "12.0.0.0/8")]),
    ("ranges apart", [when("IpAddress", "aws:SourceIp", ["12.0.0.0/8", "14.0.0.0/8"])]),
    ("a range of version 6", [when("IpAddress", "aws:SourceIp", "2001:db8:1234::/48")]),
    ("the widest of version 6", [when("IpAddress", "aws:SourceIp", "2001:db8::/32")]),
    ("a VPC", [when("StringEquals", "aws:SourceVpc", "vpc-0a1b2c3d4e5f60718")]),
    ("an endpoint", [when("StringEquals", "aws:SourceVpce", "vpce-0a1b2c3d4e5f60718")]),
    ("a VPC's account", [when("StringEquals", "aws:VpceAccount", STAGING)]),
    ("a source account", [when("StringEquals", "aws:SourceAccount", STAGING)]),
    ("a source owner", [when("StringEquals", "AWS:SourceOwner", STAGING)]),
    ("a source organization", [when("StringEquals", "aws:SourceOrgID", ORGANIZATION)]),
    ("a source", [when("ArnEquals", "aws:SourceArn", f"arn:aws:sns:us-east-1:{STAGING}:news")]),
    ("sources of an account", [when("ArnLike", "aws:SourceArn", f"arn:aws:*:*:{STAGING}:*")]),
    ("a source bucket", [when("ArnLike", "aws:SourceArn", "arn:aws:s3:::a-bucket")]),
    ("a user ID", [when("StringEquals", "aws:userid", "AIDAEXAMPLEEXAMPLE123")]),
    ("a role's ID", [when("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE123:*")]),
    ("a root's ID", [when("StringEquals", "aws:userid", STAGING)]),
    ("an access point's account", [when("StringEquals", "s3:DataAccessPointAccount", STAGING)]),
    (
        "an access point",
        [when("ArnLike", "s3:DataAccessPointArn", f"arn:aws:s3:us-east-1:{STAGING}:accesspoint/*")],
    ),
    ("its own account", [when("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}")]),
    ("its own organization", [when("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}")]),
    ("until a day that is over", [when("DateLessThan", "aws:CurrentTime", "2020-01-01")]),
    ("until a second that is over", [when("DateLessThan", "aws:EpochTime", "1600000000")]),
    ("until a number that is over", [when("NumericLessThan", "aws:EpochTime", "1600000000")]),
    ("nobody any more", [when("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z")]),
    (
        "one of two",
        [
            when("StringLike", "aws:PrincipalArn", "*"),
            when("StringEquals", "aws:PrincipalOrgID", ORGANIZATION),
        ],
    ),
    (
        "a service for an account",
        [
            when("Bool", "aws:PrincipalIsAWSService", "true"),
            when("StringEquals", "aws:SourceAccount", STAGING),
        ],
    ),
]
"""Beside `Principal: "*"`: no stranger meets them."""
