"""That documents are as declared is proved of every example, and of nothing that says otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from cross_account_access.command.proof.proving import Proof, prove
from cross_account_access.command.proof.report import question
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import Level, LevelActions
from cross_account_access.errors import UncheckedError
from cross_account_access.facts.service_reference import action as known_action
from cross_account_access.iam.comparing.comparison import Change, Effect
from cross_account_access.iam.documents import PolicyKind
from cross_account_access.iam.engine import RoleDocuments
from cross_account_access.iam.inventory import POLICIES_OF_OTHERS, unknown_document
from tests.support.deployment import deploy
from tests.support.proof import (
    EXAMPLES,
    added,
    example,
    judged,
    mutants,
    settings_of,
    state_of,
    with_document,
)
from tests.support.states import allow, policy

BUCKET = "arn:aws:s3:::example-prefixes-101"
ROLE = "arn:aws:iam::111122223333:role/ImageServerAccess"
USER = "arn:aws:iam::444455556666:user/ImageServer"


def proof_of(name: str) -> Proof:
    return prove(*judged(example(name)))


def first_request(proof: Proof) -> tuple[str, str, str]:
    """Principal, action and resource of the example of the first difference."""
    request = proof.differences[0].example
    assert request is not None
    return request.principal.arn, request.action, request.resource


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_proved(name: str) -> None:
    proof = proof_of(name)
    assert proof.differences == ()
    assert proof.is_proved
    assert min(proof.principals, proof.actions, proof.resources) > 4


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", f"{BUCKET}/zzz-hidden/*"),
        ("s3:GetObjectVersion", f"{BUCKET}/images/*"),
        ("s3:PutBucketPolicy", BUCKET),
        ("s3:DeleteObjectVersion", f"{BUCKET}/*"),
    ],
)
def test_a_statement_more_is_told_with_a_request(action: str, resource: str) -> None:
    contract, inventory = judged(example("prefixes"))
    proof = prove(contract, added(inventory, ROLE, allow(action, resource)))
    assert not proof.is_proved
    assert {change.effect for change in proof.differences} == {Effect.WIDENS}
    assert {action for change in proof.differences for action in change.actions} == {action}
    who, asked, about = first_request(proof)
    assert (who, asked) == (ROLE, action)
    assert about.startswith(resource.rstrip("*"))


@pytest.mark.parametrize(
    ("holder", "action", "resource"),
    [
        (ROLE, "iam:CreateUser", "*"),
        (ROLE, "iam:CreateAccessKey", "arn:aws:iam::111122223333:user/*"),
        (ROLE, "iam:CreateGroup", "*"),
        (USER, "iam:CreateAccessKey", "*"),
        (USER, "iam:PassRole", "arn:aws:iam::*:role/*"),
        (USER, "iam:CreateOpenIDConnectProvider", "*"),
        (USER, "sts:GetFederationToken", "*"),
    ],
)
def test_what_only_its_own_account_guards_is_told(holder: str, action: str, resource: str) -> None:
    contract, inventory = judged(example("prefixes"))
    proof = prove(contract, added(inventory, holder, allow(action, resource)))
    assert [change.actions for change in proof.differences] == [(action,)]
    (difference,) = proof.differences
    words = question(difference, "state")
    assert words is not None
    assert words[2:4] == [holder, action]
    known = known_action(action)
    assert known is not None
    assert known.is_about(words[4])
    assert words[4].split(":")[4] == holder.split(":")[4]


def console_settings() -> dict[str, str]:
    settings = settings_of(EXAMPLES["prefixes"])
    consumers = json.loads(settings["consumers"])
    for each in consumers:
        each["user"] = {**each["user"], "sign_in": "console"}
    return {**settings, "consumers": json.dumps(consumers)}


def test_what_a_console_user_needs_to_sign_in_is_declared() -> None:
    contract, inventory = judged(state_of(deploy(console_settings())))
    assert prove(contract, inventory).is_proved
    _, without = judged(example("prefixes"))
    assert {change.effect for change in prove(contract, without).differences} == {Effect.NARROWS}
    undeclared, _ = judged(example("prefixes"))
    assert {change.effect for change in prove(undeclared, inventory).differences} == {Effect.WIDENS}


def test_a_statement_less_is_told() -> None:
    contract, inventory = judged(example("prefixes"))
    (label,) = inventory.roles[ROLE].get("policies", {})
    less = with_document(
        inventory, ROLE, PolicyKind.IDENTITY, label, policy(allow("s3:GetObject", f"{BUCKET}/x"))
    )
    effects = [change.effect for change in prove(contract, less).differences]
    # What is widened stands first.
    assert effects[0] is Effect.WIDENS
    assert set(effects[1:]) == {Effect.NARROWS}


def test_a_level_that_means_more_to_the_program_is_found() -> None:
    wrong: Mapping[str, LevelActions] = {
        **Bucket.levels,
        Level.LIST: LevelActions(
            on_resource=("s3:GetBucketLocation", "s3:ListBucket", "s3:PutBucketPolicy")
        ),
    }
    with patch.object(Bucket, "levels", wrong):
        state = state_of(deploy(settings_of(EXAMPLES["prod"])))
    proof = prove(*judged(state))
    assert {change.effect for change in proof.differences} == {Effect.WIDENS}
    assert first_request(proof)[1:] == (
        "s3:PutBucketPolicy",
        "arn:aws:s3:::production-test-bucket-101",
    )


def of_trust(name: str, words: str) -> tuple[Change, ...]:
    """The differences after the first change of a trust policy whose name has these words."""
    contract, inventory = judged(example(name))
    chosen = next(
        each for each in mutants(inventory) if " trust policy " in each.name and words in each.name
    )
    return prove(contract, chosen.inventory).differences


@pytest.mark.parametrize(
    ("name", "words", "action"),
    [
        ("prod", "aws:PrincipalArn dropped", "sts:AssumeRole"),
        ("prod", "aws:PrincipalArn like more", "sts:AssumeRole"),
        ("sso-principals", "aws:PrincipalArn dropped", "sts:AssumeRole"),
        ("third-party", "sts:ExternalId dropped", "sts:AssumeRole"),
        ("third-party", "sts:ExternalId if it exists", "sts:AssumeRole"),
        ("sso-principals", "aws:MultiFactorAuthPresent dropped", "sts:AssumeRole"),
        ("sso-principals", "aws:MultiFactorAuthPresent if it exists", "sts:AssumeRole"),
        ("oidc", ":sub for all values", "sts:AssumeRoleWithWebIdentity"),
        ("oidc", ":aud dropped", "sts:AssumeRoleWithWebIdentity"),
        ("organization", "aws:PrincipalOrgID for all values", "sts:AssumeRole"),
    ],
)
def test_a_wider_trust_is_told(name: str, words: str, action: str) -> None:
    found = of_trust(name, words)
    assert Effect.WIDENS in {change.effect for change in found}
    assert action in {action for change in found for action in change.actions}


def test_a_trust_that_lets_another_user_in_counts_before_that_user_is_allowed_anything() -> None:
    contract, inventory = judged(example("many-grants"))
    users = sorted(inventory.users)
    roles = sorted(arn for arn in inventory.roles if arn.startswith("arn:aws:iam::111122223333"))
    assert len(users) > 1
    trust = policy(
        allow(
            "sts:AssumeRole",
            Principal={"AWS": "arn:aws:iam::444455556666:root"},
            Condition={"ArnEquals": {"aws:PrincipalArn": users}},
        )
    )
    wider = with_document(inventory, roles[0], PolicyKind.TRUST, "", trust)
    told = [
        change.when for change in prove(contract, wider).differences if change.effect.is_widening
    ]
    assert any("as soon as its own account allows it" in when for when in told)


def test_what_is_not_known_and_can_matter_is_not_proved() -> None:
    contract, inventory = judged(example("prefixes"))
    role = inventory.roles[ROLE]
    policies = {**role.get("policies", {}), "hidden": unknown_document("hidden")}
    unknown = replace(inventory, roles={**inventory.roles, ROLE: {**role, "policies": policies}})
    proof = prove(contract, unknown)
    assert not proof.is_proved
    assert Effect.MAY_WIDEN in {change.effect for change in proof.differences}


def test_an_unknown_boundary_is_an_assumption() -> None:
    contract, inventory = judged(example("prefixes"))
    boundary = unknown_document("policy/Limit", PolicyKind.BOUNDARY)
    role: RoleDocuments = {**inventory.roles[ROLE], "boundary": boundary}
    proof = prove(contract, replace(inventory, roles={**inventory.roles, ROLE: role}))
    assert proof.is_proved
    told = "the permissions boundary of production:role/ImageServerAccess is not known"
    assert any(told in sentence for sentence in proof.assumptions)


def test_a_known_boundary_that_takes_something_away_is_a_difference() -> None:
    contract, inventory = judged(example("prefixes"))
    limit = policy(allow("s3:GetObject", "*"))
    role: RoleDocuments = {**inventory.roles[ROLE], "boundary": limit}
    proof = prove(contract, replace(inventory, roles={**inventory.roles, ROLE: role}))
    assert {change.effect for change in proof.differences} == {Effect.NARROWS}


def test_what_others_gave_an_adopted_user_is_an_assumption() -> None:
    contract, inventory = judged(example("beyond-examples"))
    adopted = [
        arn
        for arn, user in inventory.users.items()
        if POLICIES_OF_OTHERS in user.get("policies", {})
    ]
    assert adopted
    proof = prove(contract, inventory)
    assert proof.is_proved
    assert any(inventory.short(adopted[0]) in sentence for sentence in proof.assumptions)


def test_what_others_gave_an_adopted_role_is_not_judged_but_our_own_policy_of_it_is() -> None:
    contract, inventory = judged(example("lambda-functions"))
    archiver = "arn:aws:iam::444455556666:role/service-role/Archiver"
    policies = {
        name: each
        for name, each in inventory.roles[archiver].get("policies", {}).items()
        if name != POLICIES_OF_OTHERS
    }
    (ours,) = policies

    def with_role(trust: Any, **more: Any) -> Proof:
        role: RoleDocuments = {"trust": trust, "policies": {**policies, **more}}
        return prove(contract, replace(inventory, roles={**inventory.roles, archiver: role}))

    trust = policy(allow("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}))
    proof = with_role(trust, log=policy(allow("logs:PutLogEvents", "*")))
    assert proof.is_proved
    assert any("service-role/Archiver is not the stack's" in each for each in proof.assumptions)
    wider = with_role(trust, **{ours: policy(allow("sts:AssumeRole", "*"))})
    assert Effect.WIDENS in {change.effect for change in wider.differences}


def test_what_is_not_the_stacks_is_an_assumption() -> None:
    told = proof_of("existing-resources").assumptions
    assert [sentence for sentence in told if "is not the stack's" in sentence]


def test_without_a_document_nothing_is_proved() -> None:
    contract, inventory = judged(example("prefixes"))
    proof = prove(contract, replace(inventory, gaps=("a role is left out",)))
    assert (proof.differences, proof.unread) == ((), ("a role is left out",))
    assert not proof.is_proved


def test_a_declaration_that_does_not_say_who_is_let_in_is_unchecked() -> None:
    state: dict[str, Any] = json.loads(json.dumps(example("organization")))
    outputs = state["deployment"]["resources"][0]["outputs"]
    declaration = json.loads(outputs["declaration"])
    for consumer in declaration["consumers"]:
        consumer["claims"] = {}
    outputs["declaration"] = json.dumps(declaration)
    with pytest.raises(UncheckedError, match="does not say who consumer"):
        prove(*judged(state))
