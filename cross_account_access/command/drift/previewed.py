"""Drift that a preview finds, in words."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cross_account_access.command.drift.audit import called, names_of
from cross_account_access.command.drift.documents import Documents, effect_of
from cross_account_access.command.drift.findings import Effect, Finding
from cross_account_access.command.drift.properties import BY_DOCUMENTS, PROPERTIES, Property
from cross_account_access.stack import Difference, StackAccount, StackResource, accounts_of

_DEAD: Final = re.compile(r"\bA(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,}\b")
"""Unique IDs of users, roles, groups and policies ("IAM identifiers",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html)."""
_HOLDERS: Final = {
    "aws:iam/role:Role": ("roles", "name"),
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive": ("roles", "roleName"),
    "aws:iam/rolePolicy:RolePolicy": ("roles", "role"),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": ("roles", "roleName"),
    "aws:iam/user:User": ("users", "name"),
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive": ("users", "userName"),
    "aws:iam/userPolicy:UserPolicy": ("users", "user"),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": ("users", "userName"),
    "aws:kms/key:Key": ("resources", "keyId"),
    "aws:s3/bucketPolicy:BucketPolicy": ("resources", "bucket"),
    "aws:sns/topicPolicy:TopicPolicy": ("resources", "arn"),
    "aws:sqs/queuePolicy:QueuePolicy": ("resources", "queueUrl"),
}
"""By type: where whoever has its documents is found, and the property that refers to it."""
_UNKNOWN_PROPERTY: Final = Property(Effect.WIDENING, ())
_PUTS_BACK: Final = "`pulumi up` puts it back"
_LONG: Final = 80


def findings_of(
    differences: Iterable[Difference], resources: Iterable[StackResource], documents: Documents
) -> tuple[list[Finding], list[str]]:
    """Tell each property that is not as the program says.

    Args:
        differences: of a preview that has looked at the cloud.
        resources: all that the preview plans.
        documents: of the stack.

    Returns:
        The findings, and what is no drift but waits for a deployment, a sentence each.
    """
    accounts = accounts_of(resources)
    findings: list[Finding] = []
    waiting = []
    for difference in differences:
        account = accounts.get(difference.wanted.provider or "")
        if account is None:
            continue
        name = f"{account.label}: {called(difference.wanted)}"
        if not difference.is_wanted:
            waiting.append(f"{name} is no longer in the program; `pulumi up` removes it")
        elif difference.recorded is None:
            waiting.append(f"{name} is not deployed yet; `pulumi up` makes it")
        else:
            findings += _of_resource(difference, account, documents)
    return findings, waiting


def _of_resource(
    difference: Difference, account: StackAccount, documents: Documents
) -> Iterator[Finding]:
    wanted = difference.wanted
    known = PROPERTIES.get(wanted.type, {})
    what = "it is gone" if difference.found is None else ""
    differing = (re.split(r"[.\[]", path, maxsplit=1)[0] for path in difference.properties)
    for name in dict.fromkeys(differing) or _decisive(known):
        is_, was = (difference.found or {}).get(name), wanted.inputs.get(name)
        rule = known.get(name, _UNKNOWN_PROPERTY)
        told, holder, changes = what or _told(name, is_, was), None, None
        if rule.effect == BY_DOCUMENTS:
            holder = _holder(difference, account, documents)
            changes = documents.changes(holder, *rule.parts) if holder else None
            effect = effect_of(changes)
            if holder and documents.is_gone(holder):
                effect = Effect.NARROWING
            if dead := _dead(is_, was):
                told += (
                    f": it names {', '.join(dead)}, which AWS writes in place of a principal that"
                    " was deleted; nobody can be it again, also not one of the same name"
                )
                effect = Effect.DEAD_PRINCIPAL if effect is not Effect.WIDENING else effect
        else:
            effect = rule.effect(is_, was) if callable(rule.effect) else Effect(rule.effect)
        yield Finding(
            effect=effect,
            account=account,
            subject=called(wanted),
            name=f"{wanted.type} {wanted.name}",
            what=told + _cause(name, difference),
            remedy=_PUTS_BACK,
            names=names_of(wanted),
            events=rule.events,
            holder=holder,
            changes=changes or (),
        )


def _decisive(known: Mapping[str, Property]) -> list[str]:
    """Return the property that says what it means that a resource is gone."""
    named = [name for name in ("name", "bucket") if name in known and known[name].events]
    by_documents = [name for name, rule in known.items() if rule.effect == BY_DOCUMENTS]
    protecting = [name for name, rule in known.items() if rule.effect is Effect.WIDENING]
    return (named or by_documents or protecting or ["name"])[:1]


def _told(name: str, found: object, wanted: object) -> str:
    if isinstance(wanted, str) and wanted.startswith("{"):
        return f"{name} is not the program's"
    if isinstance(found, list) and isinstance(wanted, list):
        extra = [_short(each) for each in found if each not in wanted]
        missing = [_short(each) for each in wanted if each not in found]
        told = [f"has {', '.join(extra)}"] if extra else []
        return f"{name} " + " and ".join(
            told + ([f"lacks {', '.join(missing)}"] if missing else [])
        )
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        keys = [key for key in {**wanted, **found} if found.get(key) != wanted.get(key)]
        found = {key: found.get(key) for key in keys}
        wanted = {key: wanted.get(key) for key in keys}
    return f"{name} is {_short(found)}, not {_short(wanted)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def _cause(name: str, difference: Difference) -> str:
    """Say so where the state has it already: then it came by a refresh, or the program changed."""
    if difference.found is None or difference.recorded is None:
        return ""
    if difference.recorded.get(name) != difference.found.get(name):
        return ""
    return (
        "; the state has it so already: either the program was changed and not deployed, or"
        " `pulumi refresh` took it into the state"
    )


def _dead(found: object, wanted: object) -> list[str]:
    return sorted(set(_DEAD.findall(str(found))) - set(_DEAD.findall(str(wanted))))


def _holder(difference: Difference, account: StackAccount, documents: Documents) -> str | None:
    """Return the ARN of the user, role or resource whose documents a resource is, or decides."""
    known = {**(difference.found or {}), **difference.wanted.inputs}
    if difference.wanted.type == "aws:iam/policy:Policy":
        label = f"policy{known.get('path') or '/'}{known.get('name')}"
        return documents.holder_of_policy(account.id, label)
    place, key = _HOLDERS.get(difference.wanted.type, ("", ""))
    return documents.holder(place, account.id, str(known.get(key))) if place else None
