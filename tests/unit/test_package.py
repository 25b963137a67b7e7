"""The package for other languages: the settings and outputs of the stack, by other names."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

import pulumi
import pytest
import yaml
from pulumi.provider.experimental.util import camel_case
from pulumi.provider.server import ComponentInitError
from pulumi.runtime import set_mocks
from pulumi.runtime.stack import wait_for_rpcs

from cross_account_access.declaration import settings
from cross_account_access.declaration.reader import Fields, Problems
from cross_account_access.package.host import Host
from cross_account_access.program.outputs import OUTPUTS, exported_name
from tests.support.deployment import ROOT, Recorder, Registered, deploy, stack_values
from tests.unit.program.stacks import every_kind

TOKEN = "cross-account-access:index:CrossAccountAccess"
MAPS = {"tags", "certificate"}
"""Settings whose keys are the user's own."""
LISTS = {"buckets", "topics", "queues", "resources", "consumers", "grants"}
"""Each may be empty: what is in them can all be removed."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Host().schema or "")
    return found


def config() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    return found


def as_inputs(value: Any, own_keys: bool = False) -> Any:
    """Settings as another language passes them: names in camel case, every number a fraction."""
    if isinstance(value, Mapping):
        return {
            key if own_keys else camel_case(key): as_inputs(item, own_keys=key in MAPS)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [as_inputs(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def inputs_of(values: Mapping[str, str]) -> dict[str, Any]:
    structured = {*LISTS, "tags", "trust_policy_limit"}
    inputs: dict[str, Any] = as_inputs(
        {key: json.loads(value) if key in structured else value for key, value in values.items()}
    )
    return inputs


def construct(inputs: Mapping[str, Any]) -> tuple[list[Registered], dict[str, Any]]:
    """What the component registers when the engine asks for it, and the outputs that it answers.

    An input may be a function, which is called once there is an event loop for outputs.
    """
    recorder = Recorder()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    async def serve() -> dict[str, Any]:
        given = {name: value() if callable(value) else value for name, value in inputs.items()}
        try:
            with (
                patch(
                    "cross_account_access.program.preflight.prove", lambda declared, **_: declared
                ),
                patch("cross_account_access.program.arguments.recorded_outputs", dict),
            ):
                answer = Host().construct("access", TOKEN, given, None)
            state: Any = await pulumi.Output.from_input(dict(answer.state)).future()
        finally:
            await wait_for_rpcs()
        return dict(state)

    try:
        set_mocks(recorder, project="cross-account-access", stack="prod")
        state = loop.run_until_complete(serve())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return recorder.resources, state


def told(**changes: Any) -> str:
    """What a person is told of inputs that are wrong."""
    with pytest.raises(pulumi.InputPropertiesError) as caught:
        construct({**inputs_of(stack_values("prod")), **changes})
    return caught.value.message


def test_every_setting_is_an_input_with_the_same_description(schema: dict[str, Any]) -> None:
    inputs = schema["resources"][TOKEN]["inputProperties"]
    described = {name: found["description"] for name, found in inputs.items()}
    # What follows "Each:" tells in prose what the schema has types for.
    assert described == {
        camel_case(name): setting["description"].split(" Each:")[0].removesuffix(" Required.")
        for name, setting in config().items()
    }


def test_what_a_stack_file_requires_is_required(schema: dict[str, Any]) -> None:
    required = {name for name, setting in config().items() if setting["default"] in ("", [])}
    assert set(schema["resources"][TOKEN]["requiredInputs"]) == set(
        map(camel_case, required - LISTS)
    )


def test_the_outputs_are_the_contract(schema: dict[str, Any]) -> None:
    properties = schema["resources"][TOKEN]["properties"]
    found = {name: output["description"].removesuffix(".") for name, output in properties.items()}
    assert found == {name: what.words[0].upper() + what.words[1:] for name, what in OUTPUTS.items()}


def test_the_example_in_yaml_exports_all_of_them_by_the_names_of_the_contract() -> None:
    written = yaml.safe_load((ROOT / "examples" / "yaml" / "Pulumi.yaml").read_text())["outputs"]
    assert written == {exported_name(name): f"${{access.{name}}}" for name in OUTPUTS}


def test_everything_in_the_schema_is_described(schema: dict[str, Any]) -> None:
    types = schema["types"].values()
    assert types
    for found in types:
        assert found["description"]
        assert all(each.get("description") for each in found["properties"].values())


def known_to_the_reader(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every setting that the reader asks for, by its path without the numbers of items."""
    paths = set()
    take, choice, renamed = Fields.take, Fields.choice, Fields.renamed

    def note(self: Fields, name: str) -> None:
        parts = self.path(name).split(".")
        paths.add(".".join(part.split("[")[0] for part in parts))

    def noting_take(self: Fields, name: str, *rest: Any) -> Any:
        note(self, name)
        return take(self, name, *rest)

    def noting_choice(self: Fields, examples: Mapping[str, str]) -> Any:
        for name in examples:
            note(self, name)
        return choice(self, examples)

    def noting_renamed(self: Fields, name: str, former: str) -> bool:
        note(self, former)
        return renamed(self, name, former)

    monkeypatch.setattr(Fields, "take", noting_take)
    monkeypatch.setattr(Fields, "renamed", noting_renamed)
    monkeypatch.setattr(Fields, "choice", noting_choice)
    everything = {
        "mfa": {},
        "source_identity": {},
        "session_tags": {"tags": {"team": "data"}},
    }
    values = every_kind()
    consumers = json.loads(values["consumers"])
    consumers[0]["conditions"] = everything
    bucket = {
        "name": "b",
        "access_log": {"bucket": "logs"},
        "object_lock": {"days": 1},
        "notifications": [{"queue": "q", "events": ["s3:ObjectCreated:*"]}],
        "replication": {"bucket": "copies"},
    }
    shared = {"buckets": [bucket], "topics": [{"name": "t"}], "queues": [{"name": "q"}]}
    shared["resources"] = [{"name": "r", "arn": "x"}]
    grants = [
        {"consumer": "stage-admin", name: "x"} for name in ("bucket", "topic", "queue", "resource")
    ]
    settings.parse({**values, **shared, "consumers": consumers, "grants": grants}, Problems())
    return {path for path in paths if path.split(".")[-2:-1] not in ([name] for name in MAPS)}


def in_schema(schema: dict[str, Any]) -> Iterator[str]:
    names = {camel_case(name): name for name in config()}

    def below(properties: Mapping[str, Any], path: str) -> Iterator[str]:
        for name, found in properties.items():
            yield f"{path}{name}"
            reference = found.get("$ref") or found.get("items", {}).get("$ref")
            if reference:
                inner = schema["types"][reference.removeprefix("#/types/")]["properties"]
                yield from below(inner, f"{path}{name}.")

    assert names
    yield from below(schema["resources"][TOKEN]["inputProperties"], "")


def test_the_types_have_what_the_reader_reads_and_nothing_else(
    schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = known_to_the_reader(monkeypatch)
    assert len(read) > 60
    assert {".".join(map(camel_case, path.split("."))) for path in read} == set(in_schema(schema))


def made(resources: list[Registered]) -> dict[tuple[str, str], tuple[dict[str, Any], str]]:
    """What goes to AWS: inputs and side, by type and name."""
    return {
        (each.type, each.name): (each.inputs, each.provider.removeprefix("access-"))
        for each in resources
        if each.type.startswith("aws:")
    }


def test_it_makes_what_the_stack_makes_with_the_same_outputs() -> None:
    values = {**every_kind(), "trust_policy_limit": "4096"}
    values["buckets"] = json.dumps(
        [{**bucket, "noncurrent_days": 30} for bucket in json.loads(values["buckets"])]
    )
    stack = deploy(values)

    resources, state = construct(inputs_of(values))

    assert made(resources) == made(stack.resources)
    assert made(resources)
    assert state == stack.outputs


def test_its_providers_are_those_of_the_stack_under_its_own_name() -> None:
    values = stack_values("prod", tags={"cost_center": "42"})
    stack = deploy(values).of_type("pulumi:providers:aws")

    resources, _ = construct(inputs_of(values))

    assert {
        each.name: each.inputs for each in resources if each.type == "pulumi:providers:aws"
    } == {f"access-{each.name}": each.inputs for each in stack}


def test_all_problems_are_told_at_once_by_the_names_of_the_inputs() -> None:
    message = told(
        productionAccountId="12",
        buckets=[{"name": "production-test-bucket-101", "noncurrentDays": 0.5}],
        grants=[
            {
                "consumer": "stage-admin",
                "bucket": "production-test-bucket-101",
                "levels": ["raed"],
            }
        ],
    )
    head, *problems = message.splitlines()
    assert "3 problems in the inputs of 'access'" in head
    for problem, place in zip(
        problems,
        ["productionAccountId", "buckets[0].noncurrentDays", "grants[0].levels[0]"],
        strict=True,
    ):
        assert problem.strip().startswith(f"{place}: ")


def test_rejects_what_is_known_too_late_or_secret_with_the_remedy() -> None:
    def vendors() -> list[dict[str, Any]]:
        secret = pulumi.Output.secret("vendor-7")
        conditions = {"externalId": secret, "moreExternalIds": ["vendor-8", secret]}
        return [{"name": "vendor", "conditions": conditions}]

    head, *problems = told(consumers=vendors, tags=lambda: pulumi.Output.secret({})).splitlines()
    assert "3 problems in the inputs of 'access'; nothing was changed" in head
    assert [problem.split(": ")[0].strip() for problem in problems] == [
        "consumers[0].conditions.externalId",
        "consumers[0].conditions.moreExternalIds[1]",
        "tags",
    ]
    for problem in problems:
        assert "is given as a secret or an output" in problem
        assert "Give the value itself" in problem
        assert "vendor-7" not in problem


def test_a_wrong_account_is_told_by_the_names_of_the_inputs() -> None:
    problem = pulumi.RunError("production_profile: 'X' is of account 1, but production_account_id")
    with (
        patch("cross_account_access.program.preflight.prove", side_effect=problem),
        pytest.raises(
            pulumi.InputPropertiesError, match=r"productionProfile: 'X' .* productionAccountId"
        ),
    ):
        Host().construct("access", TOKEN, inputs_of(stack_values("prod")), None)


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    with (
        patch("cross_account_access.program.preflight.prove", side_effect=KeyError("ours")),
        pytest.raises(ComponentInitError),
    ):
        Host().construct("access", TOKEN, inputs_of(stack_values("prod")), None)
