"""What a `file://` backend has not written to its end is found, and the whole one put in place."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cross_account_access.errors import UncheckedError
from cross_account_access.recovery.state_files import StateFiles
from cross_account_access.recovery.stores import store_of

OLD, NEW = ({"version": 3, "checkpoint": {"stack": each}} for each in ("old", "new"))
ATTRIBUTES = json.dumps({"user.content_type": "text/plain"})
STATE = ".pulumi/stacks/cross/prod.json"
KILLED_WHILE_WRITING = f"{STATE}.18eb6f3fb909c0da.tmp"


def backend(folder: Path, **files: str | bytes) -> StateFiles:
    """A backend with these files, each a second younger than the one before."""
    for age, (name, content) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (age, age))
    store = store_of(folder.as_uri(), folder)
    assert store is not None
    return StateFiles(store=store, project="cross")


def cured(files: StateFiles) -> list[str]:
    """Cures all, and returns the names of what was cut off."""
    cut_off = list(files.cut_off("prod"))
    for each in cut_off:
        each.cure()
    assert list(files.cut_off("prod")) == []
    return [each.name.rpartition("/")[2] for each in cut_off]


def test_a_whole_backend_needs_nothing(tmp_path: Path) -> None:
    files = backend(tmp_path, **{STATE: json.dumps(NEW), f"{STATE}.attrs": ATTRIBUTES})
    assert cured(files) == []


@pytest.mark.parametrize("content", ["", ATTRIBUTES[:9]])
def test_what_is_known_of_a_state_is_dropped_and_the_state_stays(
    tmp_path: Path, content: str
) -> None:
    files = backend(
        tmp_path,
        **{
            STATE: json.dumps(OLD),
            KILLED_WHILE_WRITING: json.dumps(NEW),
            f"{STATE}.attrs": content,
        },
    )
    assert cured(files) == ["prod.json.attrs"]
    assert json.loads((tmp_path / STATE).read_text()) == OLD
    assert not (tmp_path / f"{STATE}.attrs").exists()


@pytest.mark.parametrize("content", ["", json.dumps(NEW)[:20], None])
def test_the_newest_whole_copy_takes_the_place_of_a_state(
    tmp_path: Path, content: str | None
) -> None:
    copies = {
        ".pulumi/backups/cross/prod/prod.1.json": "{}",
        ".pulumi/history/cross/prod/prod-1.checkpoint.json": "{}",
        f"{STATE}.bak": json.dumps(OLD),
        KILLED_WHILE_WRITING: json.dumps(NEW)[:20],
    }
    there = {} if content is None else {STATE: content, f"{STATE}.attrs": ATTRIBUTES}
    files = backend(tmp_path, **copies, **there)
    assert "prod.json" in cured(files)
    assert json.loads((tmp_path / STATE).read_text()) == OLD
    assert not (tmp_path / f"{STATE}.attrs").exists()


def test_a_compressed_state_is_read_as_well(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps(NEW).encode())
    files = backend(tmp_path, **{f"{STATE}.gz.bak": whole, f"{STATE}.gz": whole[:30]})
    assert cured(files) == ["prod.json.gz"]
    assert (tmp_path / f"{STATE}.gz").read_bytes() == whole


def test_stacks_that_were_removed_and_those_of_other_projects_are_left_alone(
    tmp_path: Path,
) -> None:
    files = backend(
        tmp_path,
        **{
            STATE: json.dumps(NEW),
            ".pulumi/stacks/cross/gone.json.bak": json.dumps(OLD),
            ".pulumi/stacks/other/prod.json.attrs": "",
        },
    )
    assert cured(files) == []


def test_what_was_begun_is_forgotten_with_nothing_else(tmp_path: Path) -> None:
    lock = ".pulumi/locks/organization/cross/prod/1.json"
    files = backend(
        tmp_path,
        **{STATE: json.dumps(NEW), KILLED_WHILE_WRITING: "", lock: "{}", f"{lock}.2.tmp": ""},
    )
    files.forget_unfinished("prod")
    left = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}
    assert left == {STATE, lock}


@pytest.mark.parametrize("folder", ["backups/cross/prod/prod.1", "history/cross/prod/prod-1"])
def test_what_was_kept_of_earlier_updates_takes_the_place_of_a_state(
    tmp_path: Path, folder: str
) -> None:
    """The history has a word on each update as well, which is no state."""
    kept = {
        f".pulumi/{folder}.checkpoint.json": json.dumps(OLD),
        ".pulumi/history/cross/prod/prod-1.history.json": "{}",
    }
    files = backend(tmp_path, **kept, **{STATE: ""})
    assert cured(files) == ["prod.json"]
    assert json.loads((tmp_path / STATE).read_text()) == OLD


def test_a_state_in_a_bucket_is_put_in_place_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="states")
        lock = "team/.pulumi/locks/organization/cross/prod/1.json"
        for key, content in (
            (f"team/{STATE}", ""),
            (f"team/{STATE}.bak", json.dumps(OLD)),
            (STATE, ""),
            (lock, "{}"),
        ):
            s3.put_object(Bucket="states", Key=key, Body=content.encode())
        store = store_of("s3://states/team?region=us-east-1", Path())
        assert store is not None
        files = StateFiles(store=store, project="cross")
        assert files.locks("prod") == ["locks/organization/cross/prod/1.json"]
        assert cured(files) == ["prod.json"]
        whole = s3.get_object(Bucket="states", Key=f"team/{STATE}")["Body"].read()
        assert json.loads(whole) == OLD


def test_a_backend_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        store = store_of("s3://states?region=us-east-1", Path())
        assert store is not None
        with pytest.raises(UncheckedError, match="NoSuchBucket"):
            StateFiles(store=store, project="cross").locks("prod")


@pytest.mark.parametrize("url", ["gs://states", "https://api.pulumi.com"])
def test_other_backends_are_not_read(url: str, tmp_path: Path) -> None:
    assert store_of(url, tmp_path) is None


def test_a_relative_address_starts_from_the_program(tmp_path: Path) -> None:
    store = store_of("file://states", tmp_path)
    assert store is not None
    assert store.address("meta.yaml") == str(tmp_path / "states" / ".pulumi" / "meta.yaml")
