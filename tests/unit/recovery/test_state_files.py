"""What a `file://` backend has not written to its end is found, and the whole one put in place."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from cross_account_access.recovery.state_files import StateFiles

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
    found = StateFiles.of(folder.as_uri(), "cross", folder)
    assert found is not None
    return found


def cured(files: StateFiles) -> list[str]:
    """Cures all, and returns the names of what was cut off."""
    cut_off = list(files.cut_off("prod"))
    for each in cut_off:
        each.cure()
    assert list(files.cut_off("prod")) == []
    return [each.path.name for each in cut_off]


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


@pytest.mark.parametrize("url", ["s3://states?region=eu-west-1", "https://api.pulumi.com"])
def test_other_backends_have_no_files(url: str, tmp_path: Path) -> None:
    assert StateFiles.of(url, "cross", tmp_path) is None


def test_a_relative_address_starts_from_the_program(tmp_path: Path) -> None:
    (tmp_path / "states" / ".pulumi").mkdir(parents=True)
    files = StateFiles.of("file://states", "cross", tmp_path)
    assert files is not None
    assert files.folder == tmp_path / "states" / ".pulumi"
