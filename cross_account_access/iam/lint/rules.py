"""Our rules for policy documents: trust, access across accounts, wildcards, sizes.

Sources are named with each rule by the title of the page.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jsoncfg  # type: ignore[import-untyped]

from cross_account_access.iam.catalogue import actions, expand
from cross_account_access.iam.comparing.circumstances import Condition, conditions
from cross_account_access.iam.engine import DocumentError, PolicyKind, compile_policy
from cross_account_access.iam.lint.findings import Finding, Severity, Subject

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


@dataclass(frozen=True)
class _Statement:
    """A statement with where it stands."""

    raw: Mapping[str, Any]
    kind: PolicyKind
    line: int
    column: int

    @property
    def allows(self) -> bool:
        return bool(self.raw["Effect"] == "Allow")

    @property
    def name(self) -> str:
        return f"statement {self.raw['Sid']!r}" if self.raw.get("Sid") else "a statement"

    @property
    def conditions(self) -> list[Condition]:
        return list(conditions(self.raw.get("Condition") or {}))

    def listed(self, element: str) -> list[str]:
        value = self.raw.get(element, [])
        return list(value) if isinstance(value, list) else [value]

    def principals(self, element: str = "Principal") -> Iterator[tuple[str, str]]:
        value = self.raw.get(element, {})
        for kind, names in value.items() if isinstance(value, dict) else (("AWS", value),):
            for name in names if isinstance(names, list) else [names]:
                yield kind, name

    def operators(self, key: str) -> Iterator[tuple[str, list[str]]]:
        """Yield the operators of a key, as they are written, with their values."""
        for operator, keys in (self.raw.get("Condition") or {}).items():
            for name, values in keys.items():
                if name.lower() == key:
                    texts = values if isinstance(values, list) else [values]
                    yield operator, [str(text).lower() for text in texts]

    def is_narrowed_by(self, *keys: str) -> bool:
        """Say whether a condition is met by some values of one of the keys only.

        A negated operator, `IfExists` and `ForAllValues` are met without the key as well.
        """
        return any(
            not operator.endswith("IfExists")
            and not operator.startswith("ForAllValues")
            and "Not" not in operator
            and operator != "Null"
            and not any(_ANYTHING.fullmatch(value) for value in values)
            for key in keys
            for operator, values in self.operators(key)
        )


Rule = Callable[[_Statement], Iterator[tuple[Severity, str, str]]]
"""From a statement to what it finds: severity, name of the rule, message."""


def judge(subject: Subject) -> Iterator[Finding]:
    """Yield what our rules find; a document that breaks the grammar is judged no further."""
    try:
        compile_policy(subject.text, subject.kind, subject.name)
    except DocumentError as error:
        yield _grammar(subject, str(error))
        return
    size = len(re.sub(r"\s", "", subject.text))
    if subject.limit is not None and size > subject.limit:
        message = (
            f"{size} characters without white space, but AWS accepts {subject.limit}; split the"
            " document, or name fewer things"
        )
        yield Finding(subject.name, Severity.HIGH, "size", message)
    value = json.loads(subject.text)
    if value.get("Version") != "2012-10-17":
        message = (
            "no Version 2012-10-17: policy variables like ${aws:username} are then plain text;"
            ' write "Version": "2012-10-17"'
        )
        yield Finding(subject.name, Severity.LOW, "old-version", message)
    has_lines = "\n" in subject.text.strip()
    for statement in _statements(subject):
        for rule in RULES:
            for severity, name, message in rule(statement):
                yield Finding(
                    subject.name,
                    severity,
                    name,
                    message,
                    statement.line if has_lines else None,
                    statement.column if has_lines else None,
                )


def _grammar(subject: Subject, message: str) -> Finding:
    told = message.removeprefix(f"{subject.name}: ")
    place = re.match(r"line (\d+), column (\d+): (.*)", told)
    if place:
        line, column = int(place[1]), int(place[2])
        return Finding(subject.name, Severity.HIGH, "grammar", place[3], line, column)
    return Finding(subject.name, Severity.HIGH, "grammar", told)


def _statements(subject: Subject) -> Iterator[_Statement]:
    value = json.loads(subject.text)["Statement"]
    listed = value if isinstance(value, list) else [value]
    node = jsoncfg.loads_config(subject.text).Statement
    nodes = node if isinstance(value, list) else [node]
    for raw, each in zip(listed, nodes, strict=True):
        place = jsoncfg.node_location(each)
        yield _Statement(raw, subject.kind, place.line, place.column)


def _open_principal(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """Everybody ("AWS JSON policy elements: Principal", All principals)."""
    everybody = ("AWS", "*") in statement.principals() and "Principal" in statement.raw
    if statement.allows and everybody and not statement.is_narrowed_by(*_WHO):
        yield (
            Severity.HIGH,
            "open-principal",
            f"{statement.name} allows everybody; name accounts, or add a condition on"
            " aws:PrincipalOrgID or aws:PrincipalArn",
        )


def _not_principal(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """All but ("AWS JSON policy elements: NotPrincipal")."""
    if "NotPrincipal" not in statement.raw:
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


def _canonical_user(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """Rewritten by S3 ("AWS JSON policy elements: Principal", AWS account principals)."""
    for element in ("Principal", "NotPrincipal"):
        if any(kind == "CanonicalUser" for kind, _ in statement.principals(element)):
            yield (
                Severity.MEDIUM,
                "canonical-user",
                f"{statement.name} names a canonical user ID, which S3 rewrites to an ARN, so that"
                " the policy differs for ever; name the account's root ARN",
            )


def _dead_principal(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """IDs in place of ARNs ("AWS JSON policy elements: Principal", IAM user principals)."""
    for _, name in (*statement.principals(), *statement.principals("NotPrincipal")):
        if _UNIQUE_ID.fullmatch(name):
            yield (
                Severity.MEDIUM,
                "dead-principal",
                f"{statement.name} names {name}, a user or role that was deleted; a new one of the"
                " same name is not meant; name the ARN again, or remove it",
            )


def _whole_account(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """Root means all of an account ("AWS JSON policy elements: Principal", Account principals)."""
    if statement.kind is not PolicyKind.TRUST or not statement.allows:
        return
    tags = (c.key.lower() for c in statement.conditions if c.key.lower().startswith(_TAG))
    if statement.is_narrowed_by(*_WHO_OF_ACCOUNT, *tags):
        return
    for kind, name in statement.principals():
        if kind == "AWS" and _ROOT.fullmatch(name):
            yield (
                Severity.MEDIUM,
                "whole-account",
                f"{statement.name} trusts all of {name}, whose administrators decide who comes in;"
                " add a condition on aws:PrincipalArn, or sts:ExternalId for a third party",
            )


_TAG: Final = "aws:principaltag/"


def _named_principal(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """ARNs become IDs ("AWS JSON policy elements: Principal", IAM user principals)."""
    if statement.kind is not PolicyKind.TRUST:
        return
    for kind, name in statement.principals():
        if kind == "AWS" and _NAMED.fullmatch(name):
            yield (
                Severity.LOW,
                "named-principal",
                f"{statement.name} names {name}, which must exist first and is lost when it is made"
                " anew; name the account's root and add a condition on aws:PrincipalArn",
            )


def _wildcard_action(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """All actions ("Security best practices in IAM", Apply least-privilege permissions)."""
    if not statement.allows:
        return
    if "NotAction" in statement.raw:
        message = f"{statement.name} allows all actions but those that it lists; use Action"
        yield Severity.HIGH, "not-action", message
    for action in statement.listed("Action"):
        service, _, name = action.partition(":")
        if not service.strip("*") and not name.strip("*"):
            message = f"{statement.name} allows every action of AWS; list those that are needed"
            yield Severity.HIGH, "wildcard-action", message
        elif not name.strip("*"):
            message = f"{statement.name} allows every action of {service}; list those needed"
            yield Severity.MEDIUM, "wildcard-action", message
        elif "*" in action:
            now = len(expand(action))
            message = (
                f"{statement.name} allows {action}, {now} actions today and more when AWS adds"
                " some; list those that are needed"
            )
            yield Severity.LOW, "wildcard-action", message


def _wildcard_resource(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """All resources ("IAM JSON policy elements: Resource"); some actions have none."""
    if not statement.allows or statement.kind is not PolicyKind.IDENTITY:
        return
    if "NotResource" in statement.raw:
        message = f"{statement.name} allows all resources but those that it lists; use Resource"
        yield Severity.HIGH, "not-resource", message
    needing = [
        name
        for action in statement.listed("Action")
        for name in expand(action)
        if name in actions() and actions()[name].resources
    ]
    if "*" in statement.listed("Resource") and needing:
        yield (
            Severity.MEDIUM,
            "wildcard-resource",
            f"{statement.name} allows {actions()[min(needing)].name} on every resource; name those"
            " that are meant",
        )


def _mfa(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """Requests with an access key have no such key ("AWS global condition context keys")."""
    for operator, values in statement.operators(_MFA):
        if statement.allows and operator.endswith("IfExists") and "true" in values:
            yield (
                Severity.HIGH,
                "mfa-if-exists",
                f"{statement.name} asks for MFA with {operator}, which requests with an access key"
                " pass without any; use Bool",
            )
        elif not statement.allows and operator == "Bool" and "false" in values:
            yield (
                Severity.MEDIUM,
                "mfa-if-exists",
                f"{statement.name} refuses requests without MFA with Bool, which does not see"
                " requests with an access key; use BoolIfExists",
            )


def _any_external_id(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """An ID that anybody knows ("Access to AWS accounts owned by third parties")."""
    for _, values in statement.operators("sts:externalid"):
        if any(_ANYTHING.fullmatch(value) for value in values):
            message = f"{statement.name} accepts any sts:ExternalId; give the one that was agreed"
            yield Severity.HIGH, "any-external-id", message


def _literal_wildcard(statement: _Statement) -> Iterator[tuple[Severity, str, str]]:
    """Equality knows no wildcards ("IAM JSON policy elements: Condition operators")."""
    for condition in statement.conditions:
        exact = condition.operator.startswith("String") and "Like" not in condition.operator
        for value in condition.values if exact else ():
            if "*" in re.sub(r"\$\{\*\}", "", value):
                yield (
                    Severity.MEDIUM,
                    "literal-wildcard",
                    f"{statement.name} compares {condition.key} with {value!r} by"
                    f" {condition.operator}, for which * is a plain character; use StringLike or"
                    " ArnLike",
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
)
"""In the order in which they are told."""
