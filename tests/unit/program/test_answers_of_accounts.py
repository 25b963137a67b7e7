"""What the accounts answer before anything is made, told in a line."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ProfileNotFound

from cross_account_access.program.preflight import ask_accounts


class Sts:
    """Refuses, in the words of whoever stands between."""

    def __init__(self, words: str) -> None:
        self._words = words

    def get_caller_identity(self) -> Any:
        told: Any = {"Error": {"Code": "AccessDenied", "Message": self._words}}
        raise ClientError(told, "GetCallerIdentity")


@pytest.mark.parametrize(
    "words", ["refused\n\n<html>\x1b[31m", "x" * 5000], ids=["control characters", "long"]
)
def test_words_of_others_are_told_in_a_line(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    class Session:
        def __init__(self, **_: Any) -> None: ...

        def register_component(self, *_: Any) -> None: ...

        def create_client(self, *_: Any, **__: Any) -> Sts:
            return Sts(words)

    monkeypatch.setattr(ask_accounts, "Session", Session)
    problem = ask_accounts.ask("StagingAccountAdmin", "us-west-2", [])["problem"]
    assert problem.isprintable()
    assert len(problem) < 500
    assert problem.startswith(f"is refused by AWS (AccessDenied: {words[:7]}")
    assert problem.endswith(
        "sign in again, for example with aws sso login --profile StagingAccountAdmin"
    )


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def session(**_: Any) -> Any:
        raise ProfileNotFound(profile="Gone")

    monkeypatch.setattr(ask_accounts, "Session", session)
    problem = ask_accounts.ask("Gone", "us-west-2", [])["problem"]
    assert problem.endswith("make it with aws configure --profile Gone, or name another")
