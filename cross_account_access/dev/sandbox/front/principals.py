"""Principals that policies name: they exist when a policy is saved, and are IDs once deleted.

AWS says: "AWS JSON policy elements: Principal",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from ministack.services import iam, kms, s3, sns, sqs

from cross_account_access.dev.sandbox.front.requests import Request, Response, succeeded
from cross_account_access.dev.sandbox.front.saved import (
    document_in,
    malformed,
    principals,
    values,
)

_PRINCIPAL: Final = re.compile(
    r"(?P<everybody>\*)|(?P<account>\d{12})|arn:aws:(iam::\d{12}:(?P<root>root)|"
    r"iam::(?P<owner>\d{12}):(?P<kind>user|role)/(?P<path>[^*?]*/)?(?P<name>[^/*?]+)|"
    r"sts::\d{12}:(?P<session>(assumed-role/[^/*]+|federated-user)/[^/*]+))"
)
# Cognito and the web identities that AWS knows have names of their own.
_PROVIDER: Final = re.compile(r"arn:aws:iam::\d{12}:(oidc|saml)-provider/.+|[a-z0-9.-]+")
_DELETIONS: Final = {
    "iam:DeleteUser": (iam._users, "UserName", "UserId"),
    "iam:DeleteRole": (iam._roles, "RoleName", "RoleId"),
}


async def that_exist(request: Request, serve: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuses a document with a principal that is none, or that is not there."""
    saved = document_in(request)
    if saved is not None:
        for statement in saved.statements:
            for kind, value in principals(statement):
                if kind == "AWS" and not _is_principal(value):
                    return malformed(
                        request, saved, f'Invalid principal in policy: "AWS":"{value}"'
                    )
                if kind == "Federated" and not _PROVIDER.fullmatch(str(value)):
                    told = "Federated principals must be valid domain names or SAML metadata ARNs"
                    return malformed(request, saved, told)
    return await serve(request)


async def turned_into_ids(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Puts the ID of a deleted user or role in its place in all policies that name it."""
    if request.action not in _DELETIONS:
        return await serve(request)
    store, parameter, identifier = _DELETIONS[request.action]
    deleted = store.get(request.parameters.get(parameter, ""))
    response = await serve(request)
    if deleted is not None and succeeded(response):
        for holder, place in _holders():
            holder[place] = _renamed(holder[place], deleted["Arn"], deleted[identifier])
    return response


def _is_principal(value: object) -> bool:
    """Say whether a value is a principal that is there, as far as the emulated accounts know.

    Accounts that hold nobody are others' accounts, of which nothing is known.
    """
    found = _PRINCIPAL.fullmatch(value) if isinstance(value, str) else None
    if found is None or not found["name"]:
        return found is not None
    store = iam._users if found["kind"] == "user" else iam._roles
    named = store.get_scoped(found["owner"], None, found["name"])
    known = any(account == found["owner"] for account, _ in [*iam._users._data, *iam._roles._data])
    return named["Arn"] == value if named is not None else not known


def _holders() -> Iterator[tuple[Any, Any]]:
    """Where the emulated accounts keep policies with principals: a mapping and its key."""
    for role in iam._roles._data.values():
        yield role, "AssumeRolePolicyDocument"
    for bucket in list(s3._bucket_policies._data):
        yield s3._bucket_policies._data, bucket
    for resource in (*sns._topics._data.values(), *sqs._queues._data.values()):
        if resource["attributes"].get("Policy"):
            yield resource["attributes"], "Policy"
    for key in kms._keys._data.values():
        if key.get("Policy"):
            yield key, "Policy"


def _renamed(text: str, arn: str, identifier: str) -> str:
    """A document in which an ARN is replaced where it is a principal, and nowhere else."""
    if arn not in text:
        return text
    document = json.loads(text)
    for statement in values(document["Statement"]):
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and arn in values(named.get("AWS", [])):
                named["AWS"] = _replaced(named["AWS"], arn, identifier)
    return json.dumps(document)


def _replaced(named: object, arn: str, identifier: str) -> object:
    if isinstance(named, list):
        return [identifier if each == arn else each for each in named]
    return identifier
