"""AWS's own word on a denied request.

A refusal may carry an authorization ID, by which AWS tells the request's context and the policies
that decided, for at least 24 hours ("Troubleshoot access denied error messages with authorization
ID (Preview)",
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied-authorization-id.html;
"GetRequestAuthorizationDetails",
https://docs.aws.amazon.com/iam-toolbox/latest/APIReference/API_GetRequestAuthorizationDetails.html).
Nothing else depends on it: it is a preview, and not every refusal has one.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cross_account_access.aws import CLIENT_CONFIG, code_and_message, explained_failures, session_of
from cross_account_access.errors import UncheckedError, UsageError
from cross_account_access.stack import StackAccount

_LINK: Final = re.compile(r"/authorization-details/(?P<id>[0-9A-Za-z]+)")
_REGION: Final = re.compile(r"[?&]region=(?P<region>[a-z0-9-]+)")
_ID: Final = re.compile(r"[0-9a-z]+")
_GLOBAL_REGION: Final = "us-east-1"
"""Where IAM, which has no region, decides in most partitions."""
_NOT_FOUND: Final = "ResourceNotFoundException"
_PAUSES: Final = (1.0, 2.0, 4.0)
"""Seconds between questions for details that are not there yet: they come a little later."""

_WHO: Final = "aws:principalarn"
_WORDS: Final = {
    "ALLOW": "allowed",
    "EXPLICIT_DENY": "denied by a statement",
    "IMPLICIT_DENY": "denied, since nothing allows it",
}
_KINDS: Final = {
    "IDENTITY_BASED_POLICY": "identity-based policy",
    "RESOURCE_BASED_POLICY": "resource-based policy",
    "PERMISSIONS_BOUNDARY": "permissions boundary",
    "SESSION_POLICY": "session policy",
    "SERVICE_CONTROL_POLICY": "service control policy",
    "RESOURCE_CONTROL_POLICY": "resource control policy",
    "VPC_ENDPOINT_POLICY": "VPC endpoint policy",
}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What names one denial."""

    id: str
    region: str | None
    """Of the denial, where it is known."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What AWS decided of one action and resource."""

    who: str | None
    """ARN of the caller, as conditions see it: of a session the role's."""
    action: str
    resource: str
    """ARN, or `*` for none."""
    effect: str
    """AWS's word."""
    context: Mapping[str, Any]
    """All keys of the request with their values, by name in lower case."""
    grounds: tuple[str, ...]
    """The statements that matched, in words."""

    @property
    def words(self) -> str:
        """The effect for people."""
        return _WORDS.get(self.effect, self.effect)


def referred(text: str) -> Reference:
    """Read an authorization ID, or a link or message with one.

    Raises:
        UsageError: there is none.
    """
    found = reference_in(text)
    if found is None and _ID.fullmatch(text):
        found = Reference(id=text, region=None)
    if found is None:
        msg = (
            f"--denied {text!r}: give the authorization ID of a refusal (digits and small letters),"
            " or AWS's message with its link"
        )
        raise UsageError(msg)
    return found


def reference_in(message: str) -> Reference | None:
    """Find the authorization ID in AWS's message about a refusal."""
    link = _LINK.search(message)
    if link is None:
        return None
    region = _REGION.search(message)
    return Reference(id=link["id"].lower(), region=region["region"] if region else None)


def evaluations_of(
    reference: Reference, accounts: Iterable[StackAccount], pauses: Sequence[float] = _PAUSES
) -> list[Evaluation]:
    """Ask AWS what it decided.

    Whoever asks is of the account, or the organization, of the caller who was refused.

    Args:
        reference: the denial.
        accounts: whose profiles are tried, one after the other.
        pauses: seconds before each further round of questions.

    Raises:
        UncheckedError: nobody may ask, or nobody knows the denial.
    """
    tried: list[str] = []
    accounts = tuple(accounts)
    for pause in (0.0, *pauses):
        time.sleep(pause)
        tried = []
        for account in accounts:
            session: Any = session_of(account)
            places = [account.region, _GLOBAL_REGION] if reference.region is None else []
            for region in dict.fromkeys(filter(None, [reference.region, *places])):
                client = session.client("iam-toolbox", region_name=region, config=CLIENT_CONFIG)
                with explained_failures(account.profile, account.label):
                    try:
                        return read_details(client, reference.id)
                    except ClientError as error:
                        code, message = code_and_message(error)
                        if code not in (_NOT_FOUND, "AccessDeniedException"):
                            raise
                        tried.append(f"{account.label} in {region}: {code}: {message}")
        if not any(_NOT_FOUND in each for each in tried):
            break
    msg = (
        f"AWS does not tell about authorization ID {reference.id} ({'; '.join(tried)})\n"
        "ask within 24 hours, in the region of the refusal, with a profile that may"
        " iam:GetRequestAuthorizationDetails in the account of who was refused"
    )
    raise UncheckedError(msg)


def read_details(client: Any, identity: str) -> list[Evaluation]:  # noqa: ANN401 - botocore makes clients as it runs
    """Return all evaluations of a denial.

    Args:
        client: of `iam-toolbox`.
        identity: the authorization ID.
    """
    pages: list[Mapping[str, Any]] = []
    more: dict[str, str] = {}
    while not pages or more:
        page = client.get_request_authorization_details(authorizationId=identity, **more)
        pages.append(page)
        more = {"nextToken": page["nextToken"]} if page.get("nextToken") else {}
    policies = {each.get("uri"): each for page in pages for each in page.get("policies", ())}
    shared = _context(pages[0].get("requestContext", {}))
    return [
        _evaluation(each, shared, policies)
        for page in pages
        for each in page.get("evaluations", ())
    ]


def _evaluation(
    found: Mapping[str, Any], shared: Mapping[str, Any], policies: Mapping[Any, Mapping[str, Any]]
) -> Evaluation:
    context = {**shared, **_context(found.get("context", {}))}
    who = context.get(_WHO)
    return Evaluation(
        who=who if isinstance(who, str) else None,
        action=found["action"],
        resource=found["resource"] or "*",
        effect=found.get("evaluatedEffect", "IMPLICIT_DENY"),
        context=context,
        grounds=tuple(_grounds(found.get("matchedPolicies", ()), policies)),
    )


def _grounds(
    matched: Iterable[Mapping[str, Any]], policies: Mapping[Any, Mapping[str, Any]]
) -> Iterator[str]:
    for each in matched:
        policy = policies.get(each["uri"], {})
        kind = _KINDS.get(policy.get("type", ""), "policy")
        name = f"inline {kind}" if policy.get("inline") else f"{kind} {each['uri']}"
        holders = ", ".join(holder.get("arn", "") for holder in policy.get("attachedTo", ()))
        of = f" of {holders}" if holders else ""
        statements: Sequence[Mapping[str, str]] = each.get("matchedStatements") or [{}]
        for statement in statements:
            effect = {"ALLOW": "Allow", "DENY": "Deny"}.get(statement.get("evaluatedEffect", ""))
            sid = f" by statement {statement['sid']!r}" if statement.get("sid") else ""
            yield f"{effect or 'matched'}{sid} of {name}{of}"


def _context(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys and values as conditions see them; what has no value is left out."""
    context: dict[str, Any] = {}
    for key, value in found.items():
        if isinstance(value, list):
            context[key.lower()] = [_text(each) for each in value]
        elif value is not None:
            context[key.lower()] = _text(value)
    return context


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)
