"""What AWS refuses and ministack 1.5.33 does not, refused in front of the emulated services.

ministack has found who signs a request and that its policies allow it; then the request passes the
rules below, one after another, and what is left reaches the service. A rule knows requests, answers
and what the emulated accounts hold; it never asks `cross_account_access.iam`, which is judged here.

A rule is kept as long as `tests/integration/sandbox/test_front.py` fails without it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from ministack import app as gateway

from cross_account_access.dev.sandbox.front import (
    carried,
    documents,
    keys,
    mfa,
    missing_objects,
    names,
    object_keys,
    parameters,
    partitions,
    passed_roles,
    principals,
    sessions,
)
from cross_account_access.dev.sandbox.front.requests import Request, Response

Serve = Callable[[Request], Awaitable[Response]]
Rule = Callable[[Request, Serve], Awaitable[Response]]

RULES: Final[tuple[Rule, ...]] = (
    parameters.within_the_model,
    names.unlike_others,
    documents.well_formed,
    principals.that_exist,
    principals.turned_into_ids,
    passed_roles.allowed,
    sessions.not_too_long,
    carried.kept,
    mfa.devices_with_codes,
    keys.of_other_accounts,
    keys.still_governed,
    object_keys.usable,
    missing_objects.told_to_who_may_list,
)


def apply() -> None:
    """Puts the rules before each service, in this process; to be called once."""
    dispatch = gateway._dispatch_service_request

    # Before policies are asked: what they are asked about.
    async def dispatch_as_meant(*arguments: Any) -> Response:  # noqa: ANN401 - ministack has no types
        *parts, request_id = arguments
        service = gateway.detect_service(*parts[:3], gateway._routing_params(*parts))
        request = keys.with_named_key(partitions.inside(Request.of(service, *parts)))
        whole, refusal = carried.stated(request)
        refusal = refusal or mfa.code_shown(whole)
        response = refusal or await dispatch(*whole.arguments, request_id)
        return partitions.outside(whole, response)

    mfa.apply()
    carried.apply()
    keys.apply()
    object_keys.apply()
    gateway._dispatch_service_request = dispatch_as_meant
    gateway.SERVICE_HANDLERS = {
        name: _behind_the_rules(name, handler) for name, handler in gateway.SERVICE_HANDLERS.items()
    }


def _behind_the_rules(service: str, handler: Callable[..., Awaitable[Response]]) -> Any:  # noqa: ANN401
    async def asked(request: Request) -> Response:
        return await handler(*request.arguments)

    serve: Serve = asked
    for rule in reversed(RULES):
        serve = _then(rule, serve)

    async def handle(*arguments: Any) -> Response:  # noqa: ANN401
        return await serve(Request.of(service, *arguments))

    return handle


def _then(rule: Rule, serve: Serve) -> Serve:
    async def passed(request: Request) -> Response:
        return await rule(request, serve)

    return passed
