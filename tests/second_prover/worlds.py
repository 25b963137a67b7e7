"""Small worlds at random, and the changes of a document by one statement or one condition."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any, Final

Json = dict[str, Any]

PRODUCTION, STAGING, VENDOR = "111122223333", "444455556666", "777788889999"
BUCKET: Final = "arn:aws:s3:::shared"
QUEUE: Final = f"arn:aws:sqs:us-west-2:{PRODUCTION}:jobs"
KEY: Final = f"arn:aws:kms:us-west-2:{PRODUCTION}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
USER: Final = f"arn:aws:iam::{STAGING}:user/Ana"
LOCAL_USER: Final = f"arn:aws:iam::{PRODUCTION}:user/ops/Lea"
ROLE: Final = f"arn:aws:iam::{PRODUCTION}:role/Reader"

_PRINCIPALS: Final[list[Any]] = [
    "*",
    {"AWS": "*"},
    {"AWS": STAGING},
    {"AWS": f"arn:aws:iam::{STAGING}:root"},
    {"AWS": f"arn:aws:iam::{PRODUCTION}:root"},
    {"AWS": USER},
    {"AWS": LOCAL_USER},
    {"AWS": ROLE},
    {"AWS": [f"arn:aws:iam::{VENDOR}:role/Vendor", USER]},
    {"AWS": [VENDOR, LOCAL_USER]},
]
_BUCKET_RESOURCES: Final = [
    BUCKET,
    f"{BUCKET}/*",
    f"{BUCKET}/a*",
    f"{BUCKET}/a/*",
    f"{BUCKET}/a/b",
    f"{BUCKET}/?/b",
    f"{BUCKET}*",
    "arn:aws:s3:::*",
]
_BUCKET_ACTIONS: Final = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:Get*",
    "s3:ListBucket",
    "s3:*",
    "s3:*Object",
]
_OF: Final[dict[str, tuple[list[str], list[str]]]] = {
    BUCKET: (_BUCKET_ACTIONS, _BUCKET_RESOURCES),
    QUEUE: (["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:*", "sqs:*Message"], [QUEUE, "*"]),
    KEY: (["kms:Decrypt", "kms:GenerateDataKey*", "kms:*"], ["*", KEY]),
}
_TESTS: Final[list[Json]] = [
    {"Bool": {"aws:SecureTransport": "false"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"Null": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringLike": {"s3:prefix": "a/*"}},
    {"StringLike": {"s3:prefix": ["a/*", "b?"]}},
    {"StringEquals": {"s3:prefix": ["a/x", "b1"]}},
    {"StringNotLike": {"s3:prefix": "a*"}},
    {"StringNotEqualsIfExists": {"s3:prefix": "b1"}},
    {"StringEqualsIgnoreCase": {"s3:prefix": "A/X"}},
    {"Null": {"s3:prefix": "true"}},
    {"NumericLessThan": {"s3:max-keys": "10"}},
    {"NumericGreaterThanEquals": {"s3:max-keys": "9.5"}},
    {"NumericNotEquals": {"s3:max-keys": "10"}},
    {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2029-06-01T00:00:00Z"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.128/25", "198.51.100.0/24"]}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.7"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1234567890"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/*"}},
    {"ArnEquals": {"aws:PrincipalArn": USER}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/R*"}},
    {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{VENDOR}:role/*Vendor"}},
    {"StringEquals": {"aws:PrincipalAccount": [STAGING, VENDOR]}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
    {"ForAllValues:StringNotLike": {"aws:TagKeys": "t*"}},
    {"Null": {"aws:TagKeys": "false"}},
]
_TRUST_TESTS: Final[list[Json]] = [
    {"StringEquals": {"sts:ExternalId": "example-1"}},
    {"StringLike": {"sts:ExternalId": "example-*"}},
    {"ArnEquals": {"aws:PrincipalArn": USER}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"StringLike": {"sts:RoleSessionName": "${aws:username}-*"}},
]


_CALLER_TESTS: Final[list[Json]] = [
    {"StringEquals": {"aws:username": "Ana"}},
    {"StringLike": {"aws:username": "A*"}},
    {"StringNotEquals": {"aws:username": "Ana"}},
    {"Null": {"aws:username": "true"}},
    {"StringEquals": {"aws:PrincipalType": "Account"}},
    {"StringEquals": {"aws:PrincipalType": "FederatedUser"}},
    {"StringNotEquals": {"aws:PrincipalType": ["User", "AssumedRole"]}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"StringLike": {"aws:PrincipalArn": "*:user/ops/*"}},
    {"StringLike": {"aws:PrincipalAccount": "7777*"}},
    {"StringNotLike": {"aws:PrincipalAccount": ["4444*", "????22223333"]}},
]


def random_pair(number: int, *, is_about_callers: bool = False) -> tuple[Json, Json]:
    """Return two worlds of documents, of which the second is the first with something changed.

    Args:
        number: the same number gives the same worlds.
        is_about_callers: conditions of resource-based policies are about who asks alone.
    """
    draw = random.Random(number)  # noqa: S311 - no secret
    before = _world(draw)
    if is_about_callers:
        (resource,) = before["resources"].values()
        for statement in resource["policy"]["Statement"]:
            statement.pop("Condition", None)
            statement["Condition"] = draw.choice(_CALLER_TESTS)
    after = copy.deepcopy(before)
    for _ in range(draw.choice([1, 1, 2])):
        holder, place = draw.choice(list(places(after)))
        document = holder[place]
        if draw.random() < 0.25:
            holder[place] = _like(draw, document)
        else:
            changed = [each for _, each in mutants(document)]
            changed += [_said_otherwise(draw, document)] * 4
            holder[place] = draw.choice(changed)
    return before, after


def places(world: Json) -> Iterator[tuple[Json, str]]:
    """Yield where the documents of a world stand, so that they can be replaced."""
    for identity in (*world["users"].values(), *world["roles"].values()):
        for name in identity.get("policies", {}):
            yield identity["policies"], name
        for name in ("boundary", "trust"):
            if identity.get(name) is not None:
                yield identity, name
    for resource in world["resources"].values():
        if resource["policy"] is not None:
            yield resource, "policy"


def mutants(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield the document with one statement or one condition changed, and what was changed."""
    statements = _many(document["Statement"])
    for number, statement in enumerate(statements):
        others = statements[:number], statements[number + 1 :]
        for words, changed in _changed(statement):
            kept = [] if changed is None else [changed]
            made = {**document, "Statement": [*others[0], *kept, *others[1]]}
            yield f"statement {number + 1}: {words}", copy.deepcopy(made)


def _changed(statement: Json) -> Iterator[tuple[str, Json | None]]:
    yield "dropped", None
    other = "Deny" if statement["Effect"] == "Allow" else "Allow"
    yield "effect swapped", {**statement, "Effect": other}
    for element in ("Action", "Resource"):
        for number, each in enumerate(_many(statement.get(element, []))):
            wider = _wider(element, each)
            listed = _many(statement[element])
            if wider is not None:
                made = [*listed[:number], wider, *listed[number + 1 :]]
                yield f"{element} {each} widened", {**statement, element: made}
            if len(listed) > 1:
                made = [*listed[:number], *listed[number + 1 :]]
                yield f"{element} {each} dropped", {**statement, element: made}
    if isinstance(statement.get("Principal"), dict) and "AWS" in statement["Principal"]:
        named = _many(statement["Principal"]["AWS"])
        for principal in ("*", VENDOR, f"arn:aws:iam::{PRODUCTION}:root"):
            if principal not in named:
                yield (
                    f"principal {principal} added",
                    {
                        **statement,
                        "Principal": {**statement["Principal"], "AWS": [*named, principal]},
                    },
                )
    yield from _changed_conditions(statement)


def _changed_conditions(statement: Json) -> Iterator[tuple[str, Json]]:
    conditions = statement.get("Condition", {})
    for operator, keys in conditions.items():
        for key, value in keys.items():
            rest = {
                each: {k: v for k, v in found.items() if (each, k) != (operator, key)}
                for each, found in conditions.items()
            }
            rest = {each: found for each, found in rest.items() if found}
            without = {name: each for name, each in statement.items() if name != "Condition"}
            kept = {"Condition": rest} if rest else {}
            yield f"{operator} {key} dropped", {**without, **kept}
            for other in _other_operators(operator):
                made = {**rest, other: {**rest.get(other, {}), key: value}}
                yield f"{operator} {key} made {other}", {**statement, "Condition": made}
            for words, changed in _other_values(operator, _many(value)):
                made = {**rest, operator: {**rest.get(operator, {}), key: changed}}
                yield f"{operator} {key} {words}", {**statement, "Condition": made}
    if not any("aws:CurrentTime" in keys for keys in conditions.values()):
        dated = {**conditions.get("DateLessThan", {}), "aws:CurrentTime": "2035-01-01T00:00:00Z"}
        yield "a date added", {**statement, "Condition": {**conditions, "DateLessThan": dated}}


def _other_operators(operator: str) -> Iterator[str]:
    if operator != "Null" and not operator.endswith("IfExists") and "ForAnyValue" not in operator:
        yield f"{operator}IfExists"
    loosened = {"StringEquals": "StringLike", "ArnEquals": "ArnLike"}
    negated = {"StringEquals": "StringNotEquals", "StringLike": "StringNotLike"}
    negated |= {"ArnEquals": "ArnNotEquals", "ArnLike": "ArnNotLike", "IpAddress": "NotIpAddress"}
    for table in (loosened, negated):
        if operator in table:
            yield table[operator]
    quantifier, colon, rest = operator.partition(":")
    if colon:
        yield f"{'ForAllValues' if quantifier == 'ForAnyValue' else 'ForAnyValue'}:{rest}"


def _other_values(operator: str, values: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    if len(values) > 1:
        yield "lost its first value", values[1:]
    if operator.rpartition(":")[2].startswith("String") and all("${" not in v for v in values):
        yield "got another value", [*values, "another-value"]
        if operator.rpartition(":")[2].startswith(("StringLike", "StringNotLike")):
            yield "widened", [f"{values[0].rstrip('*')[:-1]}*", *values[1:]]
    if operator.startswith(("Bool", "Null")):
        yield "turned", ["false" if str(values[0]).lower() == "true" else "true"]


def _wider(element: str, text: str) -> str | None:
    if text == "*":
        return None
    if element == "Action":
        service, _, name = text.partition(":")
        return f"{service}:*" if name != "*" else None
    if text.endswith("/*"):
        return text.removesuffix("/*") + "*"
    return f"{text}/*" if ":s3:::" in text and not text.endswith("*") else f"{text.rstrip('*')}*"


def _world(draw: random.Random) -> Json:
    kind = draw.choice([BUCKET, BUCKET, BUCKET, QUEUE, KEY])
    caller = draw.choice([USER, USER, LOCAL_USER])
    roles: Json = {}
    if draw.random() < 0.6:
        roles[ROLE] = {
            "trust": _policy(draw, lambda: _trust_statement(draw)),
            "policies": {"own": _policy(draw, lambda: _statement(draw, kind))},
        }
        if draw.random() < 0.3:
            roles[ROLE]["boundary"] = _policy(draw, lambda: _statement(draw, kind))
    user: Json = {"policies": {"own": _policy(draw, lambda: _statement(draw, kind))}}
    if draw.random() < 0.3:
        user["boundary"] = _policy(draw, lambda: _statement(draw, kind))
    policy = _policy(draw, lambda: _resource_statement(draw, kind))
    return {
        "users": {caller: user},
        "roles": roles,
        "resources": {kind: {"account": PRODUCTION, "policy": policy}},
    }


def _like(draw: random.Random, document: Json) -> Json:
    """Return another document of the same kind."""
    first = next(iter(_many(document["Statement"])), None)
    if first is None:
        return document
    resource = str(_many(first.get("Resource", first.get("NotResource", "")))[0])
    kind = next((each for each in _OF if each.split(":")[2] in resource.split(":")[2:3]), BUCKET)
    if "Principal" not in first:
        return _policy(draw, lambda: _statement(draw, kind))
    if resource:
        return _policy(draw, lambda: _resource_statement(draw, kind))
    return _policy(draw, lambda: _trust_statement(draw))


def _said_otherwise(draw: random.Random, document: Json) -> Json:
    """Return a document that means the same: split, in another order, or with a part of itself."""
    found = []
    for statement in _many(document["Statement"]):
        actions = _many(statement.get("Action", []))
        if len(actions) > 1:
            found += [{**statement, "Action": action} for action in actions]
        else:
            found.append(statement)
        if draw.random() < 0.3 and statement.get("Resource") == [f"{BUCKET}/*"]:
            found.append({**statement, "Resource": f"{BUCKET}/a/*"})
    draw.shuffle(found)
    return copy.deepcopy({**document, "Statement": found})


def _policy(draw: random.Random, statement: Any) -> Json:
    made = [statement() for _ in range(draw.choice([1, 1, 2, 2, 3]))]
    return {"Version": "2012-10-17", "Statement": made}


def _statement(draw: random.Random, kind: str) -> Json:
    actions, resources = _OF[kind]
    if draw.random() < 0.15:
        return {
            **_effect(draw),
            "Action": ["sts:AssumeRole"],
            "Resource": [draw.choice([ROLE, "*"])],
        }
    found = {
        **_effect(draw),
        "Action": draw.sample(actions, draw.choice([1, 1, 2])),
        "Resource": draw.sample(resources, draw.choice([1, 1, 2])),
    }
    if kind == BUCKET and draw.random() < 0.08:
        found["Resource"] = [f"{BUCKET}/home/${{aws:username}}/*"]
    if draw.random() < 0.08:
        found["NotAction"] = found.pop("Action")
    if draw.random() < 0.05:
        found["NotResource"] = found.pop("Resource")
    return {**found, **_condition(draw, _TESTS)}


def _resource_statement(draw: random.Random, kind: str) -> Json:
    actions, resources = _OF[kind]
    return {
        **_effect(draw),
        "Principal": draw.choice(_PRINCIPALS),
        "Action": draw.sample(actions, draw.choice([1, 1, 2])),
        "Resource": draw.sample(resources, draw.choice([1, 1, 2])),
        **_condition(draw, _TESTS),
    }


def _trust_statement(draw: random.Random) -> Json:
    return {
        **_effect(draw),
        "Principal": draw.choice(_PRINCIPALS[1:]),
        "Action": draw.choice([["sts:AssumeRole"], ["sts:AssumeRole", "sts:TagSession"]]),
        **_condition(draw, _TRUST_TESTS),
    }


def _effect(draw: random.Random) -> Json:
    return {"Effect": draw.choice(["Allow", "Allow", "Deny"])}


def _condition(draw: random.Random, tests: list[Json]) -> Json:
    found: Json = {}
    for _ in range(draw.choice([0, 0, 1, 1, 2])):
        for operator, keys in draw.choice(tests).items():
            found[operator] = {**found.get(operator, {}), **keys}
    return {"Condition": found} if found else {}


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
