"""Who asks: the consumers, those who are nearly they, and everybody else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cross_account_access.command.verification.patterns import instance_of, instances_of, sibling_of
from cross_account_access.command.verification.rows import OTHER, Caller
from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.iam.engine import QuestionError, parse_principal
from cross_account_access.iam.patterns import matches

_ACCOUNTS: Final = tuple(digit * 12 for digit in "987654321")
_ARN_PARTS: Final = 6
_S3: Final = "s3.amazonaws.com"


class Callers:
    """The principals that rows are about.

    Args:
        contract: what the stack declares.
        partition: first field of the ARNs of both accounts.
        named: by ARN of a role or resource, the principals whom its policy names in fact.
    """

    def __init__(
        self, contract: Contract, partition: str, named: Mapping[str, Sequence[str]]
    ) -> None:
        self._contract = contract
        self._partition = partition
        self._named = named
        known = {contract.production_account_id, contract.staging_account_id} | {
            arn.split(":")[4]
            for consumer in contract.consumers.values()
            for arn in consumer.principal_arns
        }
        self._elsewhere = next(each for each in _ACCOUNTS if each not in known)

    def of(self, consumer: Consumer) -> tuple[Caller, ...]:
        """The consumer as far as it is known who that is: one caller, or one for each pattern."""
        if consumer.is_one_principal or consumer.sign_in == "web_identity":
            return (Caller(arn=consumer.principal_arns[0], actor=consumer.name),)
        # Whoever acts for the consumer is one of them, whichever.
        first, *others = map(invented, self._some_of(consumer))
        return (replace(first, actor=consumer.name), *others)

    def _some_of(self, consumer: Consumer) -> Sequence[str]:
        if not consumer.principal_arns:
            return [self.stranger.arn]
        if _is_account(consumer.principal_arns[0]):
            return [self._role_in(arn.split(":")[4]) for arn in consumer.principal_arns]
        return instances_of(consumer.principal_arns)

    def home(self, consumer: Consumer | None) -> str:
        """The account that a consumer belongs to: Staging, unless it says another."""
        return (consumer and consumer.home_account) or self._contract.staging_account_id

    def near_misses(self, consumer: Consumer) -> list[Caller]:
        """Whose names are nearly the consumer's, and whom the trust policy names beside it."""
        near: list[str] = []
        if self._is_of_staging(consumer):
            siblings = (sibling_of(arn, consumer.principal_arns) for arn in consumer.principal_arns)
            near += [arn for arn in siblings if arn]
        also = self.not_let_in(consumer.role_arn or "", [consumer])
        return [invented(arn) for arn in dict.fromkeys([*near, *(each.arn for each in also)])]

    def another(self, consumer: Consumer) -> Caller | None:
        """Another principal of Staging; None where all of it could be meant."""
        if self._is_of_staging(consumer):
            return replace(self.neighbour, actor=OTHER)
        return None

    def _is_of_staging(self, consumer: Consumer) -> bool:
        return consumer.home_account == self._contract.staging_account_id

    def not_let_in(self, arn: str, consumers: Iterable[Consumer]) -> list[Caller]:
        """Principals whom a policy names, and who are none of the consumers.

        Both accounts at large may be named: their principals are asked about anyway.
        """
        accounts = (self._contract.production_account_id, self._contract.staging_account_id)
        found: list[str] = []
        for name in self._named.get(arn, ()):
            # S3 tells what it is declared to, for the buckets that the proof holds it to.
            if name == _S3 and arn in self._contract.notified:
                continue
            account = re.fullmatch(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?", name)
            if account is None:
                found.append(self._example_of(name))
            elif account[1] not in accounts:
                found.append(self._role_in(account[1]))
        # Whether a role lets in itself is the proof's matter: nothing is known of it but its own
        # policies, which an example of it would stand in for.
        let_in = [arn, *(each for consumer in consumers for each in consumer.principal_arns)]
        return [
            invented(each)
            for each in dict.fromkeys(found)
            if _is_principal(each) and not any(_means(pattern, each) for pattern in let_in)
        ]

    def label(self, caller: Caller) -> str:
        """The name of a caller for people, with its account where that is not Staging."""
        if not caller.arn.startswith("arn:"):
            return caller.arn
        account, name = caller.arn.split(":", 5)[4:]
        return name if account == self._contract.staging_account_id else f"{name} of {account}"

    @property
    def neighbour(self) -> Caller:
        """Anybody else of Staging."""
        account = self._contract.staging_account_id
        return invented(f"arn:{self._partition}:iam::{account}:user/access-verify/another")

    @property
    def stranger(self) -> Caller:
        """Anybody of an account that nothing names."""
        return invented(self._role_in(self._elsewhere))

    def _role_in(self, account: str) -> str:
        return f"arn:{self._partition}:iam::{account}:role/access-verify"

    def _example_of(self, pattern: str) -> str:
        """A principal that a pattern means, of another account where it means many."""
        parts = pattern.split(":", 5)
        if len(parts) == _ARN_PARTS and re.search(r"[*?]", parts[4]):
            parts[4] = self._elsewhere
        return instance_of(":".join(parts))


def invented(arn: str) -> Caller:
    """A caller whose own policies are taken to allow everything."""
    return Caller(arn=arn, actor=None, is_invented=True)


def _is_principal(name: str) -> bool:
    """Whether anybody bears the name; IDs such as `AIDA...` stand for those who are no more."""
    try:
        parse_principal(name)
    except QuestionError:
        return False
    return name != "*"


def _means(pattern: str, arn: str) -> bool:
    """Whether a consumer's ARN means a principal; the root of an account means all of it."""
    if _is_account(pattern):
        return arn.startswith(f"{pattern.removesuffix('root')}")
    return matches(pattern, arn)


def _is_account(arn: str) -> bool:
    """Whether an ARN means all of an account."""
    return arn.endswith(":root")
