"""What a preview finds, told as access; and what is no drift."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.command.drift.documents import Documents
from cross_account_access.command.drift.findings import Effect, Finding
from cross_account_access.command.drift.previewed import findings_of
from cross_account_access.command.inventory import inventory_of
from cross_account_access.stack import differences_of_preview, resources_of_preview
from tests.support.states import (
    PRODUCTION,
    READ,
    STAGING,
    TLS_ONLY,
    TRUST,
    allow,
    policy,
    resource,
    walkthrough,
)

ROLE = "aws:iam/role:Role"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ATTACHED = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
WIDE_TRUST = policy(allow("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{STAGING}:root"}))
DEAD = "AROAEXAMPLEEXAMPLE123"
DEAD_TRUST = policy(allow("sts:AssumeRole", Principal={"AWS": [DEAD]}))
PLANNED = walkthrough(
    more=[
        resource(VERSIONING, "bucket", versioningConfiguration={"status": "Enabled"}),
    ]
)

Json = dict[str, Any]


def state_of(each: Json, **changed: Any) -> Json:
    """A resource as a state has it, with other outputs."""
    outputs = {**each["inputs"], **each.get("outputs", {}), **changed}
    return {**deepcopy(each), "outputs": outputs}


def steps(token: str, *, reasons: list[str], recorded: Json | None = None, **found: Any) -> Json:
    """A preview in which one resource was found to be otherwise."""
    every: list[Json] = []
    for each in PLANNED:
        before = state_of(each, **(recorded or {})) if each["type"] == token else state_of(each)
        every.append({"op": "refresh", "urn": each["urn"], "oldState": before, "newState": before})
        step = {"op": "same", "urn": each["urn"], "oldState": before, "newState": each}
        if each["type"] == token:
            step |= {
                "op": "update",
                "oldState": state_of(each, **found),
                "provider": each["provider"],
                "diffReasons": reasons,
            }
        every.append(step)
    return {"steps": every}


def gone(token: str) -> Json:
    """A preview in which one resource is not there any more."""
    preview = steps(token, reasons=[])
    for step in preview["steps"]:
        if step["op"] == "update":
            step["op"] = "create"
            del step["oldState"]
    return preview


def told(preview: Json, live: list[Json] | None = None) -> tuple[list[Finding], list[str]]:
    planned = resources_of_preview(preview)
    documents = Documents(
        declared=inventory_of(planned),
        live=inventory_of(resources_of_preview({"steps": _same(live or PLANNED)})),
    )
    return findings_of(differences_of_preview(preview), planned, documents)


def _same(resources: list[Json]) -> list[Json]:
    return [{"op": "same", "urn": each["urn"], "newState": each} for each in resources]


def test_a_settled_preview_has_no_drift() -> None:
    assert told({"steps": _same(PLANNED)}) == ([], [])


@pytest.mark.parametrize(
    ("trust", "effect"),
    [
        (WIDE_TRUST, Effect.WIDENING),
        (policy(TRUST | {"Action": ["sts:AssumeRole"], "Sid": "Other"}), Effect.COSMETIC),
        (policy(TRUST | {"Effect": "Deny"}), Effect.NARROWING),
        (DEAD_TRUST, Effect.DEAD_PRINCIPAL),
        (policy(*DEAD_TRUST["Statement"], *WIDE_TRUST["Statement"]), Effect.WIDENING),
    ],
    ids=["wider", "the same in other words", "narrower", "dead", "dead and wider"],
)
def test_a_document_is_told_by_what_it_changes_in_access(trust: Json, effect: Effect) -> None:
    preview = steps(ROLE, reasons=["assumeRolePolicy"], assumeRolePolicy=json.dumps(trust))
    (finding,), _ = told(preview, walkthrough(trust=trust))
    assert finding.effect is effect
    assert finding.subject == "role StageRole"
    assert finding.account.id == PRODUCTION
    assert "UpdateAssumeRolePolicy" in finding.events
    assert bool(finding.changes) is (effect is not Effect.COSMETIC)


def test_a_dead_principal_is_explained() -> None:
    preview = steps(ROLE, reasons=["assumeRolePolicy"], assumeRolePolicy=json.dumps(DEAD_TRUST))
    (finding,), _ = told(preview, walkthrough(trust=DEAD_TRUST))
    assert DEAD in finding.what
    assert "deleted" in finding.what


@pytest.mark.parametrize(
    ("reason", "found", "effect"),
    [
        ("maxSessionDuration", 43200, Effect.WIDENING),
        ("maxSessionDuration", 900, Effect.NARROWING),
        ("description", "by hand", Effect.COSMETIC),
        ("tags.stack", {"stack": "mine"}, Effect.COSMETIC),
        ("somethingNew", True, Effect.WIDENING),
    ],
)
def test_a_property_that_is_no_document_has_an_effect_of_its_own(
    reason: str, found: object, effect: Effect
) -> None:
    name = reason.split(".", maxsplit=1)[0]
    values: Json = {name: found}
    preview = steps(ROLE, reasons=[reason], **values)
    for step in preview["steps"]:
        if step["op"] == "update":
            step["newState"] = deepcopy(step["newState"])
            step["newState"]["inputs"]["maxSessionDuration"] = 3600
    (finding,), _ = told(preview)
    assert finding.effect is effect
    assert name in finding.what


def test_a_list_is_told_by_what_it_has_and_lacks() -> None:
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    (finding,), _ = told(steps(ATTACHED, reasons=["policyArns"], policyArns=[administrator]))
    assert f"has {administrator}" in finding.what
    assert f"lacks arn:aws:iam::{PRODUCTION}:policy/StageRoleAccess" in finding.what
    assert finding.subject == "managed policies of role StageRole"


@pytest.mark.parametrize(
    ("token", "live", "effect"),
    [
        (
            "aws:s3/bucketPolicy:BucketPolicy",
            [each for each in PLANNED if "bucketPolicy" not in each["type"]],
            Effect.WIDENING,
        ),
        (ROLE, [each for each in PLANNED if ":role" not in each["type"]], Effect.NARROWING),
        (VERSIONING, PLANNED, Effect.WIDENING),
        ("aws:s3/bucket:Bucket", PLANNED, Effect.NARROWING),
    ],
    ids=["a policy that denied", "a role", "a protection", "a bucket"],
)
def test_what_is_gone_is_told_by_what_that_means(
    token: str, live: list[Json], effect: Effect
) -> None:
    (finding,), _ = told(gone(token), live)
    assert finding.effect is effect
    assert "gone" in finding.what


def test_what_was_never_deployed_is_no_drift() -> None:
    preview = gone(ROLE)
    preview["steps"] = [
        step for step in preview["steps"] if step["op"] != "refresh" or ROLE not in step["urn"]
    ]
    findings, waiting = told(preview)
    assert findings == []
    assert "role StageRole is not deployed yet" in waiting[0]


def test_what_the_program_has_no_more_is_no_drift() -> None:
    preview = steps(ROLE, reasons=[])
    for step in preview["steps"]:
        if step["op"] == "update":
            step["op"] = "delete"
            del step["newState"]
    findings, waiting = told(preview)
    assert findings == []
    assert "no longer in the program" in waiting[0]


def test_what_the_state_has_already_says_where_it_may_come_from() -> None:
    once: Json = {"maxSessionDuration": 43200}
    (old,), _ = told(steps(ROLE, reasons=["maxSessionDuration"], recorded=once, **once))
    (new,), _ = told(steps(ROLE, reasons=["maxSessionDuration"], **once))
    assert "pulumi refresh" in old.what
    assert "pulumi refresh" not in new.what


def test_documents_that_could_not_be_read_count_as_widening() -> None:
    preview = steps(ROLE, reasons=["assumeRolePolicy"], assumeRolePolicy=json.dumps(WIDE_TRUST))
    planned = resources_of_preview(preview)
    documents = Documents(declared=inventory_of(planned), live=None)
    (finding,), _ = findings_of(differences_of_preview(preview), planned, documents)
    assert finding.effect is Effect.WIDENING
    assert finding.changes == ()


def test_a_policy_of_aws_whose_text_the_stack_does_not_know_is_no_difference() -> None:
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    planned = deepcopy(PLANNED)
    for each in planned:
        if each["type"] == ROLE:
            each["inputs"]["permissionsBoundary"] = boundary
    declared = inventory_of(resources_of_preview({"steps": _same(planned)}))
    (arn,) = declared.roles
    known: Any = {**declared.roles[arn], "boundary": policy(allow("*", "*"))}
    live = replace(declared, roles={arn: known})
    documents = Documents(declared=declared, live=live)
    assert list(documents.differing()) == []
    assert documents.changes(arn, "boundary") == ()


def test_documents_that_differ_in_the_order_of_keys_are_the_same() -> None:
    other = policy({**dict(reversed(READ.items()))}, TLS_ONLY)
    declared, live = (
        inventory_of(resources_of_preview({"steps": _same(walkthrough(bucket=each))}))
        for each in (policy(READ, TLS_ONLY), other)
    )
    assert list(Documents(declared=declared, live=live).differing()) == []
