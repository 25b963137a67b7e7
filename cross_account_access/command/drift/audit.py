"""The audit of what no resource of a stack describes: asks AWS the questions of the checks."""

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cross_account_access.aws import CLIENT_CONFIG, code_and_message
from cross_account_access.command.drift.checks import Ask, Check, Found, Subject
from cross_account_access.command.drift.documents import Documents
from cross_account_access.command.drift.findings import Effect, Finding, Report, Unchecked
from cross_account_access.command.drift.identity_checks import IDENTITY_CHECKS
from cross_account_access.command.drift.resource_checks import RESOURCE_CHECKS
from cross_account_access.stack import StackResource, accounts_of

CHECKS: Final = (*IDENTITY_CHECKS, *RESOURCE_CHECKS)
"""All questions of the audit."""

_AT_ONCE: Final = 8
_ACCOUNT_ID: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_KINDS: Final = {
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive": ("inline policies of role", "roleName"),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": (
        *("managed policies of role", "roleName"),
    ),
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive": ("inline policies of user", "userName"),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": (
        *("managed policies of user", "userName"),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        *("lifecycle of bucket", "bucket"),
    ),
    "aws:s3/bucketLogging:BucketLogging": ("access log of bucket", "bucket"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("object ownership of", "bucket"),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy of bucket", "bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        *("public access block of bucket", "bucket"),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        *("encryption of bucket", "bucket"),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": ("versioning of bucket", "bucket"),
    "aws:s3/bucket:Bucket": ("bucket", "bucket"),
    "aws:kms/key:Key": ("key", "arn"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": ("identity provider", "url"),
}
"""What people call a resource, and the property that tells which it is."""
_NAMES: Final = ("name", "arn", "bucket", "keyId", "roleName", "userName", "role", "user", "id")


def audit(
    resources: Iterable[StackResource],
    documents: Documents,
    sessions: Mapping[str, boto3.Session],
    checks: Iterable[Check] = CHECKS,
) -> Report:
    """Ask every question about every resource that it is about.

    Args:
        resources: of the stack's state.
        documents: of the stack.
        sessions: by account ID, proven to be in the account.
        checks: the questions.
    """
    stack, checks = tuple(resources), tuple(checks)
    named = _accounts_named(stack)
    accounts = accounts_of(stack)
    clients = {
        id_: _Clients(session, {check.client for check in checks} | {"s3control"})
        for id_, session in sessions.items()
    }
    questions = []
    for resource in stack:
        account = accounts.get(resource.provider or resource.urn)
        if account is None or account.id not in sessions or not resource.outputs:
            continue
        subject = Subject(
            resource=resource,
            account=account,
            stack=stack,
            accounts=named,
            documents=documents,
            ask=clients[account.id].ask,
        )
        questions += [
            _Question(check, subject)
            for check in checks
            if check.type == resource.type
            and (check.only_with is None or subject.has_child(check.only_with))
        ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(_Question.report, questions))
    return Report(
        findings=tuple(finding for each in answers for finding in each.findings),
        unchecked=tuple(unchecked for each in answers for unchecked in each.unchecked),
        notes=tuple(note for each in answers for note in each.notes),
        asked=len(questions),
    )


def called(resource: StackResource) -> str:
    """Return what people call a resource: `role StageRole`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", resource.type.rsplit(":", 1)[-1]).lower()
    kind, key = _KINDS.get(resource.type, (words, "name"))
    value = {**resource.inputs, **resource.outputs}.get(key)
    return f"{kind} {value if isinstance(value, str) else resource.name}"


def names_of(resource: StackResource) -> tuple[str, ...]:
    """Return under which names CloudTrail may know a resource."""
    known = {**resource.inputs, **resource.outputs}
    found = (known.get(each) for each in _NAMES)
    return tuple(dict.fromkeys(str(each) for each in found if isinstance(each, str)))


@dataclass(frozen=True)
class _Question:
    check: Check
    subject: Subject

    def report(self) -> Report:
        check, subject = self.check, self.subject
        subject_name = called(subject.resource)
        if check.type.startswith("pulumi:"):
            subject_name = f"account {subject.account.id}"
        try:
            arguments = {
                name: subject[key] if isinstance(key, str) else list(key)
                for name, key in check.arguments.items()
            }
            try:
                answer = subject.ask(check.client, check.operation, **arguments, **check.options)
            except ClientError as error:
                if code_and_message(error)[0] not in check.none:
                    raise
                answer = check.nothing
            found = [] if answer is None else list(check.found(subject, answer))
        except (BotoCoreError, ClientError) as error:
            told = " ".join(str(error).split())
            what = f"{check.asks} of {subject_name}"
            return Report(
                unchecked=(Unchecked(account=subject.account.label, what=what, why=told),)
            )
        return Report(
            findings=tuple(
                self._finding(each, each.effect, subject_name)
                for each in found
                if each.effect is not None
            ),
            notes=tuple(
                f"{subject.account.label}: {subject_name}: {each.what}"
                for each in found
                if each.effect is None
            ),
        )

    def _finding(self, found: Found, effect: Effect, subject_name: str) -> Finding:
        subject = self.subject
        changes = subject.documents.changes(found.arn) if found.arn else None
        profile = f" --profile {subject.account.profile}" if subject.account.profile else ""
        return Finding(
            effect=effect,
            account=subject.account,
            subject=subject_name,
            name=f"{subject.resource.type} {subject.resource.name}",
            what=found.what,
            remedy=f"aws {found.remedy}{profile}",
            names=names_of(subject.resource),
            events=self.check.events,
            holder=found.arn,
            changes=changes or (),
        )


class _Clients:
    """The clients of one account; made at once, since making one is not safe in threads."""

    def __init__(self, session: boto3.Session, names: Iterable[str]) -> None:
        self._clients: dict[str, Any] = {
            name: session.client(name, config=CLIENT_CONFIG)  # type: ignore[call-overload]
            for name in names
        }
        control = self._clients["s3control"]
        if _is_address(urlsplit(control.meta.endpoint_url).hostname or ""):
            control.meta.events.register_first("request-created.s3-control", _without_account)

    @property
    def ask(self) -> Ask:
        return self._ask

    def _ask(self, client: str, operation: str, **arguments: object) -> Any:  # noqa: ANN401
        asked = self._clients[client]
        if asked.can_paginate(operation):
            return asked.get_paginator(operation).paginate(**arguments).build_full_result()
        return getattr(asked, operation)(**arguments)


def _without_account(request: Any, **_: object) -> None:  # noqa: ANN401 - of botocore
    """Take the account out of the host: no name is below one that is an address."""
    url = urlsplit(request.url)
    _, _, host = url.netloc.partition(".")
    request.url = urlunsplit(url._replace(netloc=host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _accounts_named(stack: Iterable[StackResource]) -> frozenset[str]:
    """Return the accounts that the stack deploys to, or names in any input."""
    texts = (json.dumps(dict(resource.inputs)) for resource in stack)
    return frozenset(match for text in texts for match in _ACCOUNT_ID.findall(text))
