"""A setting that is given as a secret is refused, since it could not stay one."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from cross_account_access.declaration.settings import load
from tests.support.deployment import PROJECT, stack_values
from tests.unit.declaration.stack_file import vendor

WORDS = "external-id-of-theirs"


def told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *secret: str,
    stack_file: object = None,
    **changes: Any,
) -> list[str]:
    """What the program says where the engine tells it that these settings are secret."""
    values = stack_values("prod", **changes)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pulumi, "get_project", lambda: PROJECT)
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")
    if stack_file is not None:
        Path("Pulumi.prod.yaml").write_text(yaml.safe_dump(stack_file))
    set_all_config({f"{PROJECT}:{name}": value for name, value in values.items()})
    monkeypatch.setenv(
        "PULUMI_CONFIG_SECRET_KEYS", json.dumps([f"{PROJECT}:{name}" for name in secret])
    )
    with pytest.raises(pulumi.RunError) as caught:
        load()
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("path", "conditions"),
    [
        ("external_id", {"external_id": {"secure": "v1:x"}}),
        ("more_external_ids[1]", {"more_external_ids": ["vendor-8", {"secure": "v1:x"}]}),
    ],
)
def test_a_nested_secret_is_refused_by_its_path(
    path: str, conditions: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = {"config": {f"{PROJECT}:consumers": [{"conditions": conditions}]}}
    consumers = [{**vendor(), "conditions": {"external_id": WORDS}}]
    head, problem = told(
        monkeypatch, tmp_path, "consumers", stack_file=written, consumers=consumers
    )
    assert head == "1 problem in Pulumi.prod.yaml; nothing was changed:"
    assert problem.startswith(
        f"  consumers[0].conditions.{path}: is given as a secret, but every setting stands in plain"
    )
    assert problem.endswith("as pulumi config set --plaintext does")


@pytest.mark.parametrize("setting", ["consumers", "production_account_id", "tags", "external_id"])
@pytest.mark.parametrize("stack_file", [None, {"config": {}}, ["no", "mapping"]])
def test_a_secret_of_another_source_is_refused_by_its_setting(
    setting: str, stack_file: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    changes = {} if setting in stack_values("prod") else {setting: WORDS}
    _, problem = told(monkeypatch, tmp_path, setting, stack_file=stack_file, **changes)
    assert problem.startswith(f"  {setting}: is given as a secret")


def test_no_other_problem_shows_what_is_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = told(monkeypatch, tmp_path, "staging_region", staging_region=WORDS)
    assert len(lines) == len(("head", "problem"))
    assert WORDS not in "".join(lines)


def test_a_secret_of_another_namespace_is_somebody_elses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pulumi, "get_project", lambda: PROJECT)
    monkeypatch.chdir(tmp_path)
    values = {f"{PROJECT}:{name}": value for name, value in stack_values("prod").items()}
    set_all_config({**values, "random:seed": "1"}, secret_keys=["random:seed"])
    assert load().production.account_id == values[f"{PROJECT}:production_account_id"]
