"""Questions and documents, drawn at random out of pools of what policies are made of."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.integration.questions import (
    ARN,
    CALLERS,
    ENCRYPTED,
    OF_ENCRYPTED,
    OTHER_ACTIONS,
    PEOPLE,
    PRODUCTION,
    QUEUE,
    ROLE,
    SESSION,
    STAGING,
    TOPIC,
    USES,
    VIA,
    Document,
    Policies,
    Question,
    Statement,
    allow,
    policy,
)

ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket")
ON_BUCKET = ("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads")
STATED_ACTIONS: tuple[Any, ...] = (
    *ACTIONS,
    ["s3:GetObject", "s3:ListBucket"],
    ["s3:PutObject", "s3:DeleteObject", "s3:GetBucketLocation"],
    "s3:*",
    "*",
    "s3:Get*",
    "s3:List*",
    "s3:?etObject",
    "S3:getobject",
    "s3:*Object",
)
STATED_RESOURCES: tuple[Any, ...] = (
    "*",
    [ARN, f"{ARN}/*"],
    [ARN, f"{ARN}/*"],
    f"{ARN}/*",
    f"{ARN}*",
    f"{ARN}/images/*",
    f"{ARN}/images*",
    f"{ARN}/images/?",
    [ARN, f"{ARN}/a"],
    ARN,
    "arn:aws:s3:::example-*-101/*",
    "arn:aws:s3:::another-bucket",
    ARN.upper().replace("ARN:AWS:S3", "arn:aws:s3"),
    f"{ARN}/${{aws:PrincipalAccount}}*",
    f"{ARN}/${{*}}",
)
CONDITIONS: tuple[Any, ...] = (
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"BoolIfExists": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"Null": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"s3:prefix": "images/"}},
    {"StringEquals": {"S3:Prefix": ["images/", "images-private/"]}},
    {"StringLike": {"s3:prefix": "images/*"}},
    {"StringLike": {"s3:prefix": ["i*", "?"]}},
    {"StringNotLike": {"s3:prefix": "images/*"}},
    {"StringNotEquals": {"s3:prefix": ["images/", "a"]}},
    {"StringEqualsIfExists": {"s3:prefix": "images/"}},
    {"StringLikeIfExists": {"s3:prefix": "images*"}},
    {"StringEqualsIgnoreCase": {"s3:prefix": "IMAGES/"}},
    {"StringNotEqualsIgnoreCase": {"s3:prefix": "IMAGES/"}},
    {"Null": {"s3:prefix": "true"}},
    {"Null": {"s3:prefix": "false"}},
    {"ForAllValues:StringLike": {"s3:prefix": "images/*"}},
    {"ForAnyValue:StringLike": {"s3:prefix": "images/*"}},
    {"NumericLessThan": {"s3:max-keys": "10"}},
    {"NumericGreaterThanIfExists": {"s3:max-keys": "10"}},
    {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7"]}},
    {"NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}},
    {"DateGreaterThanEquals": {"aws:CurrentTime": "2020-01-01"}},
    {"StringEquals": {"aws:PrincipalAccount": STAGING}},
    {"StringNotEquals": {"aws:PrincipalAccount": [STAGING, "777788889999"]}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringEquals": {"aws:username": "Guest"}},
    {"StringLike": {"aws:username": ["G*", "Own?r"]}},
    {"StringNotEquals": {"aws:username": "Guest"}},
    {"ArnEquals": {"aws:PrincipalArn": PEOPLE["guest"]}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/team/*"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/*"}},
    {"ArnNotEquals": {"aws:PrincipalArn": PEOPLE["guest"]}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/Owner"}},
    {"StringEquals": {"aws:PrincipalArn": [PEOPLE["owner"], PEOPLE["stranger"]]}},
    {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*e?"}},
    {"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"s3:prefix": "images/*"}},
    {"Bool": {"aws:ViaAWSService": "false"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"Null": {"aws:PrincipalArn": "true"}},
    {
        "StringEquals": {"aws:PrincipalAccount": STAGING},
        "IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
    },
)
STATED_PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": f"arn:aws:iam::{STAGING}:root"},
    {"AWS": STAGING},
    {"AWS": f"arn:aws:iam::{PRODUCTION}:root"},
    {"AWS": PEOPLE["owner"]},
    {"AWS": PEOPLE["guest"]},
    {"AWS": PEOPLE["stranger"]},
    {"AWS": [PEOPLE["owner"], STAGING]},
    {"AWS": ROLE},
    {"AWS": SESSION},
    {"AWS": "arn:aws:iam::777788889999:root"},
    {"Service": "ec2.amazonaws.com"},
)
TRUSTED: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": f"arn:aws:iam::{STAGING}:root"},
    {"AWS": STAGING},
    {"AWS": [STAGING, PRODUCTION]},
    {"AWS": f"arn:aws:iam::{PRODUCTION}:root"},
    {"AWS": PEOPLE["guest"]},
    {"AWS": PEOPLE["owner"]},
    {"AWS": [PEOPLE["owner"], PEOPLE["stranger"]]},
    {"AWS": "arn:aws:iam::777788889999:root"},
    {"Service": "ec2.amazonaws.com"},
)
TRUST_CONDITIONS: tuple[Any, ...] = (
    {"StringEquals": {"sts:ExternalId": "example-1"}},
    {"StringEquals": {"STS:externalid": ["example-1", "example-2"]}},
    {"StringNotEquals": {"sts:ExternalId": "example-1"}},
    {"StringLike": {"sts:ExternalId": "example-?"}},
    {"StringLike": {"sts:ExternalId": "*"}},
    {"StringEqualsIfExists": {"sts:ExternalId": "example-1"}},
    {"StringEqualsIgnoreCase": {"sts:ExternalId": "EXAMPLE-1"}},
    {"Null": {"sts:ExternalId": "false"}},
    {"Null": {"sts:ExternalId": "true"}},
    {"StringEquals": {"sts:RoleSessionName": "alice"}},
    {"StringLike": {"sts:RoleSessionName": ["a*", "b*"]}},
    {"StringEquals": {"aws:RequestTag/project": "apollo"}},
    {"StringLike": {"aws:RequestTag/project": "*"}},
    {"StringEqualsIfExists": {"aws:RequestTag/project": "apollo"}},
    {"Null": {"aws:RequestTag/project": "true"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["project"]}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}},
    {"ForAllValues:StringNotEquals": {"aws:TagKeys": ["team"]}},
    {"Null": {"aws:TagKeys": "true"}},
    {"ArnEquals": {"aws:PrincipalArn": PEOPLE["guest"]}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/team/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/team/*"}},
    {"StringEquals": {"aws:PrincipalAccount": [PRODUCTION]}},
    {"StringEquals": {"aws:username": "Stranger"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}},
    {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
)
"""Of the callers' own policies, those that look at no external ID count as well."""
ASSUMING: tuple[Any, ...] = ("sts:AssumeRole", "sts:*", "*", "sts:Assume*", "STS:assumerole")
SAID: tuple[dict[str, Any], ...] = (
    {},
    {"ExternalId": "example-1"},
    {"ExternalId": "example-3"},
    {"ExternalId": "other"},
    {"Tags": [{"Key": "project", "Value": "apollo"}]},
    {"Tags": [{"Key": "project", "Value": "gemini"}], "ExternalId": "example-1"},
    {"Tags": [{"Key": "project", "Value": "apollo"}, {"Key": "team", "Value": "x"}]},
)


def some(chance: random.Random, pool: tuple[Any, ...], odds: float) -> dict[str, Any]:
    """A condition, as often as the odds say."""
    return {"Condition": chance.choice(pool)} if chance.random() < odds else {}


def an_effect(chance: random.Random) -> str:
    return chance.choice(("Allow", "Allow", "Allow", "Allow", "Deny"))


def a_statement(chance: random.Random, principals: tuple[Any, ...] = ()) -> Statement:
    """About objects and buckets; it names somebody where there are principals to choose from."""
    action = "NotAction" if chance.random() < 0.12 else "Action"
    resource = "NotResource" if chance.random() < 0.12 else "Resource"
    return {
        "Effect": an_effect(chance),
        **({"Principal": chance.choice(principals)} if principals else {}),
        action: chance.choice(STATED_ACTIONS),
        resource: chance.choice(STATED_RESOURCES),
        **some(chance, CONDITIONS, 0.45),
    }


def a_document(chance: random.Random, principals: tuple[Any, ...] = ()) -> Document:
    return policy(*(a_statement(chance, principals) for _ in range(chance.randint(1, 3))))


def policies_for_s3(chance: random.Random) -> Policies:
    everything = policy(allow("s3:*", "*"))
    own = {
        who: everything if chance.random() < 0.5 else a_document(chance)
        for who in ("owner", "guest", "stranger", "session")
        if chance.random() < 0.85
    }
    limits = {
        who: a_document(chance) for who in ("owner", "guest", "session") if chance.random() < 0.25
    }
    bucket = a_document(chance, STATED_PRINCIPALS) if chance.random() < 0.85 else None
    if bucket is not None and chance.random() < 0.3:
        bucket["Statement"].append(
            allow("s3:*", [ARN, f"{ARN}/*"], Principal={"AWS": [STAGING, PRODUCTION]})
        )
    return Policies(own=own, limits=limits, bucket=bucket)


def question_for_s3(chance: random.Random) -> Question:
    action = chance.choice((*ACTIONS, *ACTIONS, *ON_BUCKET))
    key = "" if action in ON_BUCKET[1:] else chance.choice(("a", "images/a", "images-private/a"))
    if action == "s3:ListBucket":
        key = chance.choice(("", "images/", "images-private/", "images/a"))
    return Question(
        who=chance.choice(tuple(CALLERS)), action=action, key=key, plain=chance.random() < 0.2
    )


def policies_for_sts(chance: random.Random) -> Policies:
    def assuming(**more: Any) -> Statement:
        action = "NotAction" if chance.random() < 0.08 else "Action"
        stated = chance.choice(ASSUMING if action == "Action" else ("sts:TagSession", "s3:*"))
        return {"Effect": an_effect(chance), action: stated, **more}

    def an_own() -> Document:
        resources = (ROLE, ROLE, "*", f"arn:aws:iam::{PRODUCTION}:role/*", f"{ROLE}-other")
        return policy(
            *(
                assuming(Resource=chance.choice(resources), **some(chance, OWN_CONDITIONS, 0.25))
                for _ in range(chance.randint(1, 2))
            )
        )

    tagging = policy(allow(["sts:AssumeRole", "sts:TagSession"], "*"))
    own = {
        who: tagging if chance.random() < 0.5 else an_own()
        for who in PEOPLE
        if chance.random() < 0.9
    }
    limits = {who: an_own() for who in PEOPLE if chance.random() < 0.15}
    trust = [
        assuming(Principal=chance.choice(TRUSTED), **some(chance, TRUST_CONDITIONS, 0.6))
        for _ in range(chance.randint(1, 3))
    ]
    if chance.random() < 0.4:
        trust.append(allow("sts:TagSession", Principal=chance.choice(TRUSTED)))
    return Policies(own=own, limits=limits, trust=policy(*trust))


def question_for_sts(chance: random.Random) -> Question:
    output = {**chance.choice(SAID), "RoleSessionName": chance.choice(("alice", "carol"))}
    return Question(who=chance.choice(tuple(PEOPLE)), action="sts:AssumeRole", output=output)


_OWNER = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}


def policies_for(service: str, key: str) -> Callable[[random.Random], Policies]:
    """Documents about a topic, a queue or a key.

    Args:
        service: `sns`, `sqs` or `kms`.
        key: ARN of the KMS key.
    """
    arn = {"sns": TOPIC, "sqs": QUEUE, "kms": key}[service]
    names = [each for each in OTHER_ACTIONS if each.startswith(f"{service}:")]
    actions = (*names, *names, f"{service}:*", f"{service}:*e*", "*", names[:2])
    conditions = tuple(each for each in CONDITIONS if "s3:" not in json.dumps(each).lower())

    def stating(chance: random.Random, principals: tuple[Any, ...] = ()) -> Statement:
        named = {"Principal": chance.choice(principals)} if principals else {}
        effect = an_effect(chance)
        # A deny of all would keep everybody out for good who puts the next policy there.
        may_be_said = names if principals and effect == "Deny" else actions
        return {
            "Effect": effect,
            **named,
            "Action": chance.choice(may_be_said),
            "Resource": "*" if service == "kms" else chance.choice((arn, arn, "*", f"{arn}*")),
            **some(chance, conditions, 0.35),
        }

    def drawn(chance: random.Random) -> Policies:
        everything = policy(allow(f"{service}:*", "*"))
        own = {
            who: everything
            if chance.random() < 0.5
            else policy(*(stating(chance) for _ in range(chance.randint(1, 2))))
            for who in ("owner", "guest", "stranger", "session")
            if chance.random() < 0.85
        }
        limits = {
            who: policy(stating(chance)) for who in ("owner", "guest") if chance.random() < 0.2
        }
        shared = policy(*(stating(chance, STATED_PRINCIPALS) for _ in range(chance.randint(1, 3))))
        if service == "kms":
            shared["Statement"].append(allow("kms:PutKeyPolicy", "*", Principal=_OWNER))
        if chance.random() < 0.4:
            shared["Statement"].append(
                allow(
                    f"{service}:*",
                    "*" if service == "kms" else arn,
                    Principal={"AWS": [STAGING, PRODUCTION]},
                )
            )
        return Policies(own=own, limits=limits, shared={service: shared})

    return drawn


_VIA_CONDITIONS: tuple[Any, ...] = (
    *({"StringEquals": {name: value}} for name, value in VIA.items()),
    {"StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{ENCRYPTED}*"}},
    {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{ENCRYPTED}/a"}},
    {"StringNotEquals": {"kms:ViaService": VIA["kms:ViaService"]}},
    {"StringEquals": {"kms:CallerAccount": STAGING}},
    {"Null": {"kms:ViaService": "true"}},
)


def policies_for_encrypted(key: str) -> Callable[[random.Random], Policies]:
    """Documents about the key of objects, which everybody may read and write for the rest.

    Args:
        key: its ARN.
    """
    anything = allow("s3:*", "*")

    def using(chance: random.Random, resource: str) -> Statement:
        stated = {
            "Effect": an_effect(chance),
            "Action": chance.choice((*USES, list(USES), "kms:*")),
            "Resource": resource,
        }
        return {**stated, **some(chance, _VIA_CONDITIONS, 0.4)}

    def drawn(chance: random.Random) -> Policies:
        own = {
            who: policy(anything, *(using(chance, "*") for _ in range(chance.randint(1, 2))))
            for who in ("owner", "guest", "stranger", "session")
        }
        limits = {
            who: policy(anything, using(chance, key))
            for who in ("owner", "guest", "session")
            if chance.random() < 0.2
        }
        named = (
            {**using(chance, "*"), "Principal": chance.choice(STATED_PRINCIPALS)}
            for _ in range(chance.randint(1, 3))
        )
        writer = allow("kms:PutKeyPolicy", "*", Principal=_OWNER)
        both = allow(list(USES), "*", Principal={"AWS": [STAGING, PRODUCTION]})
        shared = policy(writer, *named, *([both] if chance.random() < 0.6 else []))
        return Policies(own=own, limits=limits, shared={"kms": shared})

    return drawn


def question_for_encrypted(chance: random.Random) -> Question:
    callers = tuple(each for each in CALLERS if each != "nobody")
    return Question(who=chance.choice(callers), action=chance.choice(OF_ENCRYPTED))


def question_for(service: str) -> Callable[[random.Random], Question]:
    names = tuple(each for each in OTHER_ACTIONS if each.startswith(f"{service}:"))
    callers = tuple(each for each in CALLERS if each != "nobody")
    return lambda chance: Question(who=chance.choice(callers), action=chance.choice(names))


OWN_CONDITIONS = tuple(each for each in TRUST_CONDITIONS if '"sts:' not in json.dumps(each).lower())
