"""Policy documents of wrong form, which AWS refuses when they are saved.

AWS says: "Grammar of the IAM JSON policy language",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html; "IAM JSON policy
elements reference",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html; quotas as
`facts/quotas.py` has them, with their pages.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from ministack.services import iam

from cross_account_access.dev.sandbox.front.requests import Request, Response
from cross_account_access.dev.sandbox.front.saved import (
    Kind,
    Saved,
    Statement,
    document_in,
    malformed,
    principals,
    statements,
    values,
)
from cross_account_access.facts import quotas, service_reference

_OF_IAM: Final = (Kind.IDENTITY, Kind.TRUST, Kind.SESSION)
_WITHOUT_PRINCIPALS: Final = (Kind.IDENTITY, Kind.SESSION)
_SERVICE_OF: Final = {Kind.TRUST: "sts", Kind.S3: "s3", Kind.SNS: "sns", Kind.SQS: "sqs"}
"""Whose actions alone a document may have; a key's may have those of other services."""
_VERSIONS: Final = (None, "2008-10-17", "2012-10-17")
_DOCUMENT: Final = {"Version", "Id", "Statement"}
_STATEMENT: Final = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}
_KINDS_OF_PRINCIPALS: Final = {"AWS", "CanonicalUser", "Federated", "Service"}
_ACTION: Final = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_SID: Final = re.compile(r"[A-Za-z0-9]*")
_IN_A_DEFAULT: Final = "sns:receive"
"""What the policy that a topic has by default allows, and no list of actions knows."""
_ARN: Final = re.compile(r"\*|arn:([^:]*:){4}.+", re.DOTALL)
_PARTITION: Final = re.compile(r"arn:(aws|\*|\$\{[^}]*\}):")
_OPERATOR: Final = re.compile(
    r"(ForAnyValue:|ForAllValues:)?(Null|((String(Not)?(Equals(IgnoreCase)?|Like))|"
    r"Numeric(Not)?Equals|Date(Not)?Equals|(Numeric|Date)(Less|Greater)Than(Equals)?|Bool|"
    r"BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?)",
    re.IGNORECASE,
)
_CHARACTERS: Final = re.compile(r"[\t\n\r\x20-\xff]*")
_INLINE: Final = {
    "PutRolePolicy": ("role", "RoleName", quotas.ROLE_INLINE_CHARACTERS),
    "PutUserPolicy": ("user", "UserName", quotas.USER_INLINE_CHARACTERS),
}


async def well_formed(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Refuses a document that has not the form of its kind, or that is too large."""
    saved = document_in(request)
    if saved is not None:
        problem = next(_problems(saved), None)
        if problem:
            return malformed(request, saved, problem)
        excess = _excess(request, saved)
        if excess:
            return excess
    return await serve(request)


def _problems(saved: Saved) -> Iterator[str]:
    """What is wrong with a document, first things first."""
    try:
        document = json.loads(saved.text)
    except ValueError:
        yield "Syntax errors in policy."
        return
    listed = statements(saved.text)
    if not isinstance(document, dict) or not document.keys() <= _DOCUMENT or not listed:
        yield "Syntax errors in policy."
        return
    if document.get("Version") not in _VERSIONS:
        yield "The policy must contain a valid version string."
    if saved.kind in _OF_IAM and not _CHARACTERS.fullmatch(saved.text):
        yield "The policy contains characters that are not allowed."
    for statement in listed:
        if not isinstance(statement, dict) or not statement.keys() <= _STATEMENT:
            yield "Syntax errors in policy."
            return
        yield from _problems_of_statement(saved, statement)
    sids = [each["Sid"] for each in listed if each.get("Sid")]
    if len(set(sids)) < len(sids):
        yield "Statement IDs (SID) in a single policy must be unique."


def _problems_of_statement(saved: Saved, statement: Statement) -> Iterator[str]:
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "Missing or invalid field Effect."
    if saved.kind in _OF_IAM and not _SID.fullmatch(str(statement.get("Sid", ""))):
        yield "Statement IDs (SID) must be alpha-numeric."
    yield from _problems_of_principals(saved, statement)
    yield from _problems_of_actions(saved, statement)
    yield from _problems_of_resources(saved, statement)
    yield from _problems_of_conditions(statement)


def _problems_of_principals(saved: Saved, statement: Statement) -> Iterator[str]:
    named = [statement[name] for name in ("Principal", "NotPrincipal") if name in statement]
    if saved.kind in _WITHOUT_PRINCIPALS:
        if named:
            yield "Policy document should not specify a principal."
    elif len(named) != 1:
        yield "Missing required field Principal"
    elif named[0] != "*" and not _is_principal_element(named[0]):
        yield "Invalid principal in policy"


def _is_principal_element(named: object) -> bool:
    return isinstance(named, dict) and bool(named) and named.keys() <= _KINDS_OF_PRINCIPALS


def _problems_of_actions(saved: Saved, statement: Statement) -> Iterator[str]:
    named = [statement[name] for name in ("Action", "NotAction") if name in statement]
    if len(named) != 1 or not values(named[0]):
        yield "Missing required field Action"
        return
    for action in values(named[0]):
        if not isinstance(action, str) or not _ACTION.fullmatch(action):
            yield "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            continue
        service = _SERVICE_OF.get(saved.kind)
        if service is None or action == "*":
            continue
        if action.partition(":")[0].lower() != service:
            yield f"{action}: the policy may only specify actions of {service}."
        elif not _is_known(action):
            yield "Policy has invalid action"
        elif saved.kind is Kind.SNS and action.lower() == "sns:*":
            yield "Policy statement action out of service scope!"


def _is_known(action: str) -> bool:
    lower = action.lower()
    known = service_reference.actions(lower.partition(":")[0])
    return lower == _IN_A_DEFAULT or any(fnmatchcase(each, lower) for each in known)


def _problems_of_resources(saved: Saved, statement: Statement) -> Iterator[str]:
    named = [statement[name] for name in ("Resource", "NotResource") if name in statement]
    if saved.kind is Kind.TRUST:
        if named:
            yield "Has prohibited field Resource"
        return
    if len(named) != 1 or not values(named[0]):
        yield "Missing required field Resource"
        return
    for resource in values(named[0]):
        if not isinstance(resource, str) or not _ARN.fullmatch(resource):
            yield f'Resource {resource} must be in ARN format or "*".'
        elif resource != "*" and not _PARTITION.match(resource):
            partition = resource.split(":")[1]
            yield f'Partition "{partition}" is not valid for resource "{resource}".'
        elif saved.kind is Kind.S3 and not _is_in_bucket(resource, saved.name):
            yield "Policy has invalid resource"
    if saved.kind is Kind.S3 and "Action" in statement and "Resource" in statement:
        yield from _misplaced(values(statement["Action"]), values(statement["Resource"]))


def _is_in_bucket(resource: str, bucket: str) -> bool:
    named = resource.rpartition(":::")[2].partition("/")[0]
    return resource == "*" or fnmatchcase(bucket, named)


def _misplaced(actions: list[Any], resources: list[Any]) -> Iterator[str]:
    for action in actions:
        known = service_reference.action(action) if isinstance(action, str) else None
        if known is not None and "*" not in resources and not any(map(known.is_about, resources)):
            yield "Action does not apply to any resource(s) in statement"


def _problems_of_conditions(statement: Statement) -> Iterator[str]:
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict):
        yield "Syntax errors in policy."
        return
    for operator, asked in conditions.items():
        if not _OPERATOR.fullmatch(operator) or not isinstance(asked, dict):
            yield f"Invalid Condition type : {operator}."
        elif not all(":" in key for key in asked):
            yield "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


def _excess(request: Request, saved: Saved) -> Response | None:
    """The refusal of a document that is larger than its quota, or than what is left of it."""
    characters = quotas.policy_characters(saved.text)
    operation = request.operation
    if saved.kind is Kind.TRUST and characters > quotas.TRUST_POLICY_CHARACTERS[-1]:
        most = quotas.TRUST_POLICY_CHARACTERS[-1]
        return _limit(request, f"Cannot exceed quota for ACLSizePerRole: {most}")
    if operation in _INLINE:
        kind, parameter, most = _INLINE[operation]
        name = request.parameters.get(parameter, "")
        others = _inline(kind, name, besides=request.parameters.get("PolicyName", ""))
        if characters + sum(map(quotas.policy_characters, others)) > most:
            return _limit(
                request, f"Maximum policy size of {most} bytes exceeded for {kind} {name}"
            )
    elif saved.kind is Kind.IDENTITY and characters > quotas.MANAGED_POLICY_CHARACTERS:
        most = quotas.MANAGED_POLICY_CHARACTERS
        return _limit(request, f"Cannot exceed quota for PolicySize: {most}")
    quota = quotas.RESOURCE_POLICIES.get(saved.kind.value)
    if quota is not None and not _is_within(saved, quota):
        return malformed(request, saved, "Policy exceeds the maximum allowed document size.")
    return None


def _limit(request: Request, told: str) -> Response:
    return request.refused("LimitExceeded", told, 409)


def _inline(kind: str, name: str, *, besides: str) -> list[str]:
    held = iam._user_inline_policies.get(name) if kind == "user" else None
    held = (iam._roles.get(name) or {}).get("InlinePolicies") if kind == "role" else held
    return [
        document if isinstance(document, str) else json.dumps(document)
        for policy, document in (held or {}).items()
        if policy != besides
    ]


def _is_within(saved: Saved, quota: quotas.ResourcePolicyQuota) -> bool:
    of = saved.statements
    conditions = [
        key for each in of for asked in each.get("Condition", {}).values() for key in asked
    ]
    counted = (
        (len(saved.text.encode()), quota.size),
        (len(of), quota.statements),
        (sum(1 for each in of for _ in principals(each)), quota.principals),
        (len(conditions), quota.conditions),
        *((len(values(each.get("Action", []))), quota.actions_of_statement) for each in of),
    )
    return all(most is None or count <= most for count, most in counted)
