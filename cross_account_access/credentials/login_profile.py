"""The CLI profile that a login writes, and how it is told from profiles that are somebody's own."""

from datetime import UTC, datetime
from typing import Final

from cross_account_access.credentials import aws_files
from cross_account_access.credentials.assume import RoleCredentials
from cross_account_access.credentials.aws_files import AwsFile, Options
from cross_account_access.errors import UsageError

DEFAULT_NAME: Final = "TempCred"
"""What the walkthrough calls it."""

_EXPIRES: Final = "x_security_token_expires"
"""Ours, and ignored by the AWS CLI; other tools that write sessions into these files use it too."""
_TOKEN: Final = "aws_session_token"  # noqa: S105 - the option's name
_LEGACY_TOKEN: Final = "aws_security_token"  # noqa: S105 - the option's name
"""The token's name of long ago: SDKs that still read it prefer it, so a stale one breaks logins."""
_SESSION: Final = ("aws_access_key_id", "aws_secret_access_key", _TOKEN, _EXPIRES)
_OTHER_SOURCES: Final = (
    "role_arn",
    "credential_process",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)


def check(name: str) -> None:
    """Whether a login may write the profile, and could.

    Raises:
        UsageError: the profile holds what a login must not overwrite, or what would be used in
            place of it.
        UncheckedError: a file cannot be changed.
    """
    aws_files.check(
        name,
        (AwsFile.config(), lambda now: _region(name, now, "")),
        (AwsFile.credentials(), lambda now: _session(name, now, dict.fromkeys(_SESSION, ""))),
    )


def write(name: str, credentials: RoleCredentials, region: str) -> list[str]:
    """Writes the profile into both files and returns what a person should know of it.

    Raises:
        UsageError, UncheckedError: as `check`; the files are as they were.
    """
    session = {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key,
        _TOKEN: credentials.session_token,
        _EXPIRES: credentials.expiration.astimezone(UTC).isoformat(timespec="seconds"),
    }
    notes = []

    def change(now: dict[str, str]) -> Options:
        if _LEGACY_TOKEN in now:
            notes.append(f"removed a stale {_LEGACY_TOKEN}, which SDKs would have preferred")
        return _session(name, now, session)

    config = (AwsFile.config(), lambda now: _region(name, now, region))
    return aws_files.write(name, config, (AwsFile.credentials(), change)) + notes


def remove(name: str) -> bool:
    """Removes what a login wrote, and returns whether there was anything.

    Raises:
        UsageError: the profile was not written by a login.
        UncheckedError: a file cannot be changed.
    """
    current = AwsFile.credentials().profile(name)
    if current is None:
        return False
    if _EXPIRES not in current:
        message = f"profile {name} was not written by access login; remove it by hand"
        raise UsageError(message)
    aws_files.write(
        name,
        (AwsFile.config(), lambda _: {"region": None}),
        (AwsFile.credentials(), lambda _: dict.fromkeys((*_SESSION, _LEGACY_TOKEN))),
    )
    return True


def expiration(name: str) -> datetime | None:
    """When the profile's session ends, or None where no login noted it.

    Raises:
        UncheckedError: the file cannot be read.
    """
    try:
        return datetime.fromisoformat((AwsFile.credentials().profile(name) or {})[_EXPIRES])
    except (KeyError, ValueError):
        return None


def _region(name: str, now: dict[str, str], region: str) -> Options:
    _refuse_other_sources(name, now)
    return {"region": region}


def _session(name: str, now: dict[str, str], session: Options) -> Options:
    _refuse_other_sources(name, now)
    if "aws_access_key_id" in now and not {_TOKEN, _LEGACY_TOKEN} & now.keys():
        message = (
            f"profile {name} holds a long-lived access key, which a login would overwrite; "
            "choose another name with --as"
        )
        raise UsageError(message)
    return {**session, _LEGACY_TOKEN: None}


def _refuse_other_sources(name: str, now: dict[str, str]) -> None:
    for option in _OTHER_SOURCES:
        if option in now:
            message = (
                f"profile {name} has credentials of its own by {option}; "
                "choose another name with --as"
            )
            raise UsageError(message)
