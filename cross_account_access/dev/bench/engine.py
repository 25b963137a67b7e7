"""How many single questions the access engine answers in a second of one core.

The world has the shape of this project's own: in the trusting account ten buckets with their
policies and ten roles, in the trusted account ten users. Documents are compiled before the clock
starts, as in the commands that use the engine.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from typing import Any

from cross_account_access.iam.engine import (
    Context,
    IdentityDocuments,
    Outcome,
    Request,
    ResourceDocuments,
    RoleDocuments,
    World,
    decide,
    parse_principal,
)

_TRUSTING = "111122223333"
_TRUSTED = "444455556666"
_COUNT = 10
_SECONDS = 2.0
_GOAL = 20_000


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def world() -> World:
    """Return the accounts that are asked about."""
    users: dict[str, IdentityDocuments] = {}
    roles: dict[str, RoleDocuments] = {}
    resources: dict[str, ResourceDocuments] = {}
    for number in range(_COUNT):
        bucket = f"arn:aws:s3:::production-bucket-{number}"
        role = f"arn:aws:iam::{_TRUSTING}:role/StageRole{number}"
        user = f"arn:aws:iam::{_TRUSTED}:user/StageUser{number}"
        users[user] = {
            "policies": {
                "assume": _document(
                    {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [role]}
                )
            }
        }
        roles[role] = {
            "trust": _document(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": [f"arn:aws:iam::{_TRUSTED}:root"]},
                    "Action": ["sts:AssumeRole"],
                    "Condition": {
                        "ArnLike": {"aws:PrincipalArn": [user]},
                        "StringEquals": {"sts:ExternalId": [f"partner-{number}"]},
                    },
                }
            ),
            "policies": {
                "access": _document(
                    {
                        "Effect": "Allow",
                        "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                        "Resource": [bucket],
                    },
                    {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{bucket}/*"]},
                )
            },
        }
        resources[bucket] = {
            "account": _TRUSTING,
            "policy": _document(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": ["s3:*"],
                    "Resource": [bucket, f"{bucket}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
                },
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": [f"arn:aws:iam::{_TRUSTED}:root"]},
                    "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                    "Resource": [bucket],
                },
            ),
        }
    return World(users=users, roles=roles, resources=resources)


def questions() -> list[Request]:
    """Return every user at every role, and every role at every bucket: allowed and refused."""
    asked = []
    for one, other in itertools.product(range(_COUNT), repeat=2):
        user = parse_principal(f"arn:aws:iam::{_TRUSTED}:user/StageUser{one}")
        role = f"arn:aws:iam::{_TRUSTING}:role/StageRole{other}"
        external = Context({"sts:ExternalId": f"partner-{other}", "aws:SecureTransport": True})
        asked.append(Request(user, "sts:AssumeRole", role, external))
        session = parse_principal(f"arn:aws:sts::{_TRUSTING}:assumed-role/StageRole{one}/test")
        bucket = f"arn:aws:s3:::production-bucket-{other}"
        tls = Context({"aws:SecureTransport": True})
        asked += [
            Request(session, action, f"{bucket}{key}", tls)
            for action, key in (
                ("s3:GetObject", "/reports/2026/01.csv"),
                ("s3:PutObject", "/reports/2026/01.csv"),
                ("s3:ListBucket", ""),
            )
        ]
    return asked


def main() -> int:
    """Print questions a second; return 1 when they are fewer than the goal."""
    everything = world()
    prepared = questions()
    outcomes = [decide(everything, request).outcome for request in prepared]
    counts = {outcome: outcomes.count(outcome) for outcome in Outcome}
    done = 0
    # Processor time, so that whatever else runs on the machine is not part of it.
    start = time.process_time()
    while (elapsed := time.process_time() - start) < _SECONDS:
        for request in prepared:
            # A new request each time, so that its own checks are part of what is measured.
            decide(
                everything,
                Request(request.principal, request.action, request.resource, request.context),
            )
        done += len(prepared)
    rate = done / elapsed
    shares = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items())
    sys.stdout.write(
        f"access engine: {rate:,.0f} questions a second of processor time (goal {_GOAL:,})\n"
        f"  asked: {len(prepared)} different questions, one at a time: {shares}\n"
        "  counted: checks of action and resource, both sides, citations, what is missing\n"
        "  left out: compiling the documents, parsing principals, building contexts\n"
    )
    return 0 if rate >= _GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
