"""`access prove` as a command: words, exit statuses, the certificate, questions to explain."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from cross_account_access import __version__
from cross_account_access.command import sources
from cross_account_access.command.cli import main
from cross_account_access.command.proof.proving import prove
from cross_account_access.command.proof.report import question
from tests.support.proof import example, judged, mutants
from tests.support.states import UNKNOWN, preview, pulumi_that

ROLE = "ImageServerAccess"
BUCKET = "arn:aws:s3:::example-prefixes-101"
ADDED = {
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": f"{BUCKET}/zzz-hidden/*",
    "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
}


def changed(**statement: Any) -> dict[str, Any]:
    """The state of the example `prefixes`, with one statement more for the role."""
    state: dict[str, Any] = json.loads(json.dumps(example("prefixes")))
    for resource in state["deployment"]["resources"]:
        if statement and resource["type"] == "aws:iam/policy:Policy":
            document = json.loads(resource["inputs"]["policy"])
            document["Statement"].append(statement)
            resource["inputs"]["policy"] = json.dumps(document)
    return state


def written(folder: Path, state: Any) -> str:
    path = folder / "state.json"
    path.write_text(json.dumps(state))
    return str(path)


def test_what_is_proved_is_one_line_with_what_was_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prove", "--from", written(tmp_path, changed())]) == 0
    *assumed, free, last = capsys.readouterr().out.splitlines()
    assert free.startswith("nobody is locked out")
    assert last.startswith("proved: documents allow what is declared and nothing more (")
    assert " kinds of principals, " in last
    assert assumed
    assert all(line.startswith("assumed: ") for line in assumed)


def test_a_difference_comes_with_a_question_that_explain_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prove", "--from", written(tmp_path, changed(**ADDED))]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("+ staging:user/ImageServer may s3:GetObject ")
    assert lines[-1].startswith("not proved: 1 difference between documents and declaration (")
    words = shlex.split(lines[1])
    assert words[:2] == ["access", "explain"]
    assert "--context" in words
    assert main(words[1:]) == 0
    assert capsys.readouterr().out.startswith("allowed  production:role/ImageServerAccess may ")


def test_layers_that_take_away_what_is_declared_leave_it_unproved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = written(tmp_path, changed())
    accounts = {
        json.loads(each["inputs"]["allowedAccountIds"])[0]
        for each in changed()["deployment"]["resources"]
        if each["type"] == "pulumi:providers:aws"
    }
    full = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
    closed = {"Statement": {**full["Statement"], "Action": "s3:GetObject", "Effect": "Deny"}}
    organization = tmp_path / "layers/organization"
    for level in ("", *accounts):
        folder = organization / level / "resource-control-policies"
        folder.mkdir(parents=True)
        (folder / "full.json").write_text(json.dumps(full))
    words = ["prove", "--from", state, "--layers", str(tmp_path / "layers")]
    assert main(words) == 0
    assert "resource control policies: seen" in capsys.readouterr().out
    (organization / "resource-control-policies/closed.json").write_text(json.dumps(closed))
    certificate = tmp_path / "proof.json"
    assert main([*words, "--certificate", str(certificate)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("- staging:user/ImageServer may s3:GetObject ")
    question = shlex.split(told[1])
    assert question[-2:] == ["--layers", str(tmp_path / "layers")]
    assert main(question[1:]) == 1
    assert '"kind": "resource control policy"' in certificate.read_text()


@pytest.mark.parametrize("name", ["prefixes", "organization", "third-party", "oidc"])
def test_explain_takes_every_question_as_it_is_printed(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one about somebody who could be there and is not."""
    contract, inventory = judged(example(name))
    chosen = list(mutants(inventory))[::25]
    asked = 0
    for mutant in chosen:
        monkeypatch.setattr(sources, "read", lambda *_, found=mutant.inventory, **__: found)
        for change in prove(contract, mutant.inventory).differences:
            words = question(change, "live")
            assert words is not None
            asked += 1
            status = main(shlex.split(shlex.join(words))[1:])
            told = capsys.readouterr()
            assert status in {0, 1, 3}, (words, told.err)
            assert told.out
    assert asked


def test_json_has_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "--json", "--from", written(tmp_path, changed(**ADDED))]) == 1
    told = json.loads(capsys.readouterr().out)
    (difference,) = told["differences"]
    assert (told["proved"], difference["effect"]) == (False, "widens")
    assert difference["explain"][:2] == ["access", "explain"]
    assert told["compared"]["decisions"] > 0
    assert told["assumptions"]


def test_a_certificate_has_the_same_bytes_whenever_it_is_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificates = []
    for number in range(2):
        # Neither order nor spelling of the file counts.
        state = changed()
        if number:
            state["deployment"]["resources"][1:] = state["deployment"]["resources"][:0:-1]
        path = tmp_path / f"{number}.json"
        words = ["prove", "--from", written(tmp_path, state), "--certificate", str(path)]
        assert main(words) == 0
        certificates.append(path.read_bytes())
    capsys.readouterr()
    assert certificates[0] == certificates[1]
    told = json.loads(certificates[0])
    assert (told["certificate"], told["program"]) == (1, __version__)
    assert told["result"]["proved"] is True
    assert {each["kind"] for each in told["documents"]} == {
        "identity-based policy",
        "resource-based policy",
        "trust policy",
    }
    assert all(len(each["sha256"]) == 64 for each in told["documents"])
    assert told["declaration"]["grants"]


def test_another_document_has_another_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hashes = []
    for state in (changed(), changed(**ADDED)):
        path = tmp_path / "certificate.json"
        main(["prove", "--from", written(tmp_path, state), "--certificate", str(path)])
        documents = json.loads(path.read_text())["documents"]
        hashes.append({(each["holder"], each["kind"]): each["sha256"] for each in documents})
    capsys.readouterr()
    (different,) = [key for key in hashes[0] if hashes[0][key] != hashes[1][key]]
    assert different[0].endswith(f"role/{ROLE}")


def test_a_certificate_that_cannot_be_written_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--certificate", str(tmp_path / "no" / "folder.json")]
    assert main(["prove", "--from", written(tmp_path, changed()), *words]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_without_a_declaration_it_is_unchecked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = changed()
    del state["deployment"]["resources"][0]["outputs"]["declaration"]
    assert main(["prove", "--from", written(tmp_path, state)]) == 3
    assert "the outputs have no declaration" in capsys.readouterr().err


def planning(folder: Path, state: Any, *, tells_outputs: bool = True) -> str:
    """Puts a `pulumi` into a folder that previews a stack which is not there yet.

    What is not made yet has no ARN, in the outputs neither.
    """
    resources = json.loads(json.dumps(state))["deployment"]["resources"]
    outputs = resources[0]["outputs"]
    for each in resources:
        each["outputs"] = {}
    for name in ("bucketArns", "kmsKeyArns"):
        outputs[name] = dict.fromkeys(outputs[name], UNKNOWN)
    stack = {"type": "pulumi:pulumi:Stack"}
    events = [
        {"resOutputsEvent": {"metadata": {**stack, "op": op, "new": {"outputs": told}}}}
        for op, told in (("refresh", {"contractVersion": "0"}), ("same", {}), ("same", outputs))
    ]
    log = "\n".join(json.dumps(each) for each in [{"preludeEvent": {}}, *events])
    answers = folder / "answers.json"
    answers.write_text(json.dumps([preview(resources), log if tells_outputs else ""]))
    return pulumi_that(
        folder,
        f"planned, log = json.load(open({str(answers)!r}))\n"
        "open(words[words.index('--event-log') + 1], 'w').write(log)\n"
        "print(json.dumps(planned))",
    )


@pytest.mark.parametrize("name", ["prefixes", "kms"])
def test_a_stack_is_proved_before_it_is_made(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", planning(tmp_path, example(name)))
    words = ["prove", "--from", "preview", "--cwd", str(tmp_path)]
    assert main(words) == 0, capsys.readouterr().out
    assert "proved: documents allow what is declared and nothing more (preview;" in (
        capsys.readouterr().out
    )


def test_what_a_plan_allows_beyond_its_own_declaration_is_not_proved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", planning(tmp_path, changed(**ADDED)))
    assert main(["prove", "--from", "preview", "--cwd", str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("+ staging:user/ImageServer may s3:GetObject ")


def test_a_preview_without_outputs_is_unchecked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", planning(tmp_path, example("prefixes"), tells_outputs=False))
    assert main(["prove", "--from", "preview", "--cwd", str(tmp_path)]) == 3
    assert "does not tell the outputs of this preview" in capsys.readouterr().err
