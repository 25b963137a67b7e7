"""Rules about what a statement says: whom it names, wildcards, conditions.

Sources are named with each rule by the title of the page.
"""

import re
from typing import Final

from cross_account_access.facts.service_reference import action
from cross_account_access.iam.actions import expand
from cross_account_access.iam.documents import PolicyKind, Statement
from cross_account_access.iam.lint.findings import Found, Rule, Severity

_UNIQUE_ID: Final = re.compile(r"A(?:IDA|ROA|GPA|IPA|NPA|NVA|PKA|SCA)[A-Z0-9]{12,}")
_ROOT: Final = re.compile(r"\d{12}|arn:[^:]+:iam::\d{12}:root")
_NAMED: Final = re.compile(r"arn:[^:]+:(?:iam|sts)::\d{12}:(?:user|role|assumed-role)/.+")
_WHO: Final = (
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceip",
)
"""Keys that say who or where a request comes from, so that they narrow a `*`."""
_WHO_OF_ACCOUNT: Final = ("aws:principalarn", "sts:externalid", "aws:username", "aws:userid")
"""Keys that say which principal of an account it is; `aws:PrincipalTag/…` does so too."""
_MFA: Final = "aws:multifactorauthpresent"
_ANYTHING: Final = re.compile(r"[*?]+")


def _is_narrowed_by(statement: Statement, *keys: str) -> bool:
    """Say whether a condition is met by some values of one of the keys only.

    A negated operator, `IfExists` and `ForAllValues` are met without the key as well.
    """
    return any(
        not each.if_exists
        and each.quantifier != "ForAllValues"
        and "Not" not in each.comparison
        and each.comparison != "Null"
        and not any(_ANYTHING.fullmatch(value) for value in each.values)
        for key in keys
        for each in statement.by_key.get(key, ())
    )


def _open_principal(statement: Statement) -> Found:
    """Everybody.

    "AWS JSON policy elements: Principal", All principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """
    everybody = any(name == "*" for _, name in statement.principals)
    is_open = statement.allows and everybody and not statement.not_principal
    if is_open and not _is_narrowed_by(statement, *_WHO):
        yield (
            Severity.HIGH,
            "open-principal",
            f"{statement.name} allows everybody; name accounts, or add a condition on"
            " aws:PrincipalOrgID or aws:PrincipalArn",
        )


def _not_principal(statement: Statement) -> Found:
    """All but.

    "AWS JSON policy elements: NotPrincipal",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html.
    """
    if not statement.not_principal:
        return
    if statement.allows:
        yield (
            Severity.HIGH,
            "not-principal",
            f"{statement.name} allows everybody who is not listed, without signing too; use"
            " Principal",
        )
    else:
        yield (
            Severity.MEDIUM,
            "not-principal",
            f"{statement.name} refuses sessions of roles that it means to leave out unless account,"
            ' role and session are all listed; use Principal "*" and a condition on'
            " aws:PrincipalArn",
        )


def _canonical_user(statement: Statement) -> Found:
    """Rewritten by S3.

    "AWS JSON policy elements: Principal", AWS account principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """
    if any(element == "CanonicalUser" for element, _ in statement.principals):
        yield (
            Severity.MEDIUM,
            "canonical-user",
            f"{statement.name} names a canonical user ID, which S3 rewrites to an ARN, so that"
            " the policy differs for ever; name the account's root ARN",
        )


def _dead_principal(statement: Statement) -> Found:
    """IDs in place of ARNs.

    "AWS JSON policy elements: Principal", IAM user principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """
    for _, name in statement.principals:
        if _UNIQUE_ID.fullmatch(name):
            yield (
                Severity.MEDIUM,
                "dead-principal",
                f"{statement.name} names {name}, a user or role that was deleted; a new one of the"
                " same name is not meant; name the ARN again, or remove it",
            )


def _whole_account(statement: Statement) -> Found:
    """Root means all of an account.

    "AWS JSON policy elements: Principal", Account principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """
    if statement.kind is not PolicyKind.TRUST or not statement.allows:
        return
    tags = (key for key in statement.by_key if key.startswith(_TAG))
    if _is_narrowed_by(statement, *_WHO_OF_ACCOUNT, *tags):
        return
    for element, name in statement.principals:
        if element == "AWS" and _ROOT.fullmatch(name):
            yield (
                Severity.MEDIUM,
                "whole-account",
                f"{statement.name} trusts all of {name}, whose administrators decide who comes in;"
                " add a condition on aws:PrincipalArn, or sts:ExternalId for a third party",
            )


_TAG: Final = "aws:principaltag/"


def _named_principal(statement: Statement) -> Found:
    """ARNs become IDs.

    "AWS JSON policy elements: Principal", IAM user principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """
    if statement.kind is not PolicyKind.TRUST:
        return
    for element, name in statement.principals:
        if element == "AWS" and _NAMED.fullmatch(name):
            yield (
                Severity.LOW,
                "named-principal",
                f"{statement.name} names {name}, which must exist first and is lost when it is made"
                " anew; name the account's root and add a condition on aws:PrincipalArn",
            )


def _wildcard_action(statement: Statement) -> Found:
    """All actions.

    "Security best practices in IAM", Apply least-privilege permissions,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html.
    """
    if not statement.allows:
        return
    if statement.not_action:
        message = f"{statement.name} allows all actions but those that it lists; use Action"
        yield Severity.HIGH, "not-action", message
        return
    for pattern in statement.actions:
        service, _, name = pattern.partition(":")
        if not service.strip("*") and not name.strip("*"):
            message = f"{statement.name} allows every action of AWS; list those that are needed"
            yield Severity.HIGH, "wildcard-action", message
        elif not name.strip("*"):
            message = f"{statement.name} allows every action of {service}; list those needed"
            yield Severity.MEDIUM, "wildcard-action", message
        elif "*" in pattern:
            now = len(expand(pattern))
            message = (
                f"{statement.name} allows {pattern}, {now} actions today and more when AWS adds"
                " some; list those that are needed"
            )
            yield Severity.LOW, "wildcard-action", message


def _wildcard_resource(statement: Statement) -> Found:
    """All resources; some actions have none.

    "IAM JSON policy elements: Resource",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html.
    """
    if not statement.allows or statement.kind is not PolicyKind.IDENTITY:
        return
    if statement.not_resource:
        message = f"{statement.name} allows all resources but those that it lists; use Resource"
        yield Severity.HIGH, "not-resource", message
        return
    if "*" not in (statement.resources or ()) or statement.not_action:
        return
    if "*" in statement.actions:
        needing = ["every action"]
    else:
        known = [action(name) for pattern in statement.actions for name in expand(pattern)]
        needing = [each.name for each in known if each is not None and each.resources]
    if needing:
        yield (
            Severity.MEDIUM,
            "wildcard-resource",
            f"{statement.name} allows {min(needing)} on every resource; name those that are meant",
        )


def _mfa(statement: Statement) -> Found:
    """Requests with an access key have no such key.

    "AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
    """
    for each in statement.by_key.get(_MFA, ()):
        values = [value.lower() for value in each.values]
        if statement.allows and each.if_exists and "true" in values:
            yield (
                Severity.HIGH,
                "mfa-if-exists",
                f"{statement.name} asks for MFA with {each.operator}, which requests with an"
                " access key pass without any; use Bool",
            )
        elif not statement.allows and each.operator == "Bool" and "false" in values:
            yield (
                Severity.MEDIUM,
                "mfa-if-exists",
                f"{statement.name} refuses requests without MFA with Bool, which does not see"
                " requests with an access key; use BoolIfExists",
            )


def _any_external_id(statement: Statement) -> Found:
    """An ID that anybody knows.

    "Access to AWS accounts owned by third parties",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html.
    """
    for each in statement.by_key.get("sts:externalid", ()):
        if any(_ANYTHING.fullmatch(value) for value in each.values):
            message = f"{statement.name} accepts any sts:ExternalId; give the one that was agreed"
            yield Severity.HIGH, "any-external-id", message


def _literal_wildcard(statement: Statement) -> Found:
    """Equality knows no wildcards.

    "IAM JSON policy elements: Condition operators",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
    """
    for condition in statement.conditions:
        exact = condition.comparison.startswith("String") and "Like" not in condition.comparison
        for value in condition.values if exact else ():
            if "*" in re.sub(r"\$\{\*\}", "", value):
                yield (
                    Severity.MEDIUM,
                    "literal-wildcard",
                    f"{statement.name} compares {condition.key} with {value!r} by"
                    f" {condition.comparison}, for which * is a plain character; use StringLike or"
                    " ArnLike",
                )


def _may_be_refused(statement: Statement) -> Found:
    """What pages leave open ("IAM Access Analyzer policy check reference" among them)."""
    for what in statement.may_be_refused:
        is_used = what.startswith(("NotPrincipal", "Principal"))
        yield (
            Severity.LOW if is_used else Severity.MEDIUM,
            "may-be-refused",
            f"{statement.name} has {what}, which AWS may refuse to save;"
            f" {'name the principals' if is_used else 'leave it out or fill it'}",
        )


RULES: Final[tuple[Rule, ...]] = (
    _open_principal,
    _not_principal,
    _canonical_user,
    _dead_principal,
    _whole_account,
    _named_principal,
    _wildcard_action,
    _wildcard_resource,
    _mfa,
    _any_external_id,
    _literal_wildcard,
    _may_be_refused,
)
"""In the order in which they are told."""
