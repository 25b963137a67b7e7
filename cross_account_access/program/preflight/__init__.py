"""Proves, before anything is registered, that both accounts are as declared.

Pulumi's own guard (`allowed_account_ids`) speaks only once resources are under way, and then of
neither setting. Each profile is asked by a process of its own, both at the same time, while the
classes of Pulumi's resources are loaded, which takes as long.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pulumi
from pulumi_aws import iam, s3

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import MustExist
from cross_account_access.declaration.settings import Settings

if TYPE_CHECKING:
    from cross_account_access.program.preflight.ask_account import Answers

_SECONDS: Final = 60


def prove(declared: Settings) -> None:
    """Asks AWS whose the two profiles are, and for what must exist already.

    Raises:
        pulumi.RunError: with every problem, a line each; nothing has been registered yet.
    """
    sides = {"production": declared.production, "staging": declared.staging}
    needed = declared.must_exist
    with ExitStack() as ending:
        asked = [
            _Asked(side, account, [each for each in needed if each.side == side], ending)
            for side, account in sides.items()
        ]
        # pulumi_aws loads the classes of a service when the first of them is used.
        _ = iam.Role, s3.Bucket
        answers = [each.answers() for each in asked]
    answered = list(zip(asked, answers, strict=True))
    problems = [each.problem(answer) for each, answer in answered]
    if not any(problems):
        problems = [
            must.problem(found)
            for each, answer in answered
            for must, found in zip(each.needed, answer["found"], strict=True)
        ]
    if any(problems):
        told = "\n".join(f"  {problem}" for problem in problems if problem)
        message = f"the accounts are not as declared; nothing was changed:\n{told}"
        raise pulumi.RunError(message)


class _Asked:
    """One account, asked by a process that ends with the stack of contexts at the latest."""

    def __init__(
        self, side: str, account: Account, needed: Sequence[MustExist], ending: ExitStack
    ) -> None:
        self.side, self.account, self.needed = side, account, needed
        request = {
            "profile": account.profile,
            "region": account.region,
            "calls": [
                {
                    "client": each.client,
                    "method": each.method,
                    "parameters": each.parameters,
                    "absent": each.absent,
                }
                for each in needed
            ],
        }
        program = Path(__file__).with_name("ask_account.py")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(program), json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        ending.callback(self._end)

    def answers(self) -> "Answers":
        """Waits for them."""
        try:
            answer, trouble = self._process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            message = f"AWS did not answer within {_SECONDS} seconds; nothing was changed"
            raise pulumi.RunError(message) from None
        if self._process.returncode:
            last = (trouble.strip().splitlines() or ["no reason given"])[-1]
            message = f"the two profiles could not be checked ({last}); nothing was changed"
            raise pulumi.RunError(message)
        answers: Answers = json.loads(answer)
        return answers

    def problem(self, answers: "Answers") -> str | None:
        """What is wrong with the profile, or None."""
        setting = f"{self.side}_profile: {self.account.profile!r}"
        if "problem" in answers:
            return f"{setting} {answers['problem']}"
        if answers["account"] != self.account.account_id:
            return (
                f"{setting} is {answers['arn']} of account {answers['account']}, but "
                f"{self.side}_account_id is {self.account.account_id}; correct whichever is wrong"
            )
        return None

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
