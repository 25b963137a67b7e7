"""Whose credentials are at hand: profiles of consumers, of another principal, of Production."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import boto3

from cross_account_access.aws import CallerIdentity, identify, session_of
from cross_account_access.command.verification.rows import OTHER
from cross_account_access.credentials import aws_files
from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.errors import UncheckedError, UsageError
from cross_account_access.iam.patterns import matches
from cross_account_access.stack import StackAccount


def actors(
    contract: Contract,
    consumers: Sequence[Consumer],
    profiles: Mapping[str, str],
    other: str | None,
) -> dict[str, boto3.Session]:
    """Sessions by actor, each proven to be the one that it stands for.

    Args:
        contract: what the stack declares.
        consumers: those that are checked.
        profiles: by consumer; without one, the profile that `cliProfiles` counts on, if it exists.
        other: profile of another principal of Staging.

    Raises:
        UncheckedError: a profile gives no credentials, or those of somebody else; no network.
        UsageError: a profile for a consumer that signs in without one.
    """
    found = {}
    for consumer in consumers:
        named = profiles.get(consumer.name)
        if named and consumer.sign_in == "web_identity":
            message = (
                f"--profile {consumer.name}={named}: {consumer.name} signs in with a token of its "
                "identity provider, not with a profile; leave it out, and the engine decides"
            )
            raise UsageError(message)
        profile = named or contract.usual_profile(consumer)
        if profile and (named or aws_files.exists(profile)):
            identity = identify(profile, contract.production_region)
            _check_is(consumer, profile, identity)
            found[consumer.name] = _session(contract, profile)
    if other is not None:
        _check_is_another(contract, consumers, other, identify(other, contract.production_region))
        found[OTHER] = _session(contract, other)
    return found


def administrator(
    account: StackAccount, named: str | None
) -> tuple[StackAccount, boto3.Session | None]:
    """The account with the profile that serves, and a session; None if there is no such profile.

    Raises:
        UncheckedError: the profile gives no credentials, or those of another account.
    """
    account = replace(account, profile=named or account.profile)
    if named is None and account.profile is not None and not aws_files.exists(account.profile):
        return account, None
    return account, session_of(account)


def _session(contract: Contract, profile: str) -> boto3.Session:
    return boto3.Session(profile_name=profile, region_name=contract.production_region)


def _check_is(consumer: Consumer, profile: str, identity: CallerIdentity) -> None:
    """Refuse credentials of somebody else, whose refusals would prove nothing."""
    if not _is_let_in(consumer, identity):
        message = (
            f"profile {profile} is {identity.arn}, but consumer {consumer.name} is "
            f"{' or '.join(consumer.principal_arns)}\n"
            f"name its profile with --profile {consumer.name}=PROFILE"
        )
        raise UncheckedError(message)


def _check_is_another(
    contract: Contract, consumers: Sequence[Consumer], profile: str, identity: CallerIdentity
) -> None:
    """Refuse one of another account, and one who is let in."""
    if identity.account_id != contract.staging_account_id:
        message = (
            f"--other {profile} is of account {identity.account_id}; "
            f"name a profile of Staging, {contract.staging_account_id}"
        )
        raise UncheckedError(message)
    for consumer in consumers:
        if consumer.principal_arns and _is_let_in(consumer, identity):
            message = f"--other {profile} is {identity.arn}, whom consumer {consumer.name} lets in"
            raise UsageError(message)


def _is_let_in(consumer: Consumer, identity: CallerIdentity) -> bool:
    # Which accounts an organization has, its ARNs do not say.
    return not consumer.principal_arns or any(
        _names(arn, identity.arn) for arn in consumer.principal_arns
    )


def _names(pattern: str, caller: str) -> bool:
    """Whether a consumer's ARN means a caller; that of a role session has no path."""
    (account, who), (its_account, it) = (arn.split(":", 5)[4:] for arn in (pattern, caller))
    if account != its_account:
        return False
    if it.startswith("assumed-role/"):
        name, wanted = it.split("/")[1], who.rpartition("/")[2]
        return who == "root" or (who.startswith("role/") and matches(wanted, name))
    return who == "root" or matches(who, it)
