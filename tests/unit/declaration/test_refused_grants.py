# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Grants that contradict one another or cannot hold: refused with name, value, rule and remedy."""

from typing import Any

import pytest

from tests.unit.declaration.stack_file import (
    beside,
    ci,
    consumer,
    direct,
    grant,
    message,
    of_kind,
    problems_of,
    vendor,
)

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown level": (
        {"grants": [grant(levels=["raed"])]},
        "grants[0].levels[0]: 'raed' must be one of list, read, write, delete, upload, versions, tag, "
        "acl, describe; did you mean read?",
    ),
    "level twice": (
        {"grants": [grant(levels=["read", "read"])]},
        "grants[0].levels[1]: 'read' is there twice",
    ),
    "no level": ({"grants": [grant(levels=[])]}, "grants[0].levels: empty"),
    "grant to nobody": (
        {"grants": [grant(consumer="stage-admn"), grant()]},
        "grants[0].consumer: 'stage-admn' is not the name of anything under consumers; did you mean stage-admin?",
    ),
    "grant of nothing": (
        {"grants": [grant(bucket="another-bucket")]},
        "grants[0].bucket: 'another-bucket' is not the name of anything under buckets",
    ),
    "the same grant twice": (
        {"grants": [grant(), grant(levels=["list"])]},
        "grants: 2 grants of 'production-test-bucket-101' to 'stage-admin'",
    ),
    "consumer without a grant": (
        {
            "consumers": [
                consumer(),
                consumer(name="other", user={"name": "B"}, role={"name": "RB"}),
            ]
        },
        "consumers[1].name: 'other' has no grant",
    ),
    "prefix with a wildcard": (
        {"grants": [grant(prefixes=["images/*"])]},
        "grants[0].prefixes[0]: 'images/*' must not have *, ? or ${",
    ),
    "prefix with a variable": (
        {"grants": [grant(prefixes=["home/${aws:username}"])]},
        "must not have *, ? or ${",
    ),
    "prefix with a slash in front": (
        {"grants": [grant(prefixes=["/images"])]},
        "'/images' must not begin with a slash, as keys do not: images",
    ),
    "prefix with two slashes in front": (
        {"grants": [grant(prefixes=["//images"])]},
        "must not begin with a slash",
    ),
    "prefix that is a URL": (
        {"grants": [grant(prefixes=["s3://production-test-bucket-101/images/"])]},
        "grants[0].prefixes[0]: 's3://production-test-bucket-101/images/' is an address; write what keys in the bucket begin with, as in images/",
    ),
    "prefix that is a URL of the web": (
        {"grants": [grant(prefixes=["https://x.s3.amazonaws.com/images"])]},
        "is an address",
    ),
    "prefix that is an ARN": (
        {"grants": [grant(prefixes=["arn:aws:s3:::production-test-bucket-101/images"])]},
        "is an address",
    ),
    "prefix of the folder here": (
        {"grants": [grant(prefixes=["./images"])]},
        "'./images' has a part that is empty, . or .., which keys do not have",
    ),
    "prefix of the folder above": (
        {"grants": [grant(prefixes=["../images"])]},
        "has a part that is",
    ),
    "prefix with the folder above in it": (
        {"grants": [grant(prefixes=["images/../x"])]},
        "has a part that is",
    ),
    "prefix with two slashes in a row": (
        {"grants": [grant(prefixes=["images//raw"])]},
        "has a part that is",
    ),
    "prefix with two slashes at its end": (
        {"grants": [grant(prefixes=["images//"])]},
        "has a part that is",
    ),
    "prefix that is a dot": ({"grants": [grant(prefixes=["."])]}, "has a part that is"),
    "prefix of nothing": (
        {"grants": [grant(prefixes=[""])]},
        "'' is the whole bucket; leave prefixes out for that",
    ),
    "no prefix": ({"grants": [grant(prefixes=[])]}, "grants[0].prefixes: empty"),
    "the same prefix with and without its slash": (
        {"grants": [grant(prefixes=["images", "images/"])]},
        "grants[0]: 'images/' overlaps with 'images/' of grants[0]",
    ),
    "a prefix inside another": (
        {"grants": [grant(prefixes=["images"]), grant(prefixes=["images/raw"], levels=["write"])]},
        "grants[1]: 'images/raw/' overlaps with 'images/' of grants[0], for 'stage-admin' in 'production-test-bucket-101'",
    ),
    "a prefix beside the whole bucket": (
        {"grants": [grant(), grant(prefixes=["images"], levels=["write"])]},
        "grants[1]: 'images/' overlaps with the whole bucket of grants[0]",
    ),
    "grant of no resource": (
        {"grants": [{"consumer": "stage-admin", "levels": ["read"]}]},
        "grants[0]: has none of bucket, topic, queue, resource; add one, as in bucket: my-bucket",
    ),
    "grant of two resources": (
        {**message("topic"), "grants": [grant(topic="my-own")]},
        "grants[0]: has bucket and topic; it takes one of them, remove the rest",
    ),
    "grant of an unknown topic": (
        message("topic", topic="my-owm"),
        "grants[1].topic: 'my-owm' is not the name of anything under topics; did you mean my-own?",
    ),
    "grant of a queue as of a topic": (
        {
            **message("queue"),
            "grants": [{"consumer": "stage-admin", "topic": "my-own", "levels": ["publish"]}],
        },
        "grants[0].topic: 'my-own' is not the name of anything under topics",
    ),
    "level of another kind": (
        message("topic", levels=["read"]),
        "grants[1].levels[0]: 'read' must be one of publish, subscribe",
    ),
    "level of a bucket that is one of a queue": (
        {"grants": [grant(levels=["send"])]},
        "grants[0].levels[0]: 'send' must be one of list, read, write, delete",
    ),
    "prefixes of a queue": (
        message("queue", prefixes=["images"]),
        "grants[1].prefixes: ['images'] cannot confine a queue, which has no keys; remove it",
    ),
    "way that there is not": (
        {"grants": [grant(via="policy")]},
        "grants[0].via: 'policy' must be one of role, resource",
    ),
    "topic granted twice": (
        {**message("topic"), "grants": [grant(), *message("topic")["grants"][1:] * 2]},
        "grants: 2 grants of 'my-own' to 'stage-admin'",
    ),
    "the same keys both ways": (
        {"grants": [grant(), grant(prefixes=["images"], via="resource")]},
        "grants[1]: 'images/' overlaps with the whole bucket of grants[0]",
    ),
    "CI by a resource policy": (
        direct(ci()),
        "grants[1].via: 'resource' cannot be had by oidc: a token makes nobody known to AWS but by a role; write via: role",
    ),
    "third party by a resource policy": (
        direct(vendor()),
        "grants[1].via: 'resource' cannot be had by third_party: no resource policy can ask for its external ID",
    ),
    "external ID by a resource policy": (
        direct(conditions={"external_id": "vendor-7"}),
        "grants[0].via: 'resource' cannot go with the consumer's condition external_id, which is stated when a role is assumed",
    ),
    "source identity by a resource policy": (
        direct(conditions={"source_identity": {}}),
        "condition source_identity, which is stated when a role is assumed, and which no resource policy can ask for; write via: role, or remove the condition",
    ),
    "session tags by a resource policy": (
        direct(conditions={"session_tags": {"required": False, "tags": {"a": "b"}}}),
        "condition session_tags, which is stated when a role is assumed",
    ),
    "role without use": (
        direct(role={"name": "StageRole"}),
        "consumers[0].role.name: 'StageRole' would be a role without permissions, since all grants of the consumer say via: resource",
    ),
    "no role for one of two grants": (
        {**direct(), "grants": [grant(via="resource", prefixes=["a"]), grant(prefixes=["b"])]},
        "consumers[0].role: missing; add it, as in {name: StageRole}",
    ),
    "subscription of CI": (
        {
            **beside(ci()),
            "topics": [{"name": "news"}],
            "grants": [grant(), {"consumer": "other-0", "topic": "news", "levels": ["subscribe"]}],
        },
        "grants[1].levels: ['subscribe'] cannot have subscribe for oidc: it is confined to queues and functions of the consumer's own account",
    ),
    "subscription of an organization": (
        {
            **beside(of_kind("organization", {"id": "o-a1b2c3d4e5"})),
            "topics": [{"name": "news"}],
            "grants": [grant(), {"consumer": "other-0", "topic": "news", "levels": ["subscribe"]}],
        },
        "cannot have subscribe for organization",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))
