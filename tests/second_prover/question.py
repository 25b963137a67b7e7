"""Whether two small worlds differ on any request of one caller about one target.

Rules: AWS, "Policy evaluation logic",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html;
"Cross-account policy evaluation logic",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html;
"Permissions boundaries for IAM entities",
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html;
"AWS JSON policy elements: Principal",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html;
"Key policies in AWS KMS",
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from cvc5.pythonic import (
    And,
    BoolVal,
    Concat,
    InRe,
    Int,
    Length,
    Not,
    Or,
    Plus,
    PrefixOf,
    Re,
    Solver,
    String,
    StringVal,
    SubString,
    sat,
    unsat,
)

from tests.second_prover.callers import (
    ELSEWHERE,
    NAME,
    Action,
    Caller,
    Example,
    Target,
    Term,
)
from tests.second_prover.conditions import Circumstances, written_value
from tests.second_prover.patterns import (
    ACCOUNT_ID,
    KEY,
    LETTER,
    PATH,
    after,
    expression,
    filled,
    form,
    matches,
    resource,
)
from tests.second_prover.reading import Holder, Rule, SmallWorld, Test, UndecidedError

_REGIONS: Final = ("eu-central-1", "us-east-1", "us-west-2")
"""Enough to tell regions apart."""
_TAKES_UNSIGNED: Final = ("s3:", "sns:", "sqs:")
_FREE: Final = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""Need no permission, and no policy can deny them: AWS, "Compare AWS STS credentials",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html."""
_NOT_OF_ROLES: Final = "sts:getfederationtoken"
_SECONDS: Final = 60
_ID: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_ACCOUNT: Final = re.compile(r"(?:arn:aws:iam::)?(\d{12})(?::root)?")


def rules_of(world: SmallWorld, target: Target) -> tuple[Rule, ...]:
    """Return the statements of the resource's own policy, or of the role's trust policy."""
    arn = target.arn or ""
    if arn in world.resources:
        return world.resources[arn].rules
    return world.roles[arn].trust if arn in world.roles else ()


class Question:
    """All requests of one caller about one target."""

    def __init__(
        self,
        worlds: tuple[SmallWorld, SmallWorld],
        caller: Caller,
        target: Target,
        written: str,
        forms: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._worlds = worlds
        self._form = written
        self._forms = forms
        self._caller = caller
        self._target = target
        self._resource = String("resource")
        self._rest = String("what follows the fixed beginning")
        self._action = Int("action")
        self._circumstances = Circumstances(self._tests(), caller.keys, caller.variables)

    def answer(self) -> Example | None:
        """Let the solver look for a request on which the worlds differ.

        Raises:
            UndecidedError: it does not know in its time.
        """
        before, after = (self._allowed(world) for world in self._worlds)
        solver = Solver()
        solver.set("strings-fmf", "true")
        solver.set("tlimit-per", str(_SECONDS * 1000))
        solver.add(
            *self._of_caller(),
            *self._of_resource(),
            *self._circumstances.constraints(),
            self._action >= 0,
            self._action < len(self.actions),
            before != after,
        )
        result = solver.check()
        if result == unsat:
            return None
        if result != sat:
            msg = "the solver does not know"
            raise UndecidedError(msg)
        return self._example(solver.model(), after)

    def _example(self, model: Any, after: Term) -> Example:
        values: dict[str, str | list[str]] = {}
        absent = []

        def value(term: Term) -> Any:
            return model.eval(term, model_completion=True)

        for name, key in self._circumstances.keys.items():
            if name in self._caller.keys:
                continue
            if str(value(key.there)) != "True":
                absent.append(name)
                continue
            found = [
                written_value(key.kind, slot, model)
                for slot in key.slots
                if str(value(slot.there)) == "True"
            ]
            values[name] = sorted(set(found)) if key.is_set else found[0]
        return Example(
            principal=self._caller.known or value(self._caller.arn).as_string(),
            action=self.actions[value(self._action).as_long()].name,
            resource=value(self._resource).as_string(),
            values=values,
            absent=tuple(absent),
            becomes_allowed=str(value(after)) == "True",
        )

    def _rules(self, world: SmallWorld) -> list[Rule]:
        return [rule for part in self._parts(world) for rule in part]

    def _tests(self) -> list[Test]:
        return [
            test for world in self._worlds for rule in self._rules(world) for test in rule.tests
        ]

    @property
    def _is_ours(self) -> bool:
        return any(self._holder(world) is not None for world in self._worlds)

    def _holder(self, world: SmallWorld) -> Holder | None:
        known = self._caller.known or ""
        return world.users.get(known) or world.roles.get(known)

    @cached_property
    def actions(self) -> list[Action]:
        """The actions about the form of resource, one for each that documents tell apart."""
        rules = [rule for world in self._worlds for rule in self._rules(world)]
        patterns = sorted({pattern for rule in rules for pattern in rule.actions})
        found: dict[object, Action] = {}
        for name, forms in self._forms.items():
            if self._form in forms and self._can_be_asked(name):
                matching = tuple(_is_like(pattern, name) for pattern in patterns)
                group = name[:4] if name.startswith(("sts:", "iam:")) else ""
                found.setdefault((matching, group), Action(name, len(found)))
        return list(found.values())

    @property
    def can_differ(self) -> bool:
        """Whether the worlds have different statements that can be about such a request."""
        before, after = (
            [{rule for rule in rules if self._can_be_meant(rule)} for rules in self._parts(world)]
            for world in self._worlds
        )
        return before != after

    def _parts(self, world: SmallWorld) -> list[tuple[Rule, ...]]:
        holder = self._holder(world)
        own = () if holder is None else holder.own
        boundary = () if holder is None or holder.boundary is None else holder.boundary
        return [own, boundary, rules_of(world, self._target)]

    def _can_be_meant(self, rule: Rule) -> bool:
        """Leave out a statement whose actions or whose resources' fixed beginnings are others."""
        if not any(self._is_meant(rule, each.name) for each in self.actions):
            return False
        if rule.resources is None or rule.is_not_resource:
            return True
        fixed = [re.split(r"[*?]|\$\{", each)[0] for each in rule.resources]
        start = self._start
        return any(each.startswith(start) or start.startswith(each) for each in fixed)

    def _is_meant(self, rule: Rule, name: str) -> bool:
        return any(_is_like(each, name) for each in rule.actions) is not rule.is_not_action

    def _can_be_asked(self, name: str) -> bool:
        """Leave out what no policy has a say in.

        Only users of identity providers call the two with a token; to assume a role takes
        credentials of a user or role, and all but three services take some. AWS,
        "AssumeRoleWithWebIdentity",
        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html;
        "Compare AWS STS credentials",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html.
        """
        caller, target = self._caller, self._target
        if caller.kind == "Federated":
            return target.is_role and name.startswith("sts:assumerolewith")
        if name in _FREE or name.startswith("sts:assumerolewith"):
            return False
        if name == _NOT_OF_ROLES and caller.kind == "role":
            return False
        if caller.kind == "anonymous" and not name.startswith(_TAKES_UNSIGNED):
            return False
        if caller.kind in ("root", "federated-user") and name.startswith("sts:"):
            return False
        is_ours = target.arn is not None and ":iam:" in target.arn
        return self._is_ours or not is_ours or name.startswith("sts:")

    def _of_resource(self) -> Iterator[Term]:
        """Yield that the resource is of the form, and the target or none that the worlds have."""
        yield self._resource == Concat(StringVal(self._start), self._rest)
        if self._target.arn is None:
            start, dollar, rest = self._form.replace("${Partition}", "aws").partition("${")
            yield InRe(self._rest, form(dollar + rest, self._accounts(), _REGIONS))
            world = self._worlds[0]
            for arn in (*world.users, *world.roles, *world.resources):
                if arn.startswith(start):
                    yield self._rest != StringVal(arn.removeprefix(start))
                    yield Not(PrefixOf(StringVal(f"{arn.removeprefix(start)}/"), self._rest))
        else:
            yield InRe(self._rest, KEY if self._is_inside else Re(""))

    def _accounts(self) -> set[str]:
        """Return the accounts that the documents know, and another one."""
        known = {arn for world in self._worlds for arn in (*world.users, *world.roles)}
        written = {
            text
            for world in self._worlds
            for rule in self._rules(world)
            for text in (*(rule.resources or ()), *known)
        }
        return {ELSEWHERE, *(match for text in written for match in _ID.findall(text))}

    @property
    def _is_inside(self) -> bool:
        """Whether it is about objects of a bucket of the worlds."""
        return self._target.arn is not None and self._form.endswith("/${ObjectName}")

    @property
    def _start(self) -> str:
        """The fixed beginning of the resource."""
        if self._target.arn is None:
            return self._form.replace("${Partition}", "aws").partition("${")[0]
        return f"{self._target.arn}/" if self._is_inside else self._target.arn

    def _of_caller(self) -> Iterator[Term]:
        """Yield that an outsider is a user or role whom the worlds do not have.

        The name of a user or role exists once in an account, whatever its path and case: AWS,
        "CreateRole", https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html.
        """
        caller = self._caller
        if caller.known is not None:
            return
        yield InRe(caller.account, ACCOUNT_ID)
        service = "sts" if caller.kind == "federated-user" else "iam"
        start = Concat(Re(f"arn:aws:{service}::"), ACCOUNT_ID)
        yield caller.account == _between(caller.arn, len("arn:aws:iam::"), 12)
        if caller.kind == "root":
            # Of its own account it may do all that there is, whatever policies say.
            yield caller.account != StringVal(self._target.account)
            yield InRe(caller.arn, Concat(start, Re(":root")))
            return
        path = Re("") if caller.kind == "federated-user" else PATH
        before = String("all before the name")
        yield InRe(NAME, Plus(LETTER))
        yield Length(NAME) <= 40
        yield InRe(before, Concat(start, Re(f":{caller.kind}/"), path))
        yield caller.arn == Concat(before, NAME)
        for arn in (*self._worlds[0].users, *self._worlds[0].roles):
            if f":{caller.kind}/" in arn:
                its_name = expression(list(arn.rsplit("/", 1)[-1]), fold=True)
                its_start = Re(f"arn:aws:iam::{arn.split(':')[4]}:{caller.kind}/")
                yield Not(InRe(caller.arn, Concat(its_start, PATH, its_name)))

    def _allowed(self, world: SmallWorld) -> Term:
        """Add the policies up.

        An explicit deny decides. Within an account one of both sides suffices; a policy that names
        a user directly is not limited by a boundary, one that names a role is. Across accounts both
        sides must allow. The trust policy of a role and the key policy say alone whether
        identity-based policies count.
        """
        granted = [rule for rule in rules_of(world, self._target) if rule.allows]
        denied = [rule for rule in rules_of(world, self._target) if not rule.allows]
        deny = _any(And(self._meant(rule), self._names(rule)) for rule in denied)
        if not self._caller.is_iam:
            return And(_any(And(self._meant(r), self._names(r)) for r in granted), Not(deny))
        directly = _any(And(self._meant(rule), self._names_itself(rule)) for rule in granted)
        behind = _any(And(self._meant(rule), self._names_entity(rule)) for rule in granted)
        named = _any(And(self._meant(rule), self._names(rule)) for rule in granted)
        own, limit, own_deny = self._of_identity(world)
        if self._target.arn is None:
            allowed = And(own, limit, self._is_open_elsewhere())
        else:
            is_same = self._caller.account == StringVal(self._target.account)
            counts = named if self._target.delegates else BoolVal(True)
            is_account_own = self._is_account_own()
            within = Or(
                And(is_account_own, own, limit),
                And(
                    Not(is_account_own),
                    Or(directly, And(behind, limit), And(own, limit, counts)),
                ),
            )
            across = And(Not(is_account_own), own, limit, named)
            allowed = Or(And(is_same, within), And(Not(is_same), across))
        return And(allowed, Not(Or(own_deny, deny)))

    def _is_account_own(self) -> Term:
        """Return that the action manages a user or role, which no other account can do."""
        if self._target.arn is None or ":iam:" not in self._target.arn:
            return BoolVal(False)
        return self._is_action(lambda name: not name.startswith("sts:"))

    def _is_open_elsewhere(self) -> Term:
        """Return that the owner of a resource outside the worlds may have let the caller in.

        Nobody can let another account manage IAM, nor call AWS STS for it; a policy that AWS
        manages is there for every account: AWS, "Managed policies and inline policies",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html.
        """
        if ":sts:" not in self._form and ":iam:" not in self._form:
            return BoolVal(True)
        known = (self._caller.known or "").split(":")[4]
        owners = [f"arn:aws:iam::{known}:", f"arn:aws:sts::{known}:", "arn:aws:iam::aws:"]
        of_sts = self._is_action(lambda name: name.startswith("sts:"))
        is_shared = And(of_sts, BoolVal(":sts:" not in self._form))
        return Or(is_shared, *[PrefixOf(StringVal(each), self._resource) for each in owners])

    def _of_identity(self, world: SmallWorld) -> tuple[Term, Term, Term]:
        """Return when identity-based policies allow, when the boundary does, when they deny.

        An outsider's own administrator is taken to allow everything but on what a policy of the
        same account guards.
        """
        holder = self._holder(world)
        if holder is None:
            is_guarded = self._target.account != ELSEWHERE and not self._target.delegates
            is_same = self._caller.account == StringVal(self._target.account)
            own = Not(is_same) if is_guarded else BoolVal(True)
            return own, BoolVal(True), BoolVal(False)
        own = _any(self._meant(rule) for rule in holder.own if rule.allows)
        boundary = holder.boundary
        limit = (
            BoolVal(True)
            if boundary is None
            else _any(self._meant(rule) for rule in boundary if rule.allows)
        )
        every = (*holder.own, *(boundary or ()))
        return own, limit, _any(self._meant(rule) for rule in every if not rule.allows)

    def _meant(self, rule: Rule) -> Term:
        """Return that a statement is about the request, whomever it names."""
        if not self._can_be_meant(rule):
            return BoolVal(False)
        return And(
            self._is_action(lambda name: self._is_meant(rule, name)),
            self._is_about(rule),
            *[self._circumstances.holds(test) for test in rule.tests],
        )

    def _is_action(self, is_meant: Any) -> Term:
        return _any(self._action == each.number for each in self.actions if is_meant(each.name))

    def _is_about(self, rule: Rule) -> Term:
        if rule.resources is None:
            return BoolVal(True)
        variables = self._circumstances.variables if rule.has_variables else {}
        found = []
        for pattern in rule.resources:
            if not rule.has_variables and "${" in pattern:
                raise UndecidedError(pattern)
            pieces = filled(pattern, variables, wildcards=True)
            if pieces is None and rule.is_not_resource:
                raise UndecidedError(pattern)
            for left in after(resource(pieces), self._start) if pieces is not None else ():
                found.append(matches(self._rest, left))
        return Not(_any(found)) if rule.is_not_resource else _any(found)

    def _names(self, rule: Rule) -> Term:
        """Return that a statement names the caller, be it by its account."""
        return Or(self._names_itself(rule), self._names_entity(rule), self._names_account(rule))

    def _names_itself(self, rule: Rule) -> Term:
        everybody = {("*", "*")} if self._caller.is_outside_aws else {("*", "*"), ("AWS", "*")}
        if rule.principals & everybody:
            return BoolVal(True)
        if self._caller.is_outside_aws:
            return BoolVal((self._caller.kind, self._caller.known) in rule.principals)
        if self._caller.kind not in ("user", "federated-user"):
            return BoolVal(False)
        return self._is_one_of(rule)

    def _names_entity(self, rule: Rule) -> Term:
        return self._is_one_of(rule) if self._caller.kind == "role" else BoolVal(False)

    def _is_one_of(self, rule: Rule) -> Term:
        named = [
            name for kind, name in rule.principals if kind == "AWS" and name.startswith("arn:")
        ]
        return _any(self._caller.arn == StringVal(name) for name in named)

    def _names_account(self, rule: Rule) -> Term:
        if not self._caller.is_iam:
            return BoolVal(False)
        named = [
            match[1]
            for kind, name in rule.principals
            if kind == "AWS" and (match := _ACCOUNT.fullmatch(name))
        ]
        return _any(self._caller.account == StringVal(each) for each in named)


def _any(terms: Iterable[Term]) -> Term:
    return Or(BoolVal(False), *terms)


def _between(text: Term, start: int, length: int) -> Term:
    return SubString(text, start, length)


def _is_like(pattern: str, name: str) -> bool:
    """Say whether an action pattern means an action, both in lower case.

    AWS, "IAM JSON policy elements: Action",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html.
    """
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, name) is not None
