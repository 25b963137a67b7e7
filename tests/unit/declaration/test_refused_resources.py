# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""What is shared and cannot be: refused with name, value, rule and remedy."""

from typing import Any

import pytest

from tests.unit.declaration.stack_file import (
    bucket,
    grant,
    message,
    problems_of,
)

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown setting in a list": (
        {"buckets": [bucket(protected=True)]},
        "buckets[0].protected: no such setting; did you mean protect?",
    ),
    "buckets as text": ({"buckets": "my-bucket"}, "buckets: 'my-bucket' must be a list"),
    "bucket as text": ({"buckets": ["my-bucket"]}, "buckets[0]: 'my-bucket' must be a mapping"),
    "bucket without a name": ({"buckets": [{}]}, "buckets[0].name: missing"),
    "bucket twice": (
        {"buckets": [bucket(), bucket()]},
        "buckets[1].name: 'production-test-bucket-101' is there already",
    ),
    "flag as text": (
        {"buckets": [bucket(protect="yes")]},
        "buckets[0].protect: 'yes' must be true or false",
    ),
    "days as text": (
        {"buckets": [bucket(noncurrent_days="ten")]},
        "buckets[0].noncurrent_days: 'ten' must be a whole number of days",
    ),
    "days of zero": (
        {"buckets": [bucket(noncurrent_days=0)]},
        "buckets[0].noncurrent_days: 0 must be 1 to 36500 days",
    ),
    "days as a flag": (
        {"buckets": [bucket(noncurrent_days=True)]},
        "noncurrent_days: True must be a whole number",
    ),
    "log without a bucket": (
        {"buckets": [bucket(access_log={"prefix": "x/"})]},
        "buckets[0].access_log.bucket: missing",
    ),
    "log into the bucket itself": (
        {"buckets": [bucket(access_log={"bucket": "production-test-bucket-101"})]},
        "buckets[0].access_log.bucket: 'production-test-bucket-101' is the bucket itself, whose policy does not let S3 deliver logs; name a bucket that exists and does",
    ),
    "log into a bucket of the stack": (
        {"buckets": [{"name": "our-logs"}, bucket(access_log={"bucket": "our-logs"})]},
        "buckets[1].access_log.bucket: 'our-logs' is a bucket of the stack, whose policy does not",
    ),
    "AWS-managed key": (
        {"buckets": [bucket(encryption="alias/aws/s3")]},
        "buckets[0].encryption: 'alias/aws/s3' is the AWS-managed key, whose key policy nobody can change, so that it cannot be shared across accounts; write kms",
    ),
    "encryption of a mistyped kind": (
        {"buckets": [bucket(encryption="kmss")]},
        "buckets[0].encryption: 'kmss' must be s3 (keys of S3) or kms (a key that the stack makes for the bucket); did you mean kms?",
    ),
    "encryption with a key of somebody's": (
        {"buckets": [bucket(encryption="arn:aws:kms:us-west-2:111122223333:key/1")]},
        "must be s3 (keys of S3) or kms (a key that the stack makes for the bucket)",
    ),
    "FIFO queue": (
        {**message("queue"), "queues": [{"name": "jobs.fifo"}]},
        "queues[0].name: 'jobs.fifo' is the name of a FIFO queue, which is not made here; leave .fifo out",
    ),
    "FIFO topic": ({"topics": [{"name": "news.fifo"}]}, "topics[0].name: 'news.fifo' is the name"),
    "queue name with a dot": (
        {"queues": [{"name": "my.jobs"}]},
        "queues[0].name: 'my.jobs' must have 1 to 80 letters, digits, hyphens and underscores",
    ),
    "queue name too long": ({"queues": [{"name": "q" * 81}]}, "must have 1 to 80 letters"),
    "topic name too long": ({"topics": [{"name": "t" * 257}]}, "must have 1 to 256 letters"),
    "topic without a name": ({"topics": [{}]}, "topics[0].name: missing"),
    "queues as text": ({"queues": "jobs"}, "queues: 'jobs' must be a list, as in {name: my-queue}"),
    "unknown setting of a topic": (
        {"topics": [{"name": "news", "protct": True}]},
        "topics[0].protct: no such setting; did you mean protect?",
    ),
    "topic twice": (
        {"topics": [{"name": "news"}, {"name": "news"}]},
        "topics[1].name: 'news' is there already",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ab", "3 to 63 characters"),
        ("a" * 64, "3 to 63 characters"),
        ("My-Bucket", "lower-case"),
        ("my_bucket", "lower-case"),
        ("-bucket", "begin and end"),
        ("bucket-", "begin and end"),
        ("my..bucket", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--bucket", "xn--"),
        ("sthree-bucket", "sthree-"),
        ("amzn-s3-demo-bucket", "amzn-s3-demo-"),
        ("bucket-s3alias", "-s3alias"),
        ("bucket--ol-s3", "--ol-s3"),
        ("bucket.mrap", ".mrap"),
        ("bucket--x-s3", "--x-s3"),
        ("bucket--table-s3", "--table-s3"),
        ("bucket-111122223333-us-west-2-an", "-an"),
    ],
)
def test_rejects_bucket_names_that_s3_refuses(name: str, rule: str) -> None:
    problems = problems_of(buckets=[bucket(name=name)], grants=[grant(bucket=name)])
    assert [
        problem for problem in problems if problem.startswith("buckets[0].name") and rule in problem
    ]
