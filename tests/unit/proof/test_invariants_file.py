"""The file with invariants: what it says is read as it is written, and nothing wrong is a pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.proof.invariants_file import (
    FILE,
    Invariant,
    read_invariants,
)
from cross_account_access.errors import UsageError
from tests.support.deployment import ROOT

DOCS = ROOT / "docs" / "access"
ENTRY = """\
invariants:
  - name: x
    actions: s3:GetObject
    resource: b/*
"""


def read(folder: Path, text: str) -> tuple[Invariant, ...]:
    path = folder / FILE
    path.write_text(text)
    return read_invariants(path)


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read(folder, text)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{folder / FILE}: ") for line in lines)
    return [line.removeprefix(f"{folder / FILE}: ") for line in lines]


def test_a_text_is_a_list_of_one(tmp_path: Path) -> None:
    (found,) = read(tmp_path, f"{ENTRY}    except: [one, 'two ']\n")
    assert found == Invariant(
        name="x",
        who=("anybody",),
        actions=("s3:GetObject",),
        resources=("b/*",),
        exceptions=("one", "two"),
    )


def test_every_scalar_is_text_as_it_is_written(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path,
        f"{ENTRY}    who: [012345678901, 1e3, no, 2026-01-01]\n"
        "    when:\n"
        "      Bool: {aws:SecureTransport: false}\n"
        "      DateLessThan: {aws:CurrentTime: 2030-01-01}\n"
        "      NumericLessThan: {aws:MultiFactorAuthAge: [0300]}\n",
    )
    assert found.who == ("012345678901", "1e3", "no", "2026-01-01")
    assert found.when == {
        "Bool": {"aws:SecureTransport": ["false"]},
        "DateLessThan": {"aws:CurrentTime": ["2030-01-01"]},
        "NumericLessThan": {"aws:MultiFactorAuthAge": ["0300"]},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must be one key, invariants, with a list, got None"),
        ("[]", "must be one key, invariants, with a list, got []"),
        ("invariants: {}", "must be one key, invariants, with a list"),
        ("invariant: []", "must be one key, invariants, with a list"),
        ("invariants: []\nmore: 1\n", "must be one key, invariants, with a list"),
        ("invariants: []", "invariants is empty, so nothing would be checked; remove the file"),
        ("invariants: [x]", "invariant 1 must be an entry of name, who, actions, resource, when"),
        (f"{ENTRY}    exept: y\n", "x: unknown key 'exept'; did you mean except?"),
        (f"{ENTRY}    name: y\n", "line 5, column 5: name is written twice"),
        (f"{ENTRY}    except: []\n", "x: except must be a text or a list of texts, and not empty"),
        (f"{ENTRY}    except:\n", "x: except must be a text or a list of texts, and not empty"),
        (f"{ENTRY}    who: ['']\n", "x: who must be a text or a list of texts, and not empty"),
        (f"{ENTRY}    who: [[x]]\n", "x: who must be a text or a list of texts, and not empty"),
        (f"{ENTRY}    who: {{x: y}}\n", "x: who must be a text or a list of texts"),
        (f"{ENTRY}    when: {{}}\n", "x: when is empty; leave it out for all circumstances"),
        (f"{ENTRY}    when: yes\n", "x: when: Statement[0].Condition"),
        (
            f"{ENTRY}    when: {{Boolean: {{aws:SecureTransport: x}}}}\n",
            "'Boolean' is no condition operator",
        ),
        (
            f"{ENTRY}    when: {{Bool: {{aws:SecureTransprt: true}}}}\n",
            "x: when: 'aws:SecureTransprt' is no condition key that AWS lists",
        ),
        (
            f"{ENTRY}    when: {{StringLike: {{s3:prefix: a}}}}\n",
            "x: when: no request for these actions has s3:prefix",
        ),
        (
            f"{ENTRY}    when: {{StringLike: {{aws:PrincipalArn: a}}}}\n",
            "x: when: say by who and except what is asked of aws:PrincipalArn",
        ),
        (f"{ENTRY}    when: {{StringLike: {{aws:SourceVpce: []}}}}\n", "aws:SourceVpce has no"),
        (ENTRY.replace("GetObject", "GetObjct"), "'s3:GetObjct' means no action; did you mean s3:"),
        (ENTRY.replace("s3:GetObject", "read"), "'read' means no action; write it like s3:GetOb"),
        (ENTRY.replace("s3:GetObject", "s3:Zz*"), "'s3:Zz*' means no action"),
        (ENTRY.replace("name: x", "nam: x"), "invariant 1: unknown key 'nam'; did you mean name?"),
        (ENTRY.replace("resource: b/*", "resources: b"), "did you mean resource?"),
        (ENTRY.replace("name: x", "name: ''"), "invariant 1: name must be one line of text, got"),
        (ENTRY + ENTRY.partition("\n")[2], "two invariants have the name 'x'; give each its own"),
        ("a: [", "line 1, column 5: expected the node content, but found '<stream end>'"),
        ("a: 1\n---\nb: 1\n", "line 2, column 1: but found another document"),
        ("&a [*a]", "line 1, column 1: found unconstructable recursive node"),
        ("[" * 2000, "not YAML: nested too deeply"),
        ("a: \0", "not YAML: unacceptable character"),
    ],
)
def test_what_it_cannot_mean_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert any(told in line for line in refused(tmp_path, text)), refused(tmp_path, text)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    lines = refused(tmp_path, "invariants: [{name: a, whom: x}, {name: b, actions: x}, 3]")
    assert [line[:4] for line in lines] == ["a: u", "a: a", "a: r", "b: r", "b: a", "inva"]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a text file"):
        read_invariants(path)


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    text = (DOCS / "invariants.md").read_text().split("```yaml\n")[1].split("```")[0]
    assert len(read(tmp_path, text)) == 4


def test_the_schema_has_the_same_keys(tmp_path: Path) -> None:
    schema: dict[str, Any] = json.loads((DOCS / "invariants.schema.json").read_text())
    entry = schema["$defs"]["invariant"]
    assert entry["additionalProperties"] is schema["additionalProperties"] is False
    (told,) = refused(tmp_path, f"{ENTRY}    qqqq: y\n")
    assert told.partition("there are ")[2].split(", ") == list(entry["properties"])
    missing = refused(tmp_path, "invariants: [{who: x}]")
    assert [line.split(": ")[1] for line in missing] == [
        f"{key} is missing" for key in entry["required"]
    ]
