"""Whom and what a statement of a policy means, where ministack 1.5.33 takes it otherwise.

- `NotPrincipal` means everybody but those who are listed whole: a user with its account, a session
  with its role and account; and whoever has a permissions boundary ("AWS JSON policy elements:
  NotPrincipal",
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html).
  ministack has it mean nobody.
- A principal is named whole and in its own letters ("AWS JSON policy elements: Principal",
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html);
  ministack takes it for a pattern, and leaves out paths of roles and the size of letters.
- What a policy allows to everybody is allowed to each caller itself, so that no permissions
  boundary limits it within the account ("Policy evaluation logic",
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
- The trust policy of a role is its resource-based policy: who is named there, in the role's
  account, needs no policy of its own.
- Fields that an ARN lacks are wildcards ("IAM JSON policy elements: Resource",
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
- Without version 2012-10-17 what looks like a variable is text ("IAM JSON policy elements:
  Version",
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html).
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, sts

from cross_account_access.dev.sandbox.corrections.policy_variables import Plain

_ROLE: Final = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.+/)?([^/]+)")
_USER: Final = re.compile(r"arn:aws:iam::(\d{12}):user/(?:.+/)?([^/]+)")
_SESSION: Final = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/.+")
_ACCOUNT: Final = re.compile(r"arn:aws:(?:iam|sts)::(\d{12}):.+")
_FIELDS: Final = 6
_LANGUAGE: Final = "2012-10-17"
_IS_OLDER: Final = "of the older policy language"


def apply() -> None:
    """Replaces functions of ministack, in this process; to be called once."""
    parse, names_directly = (
        iam_evaluator.parse_policy_document,
        iam_evaluator._names_caller_directly,
    )
    resource_policy = iam_evaluator.evaluate_resource_policy
    trusts, resource_matches = iam_evaluator.evaluate_trust_policy, iam_evaluator._resource_matches

    def parse_by_language(document: Any) -> Any:  # noqa: ANN401 - ministack has no types
        whole = _document(document)
        is_older = whole.get("Version") != _LANGUAGE
        parsed: list[Any] = []
        for statement in filter(lambda each: isinstance(each, dict), _list(whole.get("Statement"))):
            found = parse({"Statement": [statement]})
            parsed += map(_as_text, found) if statement.get(_IS_OLDER, is_older) else found
        return parsed

    def resource_policy_of_whom_it_means(document: Any, context: Any, **more: Any) -> Any:  # noqa: ANN401
        caller = more.get("service") or context.principal_arn
        return resource_policy(_rewritten(document, caller), context, **more)

    def trusts_whom_it_means(document: Any, caller: str, *context: Any) -> bool:  # noqa: ANN401
        return bool(trusts(_rewritten(document, caller), caller, *context))

    def names_or_is_for_everybody(principal: Any, caller: str) -> bool:  # noqa: ANN401
        return "*" in _named(principal) or names_directly(principal, caller)

    def resource_matches_whole(arn: str, resources: list[str], others: list[str]) -> bool:
        return bool(resource_matches(arn, _whole(resources), _whole(others)))

    iam_evaluator.parse_policy_document = parse_by_language
    iam_evaluator.evaluate_resource_policy = resource_policy_of_whom_it_means
    iam_evaluator.evaluate_trust_policy = trusts_whom_it_means
    iam_evaluator._principal_matches = _names
    iam_evaluator._names_caller_directly = names_or_is_for_everybody
    iam_evaluator._resource_matches = resource_matches_whole
    sts.trust_policy_for_arn = _trust
    iam_evaluator._RESOURCE_POLICY_LOOKUPS["sts"] = ("sts", "trust_policy_for_arn")


def _trust(arn: str) -> tuple[Any, str] | None:
    """The trust policy of a role of the caller's account; STS asks those of other accounts."""
    found = _ROLE.fullmatch(arn)
    if found is None or found[1] != get_account_id():
        return None
    role = iam._roles.get(found[2])
    return (role["AssumeRolePolicyDocument"], found[1]) if role else None


def _names(principal: Any, caller: str) -> bool:  # noqa: ANN401
    named = _named(principal)
    if "*" in named or set(_forms(caller)) & set(named):
        return True
    # Services of the emulator act as the root of an account.
    return isinstance(principal, dict) and "Service" in principal and caller.endswith(":root")


def _named(principal: Any) -> list[str]:  # noqa: ANN401
    if isinstance(principal, dict):
        return [each for each in _list(principal.get("AWS")) if isinstance(each, str)]
    return [each for each in _list(principal) if isinstance(each, str)]


def _forms(caller: str) -> Iterator[str]:
    """All that a policy may name a caller by; nothing for who has no account."""
    yield from _own_forms(caller)
    yield from _account_forms(caller)


def _own_forms(caller: str) -> Iterator[str]:
    """The ARN of a user, those of a session and its role; nothing for the root of an account."""
    session = _SESSION.fullmatch(caller)
    role = session and iam._roles.get_scoped(session[1], None, session[2])
    if role:
        yield role["Arn"]
    if _ACCOUNT.fullmatch(caller) and not caller.endswith(":root"):
        yield caller


def _account_forms(caller: str) -> Iterator[str]:
    account = _ACCOUNT.fullmatch(caller)
    if account:
        yield account[1]
        yield f"arn:aws:iam::{account[1]}:root"


def _rewritten(document: Any, caller: str) -> dict[str, Any]:  # noqa: ANN401
    """A document in which statements name whom they mean, and know their language."""
    whole = _document(document)
    statements = []
    for each in _list(whole.get("Statement")):
        if not isinstance(each, dict):
            continue
        statement = {**each, _IS_OLDER: whole.get("Version") != _LANGUAGE}
        if statement[_IS_OLDER]:
            statement["Condition"] = _text(statement.get("Condition", {}))
        if "NotPrincipal" in statement:
            is_meant = not _is_whole(statement["NotPrincipal"], caller) or (
                statement.get("Effect") == "Deny" and _has_boundary(caller)
            )
            statement |= {"Principal": "*"} if is_meant else {}
        statements.append(statement)
    return {"Statement": statements}


def _is_whole(listed: Any, caller: str) -> bool:  # noqa: ANN401
    """Say whether a list names a caller with all that it is part of."""
    services = _list(listed.get("Service")) if isinstance(listed, dict) else []
    named = set(_named(listed))
    with_account = named & set(_account_forms(caller)) and named.issuperset(_own_forms(caller))
    return "*" in named or caller in services or bool(with_account)


def _has_boundary(caller: str) -> bool:
    for form, holders in ((_SESSION, iam._roles), (_USER, iam._users)):
        found = form.fullmatch(caller)
        holder = found and holders.get_scoped(found[1], None, found[2])
        if holder and holder.get("PermissionsBoundary"):
            return True
    return False


def _whole(patterns: list[str]) -> list[str]:
    """Patterns of ARNs with all of their fields."""
    return [
        each + ":*" * (_FIELDS - len(each.split(":"))) if each.startswith("arn:") else each
        for each in patterns
    ]


def _as_text(parsed: Any) -> Any:  # noqa: ANN401
    return dataclasses.replace(
        parsed,
        resources=_text(parsed.resources),
        not_resources=_text(parsed.not_resources),
        conditions=_text(parsed.conditions),
    )


def _text(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: _text(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_text(each) for each in value]
    return Plain(value) if isinstance(value, str) else value


def _document(document: Any) -> Mapping[str, Any]:  # noqa: ANN401
    if isinstance(document, str | bytes):
        try:
            document = json.loads(document)
        except ValueError:
            return {}
    return document if isinstance(document, dict) else {}


def _list(value: Any) -> list[Any]:  # noqa: ANN401
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
