"""Proves, before anything is registered, that both accounts are as declared and the stack's own.

What the stack has made and may not delete, it then keeps among what is declared.

Pulumi's own guard (`allowed_account_ids`) speaks only once resources are under way, and then of
neither setting. Both profiles are asked at the same time by another process, while this one loads
the classes of Pulumi's resources, which takes as long. It is one process for both, because loading
the AWS SDK costs more than the calls.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pulumi
from pulumi_aws import iam, s3

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import MustExist
from cross_account_access.declaration.settings import Settings
from cross_account_access.program.preflight.accounts_of_state import (
    recorded_outputs,
    refuse_others,
)
from cross_account_access.program.preflight.deployers import taken_over
from cross_account_access.program.preflight.protected import (
    refuse_move,
    refuse_nothing,
    with_protected,
)
from cross_account_access.program.preflight.room import Room

if TYPE_CHECKING:
    from cross_account_access.program.preflight import ask_accounts

_SECONDS: Final = 60


def prove(declared: Settings, *, component: str, prefix: str = "") -> Settings:
    """Asks the state for the accounts of the stack, AWS for those of the profiles and what must be.

    Args:
        declared: what the stack file says.
        component: logical name of the component.
        prefix: before the logical names of the providers, as in `arguments_of`.

    Returns:
        What is to be made: the same, and what has to stay although it is no longer declared.

    Raises:
        pulumi.RunError: with every problem, a line each; nothing has been registered yet.
    """
    sides = {"production": declared.production, "staging": declared.staging}
    needed = declared.must_exist
    asked = [
        _Asked(side, account, [each for each in needed if each.side == side])
        for side, account in sides.items()
    ]
    with _started([each.request for each in asked]) as process:
        recorded = recorded_outputs()
        refuse_others(sides, recorded, prefix=prefix)
        refuse_nothing(declared, recorded)
        refuse_move(declared, recorded, component=component, prefix=prefix)
        # pulumi_aws loads the classes of a service when the first of them is used.
        _ = iam.Role, s3.Bucket
        answers = _answers(process)
    answered = list(zip(asked, answers, strict=True))
    problems = [each.problem(answer) for each, answer in answered]
    if not any(problems):
        problems = [
            must.problem(found)
            for each, answer in answered
            for must, found in zip(each.needed, answer["found"], strict=True)
        ]
        problems += taken_over(declared, {each.side: answer["arn"] for each, answer in answered})
        problems += _without_room(declared, Room(declared, recorded, component=component))
    if any(problems):
        told = "\n".join(f"  {problem}" for problem in problems if problem)
        message = f"the accounts are not as declared; nothing was changed:\n{told}"
        raise pulumi.RunError(message)
    to_make, stays = with_protected(declared, recorded, component=component)
    for each in stays:
        pulumi.log.warn(each)
    return to_make


def _without_room(declared: Settings, room: Room) -> list[str | None]:
    """What does not fit while the change is under way."""
    problems: list[str | None] = list(room.problems())
    asked = _Asked("production", declared.production, list(room.questions()))
    # Seldom does a role that there is get a further policy.
    if asked.needed and not problems:
        with _started([asked.request]) as process:
            (answer,) = _answers(process)
        problems = [asked.problem(answer)]
        if not any(problems):
            pairs = zip(asked.needed, answer["found"], strict=True)
            problems = [must.problem(found) for must, found in pairs]
    return problems


@contextmanager
def _started(
    requests: Sequence["ask_accounts.AccountRequest"],
) -> Iterator["subprocess.Popen[str]"]:
    """The process that asks; it ends with the context at the latest."""
    program = Path(__file__).with_name("ask_accounts.py")
    process = subprocess.Popen(
        [sys.executable, "-P", str(program), json.dumps(requests)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _answers(process: "subprocess.Popen[str]") -> list["ask_accounts.Answers"]:
    try:
        answer, trouble = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        message = (
            f"AWS did not answer within {_SECONDS} seconds; nothing was changed, so check the "
            "network and try again"
        )
        raise pulumi.RunError(message) from None
    if process.returncode:
        last = (trouble.strip().splitlines() or ["no reason given"])[-1]
        message = (
            f"the two profiles could not be checked ({last}); nothing was changed, so try again, "
            "and report it if it stays"
        )
        raise pulumi.RunError(message)
    answers: list[ask_accounts.Answers] = json.loads(answer)
    return answers


@dataclass(frozen=True)
class _Asked:
    """One account that is asked."""

    side: str
    account: Account
    needed: Sequence[MustExist]

    @property
    def request(self) -> "ask_accounts.AccountRequest":
        return {
            "profile": self.account.profile,
            "region": self.account.region,
            "calls": [
                {
                    "client": each.client,
                    "method": each.method,
                    "parameters": each.parameters,
                    "absent": each.absent,
                    "if_allowed": each.if_allowed,
                }
                for each in self.needed
            ],
        }

    def problem(self, answers: "ask_accounts.Answers") -> str | None:
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
