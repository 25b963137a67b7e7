"""Rules about what a statement says: how it names principals, resources and values.

Sources are named with each rule by the title of the page.
"""

import re
from typing import Final

from cross_account_access.facts.service_reference import action
from cross_account_access.iam.actions import expand
from cross_account_access.iam.documents import PolicyKind, Statement
from cross_account_access.iam.lint.findings import Found, Rule, Severity

_UNIQUE_ID: Final = re.compile(r"A(?:IDA|ROA|GPA|IPA|NPA|NVA|PKA|SCA)[A-Z0-9]{12,}")
_ENTITY: Final = re.compile(
    r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):(?P<kind>user|role)/(?:.+/)?(?P<name>[^/]+)"
)
_NAMED: Final = re.compile(r"arn:[^:]+:(?:iam|sts)::\d{12}:(?:user|role|assumed-role)/.+")


def _not_principal(statement: Statement) -> Found:
    """All but.

    "AWS JSON policy elements: NotPrincipal",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html.
    """
    if statement.not_principal and not statement.allows and not _is_complete(statement):
        yield (
            Severity.MEDIUM,
            "not-principal",
            f"{statement.name} refuses sessions of roles that it means to leave out unless account,"
            ' role and session are all listed; use Principal "*" and a condition on'
            " aws:PrincipalArn",
        )


def _is_complete(statement: Statement) -> bool:
    """Say whether users and roles are listed with their accounts, and roles with sessions."""
    names = {name for _, name in statement.principals}
    listed = [match for name in names if (match := _ENTITY.fullmatch(name))]
    return bool(listed) and all(
        {match["account"], f"arn:{match['partition']}:iam::{match['account']}:root"} & names
        and (
            match["kind"] == "user"
            or any(f":assumed-role/{match['name']}/" in each for each in names)
        )
        for match in listed
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
    _not_principal,
    _canonical_user,
    _dead_principal,
    _named_principal,
    _wildcard_resource,
    _literal_wildcard,
    _may_be_refused,
)
"""In the order in which they are told."""
