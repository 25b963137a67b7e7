"""The files of the AWS CLI change whole or not at all, and stay private."""

import errno
import stat
from pathlib import Path

import pytest

from cross_account_access.credentials import aws_files
from cross_account_access.credentials.aws_files import AwsFile, check, write
from cross_account_access.errors import UncheckedError
from cross_account_access.files import put_in_place

CREDENTIALS = "# mine\n[default]\naws_access_key_id = AKIA\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose .aws does not exist yet."""
    monkeypatch.delenv("AWS_CONFIG_FILE")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".aws"


@pytest.fixture
def credentials(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    path = folder / "credentials"
    path.write_text(CREDENTIALS)
    path.chmod(0o600)
    return path


def set_key(file: AwsFile, value: str = "new") -> list[str]:
    return write("TempCred", (file, lambda _: {"aws_access_key_id": value}))


def region(_: dict[str, str]) -> dict[str, str | None]:
    return {"region": "x"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(file: AwsFile) -> str:
    """What both the check and the writing say."""
    told = []
    for attempt in (check, write):
        with pytest.raises(UncheckedError) as caught:
            attempt("TempCred", (file, lambda _: {"aws_access_key_id": "new"}))
        told.append(str(caught.value))
    assert told[0] == told[1]
    return told[0]


def test_missing_files_and_folder_are_made_private(folder: Path) -> None:
    assert set_key(AwsFile.credentials()) == []
    assert set_key(AwsFile.config()) == []

    assert (mode(folder), mode(folder / "config"), mode(folder / "credentials")) == (
        0o700,
        0o600,
        0o600,
    )
    assert (folder / "credentials").read_text() == "[TempCred]\naws_access_key_id = new\n"
    assert (folder / "config").read_text() == "[profile TempCred]\naws_access_key_id = new\n"


def test_the_environment_names_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", "elsewhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "~/$PLACE/config")
    assert AwsFile.config().path == tmp_path / "elsewhere" / "config"


def test_a_file_that_others_could_read_is_closed_and_told(credentials: Path) -> None:
    credentials.chmod(0o644)
    (note,) = set_key(AwsFile.credentials())
    assert note == f"{credentials} was open to other users; it is not any more"
    assert mode(credentials) == 0o600


def test_a_link_stays_a_link(credentials: Path) -> None:
    target = credentials.parent.parent / "real"
    credentials.rename(target)
    credentials.symlink_to(target)

    set_key(AwsFile.credentials())

    assert credentials.is_symlink()
    assert target.read_text() == f"{CREDENTIALS}\n[TempCred]\naws_access_key_id = new\n"
    assert mode(target) == 0o600


def test_whoever_reads_meanwhile_sees_the_old_file_whole(credentials: Path) -> None:
    with credentials.open() as reader:
        set_key(AwsFile.credentials())
        assert reader.read() == CREDENTIALS
    assert credentials.read_text() != CREDENTIALS


def test_nothing_is_left_beside_the_files_but_the_lock(credentials: Path) -> None:
    set_key(AwsFile.credentials())
    assert {path.name for path in credentials.parent.iterdir()} == {
        "credentials",
        ".credentials.lock",
    }


def test_a_check_writes_nothing(credentials: Path, folder: Path) -> None:
    check("TempCred", (AwsFile.config(), region), (AwsFile.credentials(), region))
    assert credentials.read_text() == CREDENTIALS
    assert [path.name for path in folder.iterdir()] == ["credentials"]


def test_rejects_a_read_only_file_and_leaves_it(credentials: Path) -> None:
    credentials.chmod(0o400)
    assert refusal(AwsFile.credentials()) == (
        f"{credentials}: is read-only; nothing was changed, make it writable with chmod u+w"
    )
    assert (credentials.read_text(), mode(credentials)) == (CREDENTIALS, 0o400)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"aws_secret_access_key = s3cr3t\n", "line 1 belongs to no section"),
        (b"[a]\nx = s3cr3t\xff\n", "byte 14 is not text in UTF-8"),
    ],
)
def test_rejects_a_malformed_file_and_leaves_it(
    credentials: Path, content: bytes, told: str
) -> None:
    credentials.write_bytes(content)
    assert refusal(AwsFile.credentials()) == (
        f"{credentials}: {told}; nothing was changed, correct it first"
    )
    assert credentials.read_bytes() == content


def test_rejects_a_place_where_no_file_can_be(
    credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(credentials / "config"))
    assert refusal(AwsFile.config()) == (
        f"{credentials / 'config'}: Not a directory; nothing was changed"
    )


def test_one_malformed_file_keeps_the_other_from_being_changed(
    credentials: Path, folder: Path
) -> None:
    (folder / "config").write_text("no section\n")
    with pytest.raises(UncheckedError):
        write("TempCred", (AwsFile.credentials(), region), (AwsFile.config(), region))
    assert credentials.read_text() == CREDENTIALS
    assert {path.name for path in folder.iterdir() if path.suffix != ".lock"} == {
        "config",
        "credentials",
    }


def test_a_second_file_that_cannot_be_changed_leaves_the_first_as_it_was(
    credentials: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(ready: Path, path: Path) -> None:
        if path == credentials:
            raise OSError(errno.EBUSY, "Device or resource busy", str(path))
        put_in_place(ready, path)

    monkeypatch.setattr(aws_files, "put_in_place", put)
    for before in (None, "# mine\n[default]\n"):
        if before is not None:
            (folder / "config").write_text(before)
        with pytest.raises(UncheckedError) as told:
            write("TempCred", (AwsFile.config(), region), (AwsFile.credentials(), region))
        assert str(told.value) == f"{credentials}: Device or resource busy; nothing was changed"
        assert credentials.read_text() == CREDENTIALS
        config = folder / "config"
        assert (config.read_text() if config.exists() else None) == before


def test_a_file_that_cannot_be_put_back_is_told(
    credentials: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(ready: Path, path: Path) -> None:
        if path == credentials or "region" not in ready.read_text():
            raise OSError(errno.EBUSY, "Device or resource busy", str(path))
        put_in_place(ready, path)

    monkeypatch.setattr(aws_files, "put_in_place", put)
    config = folder / "config"
    config.write_text("# mine\n")
    with pytest.raises(UncheckedError) as told:
        write("TempCred", (AwsFile.config(), region), (AwsFile.credentials(), region))
    assert str(told.value).endswith(f"Device or resource busy; but {config} has changed")
