"""What differs in access between two inventories: who may newly do what, and who no longer may.

The documents are not compared; the decisions are. Both worlds are asked about every kind of
request that their documents together can tell apart: each principal, each group of actions, one
resource of each kind (`witnesses`) and each combination of circumstances (`circumstances`). So an
equal rewriting gives no difference. Where the engine does not know an answer, access may have
widened, and is said to.
"""

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from cross_account_access.iam.comparing.asked import EVERYTHING, Asked
from cross_account_access.iam.comparing.cases import Case, Cases, following
from cross_account_access.iam.comparing.outsiders import is_user_or_role
from cross_account_access.iam.comparing.requests import ActionGroup
from cross_account_access.iam.comparing.statements import ComparedStatement
from cross_account_access.iam.comparing.universe import ResourceClass, Side, Universe
from cross_account_access.iam.comparing.witnesses import WRITTEN
from cross_account_access.iam.documents import Condition, PolicyKind
from cross_account_access.iam.engine import (
    Context,
    Outcome,
    Principal,
    PrincipalKind,
    Request,
    compile_policy,
    decide,
    parse_principal,
)
from cross_account_access.iam.errors import ComparisonError
from cross_account_access.iam.inventory import NOTHING, Inventory

_ANY_SESSION: Final = compile_policy(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    },
    PolicyKind.SESSION,
    "session policy",
)


class Effect(enum.Enum):
    """What a change does."""

    WIDENS = "widens"
    MAY_WIDEN = "may widen"
    NARROWS = "narrows"
    MAY_NARROW = "may narrow"

    @property
    def is_widening(self) -> bool:
        """Whether somebody has to agree: what may widen counts as widening."""
        return self in (Effect.WIDENS, Effect.MAY_WIDEN)


@dataclass(frozen=True)
class Change:
    """One difference."""

    effect: Effect
    principal: str
    """Short name, or words for those who are outside the stack."""
    through: str | None
    """Short name of the role that is assumed first."""
    actions: tuple[str, ...]
    resource: str
    """Short name or pattern, or words."""
    when: str
    """The circumstances in words; empty for all."""
    example: Request | None = field(default=None, compare=False)
    """The simplest of its requests; None where circumstances cannot be compared."""


@dataclass(frozen=True)
class Examination:
    """The differences between two inventories, and what was looked at to find them."""

    changes: tuple[Change, ...]
    """Widening first."""
    principals: int
    """How many principals, or kinds of them, were told apart."""
    actions: int
    """How many kinds of actions."""
    resources: int
    """How many kinds of resources."""
    decisions: int
    """How many answers were compared one by one; where both sides say the same of a request by
    the same statements, none was needed."""


def examine(before: Inventory, after: Inventory) -> Examination:
    """Return the differences, and how much was compared.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    return _Comparison(before, after).examination()


def compare(before: Inventory, after: Inventory) -> list[Change]:
    """Return the differences, widening first.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    return _Comparison(before, after).changes(through_roles=True)


def steps(*inventories: Inventory) -> list[Change]:
    """Return where the last inventory is wider, or narrower, than all of those before it.

    Each role is a principal of its own: what is reached through it is not followed.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    return _Comparison(*inventories).changes(through_roles=False)


def grants(inventory: Inventory) -> list[Change]:
    """Return what is allowed at all, each role as a principal of its own.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    return _Comparison(NOTHING, inventory).changes(through_roles=False)


def answers(inventory: Inventory, asked: Asked) -> list[Change]:
    """Return what is allowed of what is asked: to each by itself, and through each of the roles.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    comparison = _Comparison(NOTHING, inventory, asked=asked)
    through = (each for each in comparison.changes(through_roles=True) if each.through)
    return [*comparison.changes(through_roles=False), *through]


@dataclass(frozen=True)
class _Way:
    """One who gains or loses what a principal does."""

    principal: str
    role: str | None = None
    """The role that is assumed first."""
    assumed: str = ""
    """The circumstances in which it can be."""

    def when(self, circumstances: str) -> str:
        """Add the circumstances of the first step to those of the second."""
        assumed = f"role assumed {self.assumed}" if self.assumed else ""
        return "; ".join(filter(None, (circumstances, assumed)))


_About = tuple[Effect, str, tuple[str, ...], "ActionGroup"]
"""All about a change but the resource: effect, principal, circumstances, actions."""


class _Comparison:
    """Of the last of several inventories with those before it.

    Where these are two, it widens where it allows what neither does, and narrows where it refuses
    what both allow.
    """

    def __init__(self, *inventories: Inventory, asked: Asked = EVERYTHING) -> None:
        self._universe = Universe(inventories, asked)
        self._asked = asked
        self._decisions = 0
        self._covered_by: dict[ActionGroup, Mapping[str, frozenset[int]]] = {}

    def examination(self) -> Examination:
        changes = self.changes(through_roles=True)
        universe = self._universe
        return Examination(
            changes=tuple(changes),
            principals=len(universe.known) + len(universe.outsiders.names),
            actions=len(universe.groups),
            resources=len(universe.resources),
            decisions=self._decisions,
        )

    def changes(self, *, through_roles: bool) -> list[Change]:
        return self._told(self._found, through_roles=through_roles)

    @cached_property
    def _found(self) -> Mapping[_About, Mapping[int, Request | None]]:
        found: dict[_About, dict[int, Request | None]] = defaultdict(dict)
        for name in (*sorted(self._universe.known), *self._universe.outsiders.names):
            for group, number in self._candidates(name):
                for effect, (whens, example) in self._effects(name, group, number).items():
                    found[effect, name, tuple(whens), group][number] = example
        return {about: each for about, each in found.items() if not self._is_told(about, found)}

    def _is_told(self, about: _About, found: Mapping[_About, Mapping[int, Request | None]]) -> bool:
        """Say whether the same is told of anybody of the account, and so of this one."""
        effect, name, whens, group = about
        if is_user_or_role(name) or not name.startswith("arn:"):
            return False
        return any(
            found[about].keys() <= found.get((effect, other, whens, group), {}).keys()
            for other in self._universe.anybody_in(_account(name))
        )

    def _candidates(self, name: str) -> Iterator[tuple[ActionGroup, int]]:
        """Yield the requests of which the answer may have changed.

        Nothing is allowed without a statement that allows it, nor changed where principal,
        resource and all statements about the request stay the same.
        """
        universe = self._universe
        is_ours = name in universe.known
        own_changed = is_ours and self._changed(name, [side.own for side in universe.sides])
        is_iam = ":iam::" in name and ":root" not in name and ":oidc-provider/" not in name
        numbers = range(len(universe.resources)) if is_ours else universe.numbers_for.get(name, ())
        for number in numbers:
            resource = universe.resources[number]
            target = resource.target
            is_target = target in universe.targets
            changed = is_target and target in self._changed_targets
            changed |= self._limits_changed(name, resource)
            if not (own_changed or changed) or not (is_ours or is_target):
                continue
            if self._is_own_root(name, resource):
                continue
            if not self._asked.is_about(resource.witness.text, resource.witness.matches):
                continue
            by_target, by_itself = (
                [
                    statement
                    for side in universe.sides
                    for statement in (side.of_target if is_of_target else side.own).get(holder, ())
                    if statement.allows
                    and statement.is_about(resource.witness.matches)
                    and (not is_iam or statement.can_admit(name))
                ]
                for holder, is_of_target in ((target, True), (name, False))
            )
            # Nobody assumes a role of another account whom its trust policy does not let in.
            is_closed = is_iam and not by_target and _is_role_elsewhere(target, name)
            allowing = [] if is_closed else [*by_target, *by_itself]
            for group in resource.groups if allowing else ():
                if not is_ours and ":iam:" in target and not group.name.startswith("sts:"):
                    continue  # an account's own business
                if (
                    any(each.is_of(group.patterns) for each in allowing)
                    and self._asked.of(group.names)
                    and _is_possible(name, group.name, target)
                    and any(
                        self._may_be_allowed(each, name, group, resource) for each in universe.sides
                    )
                    and self._is_different(name, group, resource)
                ):
                    yield group, number

    @cached_property
    def _changed_targets(self) -> frozenset[str]:
        of_target = [side.of_target for side in self._universe.sides]
        targets = self._universe.targets
        return frozenset(target for target in targets if self._changed(target, of_target))

    def _changed(
        self, arn: str, attached: Iterable[Mapping[str, tuple[ComparedStatement, ...]]]
    ) -> bool:
        said = {_meanings(each.get(arn, ())) for each in attached}
        sides = self._universe.sides
        is_bounded = {arn in side.bounded for side in sides}
        is_missing = [arn in side.missing for side in sides]
        return len(said) > 1 or len(is_bounded) > 1 or any(is_missing)

    def _is_own_root(self, name: str, resource: ResourceClass) -> bool:
        """Say whether it is the root user of the resource's own account, who may do all there."""
        owners = {side.owner_of(resource) for side in self._universe.sides}
        return name.endswith(":root") and _account(name) in owners

    def _limits_changed(self, name: str, resource: ResourceClass) -> bool:
        if not any(side.is_limited for side in self._universe.sides):
            return False
        return _differ(
            (
                side.shape(name, resource, ""),
                side.limits.layers.endpoints,
                _meanings(side.limiting(name, resource)),
            )
            for side in self._universe.sides
        )

    def _is_different(self, name: str, group: ActionGroup, resource: ResourceClass) -> bool:
        limits_differ = _differ(
            (
                side.shape(name, resource, group.service),
                {each.terms for each in _limiting(side, name, group, resource)},
            )
            for side in self._universe.sides
        )
        return limits_differ or self._has_other_policies(name, group, resource)

    def _has_other_policies(self, name: str, group: ActionGroup, resource: ResourceClass) -> bool:
        return _differ(
            (
                name in side.missing,
                name in side.bounded,
                resource.target in side.missing,
                {each.terms for each in _covering(side, name, group, resource)},
            )
            for side in self._universe.sides
        )

    def _effects(
        self, name: str, group: ActionGroup, number: int
    ) -> dict[Effect, tuple[list[str], Request | None]]:
        """Return what changes for one kind of request, in which circumstances, and an example."""
        resource = self._universe.resources[number]
        sides = self._universe.sides
        found = [
            each
            for side in sides
            for of in (_covering, _limiting)
            for each in of(side, name, group, resource)
        ]
        principal = parse_principal(name)
        try:
            limits = _by_endpoint(sides, group)
            fillings = following(principal, sides[-1].owner_of(resource))
            cases = Cases(found, limits, principal, fillings, self._asked.at)
        except ComparisonError:
            return {Effect.MAY_WIDEN: (["in circumstances that cannot be compared"], None)}
        # What limits alone do to an answer that is not known can only be to refuse it.
        narrows = not sides[0].is_limited and not self._has_other_policies(name, group, resource)
        chosen: dict[Effect, set[Case]] = defaultdict(set)
        for case, circumstances in cases:
            request = _request(principal, group, resource, circumstances)
            *others, last = (_outcome(side, request, resource) for side in sides)
            effect = _effect(others, last)
            self._decisions += 1
            if effect is not None and not (narrows and effect.is_widening):
                chosen[effect].add(case)
        return {
            effect: (
                cases.describe(each),
                _request(principal, group, resource, cases.plainest(each)),
            )
            for effect, each in chosen.items()
        }

    def _told(
        self, found: Mapping[_About, Mapping[int, Request | None]], *, through_roles: bool
    ) -> list[Change]:
        grouped: dict[tuple[Effect, str, str | None, str, str], set[str]] = defaultdict(set)
        examples: dict[tuple[Effect, str, str | None, str, str], list[Request]] = defaultdict(list)
        ways: dict[tuple[bool, str], list[_Way]] = {}
        for (effect, name, whens, group), numbered in found.items():
            simple = min(filter(None, numbered.values()), key=_simplicity, default=None)
            key = (effect.is_widening, name)
            if key not in ways:
                ways[key] = self._ways(effect, name)
            # Which role a role may become next is told of the role, once.
            is_followed = through_roles and not group.name.startswith("sts:")
            for way in ways[key] if is_followed else [_Way(self._who(name))]:
                for resource in self._resources(group, set(numbered)):
                    for when in whens:
                        about = (effect, way.principal, way.role, resource, way.when(when))
                        grouped[about] |= self._asked.of(group.names)
                        examples[about] += [simple] if simple else []
        order = list(Effect)
        return sorted(
            (
                Change(
                    *(effect, who, through, self._actions(names), resource, when),
                    min(examples[about], key=_simplicity, default=None),
                )
                for about, names in grouped.items()
                for effect, who, through, resource, when in [about]
            ),
            key=lambda c: (order.index(c.effect), c.principal, c.resource, c.actions, c.when),
        )

    def _ways(self, effect: Effect, name: str) -> list[_Way]:
        """Return who gains or loses: those who can assume the role, if it is one of ours."""
        side = self._universe.sides[-1 if effect.is_widening else 0]
        if name not in side.inventory.roles:
            return [_Way(self._who(name))]
        universe = self._universe
        number = next(
            each
            for each in universe.numbers_at[name]
            if universe.resources[each].witness.text == name
        )
        resource = universe.resources[number]
        outsiders = sorted(universe.outsiders.at.get(name, ()))
        able = [
            _Way(self._who(other), universe.short(name), when)
            for other in (*side.inventory.users, *side.inventory.roles, *outsiders)
            for group in resource.groups
            if group.name.startswith("sts:AssumeRole") and _is_possible(other, group.name, name)
            if other != name
            if self._may_be_allowed(side, other, group, resource)
            for when in _open_when(side, other, group, resource, self._asked.at)
        ]
        return list(dict.fromkeys(able)) or [_Way(self._who(name))]

    def _may_be_allowed(
        self, side: Side, name: str, group: ActionGroup, resource: ResourceClass
    ) -> bool:
        """Say whether there are statements that may allow a request, on the sides that it takes.

        It is the engine's rule about both sides, as far as it holds whatever the circumstances.
        What is outside the stack is taken to allow all.
        """
        target = resource.target
        listed = [each for each in _covering(side, name, group, resource) if each.allows]
        owns = name not in self._universe.known or any(not each.principals for each in listed)
        is_named = target not in self._universe.targets or any(
            each.principals and each.may_name(name) for each in listed
        )
        if ":role/" in target or ":kms:" in target:
            return is_named
        if _account(name) != (side.owner_of(resource) or _account(name)):
            return owns and is_named
        return owns or is_named

    def _who(self, name: str) -> str:
        return self._universe.short(self._universe.outsiders.names.get(name, name))

    def _resources(self, group: ActionGroup, numbers: set[int]) -> list[str]:
        """Say which resources are meant, where need be of which account."""
        universe = self._universe
        by_owner: dict[str, set[int]] = defaultdict(set)
        for number in numbers:
            alike = universe.alike(number)
            owner = "" if numbers.issuperset(alike) else f" {universe.owner_words(number)}"
            by_owner[owner].add(alike[0])
        return [
            f"{words}{owner}"
            for owner, some in sorted(by_owner.items())
            for words in self._patterns(group, some)
        ]

    def _patterns(self, group: ActionGroup, numbers: set[int]) -> list[str]:
        """Say which resources are meant, by patterns that the documents have."""
        covered = self._covered(group)

        def covering(some: Iterable[int]) -> dict[str, frozenset[int]]:
            found = {
                pattern: covered[pattern]
                for number in some
                for pattern in self._universe.resources[number].witness.matches
                if pattern in covered
            }
            return found | ({"*": frozenset({0})} if 0 in numbers else {})

        words: list[str] = []
        left = set(numbers)
        while left:
            near = covering(left)
            whole = [p for p, each in near.items() if each & left and each <= numbers]
            if whole:
                best = max(whole, key=lambda p: (len(near[p] & left), len(p), p))
                words.append(self._pattern(best))
                left -= near[best]
                continue
            number = min(left)
            matches = self._universe.resources[number].witness.matches
            inside = min(matches, key=lambda p: (len(covered.get(p, ())), -len(p), p))
            region = covered.get(inside, frozenset())
            near = covering(region)
            without = [
                pattern
                for pattern, each in near.items()
                if each < region and number not in each and not each & numbers
            ]
            outer = [p for p in without if not any(near[p] < near[q] for q in without)]
            but = ", ".join(sorted(map(self._pattern, outer)))
            words.append(self._pattern(inside) + (f" outside {but}" if but else ""))
            left -= {n for n in region if not any(n in near[p] for p in outer)}
            left.discard(number)
        return words

    def _covered(self, group: ActionGroup) -> Mapping[str, frozenset[int]]:
        """Return by pattern the resources that it means and the actions can have."""
        if (found := self._covered_by.get(group)) is not None:
            return found
        covered: dict[str, set[int]] = defaultdict(set)
        for number, resource in enumerate(self._universe.resources):
            if group not in resource.groups or self._universe.alike(number)[0] != number:
                continue
            for pattern in resource.witness.matches:
                covered[pattern].add(number)
        kept = {pattern: frozenset(each) for pattern, each in covered.items()}
        self._covered_by[group] = kept
        return kept

    def _pattern(self, pattern: str) -> str:
        return self._universe.forms.get(pattern) or self._universe.short(pattern.translate(WRITTEN))

    def _actions(self, names: set[str]) -> tuple[str, ...]:
        """Return the names, or one pattern of the documents that means just these."""
        for pattern in sorted(self._universe.action_patterns):
            groups = [each for each in self._universe.groups if pattern in each.patterns]
            if "*" in pattern and {name for each in groups for name in each.names} == names:
                return (pattern,)
        return tuple(sorted(names))


def _covering(
    side: Side, name: str, group: ActionGroup, resource: ResourceClass
) -> list[ComparedStatement]:
    """Return the statements about this action and resource, whomever they name."""
    listed = (*side.own.get(name, ()), *side.of_target.get(resource.target, ()))
    matches = resource.witness.matches
    return [each for each in listed if each.is_of(group.patterns) and each.is_about(matches)]


def _account(name: str) -> str:
    return name.split(":")[4] if name.startswith("arn:") else ""


def _limiting(
    side: Side, name: str, group: ActionGroup, resource: ResourceClass
) -> list[ComparedStatement]:
    """Return the statements of layers about this action and resource."""
    matches = resource.witness.matches
    return [
        each
        for each in side.limiting(name, resource)
        if each.is_of(group.patterns) and each.is_about(matches)
    ]


def _open_when(
    side: Side, name: str, group: ActionGroup, resource: ResourceClass, at: datetime | None
) -> list[str]:
    """Return the circumstances in which a request may be allowed, in words; none if never."""
    principal = parse_principal(name)
    found = [each for of in (_covering, _limiting) for each in of(side, name, group, resource)]
    try:
        limits = _by_endpoint((side,), group)
        fillings = following(principal, side.owner_of(resource))
        cases = Cases(found, limits, principal, fillings, at)
    except ComparisonError:
        return ["in circumstances that cannot be compared"]
    return cases.describe(
        {
            case
            for case, circumstances in cases
            if _outcome(side, _request(principal, group, resource, circumstances), resource)
            is not Outcome.DENIED
        }
    )


def _request(
    principal: Principal, group: ActionGroup, resource: ResourceClass, circumstances: Context
) -> Request:
    """Ask for one of the actions; a federated user with the session policy that refuses least."""
    is_federated = principal.kind is PrincipalKind.FEDERATED_USER
    session = (_ANY_SESSION,) if is_federated else ()
    return Request(principal, group.name, resource.witness.text, circumstances, session)


def _outcome(side: Side, request: Request, resource: ResourceClass) -> Outcome:
    if not side.missing.isdisjoint((request.principal.arn, resource.target)):
        return Outcome.DENIED
    world = side.world_of(request.principal, resource)
    return Outcome.DENIED if world is None else decide(world, request).outcome


def _effect(others: Sequence[Outcome], last: Outcome) -> Effect | None:
    """Say what a change of answers is; the documents behind them did change."""
    order = (Outcome.DENIED, Outcome.UNKNOWN, Outcome.ALLOWED)
    least, most = min(others, key=order.index), max(others, key=order.index)
    if last is most is Outcome.UNKNOWN:
        return Effect.MAY_WIDEN
    if order.index(last) > order.index(most):
        is_certain = Outcome.UNKNOWN not in (most, last)
        return Effect.WIDENS if is_certain else Effect.MAY_WIDEN
    if order.index(last) < order.index(least):
        return Effect.NARROWS if Outcome.UNKNOWN not in (least, last) else Effect.MAY_NARROW
    return None


def _differ(shapes: Iterable[object]) -> bool:
    first, *others = shapes
    return any(each != first for each in others)


def _simplicity(request: Request) -> tuple[int, int, str, str, str]:
    """Order requests: first the one with the fewest circumstances, then the shortest."""
    return (
        *(len(request.context.states), len(request.resource), request.resource),
        *(request.action, request.principal.arn),
    )


def _is_possible(name: str, action: str, target: str) -> bool:
    """Say whether there can be such a request, as far as no policy has a say in that.

    Nobody assumes a role without signing. Users of identity providers, and they alone, call
    AssumeRoleWithSAML or AssumeRoleWithWebIdentity.
    """
    if ":role/" not in target or not action.startswith("sts:"):
        return True
    federated = action.startswith("sts:AssumeRoleWith")
    return name != "*" and federated is _is_provider(name)


def _is_role_elsewhere(target: str, name: str) -> bool:
    return ":role/" in target and target.split(":")[4] != name.split(":")[4]


def _is_provider(name: str) -> bool:
    return parse_principal(name).kind is PrincipalKind.PROVIDER


def _meanings(statements: Iterable[ComparedStatement]) -> frozenset[str]:
    return frozenset(statement.meaning for statement in statements)


def _by_endpoint(sides: Iterable[Side], group: ActionGroup) -> Iterator[Condition]:
    """Tell apart by which VPC endpoint a request comes, wherever one has a policy."""
    for side in sides:
        yield from side.limits.conditions(group.service)
