"""A stack as data, and one clear line for each way in which pulumi can fail."""

import json
from argparse import Namespace
from pathlib import Path

import pytest

from cross_account_access.errors import UncheckedError, UsageError
from cross_account_access.stack import (
    Stack,
    accounts_of,
    resources_of_preview,
    resources_of_state,
    stack_of,
)
from tests.support.states import (
    export,
    providers,
    pulumi_that,
    pulumi_with,
    resource,
    urn,
    walkthrough,
)

BUCKET = "aws:s3/bucket:Bucket"


def failing(monkeypatch: pytest.MonkeyPatch, folder: Path, stderr: str, stdout: str = "") -> Stack:
    code = f"sys.stdout.write({stdout!r}); sys.exit({stderr!r} or 255)"
    monkeypatch.setenv("PATH", pulumi_that(folder, code))
    return Stack(folder, "prod")


def test_reads_state_and_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    resources = Stack(tmp_path, "prod").state()
    accounts = accounts_of(resources)
    assert {(each.id, each.label, each.profile, each.region) for each in accounts.values()} == {
        ("111122223333", "production", "ProductionAccountAdmin", "us-west-2"),
        ("444455556666", "staging", "StagingAccountAdmin", "us-west-2"),
    }
    bucket = next(each for each in resources if each.type == BUCKET)
    assert bucket.provider is not None
    assert accounts[bucket.provider].label == "production"


def test_passes_the_stack_and_never_asks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", pulumi_that(tmp_path, "print(json.dumps({'words': words}))"))
    words = Stack(tmp_path, "prod").outputs()["words"]
    assert words[:2] == ["stack", "output"]
    assert {"--json", "--non-interactive"} <= set(words)
    assert words[words.index("--stack") + 1] == "prod"
    assert "--stack" not in Stack(tmp_path).outputs()["words"]


def test_no_pulumi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UncheckedError, match="no pulumi on PATH"):
        Stack(tmp_path).state()


@pytest.mark.parametrize(
    ("stderr", "remedy"),
    [
        ("error: no stack selected; please use `pulumi stack select` to choose one", "--stack"),
        ("error: no stack named 'prdo' found", "pulumi stack ls"),
        ("error: no Pulumi.yaml project file found (searching upwards from /)", "--cwd"),
        ("error: getting secrets manager: incorrect passphrase", "PULUMI_CONFIG_PASSPHRASE"),
        ("error: the stack is currently locked by 1 lock(s)", "access recover"),
        ("error: failed to load checkpoint: EOF", "access recover"),
        (
            "error: could not load provider production: AWS account ID not allowed: 999999999999",
            "production_profile",
        ),
        ("error: PULUMI_ACCESS_TOKEN must be set for login", "PULUMI_BACKEND_URL"),
    ],
)
def test_pulumis_message_comes_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stderr: str, remedy: str
) -> None:
    stack = failing(monkeypatch, tmp_path, f"warning: something\n{stderr}\n")
    with pytest.raises(UncheckedError) as caught:
        stack.state()
    message, helps = str(caught.value).splitlines()
    assert message == f"pulumi: {stderr.removeprefix('error: ')}"
    assert remedy in helps


def test_a_program_that_fails_is_told_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = {"diagnostics": [{"severity": "error", "message": "buckets[0].name\nis missing\n"}]}
    stack = failing(monkeypatch, tmp_path, "error: preview failed", json.dumps(told))
    with pytest.raises(UncheckedError) as caught:
        stack.preview()
    assert str(caught.value) == "pulumi: buckets[0].name is missing"


def test_a_stack_that_is_not_deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", pulumi_that(tmp_path, "print('{}')"))
    for read in (Stack(tmp_path, "prod").state, Stack(tmp_path, "prod").outputs):
        with pytest.raises(UncheckedError, match="stack prod is not deployed; run `pulumi up`"):
            read()


def test_a_folder_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="--cwd /nope: no such folder"):
        stack_of(Namespace(cwd=Path("/nope"), stack=None))


def test_the_last_step_of_a_preview_counts() -> None:
    old, new = (resource(BUCKET, "bucket", bucket=name) for name in ("old", "new"))
    gone = resource(BUCKET, "gone", bucket="gone")
    replaced = {"op": "delete-replaced", "urn": urn(BUCKET, "bucket")}
    steps = [
        {"op": "refresh", "urn": old["urn"], "newState": old},
        {"op": "refresh", "urn": gone["urn"], "newState": gone},
        {"op": "create-replacement", "urn": new["urn"], "newState": new},
        replaced,
        {"op": "delete", "urn": gone["urn"], "oldState": gone},
    ]
    (planned,) = resources_of_preview({"steps": steps})
    assert planned.inputs["bucket"] == "new"


def test_what_a_preview_leaves_or_updates_keeps_its_arn_and_what_it_replaces_does_not() -> None:
    key, arn = "aws:kms/key:Key", "arn:aws:kms:us-west-2:111122223333:key/1"
    old = resource(key, "key", outputs={"arn": arn, "policy": "{}"})
    new = resource(key, "key", policy={})
    for op, kept in (("same", {"arn": arn}), ("update", {"arn": arn}), ("create-replacement", {})):
        step = {"op": op, "urn": old["urn"], "oldState": old, "newState": new}
        (planned,) = resources_of_preview({"steps": [step]})
        assert planned.outputs == kept


def test_what_waits_for_its_deletion_is_not_in_use() -> None:
    old = resource(BUCKET, "bucket", bucket="old") | {"delete": True}
    new = resource(BUCKET, "bucket", bucket="new")
    found = resources_of_state(export([old, new]))
    assert [each.inputs["bucket"] for each in found] == ["new"]


def test_a_secret_is_not_a_value() -> None:
    mark = "4dabf18193072939515e22adb298388d"
    secret = resource(BUCKET, "bucket", bucket="x")
    secret["inputs"]["bucket"] = {mark: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "abc"}
    (found,) = resources_of_state(export([secret]))
    assert found.known("bucket") is None


def test_a_provider_that_names_no_account_is_none_of_ours() -> None:
    production, _ = providers()
    del production["inputs"]["allowedAccountIds"]
    assert accounts_of(resources_of_state(export([production]))) == {}


STOPPED = 'error: Preview failed: resource "x" cannot be deleted\nbecause it is protected. To ...'


def stopped(*messages: str) -> dict[str, object]:
    """A preview that reads two buckets, has one in the program, and stops at the other."""
    kept, gone = (resource(BUCKET, name, bucket=name) for name in ("kept", "gone"))
    steps = [
        *({"op": "refresh", "urn": each["urn"], "newState": each} for each in (kept, gone)),
        {"op": "same", "urn": kept["urn"], "newState": kept},
    ]
    errors = [*messages, "error: preview failed\n"]
    told = [{"message": each, "severity": "error"} for each in errors]
    return {"steps": steps, "diagnostics": told}


def test_a_preview_that_stops_at_what_is_protected_tells_what_it_planned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = failing(monkeypatch, tmp_path, "", json.dumps(stopped(STOPPED)))
    assert [each.name for each in stack.preview()] == ["kept"]
    output = capsys.readouterr().err
    assert "a deployment would stop" in output
    assert "because it is protected" in output


def test_a_preview_that_stops_at_anything_else_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for messages in ((STOPPED, "error: no credentials"), ()):
        stack = failing(monkeypatch, tmp_path, "failed", json.dumps(stopped(*messages)))
        with pytest.raises(UncheckedError):
            stack.preview()
