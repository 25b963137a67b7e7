"""`access lint`: the stack's documents, or policy files, against the rules that scanners apply."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.code_scanning import sarif
from cross_account_access.command.external_ids import hidden
from cross_account_access.command.reports import check_writable, write_report
from cross_account_access.errors import Status, UsageError
from cross_account_access.iam.documents import PolicyKind
from cross_account_access.iam.lint.findings import Finding, Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.reading import NoDocumentError, subjects_of_file
from cross_account_access.iam.lint.subjects import KindError, Subject, left_out, subjects_of
from cross_account_access.presentation import BAD, DOUBTFUL, QUIET, Page
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Checks policy documents: whom they let in whatever they look like, actions that do not exist or do
not fit their resources, wildcards, MFA that a key passes by, grammar and sizes.

Without FILE it checks every document of the stack. A FILE is a policy document, or what the AWS CLI
printed: get-role, get-policy-version, get-bucket-policy, get-queue-attributes and the like."""
_EPILOG: Final = """\
examples:
  access lint --stack prod
  access lint --from preview
  access lint trust.json bucket-policy.json
  aws iam get-role --role-name StageRole > role.json && access lint role.json
  access lint --sarif access.sarif policies/*.json

exit status: 0 nothing above low, 1 a finding of medium or high, 2 wrong usage, 3 could not be
checked"""

_KINDS: Final = {
    "identity": PolicyKind.IDENTITY,
    "boundary": PolicyKind.BOUNDARY,
    "session": PolicyKind.SESSION,
    "trust": PolicyKind.TRUST,
    "resource": PolicyKind.RESOURCE,
    "service-control": PolicyKind.SERVICE_CONTROL,
    "resource-control": PolicyKind.RESOURCE_CONTROL,
    "endpoint": PolicyKind.ENDPOINT,
}
_STYLES: Final = {Severity.HIGH: BAD, Severity.MEDIUM: DOUBTFUL, Severity.LOW: QUIET}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what is checked."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a policy document")
    parser.add_argument(
        "--kind", choices=_KINDS, help="what the documents of the files are, else told by elements"
    )
    parser.add_argument(
        "--from",
        dest="source",
        choices=(sources.LIVE, sources.STATE, sources.PREVIEW),
        default=sources.STATE,
        help="which documents of the stack: of the state (default), a preview or the live accounts",
    )
    parser.add_argument(
        "--sarif", type=Path, metavar="FILE", help="write the findings for code scanning as well"
    )
    add_stack_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check and tell."""
    check_writable("--sarif", arguments.sarif)
    if arguments.files:
        kind = _KINDS.get(arguments.kind)
        subjects = [subject for path in arguments.files for subject in _of_file(path, kind)]
        notes: Sequence[str] = ()
    else:
        inventory = sources.read(arguments.source, stack_of(arguments))
        subjects = list(subjects_of(inventory))
        notes = (*inventory.gaps, *left_out(inventory))
    findings = sorted(
        {finding for subject in subjects for finding in judge(subject)},
        key=lambda f: (f.subject, -f.severity, f.line or 0, f.rule, f.message),
    )
    if arguments.json:
        Page().json(_as_json(subjects, findings, notes))
    else:
        _print(Page(), subjects, findings, notes)
    is_bad = any(finding.severity > Severity.LOW for finding in findings)
    status = Status.NOT_AS_INTENDED if is_bad else Status.AS_INTENDED
    log = f"{json.dumps(sarif(findings), indent=2)}\n"
    return write_report("--sarif", arguments.sarif, hidden(log), status)


def _of_file(path: Path, kind: PolicyKind | None) -> list[Subject]:
    try:
        text = path.read_text()
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise UsageError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file"
        raise UsageError(msg) from error
    try:
        return subjects_of_file(str(path), text, kind)
    except (KindError, NoDocumentError) as error:
        raise UsageError(str(error)) from error


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
                "page": finding.page,
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
            f": {finding.rule}: {finding.message} ",
            (f"({finding.page})", QUIET),
        )
    for note in notes:
        page.line(("note: ", DOUBTFUL), note)
    documents = f"{len(subjects)} document{'s' * (len(subjects) != 1)}"
    page.line(f"{documents} checked, {len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
