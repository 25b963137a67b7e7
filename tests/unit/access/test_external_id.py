"""`access external-id`: what it prints is taken by the settings as it is, and is never the same."""

import json
import shlex

import pytest
import yaml

from cross_account_access.command import cli
from cross_account_access.declaration import rules


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert cli.main(["external-id", *options]) == 0
    return capsys.readouterr().out


def test_it_is_what_aws_takes_and_never_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = [printed(capsys).removesuffix("\n") for _ in range(20)]
    assert len(set(found)) == len(found)
    assert not any(rules.external_id(each) for each in found)
    assert all(len(each) >= 32 for each in found)


def test_no_shell_and_no_stack_file_wants_it_in_quotes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The worst that chance can bring: digits wherever there may be some.
    monkeypatch.setattr("secrets.choice", lambda choices: choices[-1])
    fresh = printed(capsys).removesuffix("\n")
    assert shlex.quote(fresh) == fresh
    assert yaml.safe_load(f"external_id: {fresh}") == {"external_id": fresh}


def test_json_has_it_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(printed(capsys, "--json"))
    assert rules.external_id(document["external_id"]) is None
