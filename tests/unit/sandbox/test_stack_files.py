"""Which accounts the sandbox takes from the stack files or the command line."""

from pathlib import Path

import pytest

from cross_account_access.dev.sandbox.errors import SandboxError
from cross_account_access.dev.sandbox.stack_files import accounts, parse_pair


def write(folder: Path, stack: str, production: str, staging: str) -> None:
    (folder / f"Pulumi.{stack}.yaml").write_text(
        "config:\n"
        f"  cross-account-access:production_account_id: {production}\n"
        f"  cross-account-access:staging_account_id: {staging}\n"
    )


def test_takes_the_accounts_that_all_stack_files_name(tmp_path: Path) -> None:
    write(tmp_path, "prod", '"011111111111"', '"222222222222"')
    write(tmp_path, "staging", '"011111111111"', '"222222222222"')
    (tmp_path / "Pulumi.other.yaml").write_text("config:\n  aws:region: us-west-2\n")
    (tmp_path / "Pulumi.empty.yaml").write_text("")

    assert accounts(tmp_path) == ("011111111111", "222222222222")


def test_rejects_stack_files_that_disagree(tmp_path: Path) -> None:
    write(tmp_path, "prod", '"111111111111"', '"222222222222"')
    write(tmp_path, "staging", '"111111111111"', '"333333333333"')

    with pytest.raises(SandboxError) as refusal:
        accounts(tmp_path)

    text = str(refusal.value)
    assert "Pulumi.prod.yaml: 111111111111,222222222222" in text
    assert "Pulumi.staging.yaml: 111111111111,333333333333" in text
    assert "--accounts" in text


def test_rejects_a_folder_without_stack_files(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="--accounts PRODUCTION,STAGING"):
        accounts(tmp_path)


@pytest.mark.parametrize("value", ["111111111111", '"1111"', '"1111-1111-1111"'])
def test_rejects_an_account_that_is_not_12_digits_in_quotes(tmp_path: Path, value: str) -> None:
    write(tmp_path, "prod", value, '"222222222222"')

    with pytest.raises(SandboxError, match=r"Pulumi\.prod\.yaml: .*12 digits"):
        accounts(tmp_path)


def test_rejects_a_stack_file_that_is_no_yaml_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text("config: [\n")

    with pytest.raises(SandboxError, match=r"cannot read Pulumi\.prod\.yaml") as refusal:
        accounts(tmp_path)

    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", "111111111111", "111111111111,", "1,2", "111111111111,111111111111", "a,b,c"]
)
def test_rejects_a_pair_that_is_not_two_accounts(text: str) -> None:
    with pytest.raises(SandboxError, match="--accounts"):
        parse_pair(text)


def test_takes_a_pair() -> None:
    assert parse_pair("011111111111,222222222222") == ("011111111111", "222222222222")
