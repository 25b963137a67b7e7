"""`make reference`, on packages that are made here."""

import json
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.dev.service_reference import SnapshotError, write

KEYS = """
exports.globalConditionKeys = [
    {
        key: 'aws:SourceIp',
        category: 'network',
        type: 'IPAddress',
        description: ''
    },
    {
        key: 'aws:PrincipalTag/tag-key',
        category: 'principal',
        type: 'String',
        description: ''
    },
];
"""


def package(folder: Path, *, of_action: str = "Crate", keys: str = KEYS) -> Path:
    kind: dict[str, Any] = {"name": of_action, "conditionKeys": ["box:Size"], "required": True}
    files: dict[str, Any] = {
        "data/services.json": ["box"],
        "data/serviceNames.json": {"box": "Amazon Box"},
        "data/actions/box.json": {
            "open": {
                "name": "Open",
                "accessLevel": "Read",
                "description": "Grants permission to open a crate",
                "resourceTypes": [kind],
                "conditionKeys": ["box:Colour"],
            }
        },
        "data/resourceTypes/box.json": {
            "crate": {
                "key": "Crate",
                "arn": "arn:${Partition}:box:::${Name}, arn:${Partition}:box:::crate/${Name}",
                "conditionKeys": ["aws:ResourceTag/${TagKey}"],
            }
        },
        "data/conditionKeys/box.json": {
            "box:size": {"key": "box:Size", "type": "Numeric", "description": ""},
            "box:colour": {"key": "box:Colour", "type": "String", "description": ""},
        },
        "package.json": {
            "name": "a-package",
            "version": "1.2.3",
            "updatedAt": "2026-09-26T04:46:59.905Z",
            "license": "MIT",
            "repository": {"url": "git+https://example.com/a/package.git"},
        },
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    (folder / "LICENSE.txt").write_text("MIT License")
    script = folder / "dist" / "esm" / "globalConditionKeys.js"
    script.parent.mkdir(parents=True)
    script.write_text(keys)
    return folder


def test_a_service_is_written_a_line_an_entry(tmp_path: Path) -> None:
    write(package(tmp_path / "package"), tmp_path / "snapshot")
    text = (tmp_path / "snapshot" / "services" / "box.json").read_text()
    assert json.loads(text) == {
        "name": "Amazon Box",
        "condition_keys": {"box:Colour": "String", "box:Size": "Numeric"},
        "resources": {
            "crate": {
                "arns": [
                    "arn:${Partition}:box:::${Name}",
                    "arn:${Partition}:box:::crate/${Name}",
                ],
                "keys": ["aws:ResourceTag/${TagKey}"],
            }
        },
        "actions": {
            "Open": {
                "access": "Read",
                "resources": ["crate"],
                "keys": ["box:Colour", "box:Size"],
            }
        },
    }
    assert '"box:Colour": "String",' in text.splitlines()


def test_the_source_is_recorded_with_its_licence(tmp_path: Path) -> None:
    write(package(tmp_path / "package"), tmp_path / "snapshot")
    assert json.loads((tmp_path / "snapshot" / "source.json").read_text()) == {
        "name": "a-package",
        "version": "1.2.3",
        "date": "2026-09-26",
        "address": "https://example.com/a/package",
        "licence": "MIT",
    }
    assert (tmp_path / "snapshot" / "LICENSE").read_text() == "MIT License\n"


def test_global_keys_have_placeholders_like_all_others(tmp_path: Path) -> None:
    write(package(tmp_path / "package"), tmp_path / "snapshot")
    assert json.loads((tmp_path / "snapshot" / "global_condition_keys.json").read_text()) == {
        "aws:PrincipalTag/${TagKey}": "String",
        "aws:SourceIp": "IPAddress",
    }


def test_the_same_package_gives_the_same_bytes_and_nothing_else_stays(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    write(package(tmp_path / "package"), snapshot)
    first = {path: path.read_bytes() for path in snapshot.rglob("*") if path.is_file()}
    (snapshot / "services" / "gone.json").write_text("{}")
    write(tmp_path / "package", snapshot)
    assert {path: path.read_bytes() for path in snapshot.rglob("*") if path.is_file()} == first


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"of_action": "Barrel"}, "box:Open has resources that are not listed: {'barrel'}"),
        ({"keys": "exports.globalConditionKeys = [];"}, "lists no global condition keys"),
    ],
)
def test_a_package_of_another_form_changes_nothing(
    tmp_path: Path, broken: dict[str, str], told: str
) -> None:
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    (snapshot / "source.json").write_text("as it was")
    with pytest.raises(SnapshotError, match=told):
        write(package(tmp_path / "package", **broken), snapshot)
    assert [path.name for path in snapshot.iterdir()] == ["source.json"]
