"""What must never be allowed: it holds as declared, and each way around it is told."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.proof.invariants import Checked, check
from cross_account_access.command.proof.invariants_file import Invariant
from cross_account_access.errors import UsageError
from cross_account_access.iam.documents import PolicyKind
from tests.support.proof import added, example, judged, with_document
from tests.support.states import allow, policy

BUCKET = "arn:aws:s3:::example-prefixes-101"
ROLE = "arn:aws:iam::111122223333:role/ImageServerAccess"
STAGING, STRANGER = ({"AWS": f"arn:aws:iam::{each}:root"} for each in ("444455556666", "9" * 12))
SERVER = "staging:user/ImageServer"

ONLY_SERVER = Invariant(
    name="only the image server reads images",
    actions=("s3:GetObject*",),
    resources=("example-prefixes-101/images/*",),
    exceptions=("image-server",),
)
NOBODY_OUTSIDE = Invariant(
    name="nobody outside", who=("outside",), actions=("*",), resources=("*",)
)
ONLY_ADMINISTRATORS = Invariant(
    name="only administrators change the policy",
    actions=("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    resources=("example-prefixes-101",),
    exceptions=("administrators",),
)
NEVER_DELETES = Invariant(
    name="the server deletes nothing",
    who=("image-server",),
    actions=("s3:DeleteObject*",),
    resources=("s3://example-prefixes-101/*",),
)
NO_PLAIN_HTTP = Invariant(
    name="no plain HTTP",
    actions=("s3:*",),
    resources=("example-prefixes-101", "example-prefixes-101/*"),
    when={"Bool": {"aws:SecureTransport": ["false"]}},
)
ALL = (ONLY_SERVER, NOBODY_OUTSIDE, ONLY_ADMINISTRATORS, NEVER_DELETES, NO_PLAIN_HTTP)

Change = Callable[[StackInventory], StackInventory]


def checked(invariant: Invariant, change: Change | None = None, name: str = "prefixes") -> Checked:
    contract, inventory = judged(example(name))
    (result,) = check([invariant], contract, change(inventory) if change else inventory)
    return result


def role_may(action: str, resource: str) -> Change:
    return lambda inventory: added(inventory, ROLE, allow(action, resource))


def trusting(who: Any, **more: Any) -> Change:
    trust = policy(allow("sts:AssumeRole", Principal=who, **more))
    return lambda inventory: with_document(inventory, ROLE, PolicyKind.TRUST, "", trust)


def bucket_says(*statements: Any) -> Change:
    document = policy(*statements)
    return lambda inventory: with_document(inventory, BUCKET, PolicyKind.RESOURCE, "", document)


@pytest.mark.parametrize("invariant", ALL, ids=[each.name for each in ALL])
def test_it_holds_as_declared(invariant: Invariant) -> None:
    assert checked(invariant).differences == ()


def without(*exceptions: str) -> Invariant:
    """The same of everybody else."""
    return Invariant(
        name="x",
        actions=ONLY_SERVER.actions,
        resources=ONLY_SERVER.resources,
        exceptions=exceptions,
    )


@pytest.mark.parametrize(
    ("invariant", "change", "who", "action"),
    [
        (ONLY_SERVER, trusting(STAGING), "anybody else of staging", "sts:AssumeRole"),
        (ONLY_SERVER, trusting(STRANGER), f"anybody of account {'9' * 12}", "sts:AssumeRole"),
        (
            ONLY_SERVER,
            bucket_says(allow("s3:GetObject", f"{BUCKET}/*", Principal=STAGING)),
            "anybody else of staging",
            "s3:GetObject",
        ),
        (
            ONLY_SERVER,
            bucket_says(allow("s3:GetObjectVersion", f"{BUCKET}/images/*", Principal="*")),
            # Block Public Access lets nobody of another account in by a public statement.
            "anybody else of production",
            "s3:GetObjectVersion",
        ),
        (without(), lambda inventory: inventory, SERVER, "s3:GetObject"),
        (without("administrators"), lambda inventory: inventory, SERVER, "s3:GetObject"),
        (without("production"), lambda inventory: inventory, SERVER, "s3:GetObject"),
        (NOBODY_OUTSIDE, trusting(STRANGER), f"anybody of account {'9' * 12}", "sts:AssumeRole"),
        (
            NOBODY_OUTSIDE,
            bucket_says(allow("s3:ListBucket", BUCKET, Principal=STRANGER)),
            f"anybody of account {'9' * 12}",
            "s3:ListBucket",
        ),
        (ONLY_ADMINISTRATORS, role_may("s3:PutBucketPolicy", BUCKET), SERVER, "s3:PutBucketPolicy"),
        (
            ONLY_ADMINISTRATORS,
            bucket_says(allow("s3:DeleteBucketPolicy", BUCKET, Principal=STAGING)),
            SERVER,
            "s3:DeleteBucketPolicy",
        ),
        (
            NEVER_DELETES,
            role_may("s3:DeleteObjectVersion", f"{BUCKET}/*"),
            SERVER,
            "s3:DeleteObjectVersion",
        ),
        (NO_PLAIN_HTTP, bucket_says(), SERVER, "s3:ListBucket"),
    ],
)
def test_what_breaks_it_is_told(
    invariant: Invariant, change: Change, who: str, action: str
) -> None:
    found = checked(invariant, change).differences
    assert (who, action) in {(each.principal, name) for each in found for name in each.actions}
    assert all(each.example for each in found)


def test_what_is_only_about_another_prefix_breaks_nothing() -> None:
    assert checked(ONLY_SERVER, role_may("s3:GetObject", f"{BUCKET}/other/*")).holds
    says = bucket_says(allow("s3:GetObject", f"{BUCKET}/incoming/*", Principal=STAGING))
    assert checked(ONLY_SERVER, says).holds


def test_who_goes_on_by_the_role_of_another_is_told() -> None:
    """No policy of its own lets the cleaner read; the role of the reader does."""
    never = Invariant(
        name="the cleaner reads no reports",
        who=("cleaner",),
        actions=("s3:GetObject",),
        resources=("example-many-reports-101/*",),
    )
    assert checked(never, name="many-grants").holds
    trust = policy(allow("sts:AssumeRole", Principal=STAGING))
    reader = "arn:aws:iam::111122223333:role/ReaderAccess"

    def let_in(inventory: StackInventory) -> StackInventory:
        return with_document(inventory, reader, PolicyKind.TRUST, "", trust)

    found = checked(never, let_in, name="many-grants").differences
    assert {(each.principal, each.actions) for each in found} == {
        ("staging:user/Cleaner", ("sts:AssumeRole",))
    }


def test_another_role_that_may_be_assumed_is_no_matter() -> None:
    only = Invariant(
        name="only the reader reads reports",
        actions=("s3:GetObject",),
        resources=("example-many-reports-101/*",),
        exceptions=("reader",),
    )
    trust = policy(allow("sts:AssumeRole", Principal=STAGING))
    collector = "arn:aws:iam::111122223333:role/CollectorAccess"

    def let_in(inventory: StackInventory) -> StackInventory:
        return with_document(inventory, collector, PolicyKind.TRUST, "", trust)

    assert checked(only, let_in, name="many-grants").holds


@pytest.mark.parametrize("name", ["organization", "oidc", "third-party", "sso-principals"])
def test_every_kind_of_consumer_can_be_an_exception(name: str) -> None:
    contract, inventory = judged(example(name))
    buckets = tuple(contract.bucket_arns)

    def nobody_but(*exceptions: str) -> Checked:
        resources = (*buckets, *(f"{each}/*" for each in buckets))
        only = Invariant(name="x", actions=("s3:*",), resources=resources, exceptions=exceptions)
        (result,) = check([only], contract, inventory)
        return result

    assert nobody_but(*contract.consumers).differences == ()
    left_out, *others = contract.consumers
    assert not nobody_but(*others).holds, left_out


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"who": ("image-sever",)}, "who: 'image-sever' is nobody whom the stack knows; did you"),
        ({"exceptions": ("anybody",)}, "except: 'anybody' is nobody whom the stack knows"),
        ({"who": ("arn:aws:iam::444455556666:user/Imag",)}, "is nobody whom the stack knows"),
        ({"who": ("1234",)}, "who: '1234' is nobody"),
        ({"resources": ("example-prefixes-1",)}, "nothing of the stack; did you mean example-pref"),
        ({"resources": ("arn:aws:s3:::other/*",)}, "resource: 'arn:aws:s3:::other/*' is nothing"),
        ({"resources": ("example-prefixes-101",)}, "example-prefixes-101/* is what is inside"),
        ({"actions": ("s3:GetObject", "sns:Publish")}, "sns:Publish can be about none of"),
        (
            {"resources": ("example-prefixes-101/imagse/*",)},
            "except: image-server may not s3:GetObject* on example-prefixes-101/imagse/* anyway",
        ),
    ],
)
def test_what_means_nothing_is_no_pass(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked(Invariant(**{**vars(ONLY_SERVER), **change}))
    assert str(caught.value).startswith(f"{ONLY_SERVER.name}: ")
    assert told in str(caught.value)


FILE = """\
invariants:
  - name: only the image server reads images
    actions: s3:GetObject*
    resource: example-prefixes-101/images/*
    except: image-server
"""


def run(folder: Path, state: Any, *words: str) -> int:
    path = folder / "state.json"
    path.write_text(json.dumps(state))
    return main(["prove", "--from", str(path), "--cwd", str(folder), *words])


def opened() -> Any:
    state: Any = json.loads(json.dumps(example("prefixes")))
    for each in state["deployment"]["resources"]:
        if each["type"] == "aws:s3/bucketPolicy:BucketPolicy":
            document = json.loads(each["inputs"]["policy"])
            document["Statement"].append(
                allow("s3:GetObject", f"{BUCKET}/images/*", Principal=STRANGER)
            )
            each["inputs"]["policy"] = json.dumps(document)
    return state


def test_the_file_beside_the_stack_file_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "invariants.yaml").write_text(FILE)
    assert run(tmp_path, example("prefixes")) == 0
    assert " and nothing more, and 1 invariant holds (" in capsys.readouterr().out
    assert run(tmp_path, opened()) == 1
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("broken: only the image server reads images")
    assert lines[at + 1].startswith(f"+ anybody of account {'9' * 12} may s3:GetObject ")
    assert ", 1 of 1 invariant broken (" in lines[-1]
    words = shlex.split(lines[at + 2])
    assert words[:2] == ["access", "explain"]
    assert main(words[1:]) in (0, 3)
    assert main([*words[1:], "--context", "aws:CurrentTime=2030-01-01T00:00:00Z"]) in (0, 3)
    capsys.readouterr()
    assert run(tmp_path, opened(), "--json") == 1
    (told,) = json.loads(capsys.readouterr().out)["invariants"]
    assert (told["name"], told["holds"]) == ("only the image server reads images", False)
    assert told["differences"][0]["explain"][:2] == ["access", "explain"]


def test_a_file_that_is_named_must_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, example("prefixes"), "--invariants", str(tmp_path / "no.yaml")) == 2
    assert "no.yaml: No such file or directory" in capsys.readouterr().err
