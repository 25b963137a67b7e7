"""Judges one document by all rules."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from cross_account_access.iam.documents import PolicyDocument, read
from cross_account_access.iam.engine import compile_policy
from cross_account_access.iam.errors import DocumentError
from cross_account_access.iam.lint.action_rules import ACTION_RULES
from cross_account_access.iam.lint.findings import Finding, Severity
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
    yield from _size(subject)
    yield from _whole_document(subject, document)
    has_lines = "\n" in subject.text.strip()
    for statement in document.statements:
        place = statement.place if has_lines else None
        for rule in (*RULES, *ACTION_RULES):
            for severity, name, message in rule(statement):
                found = Finding(subject.name, severity, name, message)
                yield replace(found, line=place.line, column=place.column) if place else found


def _grammar(subject: Subject, message: str) -> Finding:
    told = message.removeprefix(f"{subject.name}: ")
    place = re.match(r"line (\d+), column (\d+): (.*)", told)
    if place:
        line, column = int(place[1]), int(place[2])
        return Finding(subject.name, Severity.HIGH, "grammar", place[3], line, column)
    return Finding(subject.name, Severity.HIGH, "grammar", told)


def _size(subject: Subject) -> Iterator[Finding]:
    """Compare the size with what AWS accepts, and with what it accepts on request."""
    if subject.limit is None or subject.size <= subject.limit:
        return
    told = f"{subject.size} characters that count, but AWS accepts {subject.limit}"
    if subject.raised_to is not None and subject.size <= subject.raised_to:
        message = f"{told} unless the account has had this quota raised; see that it has"
        yield Finding(subject.name, Severity.LOW, "size", message)
    else:
        most = f", and {subject.raised_to} at most" if subject.raised_to is not None else ""
        message = f"{told}{most}; split the document, or name fewer things"
        yield Finding(subject.name, Severity.HIGH, "size", message)


def _whole_document(subject: Subject, document: PolicyDocument) -> Iterator[Finding]:
    """Yield what is about no single statement: the version, and names that stand twice.

    Source: AWS, "IAM JSON policy elements: Sid",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html.
    """
    if not document.has_variables:
        message = (
            "no Version 2012-10-17: policy variables like ${aws:username} are then plain text;"
            ' write "Version": "2012-10-17"'
        )
        yield Finding(subject.name, Severity.LOW, "old-version", message)
    for sid, count in Counter(each.sid for each in document.statements if each.sid).items():
        if count > 1:
            message = f"{count} statements have the Sid {sid!r}, but one may; rename the others"
            yield Finding(subject.name, Severity.HIGH, "duplicate-sid", message)
