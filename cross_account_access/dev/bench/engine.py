"""How many single questions the access engine answers in a second of one core.

The world has the shape of this project's own: in the trusting account sixty buckets with their
policies and sixty roles, in the trusted account sixty users. Documents are compiled before the
clock starts, as in the commands that use the engine.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from cross_account_access.iam.engine import (
    Context,
    Decision,
    Decisions,
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
_COUNT = 60
_SECONDS = 2.0
_GOAL = 200_000
_COLD_GOAL = 20_000
_CLASSES = 10_000


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
    """Return every user at every role, and every role at every bucket: allowed and refused.

    Of each bucket two objects are asked for that no document tells apart.
    """
    asked = []
    tls = Context({"aws:SecureTransport": True})
    for one, other in itertools.product(range(_COUNT), repeat=2):
        user = parse_principal(f"arn:aws:iam::{_TRUSTED}:user/StageUser{one}")
        role = f"arn:aws:iam::{_TRUSTING}:role/StageRole{other}"
        external = Context({"sts:ExternalId": f"partner-{other}", "aws:SecureTransport": True})
        asked.append(Request(user, "sts:AssumeRole", role, external))
        session = parse_principal(f"arn:aws:sts::{_TRUSTING}:assumed-role/StageRole{one}/test")
        bucket = f"arn:aws:s3:::production-bucket-{other}"
        asked += [
            Request(session, action, f"{bucket}{key}", tls)
            for action, key in (
                ("s3:GetObject", "/reports/2026/01.csv"),
                ("s3:GetObject", "/reports/2026/02.csv"),
                ("s3:PutObject", "/reports/2026/01.csv"),
                ("s3:ListBucket", ""),
            )
        ]
    return asked


def main() -> int:
    """Print questions a second; return 1 when they are fewer than the goals."""
    everything = world()
    prepared = questions()
    kept = Decisions(everything)
    outcomes = [kept.decide(request).outcome for request in prepared]
    if outcomes != [decide(everything, request).outcome for request in prepared]:
        sys.stdout.write("access engine: what is kept differs from what is decided\n")
        return 1
    counts = {outcome: outcomes.count(outcome) for outcome in Outcome}
    cold = _rate(prepared, lambda request: decide(everything, request))
    warm = _rate(prepared, kept.decide)
    shares = ", ".join(f"{count:,} {outcome.value}" for outcome, count in counts.items())
    sys.stdout.write(
        f"access engine: {warm:,.0f} questions a second of processor time with decisions kept by"
        f" class (goal {_GOAL:,}), {cold:,.0f} with each decided anew (goal {_COLD_GOAL:,})\n"
        f"  asked: {len(prepared):,} different questions of {len(kept):,} classes, one at a time:"
        f" {shares}\n"
        "  counted: checks of action and resource, both sides, citations, what is missing\n"
        "  left out: compiling the documents, parsing principals, building contexts\n"
    )
    return 0 if warm >= _GOAL and cold >= _COLD_GOAL and len(kept) >= _CLASSES else 1


def _rate(prepared: list[Request], ask: Callable[[Request], Decision]) -> float:
    """Return how many questions are answered in a second."""
    done = 0
    # Processor time, so that whatever else runs on the machine is not part of it.
    start = time.process_time()
    while (elapsed := time.process_time() - start) < _SECONDS:
        for request in prepared:
            # A new request each time, so that its own checks are part of what is measured.
            ask(Request(request.principal, request.action, request.resource, request.context))
        done += len(prepared)
    return done / elapsed


if __name__ == "__main__":
    sys.exit(main())
