"""Answers that cannot be known, and the whole way through a role."""

from __future__ import annotations

import pytest

from cross_account_access.iam.engine import (
    Context,
    QuestionError,
    World,
    assume,
    parse_principal,
)
from tests.unit.iam.engine.accounts import (
    BUCKET,
    CARLOS,
    GET,
    LOCAL_USER,
    MAY_ASSUME,
    OBJECT,
    OTHER_USER,
    QUEUE,
    READ,
    ROLE,
    SESSION,
    TRUSTED,
    USER,
    allow,
    ask,
    at_bucket,
    deny,
    outcome,
    owned,
    policy,
    root_of,
    trust,
)

WITH_ID = {"StringEquals": {"sts:ExternalId": "Unique ID Assigned by Example Corp"}}


class TestUnknown:
    """What is not known makes an answer unknown, but only where it could change it."""

    def test_policies_of_a_principal_that_is_not_listed(self) -> None:
        world = World(resources={BUCKET: owned(policy(allow(GET, "*", Principal={"AWS": USER})))})
        decision = ask(world, USER, GET, OBJECT)
        assert decision.outcome.value == "unknown"
        assert decision.unknown == (f"the policies of {USER} are not known",)

    def test_is_denied_when_the_other_side_refuses_anyway(self) -> None:
        world = World(resources={BUCKET: owned(None)})
        assert outcome(world, USER, GET, OBJECT) == "denied"

    def test_policy_of_a_resource_that_is_not_listed(self) -> None:
        world = World(users={LOCAL_USER: {"policies": {"p": policy(allow("sqs:*"))}}})
        decision = ask(world, LOCAL_USER, "sqs:SendMessage", QUEUE)
        assert decision.outcome.value == "unknown"
        assert decision.unknown == (f"the policy of {QUEUE} is not known",)

    def test_resource_abroad_is_denied_without_an_identity_policy(self) -> None:
        assert outcome(World(users={USER: {}}), USER, "sqs:SendMessage", QUEUE) == "denied"

    def test_a_bucket_without_known_owner_stays_unknown(self) -> None:
        world = World(users={USER: {"policies": {"p": policy(READ)}}})
        assert outcome(world, USER, GET, OBJECT) == "unknown"

    def test_a_bucket_without_known_owner_may_be_in_the_callers_account(self) -> None:
        assert outcome(World(users={USER: {}}), USER, GET, OBJECT) == "unknown"

    def test_role_of_another_path_is_another_role(self) -> None:
        world = at_bucket(CARLOS, role=[READ])
        other = ROLE.replace("role/", "role/team/")
        assert outcome(world, other, GET, OBJECT) == "unknown"
        assert outcome(world, ROLE, GET, OBJECT) == "allowed"

    def test_explicit_deny_decides_whatever_else_is_unknown(self) -> None:
        world = World(users={USER: {"policies": {"p": policy(deny("s3:*"))}}})
        assert outcome(world, USER, GET, OBJECT) == "denied"

    def test_a_deny_on_an_unstated_key_leaves_an_allow_open(self) -> None:
        insecure = {"Bool": {"aws:SecureTransport": "false"}}
        world = World(
            users={LOCAL_USER: {"policies": {"p": policy(READ)}}},
            resources={
                BUCKET: owned(
                    policy(deny("s3:*", "*", Principal="*", Condition=insecure, Sid="TlsOnly"))
                )
            },
        )
        decision = ask(world, LOCAL_USER, GET, OBJECT)
        assert decision.outcome.value == "unknown"
        assert decision.unknown == (
            f"statement 'TlsOnly' of resource-based policy of {BUCKET} depends on this:"
            " context key aws:SecureTransport is not stated",
        )
        tls = Context({"aws:SecureTransport": True})
        assert outcome(world, LOCAL_USER, GET, OBJECT, context=tls) == "allowed"
        plain = Context({"aws:SecureTransport": False})
        assert outcome(world, LOCAL_USER, GET, OBJECT, context=plain) == "denied"

    def test_an_unstated_key_of_a_statement_for_somebody_else_does_not_matter(self) -> None:
        statement = allow(GET, "*", Principal={"AWS": OTHER_USER}, Condition=WITH_ID)
        world = at_bucket(statement=statement, user=[READ])
        assert outcome(world, USER, GET, OBJECT) == "denied"

    def test_role_of_unknown_path_is_recognised_by_its_name(self) -> None:
        named = f"arn:aws:iam::{TRUSTED}:role/team/Reader"
        world = World(resources={BUCKET: owned(policy(allow(GET, "*", Principal={"AWS": named})))})
        reader = f"arn:aws:sts::{TRUSTED}:assumed-role/Reader/x"
        assert outcome(world, reader, GET, OBJECT) == "unknown"
        other = f"arn:aws:sts::{TRUSTED}:assumed-role/Writer/x"
        assert outcome(world, other, GET, OBJECT) == "denied"


class TestWalkthrough:
    """A user assumes the role, and the session reads the object: the whole chain."""

    def world(self) -> World:
        narrowed = {"ArnLike": {"aws:PrincipalArn": USER}}
        return World(
            users={
                USER: {"policies": {"assume": policy(MAY_ASSUME)}},
                OTHER_USER: {"policies": {"assume": policy(MAY_ASSUME)}},
            },
            roles={
                ROLE: {
                    "trust": trust(root_of(TRUSTED), Condition=narrowed),
                    "policies": {"read": policy(READ)},
                }
            },
            resources={BUCKET: owned(None)},
        )

    def test_the_trusted_user_reads_through_the_role(self) -> None:
        assumption = assume(self.world(), parse_principal(USER), ROLE, session_name="test")
        assert assumption.decision.allowed
        assert assumption.session.arn == SESSION
        assert outcome(self.world(), assumption.session.arn, GET, OBJECT) == "allowed"

    def test_the_role_cannot_write(self) -> None:
        decision = ask(self.world(), SESSION, "s3:PutObject", OBJECT)
        assert decision.outcome.value == "denied"
        assert decision.missing[0] == (
            f"no identity-based statement of assumed-role/StageRole/test allows"
            f" s3:PutObject on {OBJECT}"
        )

    def test_the_user_cannot_read_without_the_role(self) -> None:
        assert outcome(self.world(), USER, GET, OBJECT) == "denied"

    def test_another_user_of_the_account_is_refused_and_told_why(self) -> None:
        decision = assume(self.world(), parse_principal(OTHER_USER), ROLE).decision
        assert decision.missing == (
            "the trust policy of role/StageRole does not allow user/Mallory"
            f" sts:AssumeRole on {ROLE}",
            "statement 1 of trust policy of role/StageRole would, but its condition"
            " ArnLike aws:PrincipalArn is not met",
        )

    def test_a_name_of_the_session_is_stated_once_or_twice_alike(self) -> None:
        caller = parse_principal(USER)
        stated = Context({"sts:RoleSessionName": "test", "aws:SourceIp": "203.0.113.7"})
        assumption = assume(self.world(), caller, ROLE, stated, session_name="test")
        assert assumption.decision.allowed
        assert assumption.decision.request.context.states == stated.states
        assert assumption.context.states == {"aws:sourceip": ("203.0.113.7",)}
        with pytest.raises(QuestionError, match="states another sts:RoleSessionName than 'other'"):
            assume(self.world(), caller, ROLE, stated, session_name="other")

    def test_only_what_would_allow_the_request_is_told_as_near(self) -> None:
        later = {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
        own = policy(
            allow("s3:Get*", f"{BUCKET}/*", Condition=later, Sid="Later"),
            deny("s3:Get*", f"{BUCKET}/*", Condition=later, Sid="Denies"),
            allow("s3:Put*", f"{BUCKET}/*", Condition=later, Sid="Writes"),
            allow("s3:Get*", f"{BUCKET}/private/*", Condition=later, Sid="Elsewhere"),
        )
        named = [
            {**each, "Principal": {"AWS": OTHER_USER if each["Sid"] == "Later" else USER}}
            for each in own["Statement"]
        ]
        world = World(
            users={USER: {"policies": {"p": own}}}, resources={BUCKET: owned(policy(*named))}
        )
        now = Context({"aws:CurrentTime": "2029-01-01T00:00:00Z"})
        decision = ask(world, USER, GET, OBJECT, context=now)
        assert [each for each in decision.missing if "statement '" in each] == [
            "statement 'Later' of identity-based policy 'p' of user/StageAdmin would, but its"
            " condition DateGreaterThan aws:CurrentTime is not met"
        ]

    def test_both_sides_are_cited(self) -> None:
        decision = assume(self.world(), parse_principal(USER), ROLE).decision
        assert [str(each) for each in decision.caller_side] == [
            "statement 1 of identity-based policy 'assume' of user/StageAdmin"
        ]
        (own,) = decision.caller_side
        assert (own.effect, own.statement) == ("Allow", MAY_ASSUME)
        assert [str(each) for each in decision.resource_side] == [
            "statement 1 of trust policy of role/StageRole"
        ]
