"""Judges one document by all rules."""

import re
from collections import Counter
from collections.abc import Iterator

from cross_account_access.iam.checks import shown
from cross_account_access.iam.documents import (
    Place,
    PolicyDocument,
    PolicyKind,
    Statement,
    read,
)
from cross_account_access.iam.engine import compile_policy
from cross_account_access.iam.errors import DocumentError
from cross_account_access.iam.lint.action_rules import ACTION_RULES
from cross_account_access.iam.lint.exposure import exposure, trusts_itself
from cross_account_access.iam.lint.findings import Finding, Found, Severity
from cross_account_access.iam.lint.questions import Questions
from cross_account_access.iam.lint.rules import RULES
from cross_account_access.iam.lint.subjects import Subject


def judge(subject: Subject) -> Iterator[Finding]:
    """Yield what the rules find; a document that breaks the grammar is judged no further."""
    try:
        compile_policy(subject.text, subject.kind, subject.name)
    except DocumentError as error:
        yield _grammar(subject, str(error))
        return
    document = read(subject.text, subject.kind, subject.name)
    for found in (*_size(subject, document), *_whole_document(document)):
        yield _finding(subject, found, None)
    questions = Questions(document, subject.owner)
    for statement in document.statements:
        for rule in (*RULES, *ACTION_RULES):
            for found in rule(statement):
                yield _finding(subject, found, statement.place)
        renewing = trusts_itself(questions, statement, subject.holder) if _is_role(subject) else ()
        for found in (*exposure(questions, statement), *renewing):
            yield _finding(subject, found, statement.place)


def _is_role(subject: Subject) -> bool:
    return subject.kind is PolicyKind.TRUST and ":role/" in subject.holder


def _finding(subject: Subject, found: tuple[Severity, str, str], place: Place | None) -> Finding:
    severity, rule, message = found
    told = f"{subject.label}: {message}" if subject.label else message
    start = subject.start
    if start is None:
        return Finding(subject.name, severity, rule, told)
    if place is None or subject.is_quoted:
        return Finding(subject.name, severity, rule, told, start.line, start.column)
    before = start.column - 1 if place.line == 1 else 0
    line, column = start.line + place.line - 1, before + place.column
    return Finding(subject.name, severity, rule, told, line, column)


def _grammar(subject: Subject, message: str) -> Finding:
    told = message.removeprefix(f"{subject.name}: ")
    match = re.match(r"line (\d+), column (\d+): (.*)", told)
    place = Place(int(match[1]), int(match[2])) if match else None
    if match and not subject.is_quoted:
        told = match[3]
    return _finding(subject, (Severity.HIGH, "grammar", told), place)


def _size(subject: Subject, document: PolicyDocument) -> Found:
    """Compare the size with what AWS accepts, and with what it accepts on request."""
    yield from _counts(subject, document.statements)
    if subject.limit is None or subject.size <= subject.limit:
        return
    told = f"{subject.size} characters that count, but AWS accepts {subject.limit}"
    if subject.raised_to is not None and subject.size <= subject.raised_to:
        message = f"{told} unless the account has had this quota raised; see that it has"
        yield Severity.LOW, "size", message
    else:
        most = f", and {subject.raised_to} at most" if subject.raised_to is not None else ""
        message = f"{told}{most}; split the document, or name fewer things"
        yield Severity.HIGH, "size", message


def _counts(subject: Subject, statements: tuple[Statement, ...]) -> Found:
    """Compare what else AWS counts in the policy of a resource."""
    quota = subject.quota
    if quota is None:
        return
    for what, count, most in (
        ("statements", len(statements), quota.statements),
        ("principals", sum(len(each.principals) for each in statements), quota.principals),
        ("conditions", sum(len(each.conditions) for each in statements), quota.conditions),
        (
            "actions in a statement",
            max((len(each.actions) for each in statements), default=0),
            quota.actions_of_statement,
        ),
    ):
        if most is not None and count > most:
            message = f"{count} {what}, but AWS accepts {most}; name fewer"
            yield Severity.HIGH, "size", message


def _whole_document(document: PolicyDocument) -> Found:
    """Yield what is about no single statement: the version, and names that stand twice.

    Source: AWS, "IAM JSON policy elements: Sid",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html.
    """
    if not document.has_variables and any("${" in str(each.raw) for each in document.statements):
        message = (
            "no Version 2012-10-17, without which policy variables like ${aws:username} are plain"
            ' text; write "Version": "2012-10-17"'
        )
        yield Severity.MEDIUM, "old-version", message
    for sid, count in Counter(each.sid for each in document.statements if each.sid).items():
        if count > 1:
            told = shown(sid)
            message = f"{count} statements have the Sid {told}, but one may; rename the others"
            yield Severity.HIGH, "duplicate-sid", message
