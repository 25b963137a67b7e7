"""Every kind of consumer that the program can declare is understood, and can be handed over."""

import re
from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.credentials.contract import read
from cross_account_access.credentials.handover_page import handover_page
from cross_account_access.declaration.kinds import PRINCIPALS
from cross_account_access.stack import Stack
from tests.support.deployment import ROOT, declared_in
from tests.support.proof import deployed
from tests.unit.credentials.conftest import Access

EXAMPLES = sorted((ROOT / "examples").glob("*/Pulumi.prod.yaml"))
KINDS = {kind.kind for kind in PRINCIPALS}


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.parent.name)
def example(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of an example, and what the program exports for them."""
    settings = dict(declared_in(request.param))
    return settings, deployed(request.param.parent.name).outputs


def test_the_examples_have_all_kinds() -> None:
    text = "".join(path.read_text() for path in EXAMPLES)
    assert {kind for kind in KINDS if re.search(rf"^      {kind}:", text, re.MULTILINE)} == KINDS


def service_and_name(arn: str) -> tuple[str, str]:
    fields = arn.split(":", 5)
    return fields[2], fields[5]


def granted(settings: dict[str, Any], grant: dict[str, Any]) -> tuple[str, str]:
    """Service and name of what a grant is about."""
    for word, service in (("bucket", "s3"), ("topic", "sns"), ("queue", "sqs")):
        if word in grant:
            return service, grant[word]
    existing = {each["name"]: each["arn"] for each in settings["resources"]}
    return service_and_name(existing[grant["resource"]])


def test_the_reader_tells_what_was_declared(
    example: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    settings, outputs = example
    contract = read(outputs)
    assert set(contract.consumers) == {output["name"] for output in settings["consumers"]}
    for output in settings["consumers"]:
        consumer = contract.consumer(output["name"])
        conditions = output.get("conditions", {})
        (kind,) = KINDS & set(output)
        assert consumer.kind == kind
        assert consumer.role_arn == outputs["roleArns"].get(consumer.name)
        assert (consumer.role_arn is None) == ("role" not in output)
        # EKS states one of its own.
        if not consumer.is_given_role:
            assert consumer.external_id == conditions.get("external_id")
        role = output.get("role", {})
        assert consumer.max_session_duration == role.get("max_session_duration", 3600)
        assert (consumer.expires_at is None) == ("expires_at" not in conditions)
        told = {(*service_and_name(grant.resource_arn), grant.via) for grant in consumer.grants}
        assert told == {
            (*granted(settings, grant), grant.get("via", "role"))
            for grant in settings["grants"]
            if grant["consumer"] == consumer.name
        }


def test_profiles_are_those_of_the_outputs(
    example: tuple[dict[str, Any], dict[str, Any]],
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, outputs = example
    monkeypatch.setattr(Stack, "outputs", lambda _: outputs)
    for output in settings["consumers"]:
        if {"session_tags", "source_identity"} & output.get("conditions", {}).keys():
            continue  # what the caller chooses, or states without a profile
        name = output["name"]
        ran = access("profile", "--consumer", name)
        if name in outputs["cliProfiles"]:
            assert ran.out == f"{outputs['cliProfiles'][name]}\n"
        else:
            assert ran.status == 2
            assert name in ran.err


def test_every_consumer_gets_a_page(
    example: tuple[dict[str, Any], dict[str, Any]],
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, outputs = example
    monkeypatch.setattr(Stack, "outputs", lambda _: outputs)
    for name, consumer in read(outputs).consumers.items():
        ran = access("handover", "--consumer", name, "--contact", "me@example.com")
        assert ran.status == 0
        if consumer.role_arn:
            assert f"- **Role to assume:** `{consumer.role_arn}`\n" in ran.out
        else:
            assert "- **Role to assume:**" not in ran.out
        if profile := outputs["cliProfiles"].get(name):
            assert f"```ini\n{profile}\n```\n" in ran.out


def test_a_page_has_the_same_profile_and_commands_as_the_outputs(
    example: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _, outputs = example
    contract = read(outputs)
    for consumer in contract.consumers.values():
        page = handover_page(contract, consumer, "me@example.com")
        # Made from the declaration alone, the profile is the same.
        assert page == handover_page(
            contract, replace(consumer, cli_profile=None), "me@example.com"
        )
        proofs = (consumer.proof_commands or "").splitlines()
        if consumer.source_identity_required:
            continue  # the outputs state one that is allowed, and the reader states its own
        # What goes without a role has any credentials of the reader's, not those of one profile.
        usual = f" --profile {contract.usual_profile(consumer) or 'YOUR-PROFILE'}"
        assert {command.removesuffix(usual) for command in proofs} <= {
            line.removesuffix(usual) for line in page.splitlines()
        }
