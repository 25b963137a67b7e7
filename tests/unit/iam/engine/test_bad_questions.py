"""Questions, contexts and worlds that make no sense are refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.engine import (
    Context,
    QuestionError,
    Request,
    World,
    assume,
    parse_principal,
)
from tests.unit.iam.engine.accounts import (
    BUCKET,
    GET,
    KEY,
    OBJECT,
    QUEUE,
    ROLE,
    SESSION,
    TRUSTED,
    TRUSTING,
    USER,
    owned,
    policy,
    trust,
)

WITH_ID = {"StringEquals": {"sts:ExternalId": "Unique ID Assigned by Example Corp"}}

# Documents as a careless caller would give them; their types would not pass.
MISSPELT: Any = {"boundry": policy()}
MISPLACED: Any = {"trust": policy()}
NOTHING: Any = {}
NO_POLICY: Any = {"account": TRUSTING}
NO_TEXT: Any = {"c": "d"}


@pytest.mark.parametrize(
    ("ask_it", "named"),
    [
        (lambda: parse_principal("StageAdmin"), "principal 'StageAdmin'"),
        (lambda: parse_principal(f"arn:aws:iam::{TRUSTED}:user"), "is incomplete"),
        (lambda: parse_principal(f"arn:aws:iam::{TRUSTED}:root/x"), "is incomplete or has too"),
        (lambda: parse_principal("arn:aws:iam::4444:user/x"), "arn:aws:iam::4444:user/x"),
        (lambda: Request(parse_principal(USER), "GetObject", OBJECT), "action 'GetObject'"),
        (lambda: Request(parse_principal(USER), "s3:Get*", OBJECT), "action 's3:Get*'"),
        (lambda: Request(parse_principal(USER), GET, "bucket/key"), "resource 'bucket/key'"),
        (lambda: Context({"aws:PrincipalArn": USER}), "'aws:PrincipalArn' follows from"),
        (lambda: Context({"a:b": "1", "A:B": "2"}), "'A:B' is stated twice"),
        (lambda: Context({"a:b": "1"}, absent=["a:b"]), "'a:b' is stated twice"),
        (lambda: Context({"prefix": "1"}), "'prefix' has no service prefix"),
        (lambda: Context({"a:b": NO_TEXT}), "'a:b' has the value"),
        (
            lambda: assume(World(), parse_principal(USER), SESSION),
            f"'{SESSION}' is not the ARN of a role",
        ),
        (lambda: World(users={ROLE: {}}), "is not the ARN of a user"),
        (lambda: World(roles={SESSION: {"trust": trust(USER)}}), "is not the ARN of a role"),
        (lambda: World(roles={ROLE: NOTHING}), f"{ROLE}: 'trust' is missing"),
        (
            lambda: World(users={USER: MISSPELT}),
            f"{USER}: 'boundry' is not part of what it can have; did you mean 'boundary'",
        ),
        (
            lambda: World(users={USER: MISPLACED}),
            f"{USER}: 'trust' is not part of what it can have; known are policies, boundary",
        ),
        (lambda: World(resources={BUCKET: NO_POLICY}), f"{BUCKET}: 'policy' is missing"),
        (lambda: World(resources={OBJECT: owned(None)}), "for an object give its bucket"),
        (lambda: World(resources={"bucket": owned(None)}), "'bucket' is not the ARN"),
        (
            lambda: World(resources={BUCKET: owned(None, "1")}),
            f"account '1' of {BUCKET} is not 12 digits",
        ),
        (
            lambda: World(resources={QUEUE: owned(None, TRUSTED)}),
            f"account '{TRUSTED}' contradicts the ARN '{QUEUE}'",
        ),
        (lambda: World(resources={KEY: owned(None)}), f"key '{KEY}' has no key policy"),
    ],
)
def test_rejects_a_question_that_makes_no_sense(ask_it: Any, named: str) -> None:
    with pytest.raises(QuestionError) as caught:
        ask_it()
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
