"""Documents: the grammar, and messages that name the place, the value and the remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cross_account_access.iam.engine import (
    Context,
    DocumentError,
    PolicyKind,
    QuestionError,
    World,
    compile_policy,
)
from tests.unit.iam.engine.accounts import (
    BUCKET,
    OBJECT,
    ROLE,
    TRUSTED,
    USER,
    Json,
    allow,
    ask,
    deny,
    owned,
    policy,
    root_of,
    trust,
)


def but(action: str, resource: str) -> Json:
    return {"Effect": "Allow", "NotAction": action, "NotResource": resource}


def message_of(document: Any, kind: PolicyKind = PolicyKind.IDENTITY) -> str:
    with pytest.raises(DocumentError) as caught:
        compile_policy(document, kind, "policy 'p'")
    message = str(caught.value)
    assert message.startswith("policy 'p': ")
    assert "\n" not in message
    return message


def test_rejects_text_that_is_not_json_with_line_and_column() -> None:
    assert "line 2, column 17: not JSON" in message_of('{\n "Version": 2012-10-17\n}')


@pytest.mark.parametrize("text", ["", "[]", '"x"', "null", "[" * 100_000, "9" * 5000])
def test_rejects_json_that_is_no_document(text: str) -> None:
    message_of(text)


def test_rejects_an_element_that_stands_twice() -> None:
    text = '{"Statement": {"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}}'
    assert "'Effect' stands twice" in message_of(text)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"Version": "2012-10-17"}, "Statement is missing"),
        (policy(allow(), version="2012-10-18"), "'2012-10-18' is no policy language"),
        ({"Statment": []}, "did you mean 'Statement'"),
        (policy({"Efect": "Allow"}), "did you mean 'Effect'"),
        ({"Statement": ["x"]}, "Statement[0]: a statement is a JSON object"),
        (policy(allow(), allow(Effect="allow")), "Statement[1].Effect: 'allow' is no effect"),
        (policy({"Effect": "Allow", "Resource": "*"}), "either Action or NotAction; both are mis"),
        (policy(allow(NotAction="*")), "either Action or NotAction; both are there"),
        (policy({"Effect": "Allow", "Action": "*"}), "either Resource or NotResource"),
        (policy(allow(NotResource="*")), "either Resource or NotResource; both are there"),
        (policy(allow("GetObject")), "Statement[0].Action: 'GetObject' is no action"),
        (policy(allow(["s3:GetObject", 7])), "Statement[0].Action: 7 is no text"),
        (policy(but("GetObject", "*")), "Statement[0].NotAction: 'GetObject' is no action"),
        (policy(allow("*", "bucket/*")), "Statement[0].Resource: 'bucket/*' is no ARN"),
        (policy(but("*", "bucket/*")), "Statement[0].NotResource: 'bucket/*' is no ARN"),
        (
            policy(allow("*", "arn:aws:s3:${x:y}::b")),
            "'arn:aws:s3:${x:y}::b' has a policy variable before the fifth colon",
        ),
        (
            policy(allow("*", "arn:aws:sqs:us-west-2:${x:y}:b")),
            "'arn:aws:sqs:us-west-2:${x:y}:b' has a policy variable before the fifth colon",
        ),
        (policy(allow(Sid=7)), "Statement[0].Sid: 7 is no text"),
        (policy(allow(Principal="*")), "Statement[0].Principal: not allowed here"),
    ],
)
def test_rejects_what_the_grammar_does_not_have(document: Any, named: str) -> None:
    assert named in message_of(document)


@pytest.mark.parametrize(
    ("statement", "kind", "named"),
    [
        (allow(), PolicyKind.RESOURCE, "either Principal or NotPrincipal"),
        (allow(Principal="*"), PolicyKind.TRUST, "a trust policy has none"),
        (allow(NotPrincipal="*"), PolicyKind.SESSION, "not allowed here"),
        (allow("*", "arn:aws:sqs"), PolicyKind.SESSION, "'arn:aws:sqs' has fewer than six fields"),
        (allow("*", "arn:aws:sqs", Principal="*"), PolicyKind.RESOURCE, "fewer than six fields"),
        (
            {"Effect": "Deny", "NotPrincipal": {"AWS": USER}, "Action": "sts:AssumeRole"},
            PolicyKind.TRUST,
            "not allowed in a trust policy",
        ),
    ],
)
def test_rejects_an_element_in_the_wrong_kind_of_policy(
    statement: Json, kind: PolicyKind, named: str
) -> None:
    assert named in message_of(policy(statement), kind)


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        ("x", "is no principal"),
        ({}, "is no principal"),
        ([], "is no principal"),
        ({"Aws": USER}, "'Aws' is no kind of principal"),
        ({"AWS": 444455556666}, "444455556666 is no principal; give a text"),
        ({"AWS": f"arn:aws:iam::{TRUSTED}:user/*"}, "must be named in full"),
        ({"AWS": f"arn:aws:iam::{TRUSTED}:group/admins"}, "is no AWS principal"),
        ({"AWS": "4444"}, "'4444' is no AWS principal"),
        ({"Service": "*.amazonaws.com"}, "must be named in full"),
    ],
)
def test_rejects_a_principal_that_does_not_exist_in_the_grammar(principal: str, named: str) -> None:
    assert named in message_of(policy(allow(Principal=principal)), PolicyKind.RESOURCE)


def test_json_text_and_parsed_json_mean_the_same() -> None:
    document = policy(allow("s3:GetObject", f"{BUCKET}/*"))
    for form in (document, json.dumps(document)):
        world = World(
            users={USER: {"policies": {"p": form}}}, resources={BUCKET: owned(None, TRUSTED)}
        )
        assert ask(world, USER, "s3:GetObject", OBJECT).allowed


def test_a_text_that_two_have_is_cited_by_the_name_of_each() -> None:
    text = json.dumps(policy(allow("s3:GetObject")))
    other = USER.replace("StageAdmin", "Other")
    world = World(
        users={USER: {"policies": {"p": text}}, other: {"policies": {"q": text}}},
        resources={BUCKET: owned(None, TRUSTED)},
    )
    cited = [str(ask(world, each, "s3:GetObject", OBJECT).caller_side[0]) for each in (USER, other)]
    assert cited == [
        "statement 1 of identity-based policy 'p' of user/StageAdmin",
        "statement 1 of identity-based policy 'q' of user/Other",
    ]


def test_a_text_is_read_anew_for_another_kind_of_policy() -> None:
    text = json.dumps(policy(allow("*", "arn:aws:sqs")))
    compiled = compile_policy(text, PolicyKind.IDENTITY, "policy 'p'")
    assert (compiled.source, compiled.kind) == ("policy 'p'", PolicyKind.IDENTITY)
    assert "fewer than six fields" in message_of(text, PolicyKind.SESSION)


@pytest.mark.parametrize("kind", ["identity", None, []])
@pytest.mark.parametrize("document", ["{}", {}])
def test_rejects_a_kind_that_is_none(kind: Any, document: Any) -> None:
    with pytest.raises(QuestionError, match=r"^kind of a policy: .* is no PolicyKind; give"):
        compile_policy(document, kind, "policy 'p'")


def test_a_statement_is_cited_by_document_and_sid_or_position() -> None:
    document = policy(allow("s3:Get*", Sid="Read"), allow("s3:GetObject"))
    world = World(
        users={USER: {"policies": {"access": document}}}, resources={BUCKET: owned(None, TRUSTED)}
    )
    decision = ask(world, USER, "s3:GetObject", OBJECT)
    assert [str(citation) for citation in decision.caller_side] == [
        "statement 'Read' of identity-based policy 'access' of user/StageAdmin",
        "statement 2 of identity-based policy 'access' of user/StageAdmin",
    ]


ACTIONS = "IAM JSON policy elements: Action"
NOT_ACTION = "IAM JSON policy elements: NotAction"
RESOURCE = "IAM JSON policy elements: Resource"
NOT_RESOURCE = "IAM JSON policy elements: NotResource"
ARNS = "Identify AWS resources with Amazon Resource Names (ARNs)"
VARIABLES = "IAM policy elements: Variables and tags"
KEYS = "iam:ListAccessKeys"
TABLE = "arn:aws:dynamodb:us-east-2:444455556666:table"


@pytest.mark.parametrize(
    ("page", "statement", "action", "resource", "expected"),
    [
        (ACTIONS, allow("IAM:listaccesskeys"), KEYS, "*", "allowed"),
        (ACTIONS, allow("iam:*AccessKey*"), KEYS, "*", "allowed"),
        (ACTIONS, allow("iam:*AccessKey"), KEYS, "*", "denied"),
        (ACTIONS, allow("iam:ListAccessKey?"), KEYS, "*", "allowed"),
        (ACTIONS, allow("s3:*"), KEYS, "*", "denied"),
        (ACTIONS, allow("*"), KEYS, "*", "allowed"),
        (
            NOT_ACTION,
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
            KEYS,
            "*",
            "denied",
        ),
        (
            NOT_ACTION,
            {"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "*"},
            KEYS,
            "*",
            "allowed",
        ),
        (RESOURCE, allow("s3:*", f"{BUCKET}/*"), "s3:GetObject", OBJECT, "allowed"),
        (RESOURCE, allow("s3:*", f"{BUCKET}/*"), "s3:ListBucket", BUCKET, "denied"),
        (RESOURCE, allow("s3:*", BUCKET), "s3:GetObject", OBJECT, "denied"),
        (RESOURCE, allow("s3:*", f"{BUCKET}/sunset*"), "s3:GetObject", OBJECT, "denied"),
        (RESOURCE, allow("s3:*", f"{BUCKET}/Suns?t.jpg"), "s3:GetObject", OBJECT, "allowed"),
        (
            RESOURCE,
            allow("s3:*", f"{BUCKET}/*/test/*"),
            "s3:GetObject",
            f"{BUCKET}/1/2/test/3/object.jpg",
            "allowed",
        ),
        (
            RESOURCE,
            allow("s3:*", f"{BUCKET}/*/test/*"),
            "s3:GetObject",
            f"{BUCKET}//test/o",
            "allowed",
        ),
        (
            RESOURCE,
            allow("s3:*", f"{BUCKET}/*/test/*"),
            "s3:GetObject",
            f"{BUCKET}/test/o",
            "denied",
        ),
        (
            RESOURCE,
            allow("s3:*", f"{BUCKET}/*/test/*"),
            "s3:GetObject",
            f"{BUCKET}/1-test/object.jpg",
            "denied",
        ),
        (RESOURCE, allow("s3:*", "arn:aws:s3:*"), "s3:GetObject", OBJECT, "allowed"),
        (RESOURCE, allow("s3:*", f"{BUCKET}/a*/z"), "s3:GetObject", f"{BUCKET}/a:b/z", "unknown"),
        (RESOURCE, allow("s3:*", f"{BUCKET}/a*"), "s3:GetObject", f"{BUCKET}/a:b/z", "allowed"),
        (
            NOT_RESOURCE,
            {"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/*"},
            "s3:GetObject",
            OBJECT,
            "denied",
        ),
        (
            NOT_RESOURCE,
            {"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/*"},
            "s3:ListBucket",
            BUCKET,
            "allowed",
        ),
        (ARNS, allow("s3:*", "arn:aws:s3"), "s3:GetObject", OBJECT, "allowed"),
        (ARNS, allow("s3:*", "arn:aws:sqs"), "s3:GetObject", OBJECT, "denied"),
        (
            VARIABLES,
            allow("s3:*", f"{BUCKET}/${{aws:username}}/*"),
            "s3:GetObject",
            f"{BUCKET}/StageAdmin/x",
            "allowed",
        ),
        (
            VARIABLES,
            allow("s3:*", f"{BUCKET}/${{aws:username}}/*"),
            "s3:GetObject",
            f"{BUCKET}/Mallory/x",
            "denied",
        ),
        (
            VARIABLES,
            allow("s3:*", f"{BUCKET}/${{aws:userid}}/*"),
            "s3:GetObject",
            f"{BUCKET}/AIDACKCEVSQ6C2EXAMPLE/x",
            "unknown",
        ),
        (
            VARIABLES,
            allow("s3:*", f"{BUCKET}/${{aws:userid}}/*"),
            "s3:GetObject",
            f"{BUCKET}/Mallory/x",
            "denied",
        ),
        (VARIABLES, allow("s3:*", f"{BUCKET}/${{aws:userid}}/*"), "s3:GetObject", OBJECT, "denied"),
    ],
)
def test_action_and_resource_are_matched_as_the_page_says(
    page: str, statement: Json, action: str, resource: str, expected: str
) -> None:
    world = World(
        users={USER: {"policies": {"p": policy(statement)}}},
        resources={BUCKET: owned(None, TRUSTED)},
    )
    assert ask(world, USER, action, resource).outcome.value == expected, page


def test_a_policy_variable_without_value_matches_no_resource() -> None:
    path = f"{BUCKET}/${{aws:username}}/*"
    session = f"arn:aws:sts::{TRUSTED}:assumed-role/Local/test"
    for statement, expected in (
        (allow("s3:*", path), "denied"),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": path}, "allowed"),
    ):
        world = World(
            roles={
                f"arn:aws:iam::{TRUSTED}:role/Local": {
                    "trust": trust(root_of(TRUSTED)),
                    "policies": {"p": policy(statement)},
                }
            },
            resources={BUCKET: owned(None, TRUSTED)},
        )
        decision = ask(world, session, "s3:GetObject", f"{BUCKET}/x/y")
        assert decision.outcome.value == expected, VARIABLES


def test_a_policy_variable_of_a_key_with_several_values_matches_no_resource() -> None:
    path = f"{BUCKET}/${{aws:TagKeys}}/*"
    several = Context({"aws:TagKeys": ["x", "y"]})
    for statement, expected in ((allow("s3:*", path), "denied"), (but("iam:*", path), "unknown")):
        world = World(
            users={USER: {"policies": {"p": policy(statement)}}},
            resources={BUCKET: owned(None, TRUSTED)},
        )
        decision = ask(world, USER, "s3:GetObject", f"{BUCKET}/x/y", context=several)
        assert decision.outcome.value == expected, VARIABLES


def test_a_trust_policy_speaks_of_its_own_role() -> None:
    statement = deny("sts:AssumeRole", "*")
    world = World(
        users={USER: {"policies": {"p": policy(allow("sts:*", ROLE))}}},
        roles={ROLE: {"trust": trust(USER)}},
    )
    assert ask(world, USER, "sts:AssumeRole", ROLE).allowed
    world = World(
        users={USER: {"policies": {"p": policy(allow("sts:*", ROLE), statement)}}},
        roles={ROLE: {"trust": trust(USER)}},
    )
    assert not ask(world, USER, "sts:AssumeRole", ROLE).allowed
