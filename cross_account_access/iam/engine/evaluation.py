"""The decision: which policies speak for and against a request, and what they add up to.

Every part of an answer is held between what is certain and what is possible. A request is allowed
when it is allowed on certain grounds and cannot be denied; it is denied when a denial is certain or
no possible ground would allow it; otherwise the answer is unknown.

Rules: AWS, "Policy evaluation logic", "Cross-account policy evaluation logic" and "Permissions
boundaries for IAM entities".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cross_account_access.iam.checks import instance, shown, text
from cross_account_access.iam.engine.context import Context, RequestContext
from cross_account_access.iam.engine.limits import Limit, Verdict
from cross_account_access.iam.engine.matching import Truth
from cross_account_access.iam.engine.policies import Citation, Policy
from cross_account_access.iam.engine.principal_elements import Naming
from cross_account_access.iam.engine.principals import Principal, PrincipalKind, parse_principal
from cross_account_access.iam.engine.weights import Weight, both
from cross_account_access.iam.engine.world import IdentityPolicies, Target, World
from cross_account_access.iam.errors import QuestionError

_ACTION: Final = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_RESOURCE: Final = re.compile(r"\*|arn:[a-z-]+:[a-z0-9-]+:[^:]*:[^:]*:.+", re.DOTALL)
_NO_PERMISSION_NEEDED: Final = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
_NOT_OF_ROLE_SESSIONS: Final = frozenset({"sts:getfederationtoken", "sts:getsessiontoken"})
_TAKES_UNSIGNED: Final = (
    *("s3:", "sns:", "sqs:"),
    *("es:eshttp", "execute-api:invoke", "lambda:invokefunctionurl"),
)
"""Begins of actions that can be asked for without credentials. Beside the services that the page on
variables names: "Control access to Lambda function URLs",
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html; "Control access to a REST API with API
Gateway resource policies",
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html;
"Identity and Access Management in Amazon OpenSearch Service",
https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html.
"""
_OWNER_ROOT_ALWAYS: Final = frozenset(
    {"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"}
)
_ASSUME: Final = "sts:AssumeRole"
IN_PLACE: Final = "\0"
"""Stands in messages that are kept for the resource of the request."""


class Outcome(enum.Enum):
    """The three answers."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Request:
    """One question: may this principal do this action on this resource, in this context?

    Raises:
        QuestionError: for an action or resource that is none.
    """

    principal: Principal
    action: str
    """One action with its service, like `s3:GetObject`."""
    resource: str
    """One ARN in full, or `*` for an action that has no resource; wildcards are plain text."""
    context: Context = field(default_factory=Context)
    session_policies: tuple[Policy, ...] = ()
    """What was passed when the session was made; together they are one limit."""

    def __post_init__(self) -> None:
        """Refuse what is not one action and one resource."""
        instance(self.principal, Principal, "principal of a request")
        text(self.action, "action")
        text(self.resource, "resource")
        instance(self.context, Context, "context of a request")
        for policy in instance(self.session_policies, tuple, "session policies"):
            instance(policy, Policy, "session policy")
        if not _ACTION.fullmatch(self.action):
            msg = f"action {shown(self.action)} is no single action; write it like 's3:GetObject'"
            raise QuestionError(msg)
        if not _RESOURCE.fullmatch(self.resource):
            msg = (
                f"resource {shown(self.resource)} is no ARN; write it in full,"
                " or '*' for an action that has no resource"
            )
            raise QuestionError(msg)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer and its grounds."""

    outcome: Outcome
    request: Request
    caller_side: tuple[Citation, ...] = ()
    """Deciding statements of identity-based policies, boundary and session policies."""
    resource_side: tuple[Citation, ...] = ()
    """Deciding statements of the resource's policy (for a role: its trust policy)."""
    missing: tuple[str, ...] = ()
    """For a refusal without an explicit deny: what would have to be there."""
    unknown: tuple[str, ...] = ()
    """For an unknown answer: what it depends on."""

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed for certain."""
        return self.outcome is Outcome.ALLOWED


@dataclass(frozen=True, slots=True)
class Assumption:
    """Whether a role can be assumed, and who one is afterwards."""

    decision: Decision
    session: Principal
    """The principal of the session, to ask what it may do; without a name, any session."""
    context: Context
    """What of the circumstances holds for the session's own requests as well."""


class _Case:
    """One request with everything that is weighed for it."""

    def __init__(self, world: World, request: Request, resource: str) -> None:
        principal = request.principal
        self.request = request
        self.resource = resource
        """What to call the resource in messages."""
        self.limits = world.limits
        self.verdicts: tuple[Verdict, ...] = ()
        self.identity: IdentityPolicies | None = None
        action = request.action.lower()
        self.target: Target = world.target(principal, action, request.resource)
        entity_arn = None
        if principal.has_identity and principal.kind is not PrincipalKind.ROOT:
            self.identity = world.identity(principal)
            if self.identity is not None:
                entity_arn = self.identity.arn
            elif principal.session is None:
                entity_arn = principal.arn
        self.context = RequestContext(
            principal=principal,
            entity_arn=entity_arn,
            action=action,
            resource=request.resource,
            owner=self.target.owner,
            context=request.context,
            has_boundary=self.identity is not None and self.identity.boundary is not None,
        )
        self.own = Weight()
        self.boundary = Weight()
        self.session = Weight()
        self.granted = Weight()

    def decide(self) -> Decision:
        refusal = self._refused_by_nature()
        if refusal is not None:
            return Decision(Outcome.DENIED, self.request, missing=(refusal,))
        if self.context.action in _NO_PERMISSION_NEEDED:
            return Decision(Outcome.ALLOWED, self.request)
        self._weigh()
        deny = self._deny()
        if deny is True:
            return Decision(
                Outcome.DENIED, self.request, self._callers_denies(), self._resources_denies()
            )
        limit = both(self.boundary.allow, self.session.allow)
        outer: Truth = True
        for verdict in self.verdicts:
            outer = both(outer, verdict.allow)
        own = self.own.allow
        is_same = None if self.target.owner is None else self._is_same_account()
        possible = self._adds_up(
            self.granted.most, own is not False, limit is not False, is_same is not False
        )
        if not possible or outer is False:
            return Decision(
                Outcome.DENIED, self.request, missing=tuple(self._missing(is_same is not False))
            )
        certain = self._adds_up(self.granted.least, own is True, limit is True, is_same is True)
        doubt = self._open_by_credentials()
        if certain and outer and deny is False and doubt is None:
            return Decision(
                Outcome.ALLOWED, self.request, self._callers_allows(), tuple(self.granted.allows)
            )
        doubts = [] if doubt is None else [doubt]
        return Decision(Outcome.UNKNOWN, self.request, unknown=(*doubts, *self._unknown()))

    def _refused_by_nature(self) -> str | None:
        """Return why no policy could allow the request, if so.

        Sources: AWS, "Cross account resource access in IAM" (one partition),
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-cross-account-resource-access.html;
        "AssumeRole" (root credentials cannot call it),
        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html;
        "Compare AWS STS credentials" (what sessions cannot call),
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html;
        "IAM policy elements: Variables and tags" (who has anonymous callers),
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
        """
        principal, resource = self.request.principal, self.request.resource
        if principal.partition and resource != "*":
            partition = resource.split(":")[1]
            if partition != principal.partition:
                return f"access from partition {principal.partition} to {partition} does not exist"
        if principal.kind is PrincipalKind.ROOT and self.context.action == _ASSUME.lower():
            return "an account's root user cannot assume a role; use a user or a role"
        return self._refused_by_credentials()

    def _refused_by_credentials(self) -> str | None:
        kind, action = self.request.principal.kind, self.context.action
        if kind is PrincipalKind.ANONYMOUS and not action.startswith(_TAKES_UNSIGNED):
            return f"{self.request.action} takes no request without credentials"
        if kind is PrincipalKind.ROLE and action in _NOT_OF_ROLE_SESSIONS:
            return f"the credentials of a role cannot call {self.request.action}"
        if (
            kind is PrincipalKind.FEDERATED_USER
            and action.startswith("sts:")
            and action != "sts:getcalleridentity"
        ):
            return (
                f"the credentials of GetFederationToken cannot call {self.request.action}, nor"
                " anything of AWS STS but GetCallerIdentity"
            )
        return None

    def _open_by_credentials(self) -> str | None:
        """Return what the documents leave to the way in which credentials are used.

        Those of a federated user call no IAM operation, but in a console session ("Compare AWS STS
        credentials",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html).
        """
        is_federated = self.request.principal.kind is PrincipalKind.FEDERATED_USER
        if is_federated and self.context.action.startswith("iam:"):
            return "whether it is a session of the console, where alone such credentials call IAM"
        return None

    def _is_same_account(self) -> bool:
        return self.request.principal.account == self.target.owner

    def _weigh(self) -> None:
        self._weigh_caller()
        context = self.context
        if self.target.policy is not None:
            self.granted.weigh_naming(self.target.policy, context)
        if not self.target.is_known:
            self.granted.most = Naming.SELF
            self.granted.deny = None
        self.verdicts = (
            *self.limits.verdicts(context, self.target.owner),
            *self._block_public_access(),
        )

    def _block_public_access(self) -> Iterable[Verdict]:
        """Keep other accounts out of a bucket whose policy is public, but services.

        Source: "Blocking public access to your Amazon S3 storage", RestrictPublicBuckets,
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html.
        """
        cuts_off = self.target.cuts_off
        is_service = self.request.principal.kind is PrincipalKind.SERVICE
        if cuts_off is False or is_service or self._is_same_account():
            return
        limit = Limit(
            f"S3 Block Public Access keeps other accounts out, since {self.target.public_by} makes"
            " the policy of the bucket public; it does not allow",
            (),
            is_callers=False,
        )
        allow = None if cuts_off is None else False
        doubt = f"whether the {self.target.name} is public, for S3 Block Public Access"
        yield Verdict(allow, False, limit, depends=() if cuts_off else (doubt,))

    def _weigh_caller(self) -> None:
        """Weigh identity-based policies, boundary and session policies.

        The root user has full access in its account. A federated user session without a session
        policy has no permissions of its own (AWS: "Policy evaluation logic",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
        """
        request, identity, context = self.request, self.identity, self.context
        principal = request.principal
        self.boundary.allow = self.session.allow = True
        if not principal.has_identity:
            return
        if principal.kind is PrincipalKind.ROOT:
            self.own.allow = True
            return
        if identity is None:
            self.own.allow = self.own.deny = self.boundary.allow = None
        else:
            self.own.weigh(identity.policies, context)
            if identity.boundary is not None:
                self.boundary.allow = False
                self.boundary.weigh((identity.boundary,), context)
        if request.session_policies or principal.kind is PrincipalKind.FEDERATED_USER:
            self.session.allow = False
            self.session.weigh(request.session_policies, context)

    def _deny(self) -> Truth:
        """Add up the explicit denies; one is enough.

        The owner's root user can always read and replace the bucket policy (AWS: "PutBucketPolicy",
        Amazon S3 API reference,
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html); what binds beside
        that policy does bind it.
        """
        granted = self.granted.deny
        if (
            self.request.principal.kind is PrincipalKind.ROOT
            and self.context.action in _OWNER_ROOT_ALWAYS
            and self._is_same_account()
        ):
            granted = False
        answer: Truth = False
        layers = (verdict.deny for verdict in self.verdicts)
        for deny in (self.own.deny, self.boundary.deny, self.session.deny, granted, *layers):
            if deny is True:
                return True
            if deny is None:
                answer = None
        return answer

    def _adds_up(self, named: Naming, own: bool, limit: bool, is_same: bool) -> bool:
        """Say whether the grounds allow the request, explicit denies apart.

        Within an account either side suffices. A policy that names the principal itself is not
        limited by boundary or session policies; one that names the role or user behind a session
        is; one that names the account leaves it to the identity-based policies. For roles and KMS
        keys those count only if the account is named. Across accounts both sides must allow.
        """
        if not self.request.principal.has_identity:
            return named is Naming.SELF
        if not is_same:
            return own and limit and named is not Naming.NONE
        if named is Naming.SELF or (named is Naming.ENTITY and limit):
            return True
        return own and limit and (named is not Naming.NONE or not self.target.delegates)

    def _callers_allows(self) -> tuple[Citation, ...]:
        return (*self.own.allows, *self.boundary.allows, *self.session.allows)

    def _callers_denies(self) -> tuple[Citation, ...]:
        layers = self._denied_by_layers(are_callers=True)
        return (*self.own.denies, *self.boundary.denies, *self.session.denies, *layers)

    def _resources_denies(self) -> tuple[Citation, ...]:
        return (*self.granted.denies, *self._denied_by_layers(are_callers=False))

    def _denied_by_layers(self, *, are_callers: bool) -> Iterable[Citation]:
        for verdict in self.verdicts:
            if verdict.limit.is_callers is are_callers:
                yield from verdict.denies

    def _missing(self, is_same: bool) -> Iterable[str]:
        """Say what is missing on each side that could have allowed the request, and what limits."""
        request, target = self.request, self.target
        who = request.principal.short
        what = f"{request.action} on {self.resource}"
        has_identity = request.principal.has_identity
        if has_identity and self.own.allow is False:
            policies = self.identity.policies if self.identity else ()
            yield f"no identity-based statement of {who} allows {what}"
            yield from self._near(policies, names=False)
        if has_identity and self.boundary.allow is False:
            yield f"the permissions boundary of {who} does not allow {what}"
        if has_identity and self.session.allow is False:
            yield f"no session policy of {who} allows {what}"
        for verdict in self.verdicts:
            if verdict.allow is False:
                yield f"{verdict.limit.refusal} {what}"
        needs_grant = not has_identity or not is_same or target.delegates
        if self.granted.most is Naming.NONE and (needs_grant or self.own.allow is False):
            if target.policy is None:
                yield f"{self.resource} has no policy that could name {who}"
            else:
                yield f"the {target.name} does not allow {who} {what}"
                yield from self._near((target.policy,), names=True)

    def _near(self, policies: Iterable[Policy], *, names: bool) -> Iterable[str]:
        """Name the statements that would allow the request but for a condition."""
        for policy in policies:
            for statement in policy.statements:
                if not statement.allows or statement.covers(self.context) is False:
                    continue
                if names and statement.naming(self.context)[1] is Naming.NONE:
                    continue
                for condition in statement.unmet(self.context):
                    yield f"{statement.citation} would, but its condition {condition} is not met"

    def _unknown(self) -> Iterable[str]:
        """Say what the answer depends on."""
        if self.request.principal.has_identity and self.own.allow is None and not self.own.open:
            yield f"the policies of {self.request.principal.arn} are not known"
        if not self.target.is_known:
            yield f"the {self.target.name} is not known"
        for weight in (self.own, self.boundary, self.session, self.granted):
            for statement in weight.open:
                self.context.doubts = []
                statement.applies(self.context)
                if statement.principal is not None:
                    statement.naming(self.context)
                for doubt in self.context.doubts:
                    yield f"{statement.citation} depends on this: {doubt}"
        for verdict in self.verdicts:
            yield from verdict.depends


def decide(world: World, request: Request, *, resource: str | None = None) -> Decision:
    """Answer whether the request is allowed, denied, or cannot be known.

    Args:
        world: all that is known.
        request: the question.
        resource: what to call its resource in messages, if not by its ARN.

    Of the layers around these policies those count that the world has seen. S3 ACLs and KMS grants
    are not part of any world, and could allow what is denied here.
    """
    instance(world, World, "world")
    instance(request, Request, "request")
    return _Case(world, request, request.resource if resource is None else resource).decide()


_SESSION_NAME: Final = "sts:rolesessionname"
_OF_THE_CALLER: Final = (
    *("aws:multifactorauth", "aws:principaltag/", "aws:tokenissuetime", "aws:userid"),
    _SESSION_NAME,
)
"""Begins of keys that tell of a caller, not of the session that it gets (AWS: "AWS global condition
context keys", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
"""
_OF_THE_ACCOUNT: Final = "aws:principalorg"


def assume(
    world: World,
    principal: Principal,
    role_arn: str,
    context: Context | None = None,
    *,
    session_name: str | None = None,
) -> Assumption:
    """Answer whether the principal may assume the role, and return the session it would get.

    Args:
        world: all that is known.
        principal: who assumes.
        role_arn: the role.
        context: circumstances of the call, such as `sts:ExternalId`.
        session_name: name of the session, which the trust policy sees as `sts:RoleSessionName`;
            `None` when the caller has not said.

    Raises:
        QuestionError: when `role_arn` is not the ARN of a role, and when the context states
            another name of the session.
    """
    instance(principal, Principal, "principal who assumes")
    role = parse_principal(role_arn)
    if role.kind is not PrincipalKind.ROLE or role.session is not None:
        msg = f"{shown(role_arn)} is not the ARN of a role; a session cannot be assumed"
        raise QuestionError(msg)
    action = _ASSUME
    if principal.kind is PrincipalKind.PROVIDER:
        is_saml = ":saml-provider/" in principal.arn
        action += "WithSAML" if is_saml else "WithWebIdentity"
    circumstances = Context() if context is None else instance(context, Context, "context")
    session = role
    if session_name is not None:
        text(session_name, "session name")
        circumstances = _naming_session(circumstances, session_name)
        session = parse_principal(
            f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/{session_name}"
        )
    decision = decide(world, Request(principal, action, role_arn, circumstances))
    is_foreign = principal.account != role.account
    kept = {
        key: state
        for key, state in circumstances.states.items()
        if not key.startswith(_OF_THE_CALLER)
        and not (is_foreign and key.startswith(_OF_THE_ACCOUNT))
    }
    return Assumption(decision, session, Context.of(kept))


def _naming_session(context: Context, name: str) -> Context:
    stated = context.states.get(_SESSION_NAME, (name,))
    if stated != (name,):
        msg = f"the context states another sts:RoleSessionName than {shown(name)}; leave one out"
        raise QuestionError(msg)
    return Context.of({**context.states, _SESSION_NAME: (name,)})
