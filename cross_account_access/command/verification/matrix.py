"""What must succeed and what must be refused, row by row, as the stack's declaration says.

Pure: from the contract to rows. Who carries a row out, or decides it otherwise, is not known here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from cross_account_access.command.verification.callers import Callers, invented
from cross_account_access.command.verification.conditions import (
    all_met,
    end_of,
    mfa_too_old,
    misstated,
    not_at_will,
    other_place_or_time,
)
from cross_account_access.command.verification.rows import (
    EVERYBODY_ELSE,
    UNSIGNED,
    Assume,
    Caller,
    Circumstances,
    Expected,
    LongSession,
    Row,
    Use,
)
from cross_account_access.credentials.contract import Consumer, Contract, Grant
from cross_account_access.facts.partitions import partition_of
from cross_account_access.iam.patterns import matches
from cross_account_access.iam.services import Operation, Place, Scope, service_of, services

_ANYWAY: Final = "whatever its own policy allows"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the rows depend on beside the declaration."""

    probe: str
    """Beginning of the keys that rows may write, with its slash at the end."""
    now: datetime
    """With its time zone; a consumer whose access has ended must be refused."""
    foreign_bucket: str | None = None
    """ARN of a bucket of the Production account that is not part of the stack; without one, rows
    are about a bucket that could be there."""
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By ARN of a role or resource, the principals whom its policy names in fact."""
    existing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By consumer, ARNs of those principals of Staging that it means and that exist."""
    made: frozenset[str] = frozenset()
    """ARNs of users and roles of the stack that have no policies but its own."""


def matrix(
    contract: Contract, consumers: Sequence[Consumer], environment: Environment
) -> tuple[Row, ...]:
    """The rows of some of the consumers, and of everybody else on what these are granted."""
    rows = _Matrix(contract, environment).rows(consumers)
    return tuple(
        replace(row, is_hypothetical=row.is_hypothetical or _would_write(row.ask, contract))
        for row in rows
    )


def on_foreign_bucket(
    contract: Contract, consumers: Sequence[Consumer], environment: Environment
) -> tuple[Row, ...]:
    """Those of the rows that are about the bucket that is not part of the stack."""
    return tuple(_Matrix(contract, environment).rows_on_foreign_bucket(consumers))


def _would_write(ask: object, contract: Contract) -> bool:
    """Whether trying it could leave an object where none is to be put."""
    return (
        isinstance(ask, Use)
        and ask.operation.leaves_something
        and ask.place.arn in contract.not_to_be_written
    )


class _Matrix:
    def __init__(self, contract: Contract, environment: Environment) -> None:
        self._contract = contract
        self._environment = environment
        granted = {
            grant.resource_arn
            for consumer in contract.consumers.values()
            for grant in consumer.grants
        }
        shared = (
            *(contract.bucket_arns, contract.topic_arns, contract.queue_arns),
            contract.resource_arns,
        )
        self._resources = sorted(granted.union(*(arns.values() for arns in shared)))
        self._key_arns = {
            contract.bucket_arns[name]: arn for name, arn in contract.kms_key_arns.items()
        } | {
            grant.resource_arn: grant.kms_key_arn
            for consumer in contract.consumers.values()
            for grant in consumer.grants
            # The policy of another account's key is not to be seen.
            if grant.kms_key_arn and f":{contract.production_account_id}:" in grant.kms_key_arn
        }
        self._partition = partition_of(contract.production_region)
        self._callers = Callers(contract, self._partition, environment.named)

    def rows_on_foreign_bucket(self, consumers: Sequence[Consumer]) -> Iterator[Row]:
        for consumer in consumers:
            if not self._has_ended(consumer):
                yield from self._on_foreign_bucket(self._way(consumer, consumer.role_arn))

    def rows(self, consumers: Sequence[Consumer]) -> Iterator[Row]:
        for consumer in consumers:
            if self._has_ended(consumer):
                yield from self._after_the_end(consumer)
            else:
                yield from self._assuming(consumer)
                yield from self._using(consumer)
        for arn in _granted_to(*consumers):
            yield from self._by_everybody_else(arn)

    def _has_ended(self, consumer: Consumer) -> bool:
        end = end_of(consumer)
        return end is not None and end <= self._environment.now

    def _after_the_end(self, consumer: Consumer) -> Iterator[Row]:
        how = "although its access has ended"
        if consumer.role_arn is not None:
            yield self._assume(consumer, consumer.role_arn, how)
        itself = replace(self._way(consumer, None), how=f" {how}")
        for arn in _granted_to(consumer):
            grants = [g for g in consumer.grants if (g.resource_arn, g.via) == (arn, "resource")]
            for operation, place in self._places(arn, grants, consumer) if grants else ():
                if operation.checks_refusal:
                    yield itself.row(operation, place, Expected.REFUSED)

    # Assuming the role.

    def _assuming(self, consumer: Consumer) -> Iterator[Row]:
        role_arn = consumer.role_arn
        if role_arn is None:
            return
        met = all_met(consumer)
        caller, *more = self._callers.of(consumer)
        existing = self._existing(consumer)
        if existing:
            # Whoever acts for the consumer exists, and is one of these.
            first = replace(existing[0], actor=consumer.name)
            yield self._assume(consumer, role_arn, by=first, expected=Expected.ALLOWED)
            for each in existing if len(existing) > 1 else ():
                how = f"as {self._callers.label(each)}"
                yield self._assume(consumer, role_arn, how, by=each, expected=Expected.ALLOWED)
            # Production's side by itself, which lets in those too who are yet to be made.
            more = [invented(caller.arn), *more]
        else:
            yield self._assume(consumer, role_arn, expected=Expected.ALLOWED)
        for each in more:
            how = f"as {self._callers.label(each)}"
            if existing:
                how += f", {_ANYWAY}"
            yield self._assume(consumer, role_arn, how, by=each, expected=Expected.ALLOWED)
        for how, circumstances in misstated(consumer, met):
            yield self._assume(consumer, role_arn, how, circumstances=circumstances)
            if not caller.is_invented:
                # Its own policy asks for the same, so that the one above says nothing of the trust.
                yield self._assume(
                    consumer,
                    role_arn,
                    f"{how}, {_ANYWAY}",
                    circumstances=circumstances,
                    by=invented(caller.arn),
                )
        for how, circumstances in (
            *other_place_or_time(consumer, met),
            *not_at_will(consumer, met),
        ):
            row = self._assume(consumer, role_arn, how, circumstances=circumstances)
            yield replace(row, is_hypothetical=True)
        for near in self._callers.near_misses(consumer):
            yield self._assume(consumer, role_arn, f"as {self._callers.label(near)}", by=near)
        if another := self._callers.another(consumer):
            yield self._assume(consumer, role_arn, "as another principal of Staging", by=another)
        yield self._assume(
            consumer,
            role_arn,
            "as a principal of another account",
            circumstances=replace(met, claims=dict.fromkeys(consumer.claims)),
            by=self._callers.stranger,
        )
        yield from self._assuming_anothers(consumer)
        yield from self._assuming_any(consumer, role_arn)
        longest = consumer.max_session_duration
        row = self._assume(consumer, role_arn, f"for more than {longest} seconds")
        yield replace(row, ask=LongSession(role_arn, longest))

    def _existing(self, consumer: Consumer) -> list[Caller]:
        arns = self._environment.existing.get(consumer.name, ())
        return [Caller(arn=arn, actor=None, is_theirs=True) for arn in arns]

    def _assume(  # noqa: PLR0913 - what sets one row apart from another
        self,
        consumer: Consumer,
        role_arn: str,
        how: str = "",
        *,
        circumstances: Circumstances | None = None,
        by: Caller | None = None,
        expected: Expected = Expected.REFUSED,
    ) -> Row:
        return Row(
            consumer=consumer.name,
            what=f"assume {_name(role_arn)} {how}".rstrip(),
            expected=expected,
            caller=by or self._callers.of(consumer)[0],
            ask=Assume(role_arn),
            circumstances=circumstances or all_met(consumer),
        )

    def _assuming_anothers(self, consumer: Consumer) -> Iterator[Row]:
        """One row: those who are one principal each have a role each, and no other."""
        others = (
            other
            for other in self._contract.consumers.values()
            if consumer.is_one_principal
            and other.is_one_principal
            and other.principal_arns != consumer.principal_arns
        )
        for other in others:
            if other.role_arn is not None:
                row = self._assume(
                    consumer,
                    other.role_arn,
                    f"of consumer {other.name}",
                    circumstances=all_met(other),
                )
                yield row
                return

    def _assuming_any(self, consumer: Consumer, role_arn: str) -> Iterator[Row]:
        """What a group or a further policy may have brought: roles that leave it to the account.

        A role that trusts an account lets in whomever a policy of that account allows to assume it.
        """
        contract, (caller, *_) = self._contract, self._callers.of(consumer)
        for label, account, who, how in (
            ("Staging", contract.staging_account_id, caller, ""),
            (
                "Production",
                contract.production_account_id,
                Caller(arn=role_arn, actor=None),
                f", as {_name(role_arn)}",
            ),
        ):
            if who.arn in self._environment.made:
                any_role = f"arn:{self._partition}:iam::{contract.production_account_id}:role/"
                row = self._assume(consumer, role_arn, by=who)
                yield replace(
                    row,
                    what=f"assume any role of Production that trusts {label}{how}",
                    ask=Assume(f"{any_role}access-verify-{label}", trusts=account),
                    is_hypothetical=True,
                )

    # Using what is granted.

    def _way(self, consumer: Consumer, role_arn: str | None) -> "_Way":
        caller, *_ = self._callers.of(consumer)
        return _Way(
            consumer=consumer.name,
            caller=caller,
            role_arn=role_arn,
            circumstances=all_met(consumer),
        )

    def _using(self, consumer: Consumer) -> Iterator[Row]:
        usual, itself = self._way(consumer, consumer.role_arn), self._way(consumer, None)
        own = replace(itself, how=" as itself") if consumer.role_arn else itself
        granted = _granted_to(consumer)
        for arn in granted:
            grants = [grant for grant in consumer.grants if grant.resource_arn == arn]
            for via, way in (("role", usual), ("resource", own)):
                yield from self._granted(way, consumer, arn, [g for g in grants if g.via == via])
            if consumer.sign_in != "web_identity" and all(grant.via == "role" for grant in grants):
                yield from self._without_the_role(itself, consumer, arn, grants)
        for arn in self._resources:
            if arn not in granted:
                for operation, place in self._places(arn, [], consumer):
                    if operation.checks_refusal:
                        yield usual.row(operation, place, Expected.REFUSED)
        yield from self._on_foreign_bucket(usual)

    def _granted(
        self, way: "_Way", consumer: Consumer, arn: str, grants: Sequence[Grant]
    ) -> Iterator[Row]:
        """What the levels say of each place, and how conditions narrow what they allow."""
        # Its own policy says the same as that of the resource, and would hide what that one lost.
        is_hidden = way.role_arn is None and not way.caller.is_invented
        bare = replace(way, caller=invented(way.caller.arn)) if is_hidden else way
        allowed: dict[str, tuple[Operation, Place]] = {}
        for operation, place in self._places(arn, grants, consumer) if grants else ():
            if any(_allows(grant, operation, place) for grant in grants):
                allowed.setdefault(operation.words, (operation, place))
                yield way.row(operation, place, Expected.ALLOWED)
                for each in self._existing(consumer) if way.role_arn is None else ():
                    theirs = replace(way, caller=each, how=f" as {self._callers.label(each)}")
                    yield theirs.row(operation, place, Expected.ALLOWED)
            elif operation.checks_refusal:
                yield way.row(operation, place, Expected.REFUSED)
                if is_hidden:
                    anyway = replace(bare, how=f"{way.how}, {_ANYWAY}")
                    yield anyway.row(operation, place, Expected.REFUSED)
        # What others own refuses plain HTTP, or does not, by a policy of theirs.
        is_ours = arn not in self._contract.of_others
        for operation, place in allowed.values():
            if operation.checks_refusal:
                plain = replace(way.circumstances, is_plain_http=True)
                over_http = replace(way, circumstances=plain, how=f"{way.how} over plain HTTP")
                if is_ours:
                    yield over_http.row(operation, place, Expected.REFUSED)
                if way.role_arn is None:
                    yield from self._without_mfa(way, consumer, operation, place)
                for how, circumstances in other_place_or_time(
                    consumer, way.circumstances, through_endpoints=True
                ):
                    at_odds = replace(
                        bare,
                        circumstances=circumstances,
                        how=f"{way.how} {how}",
                        is_hypothetical=True,
                    )
                    yield at_odds.row(operation, place, Expected.REFUSED)

    def _without_mfa(
        self, way: "_Way", consumer: Consumer, operation: Operation, place: Place
    ) -> Iterator[Row]:
        """Of those who come as themselves each request tells of MFA; that of a role does not."""
        if consumer.mfa:
            without = replace(way, circumstances=replace(way.circumstances, mfa_age=None))
            yield replace(without, how=f"{way.how} without MFA").row(
                operation, place, Expected.REFUSED
            )
        for how, circumstances in mfa_too_old(consumer, way.circumstances):
            older = replace(
                way, circumstances=circumstances, how=f"{way.how} {how}", is_hypothetical=True
            )
            yield older.row(operation, place, Expected.REFUSED)

    def _without_the_role(
        self, itself: "_Way", consumer: Consumer, arn: str, grants: Sequence[Grant]
    ) -> Iterator[Row]:
        """What the role may, its caller may not: the two have nothing but the session in common.

        Listing is left out, which the bucket policy may let all of Staging do.
        """
        seen = set()
        for operation, place in self._places(arn, grants, consumer):
            is_first = operation.words not in seen
            may = any(_allows(grant, operation, place) for grant in grants)
            if (
                is_first
                and may
                and operation.scope is not Scope.LISTING
                and operation.checks_refusal
            ):
                seen.add(operation.words)
                yield replace(itself, how=" without the role").row(
                    operation, place, Expected.REFUSED
                )

    def _on_foreign_bucket(self, way: "_Way") -> Iterator[Row]:
        """Only what changes nothing where it succeeds: the bucket is somebody else's."""
        known = self._environment.foreign_bucket
        name = self._environment.probe.strip("/").replace("/", "-")
        place = Place(
            arn=known or f"arn:{self._partition}:s3:::{name}", scratch=self._environment.probe
        )
        for operation in services()["s3"].operations:
            if operation.words in ("list", "read"):
                yield replace(
                    way,
                    how=", which is not of the stack",
                    is_hypothetical=known is None,
                ).row(operation, place, Expected.REFUSED)

    def _by_everybody_else(self, arn: str) -> Iterator[Row]:
        # How other services answer a request without a signature says nothing of their policies.
        nobody = Caller(arn="*", actor=UNSIGNED if service_of(arn).takes_unsigned else None)
        granted = [
            consumer
            for consumer in self._contract.consumers.values()
            if any(g.resource_arn == arn and g.via == "resource" for g in consumer.grants)
        ]
        claims = {key for each in self._contract.consumers.values() for key in each.claims}
        callers = self._callers
        for who, caller in (
            ("anybody else of Staging", callers.neighbour),
            ("anybody of another account", callers.stranger),
            ("anybody without credentials", nobody),
            *((callers.label(named), named) for named in callers.not_let_in(arn, granted)),
        ):
            way = _Way(
                consumer=EVERYBODY_ELSE,
                caller=caller,
                role_arn=None,
                circumstances=Circumstances(claims=dict.fromkeys(claims)),
                how=f" as {who}",
            )
            for operation, place in self._places(arn, self._grants_on(arn)):
                if operation.checks_refusal:
                    may_list = arn in self._contract.listed_by_staging
                    is_of_staging = f"::{self._contract.staging_account_id}:" in caller.arn
                    is_open = may_list and operation.scope is Scope.LISTING and is_of_staging
                    expected = Expected.ALLOWED if is_open else Expected.REFUSED
                    yield way.row(operation, place, expected)

    def _places(
        self, arn: str, grants: Sequence[Grant], consumer: Consumer | None = None
    ) -> Iterator[tuple[Operation, Place]]:
        """Each operation on each place that could be told from the others.

        Where grants are confined to prefixes these are their prefixes, those of other consumers,
        and beside each a prefix that only begins alike; the whole bucket too for listing, and where
        another grant is about all of it.
        """
        whole = Place(
            arn=arn,
            scratch=self._environment.probe,
            key_arn=self._key_arns.get(arn),
            home=self._callers.home(consumer),
        )
        confined = sorted({prefix for grant in grants for prefix in grant.prefixes})
        places = []
        if confined:
            others = {
                prefix
                for grant in self._grants_on(arn)
                for prefix in grant.prefixes
                if not prefix.startswith(tuple(confined))
            }
            places = [
                replace(whole, prefix=prefix, scratch=f"{prefix}{self._environment.probe}")
                for prefix in (*confined, *sorted(others))
            ]
            for prefix in confined:
                beside = f"{prefix.rstrip('/')}-{self._environment.probe}"
                places.append(replace(whole, prefix=beside, scratch=beside))
        is_confined = bool(confined) and all(grant.prefixes for grant in grants)
        for operation in service_of(arn).operations:
            if operation.scope is not Scope.OBJECTS or not is_confined:
                yield operation, whole
            if operation.scope is not Scope.RESOURCE:
                for place in places:
                    yield operation, place

    def _grants_on(self, arn: str) -> list[Grant]:
        return [
            grant
            for consumer in self._contract.consumers.values()
            for grant in consumer.grants
            if grant.resource_arn == arn
        ]


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How operations are tried: by whom, through which role, under which circumstances."""

    consumer: str
    caller: Caller
    role_arn: str | None
    circumstances: Circumstances
    how: str = ""
    is_hypothetical: bool = False

    def row(self, operation: Operation, place: Place, expected: Expected) -> Row:
        where = "/".join(filter(None, [place.name, place.prefix]))
        return Row(
            consumer=self.consumer,
            what=f"{operation.words} {where}{self.how}",
            expected=expected,
            caller=self.caller,
            ask=Use(operation=operation, place=place, role_arn=self.role_arn),
            circumstances=self.circumstances,
            is_hypothetical=self.is_hypothetical,
        )


def _allows(grant: Grant, operation: Operation, place: Place) -> bool:
    if not (operation.levels & set(grant.levels) or _names(grant, operation)):
        return False
    if operation.scope is Scope.RESOURCE:
        return not (operation.needs_whole_resource and grant.prefixes)
    return not grant.prefixes or place.prefix.startswith(grant.prefixes)


def _names(grant: Grant, operation: Operation) -> bool:
    """Whether a grant names all that an operation needs, beside its levels."""
    return all(
        any(matches(pattern.lower(), action.lower()) for pattern in grant.more_actions)
        for action in operation.actions
    )


def _name(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]


def _granted_to(*consumers: Consumer) -> list[str]:
    """ARNs of what consumers are granted, each once."""
    return list(dict.fromkeys(grant.resource_arn for each in consumers for grant in each.grants))
