"""Findings as SARIF 2.1.0, which code scanning of GitHub, Azure DevOps and others takes.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0",
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cross_account_access import __version__
from cross_account_access.iam.lint.findings import MEANINGS, Finding, Severity, page_of

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_OF_STACK: Final = "Pulumi.yaml"
"""The file that findings about documents of a stack are shown at, which are in none."""


def sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a log of one run."""
    rules = [
        {
            "id": rule,
            "shortDescription": {"text": meaning},
            "help": {"text": f"{meaning}; see {page_of(rule)}"},
        }
        for rule, meaning in MEANINGS.items()
    ]
    driver = {"name": "access lint", "version": __version__, "rules": rules}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(each) for each in findings]}],
    }


def _result(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.subject if finding.line else _OF_STACK)}
        }
    }
    told = finding.message
    if finding.line:
        region = {"startLine": finding.line, "startColumn": finding.column}
        location["physicalLocation"]["region"] = region
    else:
        told = f"{finding.subject}: {told}"
        location["logicalLocations"] = [{"fullyQualifiedName": finding.subject}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": list(MEANINGS).index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{told} ({finding.page})"},
        "locations": [location],
    }


def _uri(name: str) -> str:
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
