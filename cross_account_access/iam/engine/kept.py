"""Decisions kept by class of request, for whoever asks a world many questions.

Two requests are of one class where no document of the world can tell them apart: the same principal
and action, resources of one owner that the same patterns match, and circumstances that are the same
as far as a condition or variable looks at them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Final, TypeVar

from cross_account_access.iam.checks import instance
from cross_account_access.iam.engine.context import Context
from cross_account_access.iam.engine.evaluation import IN_PLACE, Decision, Request, decide
from cross_account_access.iam.engine.matching import Matcher
from cross_account_access.iam.engine.policies import Policy
from cross_account_access.iam.engine.world import World
from cross_account_access.iam.services import policy_resource

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_MOST: Final = 200_000
"""Of each kind of thing that is kept; beyond that all of it is forgotten."""


class Decisions:
    """The decisions of a world.

    Args:
        world: all that is known.
    """

    __slots__ = ("_classes", "_contexts", "_decisions", "_resources", "_world")

    def __init__(self, world: World) -> None:
        self._world = instance(world, World, "world")
        self._classes = _Classes(world.policies())
        self._resources: dict[str, Hashable] = {}
        self._contexts: dict[Hashable, Hashable] = {}
        self._decisions: dict[Hashable, Decision] = {}

    def decide(self, request: Request) -> Decision:
        """Answer as `decide` of the engine does."""
        instance(request, Request, "request")
        if request.session_policies:
            return decide(self._world, request)
        resource = self._resources.get(request.resource)
        if resource is None:
            resource = self._classes.of_resource(request.resource)
            _keep(self._resources, request.resource, resource)
        told = request.context.told
        context = self._contexts.get(told)
        if context is None:
            context = self._classes.of_context(request.context)
            _keep(self._contexts, told, context)
        key = (request.principal, request.action, resource, context)
        found = self._decisions.get(key)
        if found is None:
            found = decide(self._world, request, resource=IN_PLACE)
            _keep(self._decisions, key, found)
        missing = found.missing
        if missing:
            missing = tuple([each.replace(IN_PLACE, request.resource) for each in missing])
        return Decision(
            found.outcome,
            request,
            found.caller_side,
            found.resource_side,
            missing,
            found.unknown,
        )

    def __len__(self) -> int:
        """The number of classes that have been decided."""
        return len(self._decisions)


def _keep(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(kept) >= _MOST:
        kept.clear()
    kept[key] = value


class _Classes:
    """What the documents of a world tell apart.

    Patterns are found by the text that they begin with, since most of them are about one resource.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._keys: set[str] = {"aws:sourcevpce"}
        self._by_beginning: dict[str, set[Matcher | None]] = defaultdict(set)
        for policy in policies:
            for statement in policy.statements:
                for condition in statement.conditions:
                    self._keys |= condition.keys
                if statement.resources is not None:
                    self._keys |= statement.resources.keys
                    for beginning, matcher in statement.resources.matchers():
                        self._by_beginning[beginning].add(matcher)
        self._lengths = sorted({len(each) for each in self._by_beginning})

    def of_resource(self, resource: str) -> Hashable:
        """Return the class of a resource; one that a variable may tell apart is one by itself."""
        matched: list[object] = [policy_resource(resource)]
        for length in self._lengths:
            for matcher in self._by_beginning.get(resource[:length], ()):
                if matcher is None:
                    return resource
                answer = matcher.match(resource)
                if answer is not False:
                    matched.append((matcher, answer))
        return frozenset(matched)

    def of_context(self, context: Context) -> Hashable:
        """Return what of the circumstances a document looks at."""
        keys = self._keys
        return frozenset((key, state) for key, state in context.states.items() if key in keys)
