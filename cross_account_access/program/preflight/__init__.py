"""Proves that each profile holds credentials of its account, before anything is registered.

The providers refuse a wrong account too (`allowed_account_ids`), but each by
itself, in words that do not name our settings, and the second one after the
first has begun to work. Here both are asked first, and a refusal says what to
change in the stack file.

Each profile is asked by a process of its own: loading the AWS SDK takes longer
than the call and than loading Pulumi's resource classes, so all three go on at
the same time.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from cross_account_access.declaration.model import Account, User, WebIdentities

if TYPE_CHECKING:
    from cross_account_access.program.preflight.who import Identity

_SECONDS = 60


class Proof:
    """A proof under way; `finish` waits for it."""

    def __init__(
        self,
        production: Account,
        staging: Account,
        adopted: Sequence[User],
        federated: Sequence[WebIdentities],
    ) -> None:
        self._sides = {"production": production, "staging": staging}
        self._adopted = adopted
        self._federated = federated
        providers = {_provider_arn(who, production) for who in federated}
        exist: dict[str, dict[str, list[str]]] = {
            "production": {"users": [], "providers": sorted(providers)},
            "staging": {"users": [user.name for user in adopted], "providers": []},
        }
        self._processes = {
            side: _ask({"profile": account.profile, "region": account.region, **exist[side]})
            for side, account in self._sides.items()
        }

    def finish(self) -> None:
        """Waits for the answers and compares them with the settings.

        Raises:
            pulumi.RunError: with every problem, a line each.
        """
        try:
            identities = {side: _answer(process) for side, process in self._processes.items()}
        finally:
            for process in self._processes.values():
                process.kill()
                process.communicate()
        problems = [
            problem
            for side, account in self._sides.items()
            if (problem := _account_problem(side, account, identities[side]))
        ]
        if not problems:
            problems = [
                problem
                for user in self._adopted
                if (problem := _user_problem(user, self._sides["staging"], identities["staging"]))
            ]
            problems += [
                problem
                for who in self._federated
                if (
                    problem := _provider_problem(
                        who, self._sides["production"], identities["production"]
                    )
                )
            ]
        if problems:
            told = "\n".join(f"  {problem}" for problem in problems)
            message = f"the accounts are not as declared; nothing was changed:\n{told}"
            raise pulumi.RunError(message)


def _ask(request: Mapping[str, object]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("who.py")), json.dumps(request)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _answer(process: "subprocess.Popen[str]") -> "Identity":
    try:
        answer, trouble = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        message = f"AWS did not answer within {_SECONDS} seconds; nothing was changed"
        raise pulumi.RunError(message) from None
    if process.returncode:
        last = (trouble.strip().splitlines() or ["no reason given"])[-1]
        message = f"the two profiles could not be checked ({last}); nothing was changed"
        raise pulumi.RunError(message)
    identity: Identity = json.loads(answer)
    return identity


def begin(
    *,
    production: Account,
    staging: Account,
    adopted: Sequence[User],
    federated: Sequence[WebIdentities],
) -> Proof:
    """Asks AWS who the two profiles are and for what must exist already, without waiting.

    That is the users to adopt, and the identity providers of those that come `federated` without
    the stack making one.
    """
    return Proof(production, staging, adopted, federated)


def _account_problem(side: str, account: Account, identity: "Identity") -> str | None:
    setting = f"{side}_profile: {account.profile!r}"
    if "problem" in identity:
        return f"{setting} {identity['problem']}"
    if identity["account"] != account.account_id:
        return (
            f"{setting} is {identity['arn']} of account {identity['account']}, but "
            f"{side}_account_id is {account.account_id}; correct whichever is wrong"
        )
    return None


def _user_problem(user: User, staging: Account, identity: "Identity") -> str | None:
    arn = identity["users"][user.name]
    if arn is None:
        return (
            f"consumers: {user.name!r} is no user of account {staging.account_id}, so it cannot be "
            "adopted; correct the name, or set adopt: false to have it made"
        )
    if arn != staging.user_arn(user):
        path = arn.split(":user", 1)[1].removesuffix(user.name)
        return f"consumers: user {user.name!r} is {arn}; add path: {path} to adopt it"
    return None


def _provider_problem(who: WebIdentities, production: Account, identity: "Identity") -> str | None:
    audiences = identity["audiences"][_provider_arn(who, production)]
    if audiences is None:
        return (
            f"consumers: account {production.account_id} has no identity provider for "
            f"https://{who.issuer}; correct the issuer, or set provider: create to have it made"
        )
    if who.audience not in audiences:
        return (
            f"consumers: the identity provider for https://{who.issuer} does not take the audience "
            f"{who.audience!r}, only {', '.join(audiences) or 'none'}; correct the audience, or "
            "add it to the provider's client IDs"
        )
    return None


def _provider_arn(who: WebIdentities, production: Account) -> str:
    return production.identity_provider_arn(who.issuer)
