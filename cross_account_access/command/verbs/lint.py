"""`access lint`: the stack's documents, or policy files, against the rules that scanners apply."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.errors import Status, UsageError
from cross_account_access.iam.lint.findings import Finding, Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.subjects import Subject, left_out, subject_of_text, subjects_of
from cross_account_access.presentation import BAD, DOUBTFUL, QUIET, Page
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Checks policy documents: grammar, actions that do not fit their resources, open or dead principals,
trust of a whole account, wildcards, MFA that a key passes by, sizes.

Without FILE it checks every document of the stack."""
_EPILOG: Final = """\
examples:
  access lint --stack prod
  access lint --from preview
  access lint trust.json bucket-policy.json

exit status: 0 nothing above low, 1 a finding of medium or high, 2 wrong usage, 3 could not be
checked"""

_STYLES: Final = {Severity.HIGH: BAD, Severity.MEDIUM: DOUBTFUL, Severity.LOW: QUIET}


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
    return Status.NOT_AS_INTENDED if is_bad else Status.AS_INTENDED


def _of_file(path: Path) -> Subject:
    try:
        text = path.read_text()
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise UsageError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file"
        raise UsageError(msg) from error
    return subject_of_text(str(path), text)


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
