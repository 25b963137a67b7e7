"""Decides rows from policy documents, where nobody can make the request: the access engine's part.

Documents of principals outside the stack are not known. They are taken to allow everything, so
that what is found is what this side, Production's, says.
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from cross_account_access.command.verification.findings import Finding, Found, Judge, Permission
from cross_account_access.command.verification.patterns import name_of
from cross_account_access.command.verification.rows import Assume, Circumstances, Expected, Row, Use
from cross_account_access.errors import UncheckedError
from cross_account_access.facts.partitions import dns_suffix
from cross_account_access.iam.engine import (
    Context,
    Decision,
    IdentityDocuments,
    Outcome,
    Principal,
    Request,
    World,
    decide,
    parse_principal,
)
from cross_account_access.iam.engine import assume as assume_role
from cross_account_access.iam.inventory import Inventory
from cross_account_access.iam.services import Place, Scope, service_name, service_of

_EVERYTHING: Final[IdentityDocuments] = {
    "policies": {
        "everything": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        }
    }
}
_NOBODY: Final[dict[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:*"}],
}
_NO_MFA: Final = {"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": None}
"""Of a role's session, which does not carry the MFA of whoever assumed it ("Secure
API access with MFA",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html)."""
_SET_BY_SERVICES: Final = (
    *("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths"),
    "aws:SourceOwner",
)
"""What a request has not that somebody makes without a service in between ("AWS global condition
context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html; "Example
cases for Amazon SNS access control", aws:SourceAccount versus aws:SourceOwner,
https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html)."""
_FOUND: Final = {Outcome.ALLOWED: Found.ALLOWED, Outcome.DENIED: Found.REFUSED}


class Deduction:
    """The documents of both accounts, and those whom the rows invent.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
    """

    def __init__(self, inventory: Inventory, rows: Iterable[Row], production_account: str) -> None:
        resources = dict(inventory.resources)
        callers = {row.caller.arn for row in rows if row.caller.is_invented or row.caller.is_theirs}
        for row in rows:
            if isinstance(row.ask, Use) and row.is_hypothetical:
                resources.setdefault(
                    row.ask.place.arn, {"account": production_account, "policy": None}
                )
        roles = dict(inventory.roles)
        for row in rows:
            if isinstance(row.ask, Assume) and row.ask.trusts is not None:
                roles[row.ask.role_arn] = {"trust": _trust_of(row.ask.trusts, row.ask.role_arn)}
        known = replace(inventory, resources=resources, roles=roles)
        self._known = known.world()
        self._by_caller: dict[str, World] = {}
        """By the ARN of a user or role whose own policies are taken to allow everything."""
        for invented in _apart(sorted(callers)):
            world = _including(known, invented).world()
            self._by_caller |= dict.fromkeys(invented, world)

    def decide(self, row: Row) -> Finding:
        """Decide a row that is about documents; the length of sessions is not in any."""
        started = time.perf_counter()
        decisions = list(self._decisions(row))
        outcomes = {decision.outcome for decision in decisions}
        decisive = next(
            (outcome for outcome in (Outcome.DENIED, Outcome.UNKNOWN) if outcome in outcomes),
            Outcome.ALLOWED,
        )
        decision = next(each for each in decisions if each.outcome is decisive)
        return Finding(
            found=_FOUND.get(decisive, Found.UNDECIDED),
            judge=Judge.ENGINE,
            why=_why(decision),
            lacking=self._lacking(row) if decision.missing else (),
            seconds=time.perf_counter() - started,
        )

    def _lacking(self, row: Row) -> tuple[Permission, ...]:
        """What somebody else's caller needs, unless Production's side refuses it anyway."""
        if row.expected is Expected.REFUSED or not row.caller.is_theirs:
            return ()
        anyway = replace(row, caller=replace(row.caller, is_invented=True))
        if any(not each.allowed for each in self._decisions(anyway)):
            return ()
        return tuple(_needed(row))

    def _decisions(self, row: Row) -> Iterator[Decision]:
        ask, world = row.ask, self._known
        if row.caller.is_invented:
            world = self._by_caller.get(row.caller.arn, world)
        if isinstance(ask, Use):
            principal = parse_principal(ask.role_arn or row.caller.arn)
            resource = ask.place.fill(ask.operation.resource)
            for action in ask.operation.actions:
                request = Request(principal, action, resource, _of_use(row.circumstances, ask))
                yield decide(world, request)
            if ask.place.key_arn is not None:
                for action in ask.operation.key_actions:
                    context = _of_key(row.circumstances, ask.place, ask.place.key_arn)
                    yield decide(world, Request(principal, action, ask.place.key_arn, context))
        elif isinstance(ask, Assume):
            yield from _assuming(
                world, parse_principal(row.caller.arn), ask.role_arn, row.circumstances
            )
        else:
            msg = "documents do not say how long a session may last"
            raise UncheckedError(msg)


def _needed(row: Row) -> Iterator[Permission]:
    """What the caller's own policies must allow for a row."""
    ask = row.ask
    if isinstance(ask, Assume):
        stated = _stated(row.circumstances)
        yield Permission(actions=("sts:AssumeRole", *stated), resource=ask.role_arn)
    elif isinstance(ask, Use):
        resource: str = ask.place.fill(ask.operation.resource)
        if ask.operation.scope is Scope.OBJECTS:
            resource = f"{ask.place.arn}/{ask.place.prefix}*"
        elif resource != ask.place.arn:
            resource = f"{resource.rpartition('/')[0]}/*"
        yield Permission(actions=ask.operation.actions, resource=resource)
        if ask.place.key_arn is not None and ask.operation.key_actions:
            yield Permission(actions=ask.operation.key_actions, resource=ask.place.key_arn)


def _trust_of(account: str, role_arn: str) -> dict[str, Any]:
    """A trust policy that leaves it to an account who of it may assume the role."""
    root = f"arn:{role_arn.split(':')[1]}:iam::{account}:root"
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _apart(arns: Iterable[str]) -> list[list[str]]:
    """Users and roles in groups in which each name stands once, as in an account."""
    groups: list[dict[str, str]] = []
    for arn in arns:
        key = _key(arn)
        if key is not None:
            group = next((each for each in groups if key not in each), None)
            if group is None:
                groups.append(group := {})
            group[key] = arn
    return [list(group.values()) for group in groups]


def _including(known: Inventory, arns: Iterable[str]) -> Inventory:
    """The same with more users and roles, in place of those who have their names."""
    taken = {_key(arn) for arn in arns}
    users = {arn: user for arn, user in known.users.items() if _key(arn) not in taken}
    roles = {arn: role for arn, role in known.roles.items() if _key(arn) not in taken}
    for arn in arns:
        if ":user/" in arn:
            users[arn] = _EVERYTHING
        else:
            roles[arn] = {"trust": _NOBODY, "policies": _EVERYTHING["policies"]}
    return replace(known, users=users, roles=roles)


def _key(arn: str) -> str | None:
    """What is unique of a user or role; None for anybody else."""
    start = re.match(r"arn:[^:]*:iam::\d*:(?:user|role)/", arn)
    return start and f"{start[0]}{name_of(arn)}"


def _assuming(
    world: World, principal: Principal, role_arn: str, circumstances: Circumstances
) -> Iterator[Decision]:
    """Decide the request for the role, and each thing that it states and needs leave for.

    Sources: "Monitor and control actions taken with assumed roles",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    (sts:SetSourceIdentity); "Pass session tags in AWS STS",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html (sts:TagSession).
    """
    yield assume_role(world, principal, role_arn, _of_assuming(circumstances)).decision
    for action, keys in _stated(circumstances).items():
        yield decide(world, Request(principal, action, role_arn, _context(circumstances, keys)))


def _stated(circumstances: Circumstances) -> dict[str, dict[str, Any]]:
    """What is stated with a request for a role: the context keys by the action that it needs."""
    stated: dict[str, dict[str, Any]] = {}
    if circumstances.source_identity is not None:
        stated["sts:SetSourceIdentity"] = {"sts:SourceIdentity": circumstances.source_identity}
    if any(circumstances.session_tags.values()):
        stated["sts:TagSession"] = _tags(circumstances)
    return stated


def _of_use(circumstances: Circumstances, ask: Use) -> Context:
    stated: dict[str, Any] = {
        "aws:SourceVpce": circumstances.vpc_endpoint,
        **dict.fromkeys(service_of(ask.place.arn).absent_keys),
        **(_mfa(circumstances) if ask.role_arn is None else _NO_MFA),
        **ask.place.fill(ask.operation.condition_keys),
    }
    return _context(circumstances, stated)


def _of_key(circumstances: Circumstances, place: Place, key: str) -> Context:
    """The service asks for the key on behalf of the caller."""
    _, partition, _, region, *_ = key.split(":")
    encryption_context = place.fill(service_of(place.arn).encryption_context)
    stated = {
        "kms:ViaService": f"{service_name(place.arn)}.{region}.{dns_suffix(partition)}",
        **{f"kms:EncryptionContext:{name}": value for name, value in encryption_context.items()},
    }
    return _context(circumstances, stated)


def _mfa(circumstances: Circumstances) -> dict[str, Any]:
    """A request with a user's own key has no such keys, unless a code was typed."""
    if circumstances.mfa_age is None:
        return {"aws:MultiFactorAuthPresent": None, "aws:MultiFactorAuthAge": None}
    return {
        "aws:MultiFactorAuthPresent": "true",
        "aws:MultiFactorAuthAge": str(circumstances.mfa_age),
    }


def _of_assuming(circumstances: Circumstances) -> Context:
    return _context(
        circumstances,
        {
            "sts:ExternalId": circumstances.external_id,
            "sts:SourceIdentity": circumstances.source_identity,
            "sts:RoleSessionName": "access-verify",
            **_mfa(circumstances),
            **_tags(circumstances),
        },
    )


def _tags(circumstances: Circumstances) -> dict[str, Any]:
    tags = {f"aws:RequestTag/{key}": value for key, value in circumstances.session_tags.items()}
    given = [key for key, value in circumstances.session_tags.items() if value is not None]
    return {**tags, "aws:TagKeys": given or None}


def _context(circumstances: Circumstances, stated: dict[str, Any]) -> Context:
    """The circumstances by condition key; None for a key that the request does not carry."""
    moment = circumstances.moment or datetime.now(UTC)
    keys = {
        **dict.fromkeys(_SET_BY_SERVICES),
        "aws:CurrentTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        # Whoever asks with a session has just got it.
        "aws:TokenIssueTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "aws:SecureTransport": str(not circumstances.is_plain_http).lower(),
        **circumstances.claims,
        **stated,
    }
    if circumstances.source_ip is not None:
        keys["aws:SourceIp"] = circumstances.source_ip
    return Context(
        {key: value for key, value in keys.items() if value is not None},
        absent=[key for key, value in keys.items() if value is None],
    )


def _why(decision: Decision) -> str:
    if decision.outcome is Outcome.UNKNOWN:
        return "; ".join(decision.unknown)
    cited = [str(each) for each in (*decision.caller_side, *decision.resource_side)]
    return "; ".join(cited or decision.missing)
