"""Rules about whom a document lets in: each asks the engine, whatever the document looks like."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from cross_account_access.facts.quotas import RESOURCE_POLICIES
from cross_account_access.facts.service_reference import action
from cross_account_access.facts.token_issuers import PUBLIC
from cross_account_access.iam.actions import expand
from cross_account_access.iam.documents import PolicyKind, Statement
from cross_account_access.iam.engine import PrincipalKind, Request
from cross_account_access.iam.lint.findings import Found, Severity
from cross_account_access.iam.lint.fixed import (
    IsFixed,
    is_external_id,
    is_foreign,
    is_foreign_source,
    names_a_principal,
    of_owner,
)
from cross_account_access.iam.lint.questions import Questions, UndecidedError, means_everybody

ExposureRule = Callable[[Questions, Statement], Found]
"""From what can be asked about a document, and one of its allows, to what it finds."""

_PROVIDER: Final = re.compile(r"(?:arn:[^:]+:iam::\d{12}:oidc-provider/)?(.+)")
_POLICY: Final = re.compile(
    r".+:(?!Validate).*(?:Policy|Permission|QueueAttributes|TopicAttributes)|kms:CreateGrant"
    r"|s3:PutBucket(?:Acl|OwnershipControls|PublicAccessBlock)"
)
_MFA: Final = "aws:multifactorauthpresent"
_EXTERNAL_ID: Final = "sts:externalid"
_NOTHING: Final[IsFixed] = lambda _key, _value: False  # noqa: E731 - of a type that has a name
_WITHOUT_SOURCE: Final = ("ec2.amazonaws.com",)
"""Services that assume a role for a machine of the role's own account, and send no source ("IAM
roles for Amazon EC2",
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html)."""


def _open_principal(questions: Questions, statement: Statement) -> Found:
    """Everybody, or any account.

    "AWS JSON policy elements: Principal", All principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """
    if not means_everybody(statement):
        return
    found = questions.reached(statement, questions.strangers(statement), is_foreign)
    if found is not None and found.principal.kind is PrincipalKind.SERVICE:
        yield _deputy(statement, found.principal.arn, Severity.MEDIUM)
    elif found is not None:
        looks = sorted({f"{each.operator} {each.key}" for each in statement.conditions})
        but = f", since {' and '.join(looks)} leaves others in" if looks else ""
        yield (
            Severity.HIGH,
            "open-principal",
            f"{statement.name} allows {_who(found)} {found.action}{but}; name accounts, or add a"
            " condition on aws:PrincipalOrgID or aws:PrincipalArn with a fixed value",
        )


def _who(request: Request) -> str:
    if request.principal.kind is PrincipalKind.ANONYMOUS:
        return "everybody, without credentials too,"
    return "any AWS account"


def _any_token(questions: Questions, statement: Statement) -> Found:
    """Any token of an issuer.

    "Create a role for OpenID Connect federation (console)",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html.
    """
    for element, name in statement.principals:
        match = _PROVIDER.fullmatch(name)
        if element != "Federated" or match is None or ":saml-provider/" in name:
            continue
        issuer = match[1]
        if questions.reached(statement, [name], is_foreign) is None:
            continue
        if issuer in PUBLIC:
            yield (
                Severity.HIGH,
                "any-token",
                f"{statement.name} lets in any token of {issuer}, which everybody can get one of;"
                f" add a condition on {issuer}:sub that spells out whose it is",
            )
        else:
            yield (
                Severity.MEDIUM,
                "any-token",
                f"{statement.name} lets in every token of {issuer}; add a condition on"
                f" {issuer}:sub, unless all who get tokens there are meant",
            )


def _confused_deputy(questions: Questions, statement: Statement) -> Found:
    """A service that acts for anybody.

    "The confused deputy problem", Cross-service confused deputy prevention,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.
    """
    for element, name in statement.principals:
        if element != "Service" or name in _WITHOUT_SOURCE or statement.not_principal:
            continue
        if questions.reached(statement, [name], is_foreign_source) is not None:
            # A role is passed within its own account only.
            is_trust = statement.kind is PolicyKind.TRUST
            yield _deputy(statement, name, Severity.LOW if is_trust else Severity.MEDIUM)


def _deputy(statement: Statement, service: str, severity: Severity) -> tuple[Severity, str, str]:
    message = f"{statement.name} allows {service} whoever it acts for; add a condition on"
    mend = "aws:SourceAccount or aws:SourceArn with a fixed value"
    return severity, "confused-deputy", f"{message} {mend}"


def _whole_account(questions: Questions, statement: Statement) -> Found:
    """Root means all of an account.

    "AWS JSON policy elements: Principal", Account principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """
    if statement.kind is not PolicyKind.TRUST:
        return
    for name, account in questions.accounts(statement):
        members = questions.members(statement, account)
        if questions.reached(statement, members, names_a_principal) is not None:
            yield (
                Severity.LOW if account == questions.owner else Severity.MEDIUM,
                "whole-account",
                f"{statement.name} trusts all of {name}, whose administrators decide who comes in;"
                " add a condition on aws:PrincipalArn, or sts:ExternalId for a third party",
            )


def _own_policy(questions: Questions, statement: Statement) -> Found:
    """An action that changes who has access to the resource itself.

    "Actions, resources, and condition keys for AWS services", access level Permissions management,
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
    """
    if statement.kind is PolicyKind.IDENTITY and not statement.not_action:
        # Wildcards for all of a service are told as such.
        patterns = [
            each
            for each in statement.actions
            if each.rpartition(":")[2].strip("*")
            and each.partition(":")[0].lower() in RESOURCE_POLICIES
        ]
        meant = sorted(name for each in patterns for name in expand(each) if _sets_policy(name))
        known = action(meant[0]) if meant else None
        if known is not None:
            yield (
                Severity.MEDIUM,
                "own-policy",
                f"{statement.name} allows {known.name}, with which whoever has it gives themselves"
                " and anybody else more; leave it to administrators",
            )
    if statement.kind is not PolicyKind.RESOURCE:
        return
    found = questions.reached(*_others(questions, statement), _sets_policy)
    if found is not None:
        yield (
            Severity.MEDIUM,
            "own-policy",
            f"{statement.name} allows {found.action}, with which others than the owner give"
            " themselves and anybody else more; leave it to the owner's own administrators",
        )


def _others(questions: Questions, statement: Statement) -> tuple[Statement, list[str], IsFixed]:
    """Return what to ask whether a statement lets in others than the resource's own account."""
    owner = questions.owner
    named = [name for _, name in statement.principals if f":{owner}:" not in name]
    for _, account in questions.accounts(statement):
        if account != owner:
            named += questions.members(statement, account)
    if means_everybody(statement):
        named += questions.strangers(statement)
    return statement, named, of_owner(owner)


def _sets_policy(name: str) -> bool:
    """Say whether an action changes the policy of a resource, or what stands in for one."""
    known = action(name)
    return (
        known is not None
        and "Permissions management" in known.access_level
        and _POLICY.fullmatch(known.name) is not None
    )


def _wildcard_action(questions: Questions, statement: Statement) -> Found:
    """All actions; what an account may do with its own is left to its identity-based policies.

    "Security best practices in IAM", Apply least-privilege permissions,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html.
    """
    is_resource = statement.kind is PolicyKind.RESOURCE
    if is_resource and questions.reached(*_others(questions, statement)) is None:
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


def _any_external_id(questions: Questions, statement: Statement) -> Found:
    """An ID that anybody knows.

    "Access to AWS accounts owned by third parties",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html.
    """
    is_asked = any(each.comparison != "Null" for each in statement.by_key.get(_EXTERNAL_ID, ()))
    if is_asked and questions.accepts(statement, _EXTERNAL_ID, is_external_id):
        message = f"{statement.name} accepts any sts:ExternalId, or none; give the one agreed"
        yield Severity.HIGH, "any-external-id", f"{message}, with StringEquals"


def _mfa(questions: Questions, statement: Statement) -> Found:
    """Requests with an access key have no such key.

    "AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
    """
    if _MFA not in statement.by_key:
        return
    met = questions.accepts(statement, _MFA, _NOTHING)
    with_one, without = _has(met, "true"), _has(met, "false")
    operator = statement.by_key[_MFA][0].operator
    if statement.allows and with_one and None in met and not without:
        yield (
            Severity.HIGH,
            "mfa-if-exists",
            f"{statement.name} asks for MFA with {operator}, which requests with an access key pass"
            " without any; use Bool",
        )
    elif not statement.allows and without and None not in met and not with_one:
        if any(None in questions.accepts(each, _MFA, _NOTHING) for each in questions.denies):
            return
        yield (
            Severity.MEDIUM,
            "mfa-if-exists",
            f"{statement.name} refuses requests without MFA with {operator}, which does not see"
            " requests with an access key; use BoolIfExists",
        )


def _has(values: list[str | tuple[str, ...] | None], wanted: str) -> bool:
    return any(each in (wanted, (wanted,)) for each in values)


_FOR_ALLOWS: Final[tuple[ExposureRule, ...]] = (
    _open_principal,
    _any_token,
    _confused_deputy,
    _whole_account,
    _own_policy,
    _wildcard_action,
    _any_external_id,
)
_GRANTING: Final[Mapping[PolicyKind, tuple[ExposureRule, ...]]] = {
    PolicyKind.TRUST: _FOR_ALLOWS,
    PolicyKind.RESOURCE: _FOR_ALLOWS,
    PolicyKind.IDENTITY: (_own_policy, _wildcard_action),
}
"""By kind of document; an allow of any other kind only limits what others grant."""


def trusts_itself(questions: Questions, statement: Statement, role: str) -> Found:
    """A role whose sessions need nobody to be renewed.

    "Announcing an update to IAM role trust policy behavior",
    https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/.

    Args:
        questions: about the trust policy.
        statement: of it.
        role: ARN of the role that it belongs to.
    """
    other = f"{role}-and-another"
    # What lets in all of the account is told as that.
    if (
        statement.allows
        and questions.reached(statement, [role], _NOTHING) is not None
        and questions.reached(statement, [other], _NOTHING) is None
    ):
        yield (
            Severity.LOW,
            "self-trust",
            f"{statement.name} lets the role assume itself, so that whoever has a session renews"
            " it, an hour each and without end; leave it out unless a third party demands it",
        )


def exposure(questions: Questions, statement: Statement) -> Found:
    """Yield what the rules find; what cannot be decided is told."""
    grants = _GRANTING.get(statement.kind, ()) if statement.allows else ()
    for rule in (_mfa, *grants):
        try:
            yield from rule(questions, statement)
        except UndecidedError:
            message = f"{statement.name} has too many conditions to say whom it lets in"
            yield Severity.MEDIUM, "undecided", f"{message}; write fewer, or several statements"
            return
