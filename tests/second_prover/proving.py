"""Whether two small worlds differ for any request, and on which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Final

from cvc5.pythonic import String, StringVal

from cross_account_access.facts.service_reference import actions
from tests.second_prover.callers import ANYBODY, TYPES, Caller, Example, Target
from tests.second_prover.patterns import PLACEHOLDER
from tests.second_prover.question import Question, rules_of
from tests.second_prover.reading import Rule, SmallWorld

SERVICES: Final = ("iam", "kms", "s3", "sns", "sqs", "sts")


class Prover:
    """Two worlds with the same users, roles and resources, whose documents may differ."""

    def __init__(self, before: SmallWorld, after: SmallWorld) -> None:
        self._worlds = (before, after)
        self.queries = 0
        """How many questions the solver was asked."""

    def difference(self) -> Example | None:
        """Return a request that one of the worlds alone allows, `None` if there is none.

        Raises:
            UndecidedError: the pages, or the solver in its time, leave it open.
        """
        return next(self._differences(), None)

    def _differences(self) -> Iterator[Example]:
        before, after = self._worlds
        holders = [{**each.users, **each.roles} for each in self._worlds]
        targets = [
            *(Target(arn, each.account) for arn, each in before.resources.items()),
            *(Target(arn, arn.split(":")[4]) for arn in holders[0]),
        ]
        changed = {each.arn for each in targets if rules_of(before, each) != rules_of(after, each)}
        for arn in holders[0]:
            kind = "user" if ":user/" in arn else "role"
            caller = Caller(kind, StringVal(arn), StringVal(arn.split(":")[4]), arn)
            is_changed = holders[0][arn] != holders[1][arn]
            asked = [each for each in targets if is_changed or each.arn in changed]
            for target in [*asked, *([Target(None)] if is_changed else [])]:
                yield from self._ask(caller, target)
        for caller in self._outsiders():
            for target in targets:
                if target.arn in changed:
                    yield from self._ask(caller, target)

    def _outsiders(self) -> Iterator[Caller]:
        for kind in TYPES:
            yield Caller(kind, String("principal"), String("account"), None)
        yield Caller("anonymous", StringVal(""), StringVal("anonymous"), ANYBODY)
        named = {each for rule in self._rules for each in rule.principals}
        for kind, name in sorted(named):
            if kind in ("Service", "Federated"):
                yield Caller(kind, StringVal(name), StringVal(""), name)

    def _ask(self, caller: Caller, target: Target) -> Iterator[Example]:
        for written in self._forms(target):
            question = Question(self._worlds, caller, target, written, self.actions)
            if question.can_differ:
                self.queries += 1
                found = question.answer()
                if found is not None:
                    yield found

    def _forms(self, target: Target) -> Iterator[str]:
        """Yield the forms of the ARNs that are the target, or inside it."""
        for written in self._all_forms:
            examples = () if target.arn is None else (target.arn, f"{target.arn}/x")
            if target.arn is None or any(_has_form(each, written) for each in examples):
                yield written

    @cached_property
    def _rules(self) -> list[Rule]:
        """All statements of both worlds."""
        holders = [h for w in self._worlds for h in (*w.users.values(), *w.roles.values())]
        return [
            *(rule for h in holders for rule in (*h.own, *(h.boundary or ()), *h.trust)),
            *(rule for w in self._worlds for each in w.resources.values() for rule in each.rules),
        ]

    @cached_property
    def _all_forms(self) -> list[str]:
        return sorted({form for forms in self.actions.values() for form in forms})

    @cached_property
    def actions(self) -> Mapping[str, tuple[str, ...]]:
        """Return the actions with the forms of ARNs that they are about; `*` stands for none.

        One action stands for those of services that no document speaks of.
        """
        named = {pattern.partition(":")[0] for rule in self._rules for pattern in rule.actions}
        found = {
            name: each.resources or (ANYBODY,)
            for service in sorted({*SERVICES, *named})
            for name, each in actions(service).items()
        }
        return {**found, "other:any": (ANYBODY,)}


@cache
def _has_form(arn: str, written: str) -> bool:
    """Say whether an ARN has a form of the service reference; only paths have slashes."""
    texts = PLACEHOLDER.split(written.replace("${Partition}", "aws"))
    hole = ".+" if "WithPath}" in written else "[^:/]+"
    return re.fullmatch(hole.join(map(re.escape, texts[::2])), arn) is not None
