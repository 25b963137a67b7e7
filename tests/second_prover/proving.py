"""Whether two small worlds differ for any request, and on which.

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
from dataclasses import dataclass
from functools import cache, cached_property
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

from cross_account_access.facts.service_reference import actions
from tests.second_prover.conditions import Circumstances, written_value
from tests.second_prover.patterns import (
    ACCOUNT_ID,
    KEY,
    LETTER,
    PATH,
    PLACEHOLDER,
    after,
    expression,
    filled,
    form,
    matches,
    resource,
)
from tests.second_prover.reading import Holder, Rule, SmallWorld, Test, UndecidedError

Term = Any

ELSEWHERE: Final = "000000000000"
"""Whose the buckets outside the world are, since an ARN does not tell."""
ANYBODY: Final = "*"
"""A caller without credentials."""
SERVICES: Final = ("iam", "kms", "s3", "sns", "sqs", "sts")
_REGIONS: Final = ("eu-central-1", "us-east-1", "us-west-2")
"""Enough to tell regions apart."""
_TAKES_UNSIGNED: Final = ("s3:", "sns:", "sqs:")
_FREE: Final = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""Need no permission, and no policy can deny them: AWS, "Compare AWS STS credentials",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html."""
_NOT_OF_ROLES: Final = "sts:getfederationtoken"
_SECONDS: Final = 60


_TYPES: Final = {
    "user": "User",
    "role": "AssumedRole",
    "root": "Account",
    "federated-user": "FederatedUser",
}
"""Kinds of principals of an account, with their `aws:PrincipalType`."""
_NAME: Final = String("name")
"""Of an outsider, without the path."""


@dataclass(frozen=True)
class Example:
    """A request that one of the worlds allows and the other does not."""

    principal: str
    action: str
    resource: str
    values: Mapping[str, str | list[str]]
    absent: tuple[str, ...]
    becomes_allowed: bool


@dataclass(frozen=True)
class _Caller:
    """Who asks; of an outsider the ARN is an unknown."""

    kind: str
    """`user`, `role`, `root`, `federated-user`, `anonymous`, or the element of those who are no
    principals of an account: `Service` or `Federated`."""
    arn: Term
    account: Term
    known: str | None
    """The ARN or name of one who is no unknown."""

    @property
    def is_iam(self) -> bool:
        """Whether it is one of an account, so that identity-based policies can speak for it."""
        return self.kind in _TYPES

    @property
    def is_outside_aws(self) -> bool:
        """Whether it is a service or an identity provider, of no account."""
        return self.kind in ("Service", "Federated")

    @property
    def keys(self) -> dict[str, Term]:
        """The condition keys that follow from the principal.

        AWS, "AWS global condition context keys",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
        """
        types = {**_TYPES, "anonymous": "Anonymous"}
        of_nobody = ("aws:principalorgid", "aws:principalorgpaths", "aws:username")
        if self.is_outside_aws:
            provider = "aws:principalservicename" if self.kind == "Service" else _PROVIDER
            more = ("aws:principalarn",) if self.kind == "Federated" else ()
            return {**dict.fromkeys((*of_nobody, *more)), provider: self.arn}
        found: dict[str, Term] = {
            "aws:principaltype": StringVal(types[self.kind]),
            "aws:principalaccount": self.account,
            "aws:principalarn": self.arn,
        }
        if self.kind == "anonymous":
            found |= dict.fromkeys(("aws:principalarn", *of_nobody))
        if self.kind == "user":
            name = None if self.known is None else self.known.rsplit("/", 1)[-1]
            found["aws:username"] = _NAME if name is None else StringVal(name)
        else:
            found["aws:username"] = None
        return found

    @property
    def variables(self) -> dict[str, str | None]:
        """The policy variables whose value is told."""
        if self.kind == "anonymous":
            return {"aws:username": None, "aws:principalaccount": "anonymous"}
        if self.known is None or not self.is_iam:
            return {}
        name = self.known.rsplit("/", 1)[-1] if self.kind == "user" else None
        return {"aws:username": name, "aws:principalaccount": self.known.split(":")[4]}


@dataclass(frozen=True)
class _Target:
    """What is asked about: a resource of the worlds with what is inside it, or all others."""

    arn: str | None
    """`None` for all that no world has."""
    account: str = ELSEWHERE

    @property
    def is_role(self) -> bool:
        return self.arn is not None and ":role/" in self.arn

    @property
    def delegates(self) -> bool:
        """Whether identity-based policies count only as far as the resource's policy lets them."""
        return self.is_role or (self.arn is not None and ":kms:" in self.arn)


@dataclass(frozen=True)
class _Action:
    """Actions that no document tells apart and ."""

    name: str
    number: int


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
            *(_Target(arn, each.account) for arn, each in before.resources.items()),
            *(_Target(arn, arn.split(":")[4]) for arn in holders[0]),
        ]
        changed = {
            each.arn for each in targets if _rules_of(before, each) != _rules_of(after, each)
        }
        for arn in holders[0]:
            kind = "user" if ":user/" in arn else "role"
            caller = _Caller(kind, StringVal(arn), StringVal(arn.split(":")[4]), arn)
            is_changed = holders[0][arn] != holders[1][arn]
            asked = [each for each in targets if is_changed or each.arn in changed]
            for target in [*asked, *([_Target(None)] if is_changed else [])]:
                yield from self._ask(caller, target)
        for caller in self._outsiders():
            for target in targets:
                if target.arn in changed:
                    yield from self._ask(caller, target)

    def _outsiders(self) -> Iterator[_Caller]:
        for kind in _TYPES:
            yield _Caller(kind, String("principal"), String("account"), None)
        yield _Caller("anonymous", StringVal(""), StringVal("anonymous"), ANYBODY)
        named = {each for rule in self._rules for each in rule.principals}
        for kind, name in sorted(named):
            if kind in ("Service", "Federated"):
                yield _Caller(kind, StringVal(name), StringVal(""), name)

    def _ask(self, caller: _Caller, target: _Target) -> Iterator[Example]:
        for written in self._forms(target):
            question = _Question(self._worlds, caller, target, written, self.actions)
            if question.can_differ:
                self.queries += 1
                found = question.answer()
                if found is not None:
                    yield found

    def _forms(self, target: _Target) -> Iterator[str]:
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


def _rules_of(world: SmallWorld, target: _Target) -> tuple[Rule, ...]:
    """Return the statements of the resource's own policy, or of the role's trust policy."""
    arn = target.arn or ""
    if arn in world.resources:
        return world.resources[arn].rules
    return world.roles[arn].trust if arn in world.roles else ()


class _Question:
    """All requests of one caller about one target."""

    def __init__(
        self,
        worlds: tuple[SmallWorld, SmallWorld],
        caller: _Caller,
        target: _Target,
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
    def actions(self) -> list[_Action]:
        """The actions about the form of resource, one for each that documents tell apart."""
        rules = [rule for world in self._worlds for rule in self._rules(world)]
        patterns = sorted({pattern for rule in rules for pattern in rule.actions})
        found: dict[object, _Action] = {}
        for name, forms in self._forms.items():
            if self._form in forms and self._can_be_asked(name):
                matching = tuple(_is_like(pattern, name) for pattern in patterns)
                group = name[:4] if name.startswith(("sts:", "iam:")) else ""
                found.setdefault((matching, group), _Action(name, len(found)))
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
        return [own, boundary, _rules_of(world, self._target)]

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
        yield InRe(_NAME, Plus(LETTER))
        yield Length(_NAME) <= 40
        yield InRe(before, Concat(start, Re(f":{caller.kind}/"), path))
        yield caller.arn == Concat(before, _NAME)
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
        granted = [rule for rule in _rules_of(world, self._target) if rule.allows]
        denied = [rule for rule in _rules_of(world, self._target) if not rule.allows]
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


_PROVIDER: Final = "aws:federatedprovider"
_ID: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_ACCOUNT: Final = re.compile(r"(?:arn:aws:iam::)?(\d{12})(?::root)?")


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


@cache
def _has_form(arn: str, written: str) -> bool:
    """Say whether an ARN has a form of the service reference; only paths have slashes."""
    texts = PLACEHOLDER.split(written.replace("${Partition}", "aws"))
    hole = ".+" if "WithPath}" in written else "[^:/]+"
    return re.fullmatch(hole.join(map(re.escape, texts[::2])), arn) is not None
