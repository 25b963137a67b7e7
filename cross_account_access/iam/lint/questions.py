"""Whom the statements of a document let in, asked of the engine.

A statement is asked about together with all denies of its document. Those who ask are told apart as
far as its conditions can (`circumstances` of the comparison), and have of each condition key every
value that is not fixed by the document (`fixed`): what is then allowed is open to them.
"""

import ipaddress
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from cross_account_access.facts.service_reference import action, actions, is_known_service
from cross_account_access.iam.actions import expand
from cross_account_access.iam.comparing.circumstances import dimension_of
from cross_account_access.iam.comparing.witnesses import LITERAL, witnesses
from cross_account_access.iam.condition_keys import ALWAYS_PRESENT, DERIVED
from cross_account_access.iam.documents import (
    Condition,
    PolicyDocument,
    PolicyKind,
    Statement,
    condition,
)
from cross_account_access.iam.engine import (
    Context,
    IdentityDocuments,
    KeyState,
    Outcome,
    Principal,
    PrincipalKind,
    Request,
    ResourceDocuments,
    World,
    decide,
    parse_principal,
)
from cross_account_access.iam.errors import ComparisonError, IamError
from cross_account_access.iam.lint.fixed import OF_OWNER, IsFixed
from cross_account_access.iam.patterns import Variable, Wildcard, matches, tokenize
from cross_account_access.iam.services import policy_resource

_ACCOUNT_DIGITS: Final = 12
_ARN_COLONS: Final = 5
_ROOT: Final = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_MOST: Final = 4096
"""Combinations of circumstances that are asked about for one statement and principal."""
_ANY: Final = "any-value"
"""What stands for a policy variable, and the name of a stranger."""
_ORGANIZATION: Final = "o-ofowner000"
_NOT_STATED: Final = DERIVED | {"kms:calleraccount", "s3:resourceaccount"}
_SECONDS: Final = re.compile(r"-?\d{5,}(?:\.\d+)?")
_YEAR: Final = re.compile(r"(\d{4})(?:-(\d{2}))?")
_PUBLIC_ISSUER: Final = "accounts.google.com"
_CLOCK: Final = ("aws:currenttime", "aws:epochtime")
_ASSUMING: Final = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
_EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}
_MAY_ALL: Final[IdentityDocuments] = {"policies": {"own": _EVERYTHING}}
_NOBODY: Final = {"Version": "2012-10-17", "Statement": ()}
_ADDRESSES: Final = ("192.0.2.1", "2001:db8::1")

Value = str | tuple[str, ...] | None
"""Of a key: one text, several, or none."""


class UndecidedError(IamError):
    """More circumstances than can be looked at."""


class Questions:
    """What can be asked about the statements of a document that names principals.

    Args:
        document: a trust policy or the policy of a resource.
        owner: the account of the role or resource, where it is known.
    """

    def __init__(self, document: PolicyDocument, owner: str | None) -> None:
        self._document = document
        self._text = str([each.raw for each in document.statements])
        self.owner = owner or self._unused("999999999999")
        self.stranger = self._unused("888888888888")
        """An account that the document knows nothing of."""
        self._worlds: dict[tuple[int, str], World] = {}
        self.denies = [each for each in document.statements if not each.allows]
        self._resource_values = {
            "aws:resourceaccount": self.owner,
            "aws:resourceorgid": _ORGANIZATION,
            "aws:resourceorgpaths": f"{_ORGANIZATION}/r-ab12/",
        }

    def accounts(self, statement: Statement) -> Iterator[tuple[str, str]]:
        """Yield the accounts of which all are named, each as it is written and its ID.

        A condition of a statement about everybody can name one too.
        """
        names = [name for element, name in statement.principals if element == "AWS"]
        if means_everybody(statement):
            names += self._values(statement, "aws:principalaccount")
            arns = self._values(statement, "aws:principalarn")
            names += [arn.split(":")[4] for arn in arns if arn.count(":") >= _ARN_COLONS]
        for name in dict.fromkeys(names):
            match = _ROOT.fullmatch(name)
            if match is not None:
                yield name, match[1]

    def strangers(self, statement: Statement) -> Iterator[str]:
        """Yield those who could be meant by everybody, the least known first."""
        yield "*"
        for account in self._accounts(statement):
            yield from self.members(statement, account)
        yield from self._values(statement, "aws:principalservicename")
        yield from self._values(statement, "aws:principalservicenameslist")
        if ("*", "*") in statement.principals or statement.not_principal:
            yield "s3.amazonaws.com" if statement.kind is PolicyKind.RESOURCE else _PUBLIC_ISSUER

    def members(self, statement: Statement, account: str) -> Iterator[str]:
        """Yield users and roles of an account, and its root, that conditions can tell apart."""
        start = f"arn:{self._partition}:iam::{account}:"
        yield f"{start}user/{_ANY}"
        yield f"{start}role/{_ANY}"
        yield f"{start}root"
        patterns = [
            *self._values(statement, "aws:principalarn"),
            *(f"arn:*:user/{each}" for each in self._values(statement, "aws:username")),
        ]
        for pattern in patterns:
            for form in (f"{start}user/?*", f"{start}role/?*"):
                found = witnesses([pattern, form])
                yield from (each.text for each in found if {pattern, form} <= each.matches)

    def reached(
        self,
        statement: Statement,
        principals: Iterable[str],
        is_fixed: IsFixed,
        only: Callable[[str], bool] = lambda _: True,
    ) -> Request | None:
        """Return a request that the statement allows one of the principals, or may allow.

        Args:
            statement: an allow.
            principals: as `parse_principal` takes them; what is none is left out.
            is_fixed: says which values of condition keys they cannot have.
            only: says which actions are asked about.

        Raises:
            UndecidedError: for too many circumstances.
        """
        states = self._states(statement, is_fixed)
        for name in dict.fromkeys(principals) if all(states.values()) else ():
            principal = _parsed(name)
            if principal is None or self._is_excluded(statement, principal, is_fixed):
                continue
            for name_of_action, resource in self._aims(statement, only):
                found = self._asked(statement, principal, name_of_action, resource, states)
                if found is not None:
                    return found
        return None

    def accepts(self, statement: Statement, key: str, is_fixed: IsFixed) -> list[Value]:
        """Return the values of one key, none among them, that its conditions alone are met by.

        Args:
            statement: an allow or a deny.
            key: lower case.
            is_fixed: says which values are not asked about.
        """
        found = statement.by_key.get(key, ())
        if not found:
            return []
        return self._met(found, self._variants(key, found, is_fixed))

    def _asked(
        self,
        statement: Statement,
        principal: Principal,
        action: str,
        resource: str,
        states: Mapping[str, Sequence[Value]],
    ) -> Request | None:
        world = self._world(statement, principal, resource)
        for values in itertools.product(*states.values()):
            circumstances = _context(dict(zip(states, values, strict=True)))
            request = Request(principal, action, resource, circumstances)
            outcome = decide(world, request).outcome
            # Who a service acts for is all that pages say of it; the rest would stay open for ever.
            is_service = principal.kind is PrincipalKind.SERVICE
            if outcome is Outcome.ALLOWED or (outcome is Outcome.UNKNOWN and not is_service):
                return request
        return None

    def _is_excluded(self, statement: Statement, principal: Principal, is_fixed: IsFixed) -> bool:
        """Say whether the principal is one of those whom the document fixes."""
        known = {"aws:principalarn": principal.arn, "aws:principalaccount": principal.account}
        if principal.kind is PrincipalKind.USER:
            known["aws:username"] = principal.name
        return any(
            is_fixed(key, value) and matches(value, text)
            for key, text in known.items()
            for value in self._values(statement, key)
        )

    def _world(self, statement: Statement, principal: Principal, resource: str) -> World:
        key = (statement.index, resource)
        if key not in self._worlds:
            self._worlds[key] = self._without_callers(statement, resource)
        return self._worlds[key].including(
            users={principal.arn: _MAY_ALL} if principal.kind is PrincipalKind.USER else {},
            roles={_role_of(principal): {**_MAY_ALL, "trust": _NOBODY}}
            if principal.kind is PrincipalKind.ROLE
            else {},
        )

    def _without_callers(self, statement: Statement, resource: str) -> World:
        document = {
            "Version": self._document.version,
            "Statement": [statement.raw, *(each.raw for each in self.denies)],
        }
        if statement.kind is PolicyKind.TRUST:
            return World(roles={resource: {"trust": document}})
        owner = resource.split(":", 5)[4] or self.owner
        held: ResourceDocuments = {"account": owner, "policy": document}
        return World(resources={policy_resource(resource): held})

    def _aims(self, statement: Statement, only: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
        """Yield one request for each kind that the denies tell apart.

        A resource is one of the most general that a pattern means, so that a deny of a part leaves
        it.
        """
        if statement.kind is PolicyKind.TRUST:
            role = f"arn:{self._partition}:iam::{self.owner}:role/{_ANY}"
            for name in _ASSUMING:
                if only(name) and _names_action(statement, name.lower()):
                    yield name, role
            return
        for resource in self._resources(statement):
            kinds = set()
            for name in filter(only, self._actions(statement, resource.split(":")[2])):
                kind = tuple(_names_action(each, name.lower()) for each in self.denies)
                if kind not in kinds:
                    kinds.add(kind)
                    yield name, resource

    def _resources(self, statement: Statement) -> Iterator[str]:
        for pattern in statement.resources or ():
            if pattern == "*" or statement.not_resource:
                for service in dict.fromkeys(each.split(":")[0] for each in statement.actions):
                    name = "s3" if "*" in service and ":s3:" in self._text else service.lower()
                    name = "sqs" if "*" in name else name
                    where = "::" if name == "s3" else f"us-east-1:{self.owner}:"
                    yield f"arn:{self._partition}:{name}:{where}{_ANY}/{_ANY}"
                continue
            text = "".join(
                _ANY if not isinstance(token, str) else token
                for token in tokenize(pattern, variables=self._document.has_variables)
            )
            parts = text.split(":", 5)
            is_whole = not parts[4] or _ROOT.fullmatch(parts[4])
            account = parts[4] if is_whole else self.owner
            yield ":".join([*parts[:4], account, parts[5]])

    def _actions(self, statement: Statement, service: str) -> Iterator[str]:
        if statement.not_action:
            known = [each.name for each in actions(service).values()] or [f"{service}:Any"]
            yield from (each for each in known if _names_action(statement, each.lower()))
            return
        for pattern in statement.actions:
            wanted = f"{service}:*" if pattern == "*" else pattern
            if is_known_service(wanted) and (found := expand(wanted)):
                yield from (each.name for each in map(action, sorted(found)) if each)
            elif ":" in wanted:
                yield wanted.replace("*", "x").replace("?", "x")

    def _states(self, statement: Statement, is_fixed: IsFixed) -> Mapping[str, Sequence[Value]]:
        """Return the values of all keys that matter and that who asks can have.

        Raises:
            UndecidedError: for too many of them.
        """
        by_key: dict[str, list[Condition]] = {}
        about = [statement, *self.denies]
        for each in (found for one in about for found in one.conditions):
            by_key.setdefault(each.key.lower(), []).append(each)
        for key in [key for one in about for key in self._variables(one)]:
            by_key.setdefault(key, []).append(condition("StringEquals", key, (_ANY,)))
        states: dict[str, Sequence[Value]] = {}
        total = 1
        for key, found in by_key.items():
            if key in _NOT_STATED:
                continue
            if key in OF_OWNER:
                states[key] = [self._resource_values[key]]
                continue
            # No request has a key without the name of a service.
            variants = self._variants(key, found, is_fixed) if ":" in key else [None]
            states[key] = self._met(statement.by_key.get(key, ()), variants)
            total *= len(states[key])
        if total > _MOST:
            raise UndecidedError
        return states

    def _variables(self, statement: Statement) -> Iterator[str]:
        values = [value for each in statement.conditions for value in each.values]
        for text in (*values, *(statement.resources or ())):
            if self._document.has_variables and "${" in text:
                for token in tokenize(text, variables=True):
                    if isinstance(token, Variable):
                        yield token.key

    def _variants(self, key: str, found: Sequence[Condition], is_fixed: IsFixed) -> list[Value]:
        """Return the values of a key that its conditions tell apart and that are not fixed."""
        try:
            filled = [
                replace(each, quantifier="", values=tuple(map(self._read(each), each.values)))
                for each in found
                if each.values
            ]
            dimension = dimension_of(key, filled, str) if filled else None
        except (ComparisonError, ValueError) as error:
            raise UndecidedError from error
        texts = [each.value for each in dimension.variants] if dimension else []
        one = [each for each in texts if isinstance(each, str)]
        if any("IpAddress" in each.comparison for each in found):
            one += _ADDRESSES
        free = [text for text in one if not self._is_fixed(key, text, found, is_fixed)]
        if key in _CLOCK:
            free = [each for each in free if not _is_past(each)] or [_now(key)]
        variants: list[Value] = [*free]
        if any(each.quantifier for each in found):
            variants = [(each,) for each in free]
            variants += [tuple(free)] if len(free) > 1 else []
        return variants if key in ALWAYS_PRESENT else [*variants, None]

    def _is_fixed(self, key: str, text: str, found: Sequence[Condition], is_fixed: IsFixed) -> bool:
        for each in found:
            if "IpAddress" in each.comparison:
                networks = _together(each.values)
                if any(_is_in(text, network) and is_fixed(key, network) for network in networks):
                    return True
                continue
            is_exact = each.comparison.startswith("String") and "Like" not in each.comparison
            for value in each.values:
                written = value.translate(LITERAL) if is_exact and "${" not in value else value
                meant = self._filled(value)
                same = meant.lower() == text.lower() if is_exact else matches(meant, text)
                if same and is_fixed(key, written):
                    return True
        return False

    def _read(self, written: Condition) -> Callable[[str], str]:
        return _in_full if written.comparison.startswith("Date") else self._filled

    def _filled(self, value: str) -> str:
        """Put values in place of policy variables: those of the owner, or anything."""
        if not self._document.has_variables or "${" not in value:
            return value
        return "".join(
            self._resource_values.get(token.key, self._stranger_value(token.key))
            if isinstance(token, Variable)
            else token.value
            if isinstance(token, Wildcard)
            else token.translate(LITERAL)
            for token in tokenize(value, variables=True)
        )

    def _stranger_value(self, key: str) -> str:
        return self.stranger if key == "aws:principalaccount" else _ANY

    def _met(self, found: Sequence[Condition], values: Sequence[Value]) -> list[Value]:
        """Return the values that conditions on one key are met by, or may be."""
        if not found or not values:
            return list(values)
        key = found[0].key.lower()
        conditions: dict[str, dict[str, list[str]]] = {}
        for each in found:
            conditions.setdefault(each.operator, {})[each.key] = list(each.values)
        caller = parse_principal(f"arn:aws:iam::{self.stranger}:user/{_ANY}")
        role = f"arn:aws:iam::{self.owner}:role/{_ANY}"
        trust = {
            "Version": self._document.version,
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": _ASSUMING[0],
                "Condition": conditions,
            },
        }
        world = World(
            users={caller.arn: {"policies": {"own": _EVERYTHING}}}, roles={role: {"trust": trust}}
        )
        return [
            value
            for value in values
            if decide(world, Request(caller, _ASSUMING[0], role, _context({key: value}))).outcome
            is not Outcome.DENIED
        ]

    def _values(self, statement: Statement, key: str) -> list[str]:
        return [
            value
            for one in (statement, *self.denies)
            for each in one.by_key.get(key, ())
            for value in each.values
        ]

    def _accounts(self, statement: Statement) -> Iterator[str]:
        """Yield accounts of strangers: one that nobody named, and those that a wildcard lets in."""
        yield self.stranger
        for value in self._values(statement, "aws:principalarn"):
            yield from _account_like((*value.split(":"), *[""] * 5)[4])
        for key in ("aws:principalaccount", "kms:calleraccount"):
            for value in self._values(statement, key):
                yield from _account_like(value)

    @cached_property
    def _partition(self) -> str:
        match = re.search(r"arn:(aws(?:-[a-z]+)*):", self._text)
        return match[1] if match else "aws"

    def _unused(self, account: str) -> str:
        while account in self._text:
            account = str(int(account) - 1)
        return account


def means_everybody(statement: Statement) -> bool:
    """Say whether a statement names everybody, or all but some."""
    return statement.not_principal or any(name == "*" for _, name in statement.principals)


def _names_action(statement: Statement, name: str) -> bool:
    named = any(matches(each.lower(), name) for each in statement.actions)
    return named is not statement.not_action


def _role_of(principal: Principal) -> str:
    """Return the role of a session; its path does not matter to what is asked."""
    if principal.session is None:
        return principal.arn
    return f"arn:{principal.partition}:iam::{principal.account}:role/{principal.name}"


def _parsed(name: str) -> Principal | None:
    try:
        return parse_principal(name)
    except IamError:
        return None


def _context(values: Mapping[str, Value]) -> Context:
    return Context.of(
        {
            key: KeyState.ABSENT
            if value is None
            else value
            if isinstance(value, tuple)
            else (value,)
            for key, value in values.items()
        }
    )


def _account_like(pattern: str) -> Iterator[str]:
    if "*" in pattern or "?" in pattern:
        start, _, end = pattern.replace("?", "0").partition("*")
        zeros = "0" * (_ACCOUNT_DIGITS - len(start) - len(end))
        account = f"{start}{zeros}{end}".replace("*", "")
        if account.isdigit() and len(account) == _ACCOUNT_DIGITS:
            yield account


def _together(values: Iterable[str]) -> list[str]:
    """Return ranges of addresses, those that lie side by side as the one that they make."""
    networks = [ipaddress.ip_network(value, strict=False) for value in values]
    four = [each for each in networks if isinstance(each, ipaddress.IPv4Network)]
    six = [each for each in networks if isinstance(each, ipaddress.IPv6Network)]
    return [
        *map(str, ipaddress.collapse_addresses(four)),
        *map(str, ipaddress.collapse_addresses(six)),
    ]


def _is_in(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:  # what another operator of the same key asks for
        return False


def _now(key: str) -> str:
    now = datetime.now(UTC)
    return f"{now.timestamp():.0f}" if key == "aws:epochtime" else now.isoformat()


def _is_past(moment: str) -> bool:
    try:
        return datetime.fromisoformat(_in_full(moment)) < datetime.now(UTC)
    except ValueError:
        return False


def _in_full(moment: str) -> str:
    """Write a date that a policy has as seconds since 1970, or as a year or month, in full."""
    if _SECONDS.fullmatch(moment):
        try:
            return datetime.fromtimestamp(float(moment), UTC).isoformat()
        except (OverflowError, OSError):
            return moment
    if match := _YEAR.fullmatch(moment):
        return f"{match[1]}-{match[2] or '01'}-01T00:00:00+00:00"
    read = datetime.fromisoformat(moment)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).isoformat()
