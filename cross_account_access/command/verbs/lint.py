"""`access lint`: the stack's documents, or policy files, against the rules that scanners apply."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.inventory import Document, Inventory, is_unknown_document
from cross_account_access.errors import Status, UsageError
from cross_account_access.iam.engine import PolicyKind
from cross_account_access.iam.lint.findings import Finding, Severity, Subject
from cross_account_access.iam.lint.rules import judge
from cross_account_access.iam.lint.scanner import scan
from cross_account_access.presentation import BAD, DOUBTFUL, QUIET, Page
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Checks policy documents: grammar, actions that do not fit their resources (by parliament), open or
dead principals, trust of a whole account, wildcards, MFA that a key passes by, sizes.

Without FILE it checks every document of the stack."""
_EPILOG: Final = """\
examples:
  access lint --stack prod
  access lint --from preview
  access lint trust.json bucket-policy.json

exit status: 0 nothing above low, 1 a finding of medium or high, 2 wrong usage, 3 could not be
checked"""

_STYLES: Final = {Severity.HIGH: BAD, Severity.MEDIUM: DOUBTFUL, Severity.LOW: QUIET}
_TRUST, _MANAGED, _USER, _ROLE, _BUCKET = 2048, 6144, 2048, 10_240, 20_480
"""Characters, white space aside (AWS: "IAM and AWS STS quotas"; "Bucket policies")."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what is checked."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a policy document")
    parser.add_argument(
        "--from",
        dest="source",
        choices=(sources.LIVE, sources.STATE, sources.PREVIEW),
        default=sources.STATE,
        help="which documents of the stack: of the state (default), a preview or the live accounts",
    )
    add_stack_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check and tell."""
    if arguments.files:
        subjects = [_of_file(path) for path in arguments.files]
        notes: Sequence[str] = ()
    else:
        inventory = sources.read(arguments.source, stack_of(arguments))
        subjects = list(_of_stack(inventory))
        notes = (*inventory.gaps, *_unknown(inventory))
    findings = sorted(
        {finding for subject in subjects for finding in _findings(subject)},
        key=lambda f: (f.subject, -f.severity, f.line or 0, f.rule, f.message),
    )
    if arguments.json:
        Page().json(_as_json(subjects, findings, notes))
    else:
        _print(Page(), subjects, findings, notes)
    is_bad = any(finding.severity > Severity.LOW for finding in findings)
    return Status.NOT_AS_INTENDED if is_bad else Status.AS_INTENDED


def _findings(subject: Subject) -> Iterator[Finding]:
    ours = list(judge(subject))
    yield from ours
    # What breaks the grammar would only be told again, in other words.
    if not any(finding.rule == "grammar" for finding in ours):
        yield from scan(subject)


def _of_file(path: Path) -> Subject:
    try:
        text = path.read_text()
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise UsageError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file"
        raise UsageError(msg) from error
    kind = _kind(text)
    limits = {PolicyKind.TRUST: _TRUST, PolicyKind.IDENTITY: _MANAGED}
    return Subject(str(path), kind, text, limits.get(kind, _BUCKET))


def _kind(text: str) -> PolicyKind:
    """Tell what a document is by its elements."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return PolicyKind.IDENTITY
    statements = value.get("Statement", []) if isinstance(value, dict) else []
    first = next(iter(statements), {}) if isinstance(statements, list) else statements
    if not isinstance(first, dict) or not {"Principal", "NotPrincipal"} & first.keys():
        return PolicyKind.IDENTITY
    has_resource = {"Resource", "NotResource"} & first.keys()
    return PolicyKind.RESOURCE if has_resource else PolicyKind.TRUST


def _of_stack(inventory: Inventory) -> Iterator[Subject]:
    short = inventory.short
    for arn, identity in {**inventory.users, **inventory.roles}.items():
        inline = _USER if arn in inventory.users else _ROLE
        for label, document in identity.get("policies", {}).items():
            limit = _MANAGED if ":policy/" in label else inline
            name = f"policy {label} of {short(arn)}"
            yield from _subject(name, PolicyKind.IDENTITY, document, limit)
        boundary = identity.get("boundary")
        name = f"permissions boundary of {short(arn)}"
        yield from _subject(name, PolicyKind.BOUNDARY, boundary, _MANAGED)
    for arn, role in inventory.roles.items():
        name = f"trust policy of {short(arn)}"
        yield from _subject(name, PolicyKind.TRUST, role["trust"], _TRUST)
    for arn, resource in inventory.resources.items():
        limit_or_none = _BUCKET if ":s3:" in arn else None
        name = f"policy of {short(arn)}"
        yield from _subject(name, PolicyKind.RESOURCE, resource["policy"], limit_or_none)


def _subject(
    name: str, kind: PolicyKind, document: Document | None, limit: int | None
) -> Iterator[Subject]:
    if document is not None and not is_unknown_document(document):
        text = document if isinstance(document, str) else json.dumps(document)
        yield Subject(name, kind, text, limit)


def _unknown(inventory: Inventory) -> Iterator[str]:
    for arn, identity in {**inventory.users, **inventory.roles}.items():
        for label, document in identity.get("policies", {}).items():
            if is_unknown_document(document):
                yield f"policy {label} of {inventory.short(arn)} is not known, so it is left out"


def _as_json(
    subjects: Sequence[Subject], findings: Sequence[Finding], notes: Sequence[str]
) -> dict[str, Any]:
    return {
        "documents": [subject.name for subject in subjects],
        "findings": [
            {
                "document": finding.subject,
                "line": finding.line,
                "column": finding.column,
                "severity": finding.severity.name.lower(),
                "rule": finding.rule,
                "message": finding.message,
            }
            for finding in findings
        ],
        "notes": list(notes),
    }


def _print(
    page: Page, subjects: Sequence[Subject], findings: Sequence[Finding], notes: Sequence[str]
) -> None:
    for finding in findings:
        place = f":{finding.line}:{finding.column}" if finding.line else ""
        severity = finding.severity.name.lower()
        page.line(
            f"{finding.subject}{place}: ",
            (severity, _STYLES[finding.severity]),
            f": {finding.rule}: {finding.message}",
        )
    for note in notes:
        page.line(("note: ", DOUBTFUL), note)
    documents = f"{len(subjects)} document{'s' * (len(subjects) != 1)}"
    page.line(f"{documents} checked, {len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
