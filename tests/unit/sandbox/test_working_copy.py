"""The copy in which the sandbox's command runs: what is the checkout's, and what is its own."""

import os
from pathlib import Path

import pytest

from cross_account_access.dev.sandbox import working_copy

STACK = 'config:\n  app:account: "111122223333"\n'
SALT = "encryptionsalt: v1:AAAA:v1:BBBB\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    for name, content in {
        "Pulumi.yaml": "name: app\n",
        "Pulumi.prod.yaml": STACK,
        "__main__.py": "import parts\n",
        "parts/__init__.py": "",
        "examples/yaml/Pulumi.yaml": "plugins: {path: ../../parts}\n",
        "examples/yaml/Pulumi.prod.yaml": STACK,
        ".git/HEAD": "ref: refs/heads/main\n",
        ".venv/bin/python": "",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def copied(checkout: Path, tmp_path: Path) -> Path:
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir(exist_ok=True)
    copy = working_copy.of(checkout, sandbox)
    assert copy is not None
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_in_the_copy_stays_there(checkout: Path, tmp_path: Path) -> None:
    before = contents(checkout)
    copy = copied(checkout, tmp_path)

    for folder in (copy, copy / "parts", copy / "examples" / "yaml"):
        (folder / "import.json").write_text("{}")
    for folder in (copy, copy / "examples" / "yaml"):
        with (folder / "Pulumi.prod.yaml").open("a") as stack_file:
            stack_file.write(SALT)

    assert contents(checkout) == before


def test_a_change_of_the_program_is_seen_at_once(checkout: Path, tmp_path: Path) -> None:
    copy = copied(checkout, tmp_path)

    (checkout / "__main__.py").write_text("changed")

    assert (copy / "__main__.py").read_text() == "changed"
    assert (copy / ".venv" / "bin" / "python").exists()
    assert not (copy / ".git").exists()


def test_the_salt_of_another_backend_is_left_out(checkout: Path, tmp_path: Path) -> None:
    (checkout / "Pulumi.prod.yaml").write_text(STACK + "encryptionsalt: v1:theirs\n")

    assert (copied(checkout, tmp_path) / "Pulumi.prod.yaml").read_text() == STACK


def test_settings_made_in_the_sandbox_stay_until_the_checkout_changes(
    checkout: Path, tmp_path: Path
) -> None:
    stack_file = copied(checkout, tmp_path) / "Pulumi.prod.yaml"
    stack_file.write_text(STACK + "  app:more: x\n" + SALT)

    copied(checkout, tmp_path)
    assert stack_file.read_text() == STACK + "  app:more: x\n" + SALT

    (checkout / "Pulumi.prod.yaml").write_text(STACK + "  app:other: y")
    copied(checkout, tmp_path)
    assert stack_file.read_text() == STACK + "  app:other: y\n" + SALT


def test_a_file_that_is_gone_is_gone_in_the_copy(checkout: Path, tmp_path: Path) -> None:
    copied(checkout, tmp_path)
    (checkout / "__main__.py").unlink()

    assert not os.path.lexists(copied(checkout, tmp_path) / "__main__.py")


def test_a_sandbox_in_the_checkout_is_not_copied_into_itself(checkout: Path) -> None:
    state = checkout / "state"
    state.mkdir()

    copy = working_copy.of(checkout / "examples" / "yaml", state)

    assert copy == state / "project" / "examples" / "yaml"
    assert not (state / "project" / "state").exists()


def test_a_folder_without_a_project_is_used_as_it_is(tmp_path: Path) -> None:
    assert working_copy.of(tmp_path, tmp_path) is None
