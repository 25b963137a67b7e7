"""The ways in which a principal can reach a resource: by itself, or through a role."""

from collections.abc import Iterator
from dataclasses import dataclass

from cross_account_access.iam.engine import (
    Decision,
    Outcome,
    Principal,
    PrincipalKind,
    Request,
    World,
    assume,
    decide,
)
from cross_account_access.iam.inventory import Inventory


@dataclass(frozen=True)
class Route:
    """One way: a decision for each step, the last one about the action itself."""

    role: str | None
    """ARN of the role that is assumed first; `None` for the direct way."""
    steps: tuple[Decision, ...]

    @property
    def outcome(self) -> Outcome:
        """A way is open when each of its steps is, and closed when one of them is."""
        outcomes = {step.outcome for step in self.steps}
        if Outcome.DENIED in outcomes:
            return Outcome.DENIED
        return Outcome.UNKNOWN if Outcome.UNKNOWN in outcomes else Outcome.ALLOWED

    @property
    def is_near(self) -> bool:
        """Whether one step is not refused, so that the other explains the refusal."""
        return any(step.outcome is not Outcome.DENIED for step in self.steps)


def routes(inventory: Inventory, request: Request) -> Iterator[Route]:
    """Yield the direct way, and then one through each role that the principal could assume.

    A service, an anonymous caller, an account's root user, and a session of the role itself have
    only the direct way. The context is that of every step, but for what it says of the caller: a
    session has the tags of its role, an ID of its own and no MFA (AWS: "AWS global condition
    context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    world = inventory.world()
    yield Route(None, (decide(world, request),))
    principal = request.principal
    is_provider = principal.kind is PrincipalKind.PROVIDER
    if is_provider or (principal.has_identity and principal.kind is not PrincipalKind.ROOT):
        for role in inventory.roles:
            if not _is_itself(principal, role):
                yield _through(world, request, role)


def _is_itself(principal: Principal, role: str) -> bool:
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    return principal.kind is PrincipalKind.ROLE and (principal.account, principal.name) == (
        account,
        name,
    )


def _through(world: World, request: Request, role: str) -> Route:
    step = assume(world, request.principal, role, request.context)
    then = decide(world, Request(step.session, request.action, request.resource, step.context))
    return Route(role, (step.decision, then))
