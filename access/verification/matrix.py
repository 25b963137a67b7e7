"""What must succeed and what must be refused, row by row, as the stack's declaration says.

Pure: from the contract to rows. Who carries a row out, or decides it otherwise, is not known here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Final

from access.contract import Consumer, Contract, Grant
from access.engine import QuestionError, parse_principal
from access.verification.operations import OPERATIONS, Aim, On, Operation, service_of

EVERYBODY_ELSE: Final = "everybody else"
"""In place of a consumer, for rows about those whom the stack does not let in."""
OTHER: Final = "another principal of Staging"
"""Who plays another principal of the Staging account, if anybody does."""
UNSIGNED: Final = "without a signature"
"""Who sends requests that nobody signs. No consumer is called like these two: names have no
spaces."""

_ARN_PARTS: Final = 6
_ANYWAY: Final = "whatever its own policy allows"
_WRONG: Final = "access-verify-wrong"
_ADDRESSES: Final = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
"""Addresses that are nobody's (RFC 5737); no consumer can be confined to all of them."""
_ACCOUNTS: Final = tuple(digit * 12 for digit in "987654321")


class Expected(StrEnum):
    """How a row should end."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What comes with a request."""

    external_id: str | None = None
    source_identity: str | None = None
    session_tags: Mapping[str, str | None] = field(default_factory=dict)
    """None for a tag that is left out."""
    mfa_age: int | None = None
    """Seconds since a code was typed; None without MFA."""
    source_ip: str | None = None
    """None for wherever the request happens to come from."""
    vpc_endpoint: str | None = None
    """None for a request that comes through none."""
    moment: datetime | None = None
    """None for now."""
    claims: Mapping[str, str | None] = field(default_factory=dict)
    """By condition key; None for what the caller is not."""
    is_plain_http: bool = False


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks."""

    arn: str
    """Of a user, a role or an identity provider; `*` for a request without a signature."""
    actor: str | None
    """Whose credentials serve: those of a consumer, `OTHER` or `UNSIGNED`; None for nobody's."""
    is_invented: bool = False
    """Whether its own policies are not looked at and taken to allow everything: it is outside the
    stack, or may not exist."""


@dataclass(frozen=True)
class Assume:
    """Ask STS for a session of a role."""

    role_arn: str


@dataclass(frozen=True)
class LongSession:
    """Ask for a session that lasts longer than the declared maximum."""

    role_arn: str
    longest: int
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """Try an operation."""

    operation: Operation
    aim: Aim
    role_arn: str | None
    """The role to act through; None to act as oneself."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One check."""

    consumer: str
    what: str
    """For people; unlike that of any other row of the consumer."""
    expected: Expected
    caller: Caller
    ask: Assume | LongSession | Use
    said: Circumstances
    is_hypothetical: bool = False
    """Whether nobody can make the request so: at another time, from another address."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
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


def matrix(
    contract: Contract, consumers: Sequence[Consumer], surroundings: Surroundings
) -> tuple[Row, ...]:
    """The rows of some of the consumers, and of everybody else on what these are granted."""
    return tuple(_Matrix(contract, surroundings).rows(consumers))


def instance_of(pattern: str) -> str:
    """A text that a pattern with `*` and `?` matches."""
    return re.sub(r"[*?]", "x", pattern)


def sibling_of(pattern: str, others: Iterable[str] = ()) -> str | None:
    """A text that a pattern just fails to match, and so do the others; None where there is none.

    It is what a pattern that was cut short, or got a wildcard at its end, would let in.
    """
    parts = re.split(r"([*?])", pattern)
    if len(parts) == 1:
        near = f"{pattern}-x"
    else:
        last = max(index for index, part in enumerate(parts) if part.strip("*?"))
        literal = parts[last]
        parts[last] = f"{literal.rstrip('/:_-.') if literal[-1] in '/:_-.' else literal[:-1]}-x"
        near = instance_of("".join(parts))
    return None if any(fnmatchcase(near, each) for each in (pattern, *others)) else near


class _Matrix:
    def __init__(self, contract: Contract, surroundings: Surroundings) -> None:
        self._contract = contract
        self._probe = surroundings.probe
        self._now = surroundings.now
        self._named = surroundings.named
        granted = {
            grant.resource_arn
            for consumer in contract.consumers.values()
            for grant in consumer.grants
        }
        shared = (contract.bucket_arns, contract.topic_arns, contract.queue_arns)
        self._resources = sorted(granted.union(*(arns.values() for arns in shared)))
        self._key_arns = {
            contract.bucket_arns[name]: arn for name, arn in contract.kms_key_arns.items()
        }
        self._partition = next((arn.split(":")[1] for arn in self._resources), "aws")
        self._foreign_is_there = surroundings.foreign_bucket is not None
        self._foreign = (
            surroundings.foreign_bucket
            or f"arn:{self._partition}:s3:::{self._probe.strip('/').replace('/', '-')}"
        )
        known = {contract.production_account_id, contract.staging_account_id} | {
            arn.split(":")[4]
            for consumer in contract.consumers.values()
            for arn in consumer.principal_arns
        }
        self._elsewhere = next(each for each in _ACCOUNTS if each not in known)

    def rows(self, consumers: Sequence[Consumer]) -> Iterator[Row]:
        for consumer in consumers:
            yield from self._assuming(consumer)
            if not self._is_over(consumer):
                yield from self._using(consumer)
        touched = {grant.resource_arn for consumer in consumers for grant in consumer.grants}
        for arn in sorted(touched):
            yield from self._by_everybody_else(arn)

    def _is_over(self, consumer: Consumer) -> bool:
        end = _end(consumer)
        return end is not None and end <= self._now

    # Assuming the role.

    def _assuming(self, consumer: Consumer) -> Iterator[Row]:
        if consumer.role_arn is None:
            return
        right, caller = self._right(consumer), self._caller(consumer)
        ask = Assume(consumer.role_arn)
        what = f"assume {_name(consumer.role_arn)}"

        def refused(how: str, said: Circumstances, by: Caller, *, hypothetical: bool) -> Row:
            return Row(
                consumer=consumer.name,
                what=f"{what} {how}",
                expected=Expected.REFUSED,
                caller=by,
                ask=ask,
                said=said,
                is_hypothetical=hypothetical,
            )

        if self._is_over(consumer):
            yield refused("although its access has ended", right, caller, hypothetical=False)
            return
        for arn in _distinct([caller.arn, *self._instances(consumer)]):
            yield Row(
                consumer=consumer.name,
                what=what if arn == caller.arn else f"{what} as {self._label(arn)}",
                expected=Expected.ALLOWED,
                caller=caller if arn == caller.arn else replace(caller, arn=arn, actor=None),
                ask=ask,
                said=right,
            )
        for how, said in _misstated(consumer, right):
            yield refused(how, said, caller, hypothetical=False)
            if not caller.is_invented:
                # Its own policy asks for the same, so that the one above says nothing of the trust.
                anyway = f"{how}, {_ANYWAY}"
                yield refused(anyway, said, self._invented(caller.arn), hypothetical=False)
        for how, said in (*_elsewhere(consumer, right), *_otherwise(consumer, right)):
            yield refused(how, said, caller, hypothetical=True)
        for arn in _distinct(
            [*self._neighbours(consumer), *self._not_let_in(consumer.role_arn, consumer)]
        ):
            yield refused(f"as {self._label(arn)}", right, self._invented(arn), hypothetical=False)
        if consumer.kind in ("user", "ec2", "principals"):
            other = replace(self._invented(self._neighbour), actor=OTHER)
            yield refused("as another principal of Staging", right, other, hypothetical=False)
        yield refused(
            "as a principal of another account",
            replace(right, claims=dict.fromkeys(consumer.claims)),
            self._invented(self._stranger),
            hypothetical=False,
        )
        yield from self._assuming_anothers(consumer, caller)
        yield Row(
            consumer=consumer.name,
            what=f"{what} for more than {consumer.max_session_duration} seconds",
            expected=Expected.REFUSED,
            caller=caller,
            ask=LongSession(consumer.role_arn, consumer.max_session_duration),
            said=right,
        )

    def _assuming_anothers(self, consumer: Consumer, caller: Caller) -> Iterator[Row]:
        """One row: those who are one principal each have a role each, and no other."""
        alone = ("user", "ec2")
        for other in self._contract.consumers.values():
            is_another = other.principal_arns != consumer.principal_arns
            if consumer.kind in alone and other.kind in alone and is_another and other.role_arn:
                yield Row(
                    consumer=consumer.name,
                    what=f"assume {_name(other.role_arn)}, the role of {other.name}",
                    expected=Expected.REFUSED,
                    caller=caller,
                    ask=Assume(other.role_arn),
                    said=self._right(other),
                )
                return

    # Using what is granted.

    def _using(self, consumer: Consumer) -> Iterator[Row]:
        itself = _Way(
            consumer=consumer.name,
            caller=self._caller(consumer),
            role_arn=None,
            said=self._right(consumer),
        )
        usual = replace(itself, role_arn=consumer.role_arn)
        own = replace(itself, how=" as itself") if consumer.role_arn else itself
        granted: dict[str, list[Grant]] = {}
        for grant in consumer.grants:
            granted.setdefault(grant.resource_arn, []).append(grant)
        for arn, grants in granted.items():
            for via, way in (("role", usual), ("resource", own)):
                yield from self._granted(way, consumer, arn, [g for g in grants if g.via == via])
            if consumer.kind != "oidc" and all(grant.via == "role" for grant in grants):
                yield from self._without_the_role(itself, arn, grants)
        for arn in self._resources:
            if arn not in granted:
                for operation, aim in self._places(arn, []):
                    yield usual.row(operation, aim, Expected.REFUSED)
        yield from self._on_foreign_bucket(usual)

    def _granted(
        self, way: "_Way", consumer: Consumer, arn: str, grants: Sequence[Grant]
    ) -> Iterator[Row]:
        """What the levels say of each place, and how conditions narrow what they allow."""
        # Its own policy says the same as that of the resource, and would hide what that one lost.
        is_hidden = way.role_arn is None and not way.caller.is_invented
        bare = replace(way, caller=self._invented(way.caller.arn)) if is_hidden else way
        allowed: dict[str, tuple[Operation, Aim]] = {}
        for operation, aim in self._places(arn, grants, consumer) if grants else ():
            if any(_allows(grant, operation, aim) for grant in grants):
                allowed.setdefault(operation.words, (operation, aim))
                yield way.row(operation, aim, Expected.ALLOWED)
            elif operation.is_telling:
                yield way.row(operation, aim, Expected.REFUSED)
                if is_hidden:
                    anyway = replace(bare, how=f"{way.how}, {_ANYWAY}")
                    yield anyway.row(operation, aim, Expected.REFUSED)
        for operation, aim in allowed.values():
            if operation.is_telling:
                plain = replace(way.said, is_plain_http=True)
                yield replace(way, said=plain, how=f"{way.how} over plain HTTP").row(
                    operation, aim, Expected.REFUSED
                )
                if way.role_arn is None:
                    yield from self._without_mfa(way, consumer, operation, aim)
                for how, said in _elsewhere(consumer, way.said, through_endpoints=True):
                    elsewhere = replace(
                        bare, said=said, how=f"{way.how} {how}", is_hypothetical=True
                    )
                    yield elsewhere.row(operation, aim, Expected.REFUSED)

    def _without_mfa(
        self, way: "_Way", consumer: Consumer, operation: Operation, aim: Aim
    ) -> Iterator[Row]:
        """Of those who come as themselves each request tells of MFA; that of a role does not."""
        if consumer.mfa:
            without = replace(way, said=replace(way.said, mfa_age=None))
            yield replace(without, how=f"{way.how} without MFA").row(
                operation, aim, Expected.REFUSED
            )
        for how, said in _late(consumer, way.said):
            late = replace(way, said=said, how=f"{way.how} {how}", is_hypothetical=True)
            yield late.row(operation, aim, Expected.REFUSED)

    def _without_the_role(self, itself: "_Way", arn: str, grants: Sequence[Grant]) -> Iterator[Row]:
        """What the role may, its caller may not: the two have nothing but the session in common.

        Listing is left out, which the bucket policy may let all of Staging do.
        """
        seen = set()
        for operation, aim in self._places(arn, grants):
            is_first = operation.words not in seen
            may = any(_allows(grant, operation, aim) for grant in grants)
            if is_first and may and operation.on is not On.LISTING and operation.is_telling:
                seen.add(operation.words)
                yield replace(itself, how=" without the role").row(operation, aim, Expected.REFUSED)

    def _on_foreign_bucket(self, way: "_Way") -> Iterator[Row]:
        """Only what changes nothing where it succeeds: the bucket is somebody else's."""
        aim = Aim(arn=self._foreign, scratch=self._probe)
        for operation in OPERATIONS["s3"]:
            if operation.words in ("list", "read"):
                yield replace(
                    way,
                    how=", which is not of the stack",
                    is_hypothetical=not self._foreign_is_there,
                ).row(operation, aim, Expected.REFUSED)

    def _by_everybody_else(self, arn: str) -> Iterator[Row]:
        # How other services answer a request without a signature says nothing of their policies.
        nobody = Caller(arn="*", actor=UNSIGNED if service_of(arn) == "s3" else None)
        granted = [
            consumer
            for consumer in self._contract.consumers.values()
            if any(g.resource_arn == arn and g.via == "resource" for g in consumer.grants)
        ]
        claims = {key for each in self._contract.consumers.values() for key in each.claims}
        also_named = self._not_let_in(arn, *granted)
        for who, caller in (
            ("anybody else of Staging", self._invented(self._neighbour)),
            ("anybody of another account", self._invented(self._stranger)),
            ("anybody without credentials", nobody),
            *((self._label(name), self._invented(name)) for name in also_named),
        ):
            way = _Way(
                consumer=EVERYBODY_ELSE,
                caller=caller,
                role_arn=None,
                said=Circumstances(claims=dict.fromkeys(claims)),
                how=f" as {who}",
            )
            for operation, aim in self._places(arn, self._grants_on(arn)):
                if operation.is_telling:
                    may_list = arn in self._contract.listed_by_staging
                    is_open = may_list and operation.on is On.LISTING and who.endswith("Staging")
                    expected = Expected.ALLOWED if is_open else Expected.REFUSED
                    yield way.row(operation, aim, expected)

    def _places(
        self, arn: str, grants: Sequence[Grant], consumer: Consumer | None = None
    ) -> Iterator[tuple[Operation, Aim]]:
        """Each operation on each place that could be told from the others.

        Where grants are confined to prefixes these are their prefixes, those of other consumers,
        and beside each a prefix that only begins alike; for listing the whole bucket too.
        """
        whole = Aim(
            arn=arn,
            scratch=self._probe,
            key_arn=self._key_arns.get(arn),
            home=self._home(consumer),
        )
        confined = sorted({prefix for grant in grants for prefix in grant.prefixes})
        if all(grant.prefixes for grant in grants) and confined:
            others = {
                prefix
                for grant in self._grants_on(arn)
                for prefix in grant.prefixes
                if not prefix.startswith(tuple(confined))
            }
            places = [
                replace(whole, prefix=prefix, scratch=f"{prefix}{self._probe}")
                for prefix in (*confined, *sorted(others))
            ]
            for prefix in confined:
                beside = f"{prefix.rstrip('/')}-{self._probe}"
                places.append(replace(whole, prefix=beside, scratch=beside))
        else:
            places = []
        for operation in OPERATIONS[service_of(arn)]:
            if operation.on is On.RESOURCE or not places:
                yield operation, whole
            else:
                if operation.on is On.LISTING:
                    yield operation, whole
                for place in places:
                    yield operation, place

    def _grants_on(self, arn: str) -> list[Grant]:
        return [
            grant
            for consumer in self._contract.consumers.values()
            for grant in consumer.grants
            if grant.resource_arn == arn
        ]

    # Callers.

    def _caller(self, consumer: Consumer) -> Caller:
        """The consumer as far as its kind says who it is."""
        if consumer.kind in ("user", "ec2", "oidc"):
            return Caller(arn=consumer.principal_arns[0], actor=consumer.name)
        if consumer.kind == "third_party":
            account = consumer.principal_arns[0].removesuffix(":root")
            arn = f"{account}:role/access-verify"
        else:
            arn = next(iter(self._instances(consumer)), self._stranger)
        return Caller(arn=arn, actor=consumer.name, is_invented=True)

    def _home(self, consumer: Consumer | None) -> str:
        """The account that callers belong to: Staging, or that of the third party."""
        if consumer is not None and consumer.kind == "third_party":
            return consumer.principal_arns[0].split(":")[4]
        return self._contract.staging_account_id

    def _instances(self, consumer: Consumer) -> list[str]:
        """One principal for each pattern of the consumer."""
        is_by_pattern = consumer.kind == "principals"
        return [instance_of(arn) for arn in consumer.principal_arns] if is_by_pattern else []

    def _neighbours(self, consumer: Consumer) -> list[str]:
        """Principals of the same account whose names are nearly those of the consumer."""
        if consumer.kind not in ("user", "ec2", "principals"):
            return []
        near = (sibling_of(arn, consumer.principal_arns) for arn in consumer.principal_arns)
        return [arn for arn in near if arn]

    def _not_let_in(self, arn: str, *consumers: Consumer) -> list[str]:
        """Principals whom a policy names and should not.

        Both accounts at large may be named: their principals are asked about anyway.
        """
        accounts = (self._contract.production_account_id, self._contract.staging_account_id)
        found = []
        for name in self._named.get(arn, ()):
            account = re.fullmatch(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?", name)
            if account is None:
                found.append(self._example_of(name))
            elif account[1] not in accounts:
                found.append(f"arn:{self._partition}:iam::{account[1]}:role/access-verify")
        let_in = [each for consumer in consumers for each in consumer.principal_arns]
        return [
            each
            for each in _distinct(found)
            if _is_principal(each) and not any(_means(pattern, each) for pattern in let_in)
        ]

    def _example_of(self, pattern: str) -> str:
        """A principal that a pattern means, of another account where it means many."""
        parts = pattern.split(":", 5)
        if len(parts) == _ARN_PARTS and re.search(r"[*?]", parts[4]):
            parts[4] = self._elsewhere
        return instance_of(":".join(parts))

    def _label(self, arn: str) -> str:
        """The name of a principal for people, with its account where that is not Staging."""
        if not arn.startswith("arn:"):
            return arn
        account, name = arn.split(":", 5)[4:]
        return name if account == self._contract.staging_account_id else f"{name} of {account}"

    @property
    def _neighbour(self) -> str:
        account = self._contract.staging_account_id
        return f"arn:{self._partition}:iam::{account}:user/access-verify/another"

    @property
    def _stranger(self) -> str:
        return f"arn:{self._partition}:iam::{self._elsewhere}:role/access-verify"

    def _invented(self, arn: str) -> Caller:
        return Caller(arn=arn, actor=None, is_invented=True)

    def _right(self, consumer: Consumer) -> Circumstances:
        """All that the consumer's conditions ask for."""
        identities = consumer.source_identities or ("access-verify",)
        return Circumstances(
            external_id=consumer.external_id,
            source_identity=identities[0] if consumer.source_identity_required else None,
            session_tags=consumer.session_tags,
            mfa_age=1 if consumer.mfa else None,
            source_ip=next((str(ip_network(each)[0]) for each in consumer.source_ips), None),
            vpc_endpoint=next(iter(consumer.vpc_endpoints), None),
            claims={key: instance_of(values[0]) for key, values in consumer.claims.items()},
        )


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How operations are tried: by whom, through which role, under which circumstances."""

    consumer: str
    caller: Caller
    role_arn: str | None
    said: Circumstances
    how: str = ""
    is_hypothetical: bool = False

    def row(self, operation: Operation, aim: Aim, expected: Expected) -> Row:
        return Row(
            consumer=self.consumer,
            what=f"{operation.words} {'/'.join(filter(None, [aim.name, aim.prefix]))}{self.how}",
            expected=expected,
            caller=self.caller,
            ask=Use(operation=operation, aim=aim, role_arn=self.role_arn),
            said=self.said,
            is_hypothetical=self.is_hypothetical,
        )


def _allows(grant: Grant, operation: Operation, aim: Aim) -> bool:
    if not operation.levels & set(grant.levels):
        return False
    if operation.on is On.RESOURCE:
        return not (operation.is_unconfined and grant.prefixes)
    return not grant.prefixes or aim.prefix.startswith(grant.prefixes)


def _misstated(consumer: Consumer, right: Circumstances) -> Iterator[tuple[str, Circumstances]]:
    """Each condition that a caller meets by what it states, not met."""
    if consumer.external_id:
        yield "without its external ID", replace(right, external_id=None)
        yield "with a wrong external ID", replace(right, external_id=_WRONG)
    if consumer.mfa:
        yield "without MFA", replace(right, mfa_age=None)
    if consumer.source_identity_required:
        yield "without a source identity", replace(right, source_identity=None)
    if consumer.source_identities:
        yield "with a wrong source identity", replace(right, source_identity=_WRONG)
    tags = consumer.session_tags
    if tags:
        yield "without session tags", replace(right, session_tags=dict.fromkeys(tags))
        yield "with a further session tag", replace(right, session_tags={**tags, _WRONG: "x"})
    for key in tags:
        wrong = replace(right, session_tags={**tags, key: _WRONG})
        yield f"with a wrong session tag {key}", wrong


def _elsewhere(
    consumer: Consumer, right: Circumstances, *, through_endpoints: bool = False
) -> Iterator[tuple[str, Circumstances]]:
    """Each condition on where and when a request is made, not met."""
    if consumer.source_ips:
        ranges = [ip_network(each) for each in consumer.source_ips]
        outside = (
            each for each in _ADDRESSES if not any(ip_address(each) in net for net in ranges)
        )
        yield from ((f"from {each}", replace(right, source_ip=each)) for each in list(outside)[:1])
    if consumer.vpc_endpoints and through_endpoints:
        yield "through no VPC endpoint", replace(right, vpc_endpoint=None)
        yield "through another VPC endpoint", replace(right, vpc_endpoint="vpce-access-verify")
    end = _end(consumer)
    if end is not None:
        yield f"after {consumer.expires_at}", replace(right, moment=end)


def _otherwise(consumer: Consumer, right: Circumstances) -> Iterator[tuple[str, Circumstances]]:
    """Each condition that nobody meets at will, not met."""
    yield from _late(consumer, right)
    for key, values in consumer.claims.items():
        for value in values:
            if near := sibling_of(value, values):
                said = replace(right, claims={**right.claims, key: near})
                yield f"with {key} {near}", said


def _late(consumer: Consumer, right: Circumstances) -> Iterator[tuple[str, Circumstances]]:
    if consumer.mfa and consumer.mfa_max_age is not None:
        age = consumer.mfa_max_age + 1
        yield f"with MFA of {age} seconds ago", replace(right, mfa_age=age)


def _end(consumer: Consumer) -> datetime | None:
    if consumer.expires_at is None:
        return None
    end = datetime.fromisoformat(consumer.expires_at)
    return end if end.tzinfo else end.replace(tzinfo=UTC)


def _name(role_arn: str) -> str:
    return role_arn.rsplit("/", 1)[-1]


def _is_principal(name: str) -> bool:
    """Whether anybody bears the name; IDs such as `AIDA...` stand for those who are no more."""
    try:
        parse_principal(name)
    except QuestionError:
        return False
    return name != "*"


def _means(pattern: str, arn: str) -> bool:
    """Whether a consumer's ARN means a principal; the root of an account means all of it."""
    if pattern.endswith(":root"):
        return arn.startswith(f"{pattern.removesuffix('root')}")
    return fnmatchcase(arn, pattern)


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
