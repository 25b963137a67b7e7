"""What limits a request beside the policies of those who meet in it, compiled and asked.

Rules: "SCP evaluation",
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html;
"Resource control policies (RCPs)",
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html;
"Control access to VPC endpoints using endpoint policies",
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cross_account_access.iam.checks import clipped
from cross_account_access.iam.documents import PolicyKind
from cross_account_access.iam.engine.context import KeyState, RequestContext
from cross_account_access.iam.engine.matching import Truth
from cross_account_access.iam.engine.policies import Citation, Policy, compile_policy
from cross_account_access.iam.engine.principal_elements import Naming
from cross_account_access.iam.engine.principals import Principal, PrincipalKind
from cross_account_access.iam.engine.weights import Weight
from cross_account_access.iam.layers import ANY_OTHER, Endpoint, Layers, Levels

_ENDPOINT: Final = "aws:sourcevpce"
_WITH_RESOURCE_CONTROL: Final = frozenset(
    {"aoss", "cognito-identity", "cognito-idp", "ecr", "kms", "logs", "s3", "secretsmanager"}
    | {"sqs", "sts"}
)
"""Services whose resources such policies bind (the page on RCPs, as of 2026)."""
_NOT_CONTROLLED: Final = "kms:retiregrant"
"""It is no action of such policies ("Resource control policies in AWS KMS",
https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html)."""
_LINKED_PATH: Final = "/aws-service-role/"
_LINKED_NAME: Final = "AWSServiceRoleFor"


@dataclass(frozen=True, slots=True)
class Limit:
    """Policies of which one must allow a request, and none may deny it."""

    refusal: str
    """How to begin to tell that none allows it; what was asked for follows."""
    policies: tuple[Policy, ...]
    is_callers: bool
    """Whether they speak of who asks; else of what is asked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limit says of a request."""

    allow: Truth
    deny: Truth
    limit: Limit
    denies: tuple[Citation, ...] = ()
    depends: tuple[str, ...] = ()
    """On what, where it is not known."""


class Limits:
    """The layers of a world, compiled.

    Raises:
        DocumentError: for a document that breaks the grammar of its kind.
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._control: dict[tuple[str, PolicyKind], tuple[Limit, ...]] = {}
        for account, each in layers.accounts.items():
            for kind, levels in (
                (PolicyKind.SERVICE_CONTROL, each.service_control),
                (PolicyKind.RESOURCE_CONTROL, each.resource_control),
            ):
                self._control[account, kind] = tuple(_compiled(levels or (), kind, account))
        self._endpoints: Mapping[str, Limit] = {
            name: _of_endpoint(name, endpoint)
            for name, endpoint in (layers.endpoints or {}).items()
        }

    def policies(self) -> Iterator[Policy]:
        """All of them."""
        for limits in (*self._control.values(), tuple(self._endpoints.values())):
            for limit in limits:
                yield from limit.policies

    def verdicts(self, request: RequestContext, owner: str | None) -> Iterator[Verdict]:
        """Yield what each limit that binds the request says of it.

        Args:
            request: the request.
            owner: account of the resource, `None` when it is not known.
        """
        is_linked = _is_service_linked(request.principal, request.entity_arn)
        if is_linked is not True:
            bound = self._of_caller(request.principal)
            bound = (*bound, *self._of_resource(request, owner))
            for limit in bound:
                yield _weighed(limit, request, is_linked)
        if self._endpoints:
            yield from self._of_endpoints(request)

    def _of_caller(self, principal: Principal) -> tuple[Limit, ...]:
        """Service control policies bind users and roles of member accounts, with their root."""
        if not principal.has_identity:
            return ()
        return self._control.get((principal.account, PolicyKind.SERVICE_CONTROL), ())

    def _of_resource(self, request: RequestContext, owner: str | None) -> tuple[Limit, ...]:
        """Resource control policies bind everybody, services and anonymous callers too."""
        service = request.action.partition(":")[0]
        if (
            owner is None
            or request.resource == "*"
            or service not in _WITH_RESOURCE_CONTROL
            or request.action == _NOT_CONTROLLED
        ):
            return ()
        return self._control.get((owner, PolicyKind.RESOURCE_CONTROL), ())

    def _of_endpoints(self, request: RequestContext) -> Iterator[Verdict]:
        """Ask the endpoint that the request comes through, or all that it may come through."""
        state = request.look(_ENDPOINT)
        if state is KeyState.ABSENT:
            return
        service = request.action.partition(":")[0]
        if isinstance(state, tuple):
            for name in state:
                limit = self._endpoints.get(name, self._endpoints.get(ANY_OTHER))
                if limit is not None and self._service(name) not in (service, ANY_OTHER):
                    continue  # no request for the service comes through it
                if limit is not None:
                    yield _weighed(limit, request, is_linked=False)
                else:
                    doubt = f"the policy of {_endpoint(name)} is not known"
                    yield Verdict(None, None, Limit("", (), is_callers=True), depends=(doubt,))
            return
        for name, limit in self._endpoints.items():
            if self._service(name) != service:
                continue
            verdict = _weighed(limit, request, is_linked=False)
            if verdict.allow is not True or verdict.deny is not False:
                doubt = f"whether it comes through {_endpoint(name)}, whose policy may refuse it"
                yield Verdict(None, None, limit, depends=(doubt,))

    def _service(self, name: str) -> str:
        found = (self.layers.endpoints or {}).get(name)
        return ANY_OTHER if found is None else found.service


def _endpoint(name: str) -> str:
    return f"VPC endpoint {clipped(name)}"


def _of_endpoint(name: str, endpoint: Endpoint) -> Limit:
    source = f"policy of {_endpoint(name)}"
    policy = compile_policy(endpoint.policy, PolicyKind.ENDPOINT, source)
    return Limit(f"no statement of the {source} allows", (policy,), is_callers=True)


def _compiled(levels: Levels, kind: PolicyKind, account: str) -> Iterator[Limit]:
    for level in levels:
        where = f"{kind.value[:-1]}ies of {clipped(level.name)} for account {clipped(account)}"
        policies = tuple(
            compile_policy(document, kind, f"{kind.value} {clipped(name)} of {clipped(level.name)}")
            for name, document in level.policies.items()
        )
        refusal = f"no statement of the {where} allows"
        yield Limit(refusal, policies, is_callers=kind is PolicyKind.SERVICE_CONTROL)


def _is_service_linked(principal: Principal, entity_arn: str | None) -> Truth:
    """Say whether it is a role that a service made for itself, which nothing of these binds."""
    if principal.kind is not PrincipalKind.ROLE:
        return False
    if entity_arn is not None:
        return f":role{_LINKED_PATH}" in entity_arn
    return None if principal.name.startswith(_LINKED_NAME) else False


def _weighed(limit: Limit, request: RequestContext, is_linked: Truth) -> Verdict:
    weight = Weight()
    if limit.policies and limit.policies[0].kind.names_principals:
        for policy in limit.policies:
            weight.weigh_naming(policy, request)
        least, most = weight.least is not Naming.NONE, weight.most is not Naming.NONE
        weight.allow = least or (None if most else False)
    else:
        weight.weigh(limit.policies, request)
    allow, deny = weight.allow, weight.deny
    depends = tuple(_depends(weight, request))
    if is_linked is None and (allow is not True or deny is not False):
        depends += (f"whether {request.principal.short} is a service-linked role",)
        allow, deny = allow or None, deny and None
    return Verdict(allow, deny, limit, tuple(weight.denies), depends)


def _depends(weight: Weight, request: RequestContext) -> Iterable[str]:
    for statement in weight.open:
        request.doubts = []
        statement.applies(request)
        if statement.principal is not None:
            statement.naming(request)
        for doubt in request.doubts:
            yield f"{statement.citation} depends on this: {doubt}"
    request.doubts = None
