"""The users and roles of Staging that a consumer's patterns mean and that exist.

Whoever is there has policies of its own, which the stack neither makes nor knows; so they are to be
read, and not taken to allow everything.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from cross_account_access.aws import CLIENT_CONFIG, code_and_message, explained_failures
from cross_account_access.credentials.contract import Consumer
from cross_account_access.iam.patterns import matches
from cross_account_access.presentation import notice
from cross_account_access.stack import StackAccount

_MOST: Final = 10
"""Principals of a consumer; each has policies to be read."""
_LISTS: Final = (("role", "list_roles", "Roles"), ("user", "list_users", "Users"))


def existing_principals(
    consumers: Sequence[Consumer], account: StackAccount, staging: boto3.Session
) -> dict[str, tuple[str, ...]]:
    """ARNs by consumer; without those consumers that mean nobody who exists.

    Args:
        consumers: those that are checked.
        account: Staging.
        staging: credentials of its administrator.

    Raises:
        UncheckedError: no network, or credentials that AWS does not accept.
    """
    patterns = {
        consumer.name: consumer.principal_arns
        for consumer in consumers
        if consumer.sign_in == "own" and consumer.home_account == account.id
    }
    every = [arn for arns in patterns.values() for arn in arns]
    with explained_failures(account.profile, account.label):
        iam: Any = staging.client("iam", config=CLIENT_CONFIG)
        try:
            there = [
                arn
                for kind, operation, key in _LISTS
                if any(f":{kind}/" in each for each in every)
                for arn in _listed(iam, operation, key)
            ]
        except ClientError as error:
            if code_and_message(error)[0] != "AccessDenied":
                raise
            notice(
                f"who exists in {account.label} cannot be listed ({error.operation_name}), so"
                " principals that are meant by patterns are taken to have every permission there"
            )
            return {}
    return {name: found for name, arns in patterns.items() if (found := _meant(name, arns, there))}


def _listed(iam: Any, operation: str, key: str) -> Iterator[str]:  # noqa: ANN401
    for page in iam.get_paginator(operation).paginate():
        yield from (each["Arn"] for each in page[key])


def _meant(name: str, patterns: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    found = [arn for arn in sorted(there) if any(matches(each, arn) for each in patterns)]
    if len(found) > _MOST:
        notice(f"{name}: of {len(found)} principals that exist, the first {_MOST} are judged")
    return tuple(found[:_MOST])
