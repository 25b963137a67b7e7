# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Conditions that cannot be met: refused with name, value, rule and remedy."""

from typing import Any

import pytest

from tests.unit.declaration.stack_file import (
    beside,
    ci,
    of_kind,
    problems_of,
    under,
    vendor,
)

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "third party without an external ID": (
        beside(of_kind("third_party", {"account_id": "777788889999"})),
        "consumers[1].conditions: missing; add it, as in {external_id: what-the-third-party-gave-you}",
    ),
    "third party with other conditions only": (
        beside(of_kind("third_party", {"account_id": "777788889999"}, conditions={})),
        "consumers[1].conditions.external_id: missing",
    ),
    "external ID of one character": (
        under(external_id="x"),
        "consumers[0].conditions.external_id: 'x' must have 2 to 1224 characters, not 1",
    ),
    "external ID of our own message": (
        under(external_id="what-the-third-party-gave-you"),
        "'what-the-third-party-gave-you' is the example of a message and no external ID; write what the third party gave you",
    ),
    "external ID of our own help": (
        {**beside({**vendor(), "conditions": {"external_id": "WHAT-WAS-PRINTED"}})},
        "'WHAT-WAS-PRINTED' is the example of a message",
    ),
    "external ID that is left empty": (under(external_id=None), "external_id: null is empty"),
    "external ID too long": (under(external_id="x" * 1225), "must have 2 to 1224 characters"),
    "external ID of the wrong alphabet": (
        under(external_id="vendor 7"),
        "'vendor 7' must consist of letters, digits and _+=,.@:/-",
    ),
    "MFA for instances": (
        beside(of_kind("ec2", {"role": {"name": "R"}}, conditions={"mfa": {"max_age": 900}})),
        "consumers[1].conditions.mfa: {'max_age': 900} cannot be met by a machine (ec2)",
    ),
    "MFA for CI": (
        beside({**ci(), "conditions": {"mfa": {}}}),
        "conditions.mfa: {} cannot be met by a machine (oidc)",
    ),
    "MFA for a third party": (
        beside({**vendor(), "conditions": {"external_id": "vendor-7", "mfa": {}}}),
        "conditions.mfa: {} cannot be met by a machine (third_party)",
    ),
    "MFA for roles": (
        beside(
            of_kind(
                "principals",
                {"arns": ["arn:aws:iam::444455556666:role/data/*"]},
                conditions={"mfa": {}},
            )
        ),
        "conditions.mfa: {} cannot be met by a role",
    ),
    "MFA as a flag": (
        under(mfa=True),
        "consumers[0].conditions.mfa: True must be a mapping, as in {max_age: 3600}",
    ),
    "MFA of too long ago": (
        under(mfa={"max_age": 129601}),
        "mfa.max_age: 129601 must be 60 to 129600 seconds",
    ),
    "external ID for CI": (
        beside({**ci(), "conditions": {"external_id": "vendor-7"}}),
        "conditions.external_id: 'vendor-7' cannot be met by a token",
    ),
    "session tags for CI": (
        beside({**ci(), "conditions": {"session_tags": {"tags": {"a": "b"}}}}),
        "conditions.session_tags: {'tags': {'a': 'b'}} cannot be met by a token",
    ),
    "source IP that is no range": (
        under(source_ips=["203.0.113.7/24"]),
        "conditions.source_ips[0]: '203.0.113.7/24' must be a range of IP addresses",
    ),
    "every source IP": (under(source_ips=["0.0.0.0/0"]), "'0.0.0.0/0' is every address"),
    "private source IP": (under(source_ips=["10.1.0.0/16"]), "'10.1.0.0/16' is a private range"),
    "the same range twice": (
        under(source_ips=["203.0.113.0/24", "203.0.113.0/24"]),
        "conditions.source_ips[1]: '203.0.113.0/24' is there twice; remove one",
    ),
    "source IPs without an item": (under(source_ips=[]), "conditions.source_ips: empty"),
    "endpoint that is none": (
        under(vpc_endpoints=["vpc-01234567"]),
        "conditions.vpc_endpoints[0]: 'vpc-01234567' must be the ID of a VPC endpoint of S3",
    ),
    "source IPs and endpoints": (
        under(source_ips=["203.0.113.0/24"], vpc_endpoints=["vpce-01234567"]),
        "conditions.vpc_endpoints: ['vpce-01234567'] cannot go with source_ips",
    ),
    "source identity of AWS": (
        under(source_identity={"values": ["aws:x"]}),
        "source_identity.values[0]: 'aws:x' must not begin with aws:",
    ),
    "source identity of one character": (
        under(source_identity={"values": ["x"]}),
        "'x' must have 2 to 64 letters",
    ),
    "session tags without a tag": (
        under(session_tags={"tags": {}}),
        "session_tags.tags: {} names no tag",
    ),
    "expiry that is no date": (
        under(expires_at="next week"),
        "conditions.expires_at: 'next week' must be a date or a time with its offset",
    ),
    "expiry on a day that there is not": (
        under(expires_at="2030-02-30"),
        "'2030-02-30' must be a date",
    ),
    "expiry without an offset": (
        under(expires_at="2030-01-31T18:00:00"),
        "'2030-01-31T18:00:00' must be a date or a time with its offset",
    ),
    "expiry as a number": (under(expires_at=20300131), "expires_at: 20300131 must be"),
    "unknown condition": (
        under(externalid="vendor-7"),
        "conditions.externalid: no such setting; did you mean external_id?",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))
