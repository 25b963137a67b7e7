"""Proves that each profile holds credentials of its account, before anything is registered.

The providers refuse a wrong account too (`allowed_account_ids`), but each by
itself, in words that do not name our settings, and the second one after the
first has begun to work. Here both are asked first, and a refusal says what to
change in the stack file.

The calls run in a process of their own: loading the AWS SDK takes as long as
loading Pulumi's resource classes, so the two go on at the same time.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from model import Account

if TYPE_CHECKING:
    from identities.who import Identity

_SECONDS = 60


class Proof:
    """A proof under way; `finish` waits for it."""

    def __init__(self, accounts: Sequence[tuple[str, Account]]) -> None:
        self._accounts = accounts
        request = [
            {"profile": account.profile, "region": account.region} for _, account in accounts
        ]
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("who.py")), json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> None:
        """Waits for the answers and compares them with the settings.

        Raises:
            pulumi.RunError: with every problem, a line each.
        """
        try:
            answer, trouble = self._process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            message = f"AWS did not say within {_SECONDS} seconds who the two profiles are; nothing was changed"
            raise pulumi.RunError(message) from None
        if self._process.returncode:
            last = (trouble.strip().splitlines() or ["no reason given"])[-1]
            message = f"the two profiles could not be checked ({last}); nothing was changed"
            raise pulumi.RunError(message)
        problems = [
            problem
            for (side, account), identity in zip(self._accounts, json.loads(answer), strict=True)
            if (problem := _problem(side, account, identity))
        ]
        if problems:
            told = "\n".join(f"  {problem}" for problem in problems)
            message = (
                f"the credentials are not those of the two accounts; nothing was changed:\n{told}"
            )
            raise pulumi.RunError(message)


def begin(*, production: Account, staging: Account) -> Proof:
    """Asks AWS who the two profiles are, without waiting for the answer."""
    return Proof([("production", production), ("staging", staging)])


def _problem(side: str, account: Account, identity: "Identity") -> str | None:
    setting = f"{side}_profile: {account.profile!r}"
    if "problem" in identity:
        return f"{setting} {identity['problem']}"
    if identity["account"] != account.account_id:
        return (
            f"{setting} is {identity['arn']} of account {identity['account']}, but "
            f"{side}_account_id is {account.account_id}; correct whichever is wrong"
        )
    return None
