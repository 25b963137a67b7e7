"""Principals outside the stack, as far as the documents of each resource can tell them apart.

What a resource outside of their account lets them do hangs on its own documents alone. So they are
told apart resource by resource: each one that is named, one for each set of patterns that somebody
matches, anybody else of each account, and anybody of any other account.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from string import digits
from typing import Final

from cross_account_access.iam.comparing.requests import ELSEWHERE
from cross_account_access.iam.comparing.statements import ComparedStatement
from cross_account_access.iam.comparing.witnesses import (
    Witness,
    fresh_for,
    group_witnesses,
    witnesses,
)
from cross_account_access.iam.documents import Condition
from cross_account_access.iam.engine import PrincipalKind, QuestionError, parse_principal
from cross_account_access.iam.errors import ComparisonError
from cross_account_access.iam.patterns import matches

_ARN_COLONS: Final = 5
_ACCOUNT: Final = re.compile(r"\d{12}")
_USERS_AND_ROLES: Final = ("iam::{}:user/?*", "iam::{}:role/?*")
_OTHER_KINDS: Final = ("iam::{}:root", "sts::{}:federated-user/?*")
"""Patterns of principals of an account."""
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_ACCOUNTS: Final = "?" * 12
_OF_KINDS: Final = ("aws:principalarn", "aws:principaltype", "aws:username")
"""Keys by which a root user or a federated user can be told from users and roles."""
_OF_SERVICES: Final = (
    *("aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist"),
)
"""Keys by which a statement for everybody means services alone."""
_ANY_SERVICE: Final = "any-service.amazonaws.com"
"""What stands for services that no document names."""
_OF_ACCOUNTS: Final = (
    *(PrincipalKind.USER, PrincipalKind.ROLE),
    *(PrincipalKind.ROOT, PrincipalKind.FEDERATED_USER),
)
_MOST_STATES: Final = 2_000
"""Beyond it, patterns of one condition are told apart one by one, not set by set."""


@dataclass(frozen=True)
class Outsiders:
    """All of them."""

    names: Mapping[str, str]
    """What to call them."""
    at: Mapping[str, frozenset[str]]
    """Those that the documents of a resource tell apart, by its ARN."""


def outsiders(
    by_target: Mapping[str, Collection[ComparedStatement]],
    everywhere: Collection[ComparedStatement],
    known: Collection[str],
    words: "Words",
    asked: str | None = None,
) -> Outsiders:
    """Return the principals outside the stack.

    Args:
        by_target: the statements of each resource with a policy, by its ARN.
        everywhere: further ones that are about all of them.
        known: ARNs of the stack's own users and roles.
        words: what to call them.
        asked: one that is told apart everywhere: ARN of a user or role, account ID, or the name of
            a service or identity provider.
    """
    written = _patterns(by_target, everywhere, words.partition)
    fresh = fresh_for([*written, *([asked] if asked else [])])
    finder = _Finder(known, words, fresh, asked)
    found = {
        target: finder.at([*statements, *everywhere]) for target, statements in by_target.items()
    }
    names: dict[str, str] = {"*": "anybody, even without signing"}
    for each in found.values():
        names |= each
    return Outsiders(names, {target: frozenset({"*", *each}) for target, each in found.items()})


@dataclass(frozen=True)
class Words:
    """What to call whom."""

    partition: str
    accounts: frozenset[str]
    """IDs of those whose principals are told apart wherever they are."""
    short: Callable[[str], str]
    """A name for people, of an ARN."""
    anybody_of: Callable[[str], str]
    """Words for all others of an account."""


def _patterns(
    by_target: Mapping[str, Iterable[ComparedStatement]],
    everywhere: Iterable[ComparedStatement],
    partition: str,
) -> Iterator[str]:
    for statements in (*by_target.values(), everywhere):
        for statement in statements:
            yield from (name for _, name in statement.principals)
            yield from (
                pattern for each in statement.conditions for pattern in _who(each, partition)
            )


def _services_meant(statement: ComparedStatement) -> Mapping[str, str]:
    """Return services that a statement lets in without naming them, with what to call them.

    AWS: "AWS global condition context keys", aws:PrincipalIsAWSService,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
    """
    conditions = [each for each in statement.conditions if each.key.lower() in _OF_SERVICES]
    if not statement.allows or not conditions:
        return {}
    texts = (value.replace("*", "x").replace("?", "x") for c in conditions for value in c.values)
    named = {text: text for text in texts if _is_service(text)}
    return {_ANY_SERVICE: "any service of AWS", **named}


def _is_service(text: str) -> bool:
    return _kind_of(text) is PrincipalKind.SERVICE


def _who(condition: Condition, partition: str) -> Iterator[str]:
    """Yield patterns of ARNs of whom a condition means; a variable may stand for anything.

    The ARN of a user has its path, which `aws:username` has not.
    """
    for written in condition.values:
        value = _VARIABLE.sub("*", written)
        if condition.operator.endswith("IgnoreCase"):
            value = value.lower()
        match condition.key.lower():
            case "aws:principalarn":
                yield value
            case "aws:principalaccount":
                yield f"arn:{partition}:???::{value}:*"
            case "aws:username":
                anywhere = f"arn:{partition}:iam::{_ACCOUNTS}:user/"
                yield from (f"{anywhere}{value}", f"{anywhere}*/{value}")


def _tells_kinds(statement: ComparedStatement) -> bool:
    """Say whether it may mean a root user or a federated user, and not all of their account.

    Neither can call what a role's trust policy is about ("Compare AWS STS credentials",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html).
    """
    has_key = any(each.key.lower() in _OF_KINDS for each in statement.conditions)
    return has_key and statement.resources is not None


@dataclass(frozen=True)
class _Finder:
    known: Collection[str]
    words: Words
    fresh: str
    """A character that no pattern has."""
    asked: str | None = None

    def at(self, statements: Iterable[ComparedStatement]) -> Mapping[str, str]:
        """Return whom the statements tell apart, with what to call them."""
        named: set[str] = set()
        groups: set[frozenset[str]] = set()
        in_pairs = False
        others: dict[str, str] = {}
        with_others = False
        for statement in statements:
            for kind, name in statement.principals:
                if kind in ("Service", "Federated") or _is_origin_access_identity(name):
                    others[name] = name
                else:
                    named.add(name)
            others |= _services_meant(statement)
            with_others |= _tells_kinds(statement)
            for condition in statement.conditions:
                patterns = frozenset(_who(condition, self.words.partition))
                groups |= {patterns} if patterns else set()
                named |= patterns
                in_pairs |= bool(patterns) and (not statement.allows or "Not" in condition.operator)
        if self.asked is not None:
            if is_user_or_role(self.asked) or _ACCOUNT.fullmatch(self.asked):
                named.add(self.asked)
            else:
                others.setdefault(self.asked, self.asked)
        accounts = self.words.accounts | {id_ for each in named for id_ in _ACCOUNT.findall(each)}
        general = dict(self._general(accounts, with_others=with_others))
        special = {
            name
            for name in named
            if name.startswith("arn:") or (name.strip("*") and _is_wild(name))
        }
        return others | dict(self._who(special, general, groups, in_pairs=in_pairs))

    def _general(self, accounts: Iterable[str], *, with_others: bool) -> Iterator[tuple[str, str]]:
        """Yield a pattern for each kind of principals of each account, with what to call them."""
        for account, number in (*((each, each) for each in accounts), (ELSEWHERE, _ACCOUNTS)):
            for kind in _USERS_AND_ROLES:
                pattern = f"arn:{self.words.partition}:{kind.format(number)}"
                yield pattern, self.words.anybody_of(account)
            for kind in _OTHER_KINDS if with_others else ():
                pattern = f"arn:{self.words.partition}:{kind.format(number)}"
                told = self.words.short(pattern.replace(_ACCOUNTS, "*").replace("?*", "*"))
                yield pattern, f"anybody like {told}" if "*" in told else told

    def _who(
        self,
        special: set[str],
        general: Mapping[str, str],
        groups: Collection[frozenset[str]],
        *,
        in_pairs: bool,
    ) -> Iterator[tuple[str, str]]:
        # Ours that a pattern speaks of, so that another one stands for those who are not ours.
        wild = [each for each in special if _is_wild(each)]
        ours = {each for each in self.known if any(matches(pattern, each) for pattern in wild)}
        patterns = sorted({*special, *general, *ours})
        try:
            found = witnesses(patterns, fresh=self.fresh, most_states=_MOST_STATES)
        except ComparisonError:
            found = [*_one_by_one(patterns, general, groups, self.fresh, in_pairs=in_pairs)]
        for each in found:
            text = self._unknown(each, patterns)
            if text in self.known or not _can_ask(text):
                continue
            meant = each.matches - general.keys()
            if meant:
                longest = max(meant, key=lambda pattern: (len(pattern), pattern))
                best = text if text in meant else longest
                plain = self.words.short(best)
                yield text, plain if text == best else f"anybody like {plain}"
            elif each.matches:
                yield text, next(general[pattern] for pattern in sorted(each.matches))

    def _unknown(self, witness: Witness, patterns: Iterable[str]) -> str:
        """Return a name that none of ours has and the same patterns match, if there is one."""
        text = self._numbered(witness, patterns)
        while text in self.known:
            text += self.fresh
            if _matching(patterns, text) != witness.matches:
                return witness.text
        return text

    def _numbered(self, witness: Witness, patterns: Iterable[str]) -> str:
        """Put a digit where any character would do in the number of an account."""
        fields = witness.text.split(":", _ARN_COLONS)
        if len(fields) <= _ARN_COLONS or self.fresh not in fields[4]:
            return witness.text
        for digit in digits:
            account = fields[4].replace(self.fresh, digit)
            text = ":".join((*fields[:4], account, fields[5]))
            if _matching(patterns, text) == witness.matches:
                return text
        return witness.text


def _one_by_one(
    patterns: Collection[str],
    general: Collection[str],
    groups: Collection[frozenset[str]],
    fresh: str,
    *,
    in_pairs: bool,
) -> Iterator[Witness]:
    """Yield a text for each set of conditions that somebody meets, then one for each pattern.

    That is enough: by which of its values a condition is met makes no difference. Where even the
    sets are too many, there is one for each pattern alone: of statements that only allow, and only
    to whom a pattern means, each can be looked at by itself. Where one denies, or means all but
    some, a second one can take back what the first allows, so that there are the pairs as well.
    """
    try:
        yield from group_witnesses(patterns, groups, fresh=fresh, most_states=_MOST_STATES)
    except ComparisonError:
        wild = sorted({each for group in groups for each in group if each in patterns})
        for few in combinations(wild, 2) if in_pairs else ():
            yield from (
                Witness(each.text, _matching(patterns, each.text))
                for each in witnesses(few, fresh=fresh)
                if len(each.matches) > 1
            )
    for pattern in patterns:
        text = pattern.replace("*", "").replace("?", fresh)
        if matches(pattern, text) and _can_ask(text):
            yield Witness(text, _matching(patterns, text))
        elif pattern not in general:
            yield from (
                Witness(each.text, _matching(patterns, each.text))
                for each in witnesses((pattern, *general), fresh=fresh)
                if pattern in each.matches
            )
    # One who is meant by none of them stands for all others.
    yield from witnesses(general, fresh=fresh)


def _is_wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _matching(patterns: Iterable[str], text: str) -> frozenset[str]:
    return frozenset(pattern for pattern in patterns if matches(pattern, text))


def _is_origin_access_identity(name: str) -> bool:
    return _kind_of(name) is PrincipalKind.ORIGIN_ACCESS_IDENTITY


def _can_ask(arn: str) -> bool:
    """Say whether this can be the ARN of one who has an account; no name or path has a colon."""
    return _kind_of(arn) in _OF_ACCOUNTS and arn.count(":") == _ARN_COLONS


def is_user_or_role(arn: str) -> bool:
    """Say whether this can be the ARN of one; their names and paths have no colon."""
    return _kind_of(arn) in _OF_ACCOUNTS[:2] and arn.count(":") == _ARN_COLONS


@lru_cache(maxsize=65_536)
def _kind_of(text: str) -> PrincipalKind | None:
    try:
        return parse_principal(text).kind
    except QuestionError:
        return None
