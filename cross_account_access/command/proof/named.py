"""What the names in an invariant mean: principals, as conditions of a policy, and resources."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.proof.invariants_file import ANYBODY, actions_of
from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.errors import UsageError
from cross_account_access.iam.checks import shown
from cross_account_access.iam.patterns import matches
from cross_account_access.iam.services import pattern_inside, policy_resource

Block = Mapping[str, Mapping[str, Sequence[str]]]
"""Conditions, all of which hold: values by operator and key."""

_OUTSIDE: Final = "outside"
_ADMINISTRATORS: Final = "administrators"
_ARN: Final = "aws:PrincipalArn"
_ACCOUNT: Final = "aws:PrincipalAccount"
_OPPOSITES: Final = {
    "ArnLike": "ArnNotLike",
    "StringEquals": "StringNotEquals",
    "StringLike": "StringNotLike",
    # True without the key too, as the others that deny.
    "ForAnyValue:StringLike": "ForAllValues:StringNotLike",
}
_OPPOSITE: Final = {**_OPPOSITES, **{turned: plain for plain, turned in _OPPOSITES.items()}}
_DIGITS_OF_ACCOUNT: Final = 12


class Names:
    """Those of a stack.

    Args:
        contract: what it declares.
        inventory: its principals and resources.
        where: the name of the invariant, for messages.
    """

    def __init__(self, contract: Contract, inventory: StackInventory, where: str) -> None:
        self._contract = contract
        self._inventory = inventory
        self._where = where
        self._accounts = {each.label: each.id for each in inventory.accounts}

    def consumers(self, names: Iterable[str]) -> list[Consumer]:
        """Those among the names that are consumers."""
        consumers = self._contract.consumers
        return [consumers[name] for name in names if name in consumers]

    def but(self, who: Iterable[str], exceptions: Iterable[str]) -> list[Block]:
        """Whoever is one of those, and none of the exceptions, as conditions of which one holds.

        Raises:
            UsageError: a name means nobody whom the stack knows.
        """
        found = [block for name in who for block in self._meant("who", name)]
        for name in exceptions:
            for excepted in self._meant("except", name):
                others = _opposite(excepted)
                found = [
                    both
                    for block, other in product(found, others)
                    if (both := _both(block, other)) is not None
                ]
        return found

    def _meant(self, key: str, name: str) -> list[Block]:
        production = self._contract.production_account_id
        if name == ANYBODY:
            if key == "who":
                return [{}]
        elif name == _OUTSIDE:
            both = sorted({production, self._contract.staging_account_id})
            return [{"StringNotEquals": {_ACCOUNT: both}}]
        elif name in self._contract.consumers:
            return list(_of_consumer(self._contract.consumers[name]))
        elif name in (_ADMINISTRATORS, *self._accounts) or _is_account(name):
            account = self._accounts.get(name, production if name == _ADMINISTRATORS else name)
            return self._of_account(account)
        elif name.startswith("arn:") and self._is_known(name):
            return [{"ArnLike": {_ARN: [name]}}]
        elif (arn := self._inventory.long(name)) in {
            *self._inventory.users,
            *self._inventory.roles,
        }:
            return [{"ArnLike": {_ARN: [arn]}}]
        known = [ANYBODY] if key == "who" else []
        known += [_OUTSIDE, _ADMINISTRATORS, *self._accounts, *sorted(self._contract.consumers)]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        told = f"{key}: {shown(name)} is nobody whom the stack knows; {hint}"
        raise self._error(told)

    def _of_account(self, account: str) -> list[Block]:
        """The principals of an account, and those who act by the role of a consumer from there.

        The roles of consumers are not Production's own.
        """
        consumers = self._contract.consumers.values()
        roles = [each.role_arn for each in consumers if each.role_arn]
        from_there = [
            each.role_arn for each in consumers if each.role_arn and each.home_account == account
        ]
        own: Block = {"StringEquals": {_ACCOUNT: [account]}}
        if account == self._contract.production_account_id and roles:
            own = {**own, "ArnNotLike": {_ARN: sorted(roles)}}
        return [own, *([{"ArnLike": {_ARN: sorted(from_there)}}] if from_there else [])]

    def _is_known(self, pattern: str) -> bool:
        declared = [
            arn for each in self._contract.consumers.values() for arn in each.principal_arns
        ]
        known = (*self._inventory.users, *self._inventory.roles, *declared)
        return any(matches(pattern, arn) or matches(arn, pattern) for arn in known)

    def resources(self, names: Iterable[str], actions: Sequence[str]) -> tuple[str, ...]:
        """ARN patterns of what is meant, each of which the actions can be about.

        Raises:
            UsageError: one means nothing of the stack, or nothing that an action is about.
        """
        meant = {name: self._patterns(name) for name in names}
        for name, patterns in meant.items():
            if not any(_are_about(actions, pattern) for pattern in patterns):
                is_outer = name != "*" and any(pattern_inside(each) for each in patterns)
                hint = f"; {name}/* is what is inside" if is_outer else ""
                told = f"{', '.join(actions)} can never be about {shown(name)}{hint}"
                raise self._error(told)
        every = tuple(pattern for patterns in meant.values() for pattern in patterns)
        for action in actions:
            if not any(_are_about([action], pattern) for pattern in every):
                told = f"{action} can be about none of {', '.join(meant)}"
                raise self._error(told)
        return every

    def _patterns(self, name: str) -> list[str]:
        contract, inventory = self._contract, self._inventory
        by_name = {
            **contract.bucket_arns,
            **contract.topic_arns,
            **contract.queue_arns,
            **contract.resource_arns,
        }
        known = {*inventory.resources, *inventory.roles, *by_name.values()}
        first, slash, rest = name.removeprefix("s3://").partition("/")
        if name == "*":
            return [name]
        if name.startswith("arn:"):
            patterns = [name]
        elif (arn := inventory.long(name)) != name:
            patterns = [arn]
        else:
            patterns = [f"{by_name[each]}{slash}{rest}" for each in by_name if matches(first, each)]
        if any(is_of(pattern, arn) for pattern in patterns for arn in known):
            return patterns
        near = difflib.get_close_matches(first, list(by_name), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(by_name))}"
        told = f"resource: {shown(name)} is nothing of the stack; {hint}"
        raise self._error(told)

    def _error(self, told: str) -> UsageError:
        return UsageError(f"{self._where}: {told}")


def catches(block: Block, arn: str) -> bool:
    """Whether conditions hold for a role by its ARN and account alone."""
    for operator, keys in block.items():
        for key, values in keys.items():
            is_found = (
                arn.split(":")[4] in values
                if key == _ACCOUNT
                else key == _ARN and any(matches(each, arn) for each in values)
            )
            if key not in (_ACCOUNT, _ARN) or is_found is ("Not" in operator):
                return False
    return True


def _of_consumer(consumer: Consumer) -> Iterator[Block]:
    """A consumer, as oneself and by its role."""
    arns = [arn for arn in (consumer.role_arn, *consumer.principal_arns) if arn]
    whole = [arn.split(":")[4] for arn in arns if arn.endswith(":root")]
    named = [arn for arn in arns if not arn.endswith(":root") and ":oidc-provider/" not in arn]
    if named:
        yield {"ArnLike": {_ARN: sorted(named)}}
    if whole and not consumer.claims:
        yield {"StringEquals": {_ACCOUNT: whole}}
    if consumer.claims and consumer.sign_in != "web_identity":
        several = {"aws:PrincipalOrgPaths": "ForAnyValue:StringLike"}
        block: dict[str, dict[str, Sequence[str]]] = {}
        for key, values in consumer.claims.items():
            block.setdefault(several.get(key, "StringLike"), {})[key] = list(values)
        yield block


def _opposite(block: Block) -> list[Block]:
    """That one of the conditions does not hold."""
    return [
        {_OPPOSITE[operator]: {key: values}}
        for operator, keys in block.items()
        for key, values in keys.items()
    ]


def _both(one: Block, other: Block) -> Block | None:
    """All conditions of both; None where they exclude each other."""
    merged: dict[str, dict[str, Sequence[str]]] = {op: dict(keys) for op, keys in one.items()}
    for operator, keys in other.items():
        for key, values in keys.items():
            there = merged.setdefault(operator, {})
            if key not in there:
                there[key] = values
            elif "Not" in operator:
                there[key] = sorted({*there[key], *values})
            elif operator == "ArnLike" and set(there[key]) != set(values):
                # Two lists of ARNs, of each of which one is meant; both operators do the same.
                merged["ArnEquals"] = {key: values}
            else:
                there[key] = [each for each in there[key] if each in values]
                if not there[key]:
                    return None
    return merged


def _is_account(name: str) -> bool:
    return name.isdecimal() and len(name) == _DIGITS_OF_ACCOUNT


def is_of(pattern: str, arn: str) -> bool:
    """Whether a pattern means a resource or something inside of it."""
    is_inside = pattern_inside(arn) is not None and matches(policy_resource(pattern), arn)
    return matches(pattern, arn) or is_inside


def _are_about(patterns: Sequence[str], resource: str) -> bool:
    """Whether an action that is meant can have a resource that is meant."""
    texts = [resource.replace("?", "x").replace("*", each) for each in ("x", "x/x", "", "*")]
    return resource == "*" or any(
        action.is_about(text) for action in actions_of(patterns) for text in texts
    )
