"""What parliament finds in identity-based and resource-based policies.

It knows no trust policies: it takes their lack of a `Resource` for a mistake. Those are judged by
our own rules alone.
"""

import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any, Final

from cross_account_access.iam.catalogue import nearest
from cross_account_access.iam.engine import PolicyKind
from cross_account_access.iam.lint.findings import Finding, Severity, Subject

with warnings.catch_warnings():
    # It still imports pkg_resources, which says at length that it should not.
    warnings.simplefilter("ignore")
    import parliament  # type: ignore[import-untyped]

_SEVERITIES: Final = {
    "CRITICAL": Severity.HIGH,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
}
_LIST_OF_ONE: Final = re.compile(r'\[(\s*"(?:[^"\\]|\\.)*"\s*)\]')
_OURS: Final = {"NO_VERSION", "OLD_VERSION", "RESOURCE_STAR", "RESOURCE_EFFECTIVELY_STAR"}
"""Rules of which ours say the same, with more knowledge of what the policy belongs to."""


def scan(subject: Subject) -> Iterator[Finding]:
    """Yield what parliament finds."""
    if subject.kind is PolicyKind.TRUST:
        return
    # It fails on a truth value in a list. A list of one text means the text; blanks in place of
    # the brackets keep lines and columns.
    text = _LIST_OF_ONE.sub(r" \1 ", subject.text)
    logging.disable(logging.ERROR)
    try:
        found = [parliament.enhance_finding(each) for each in _analyze(text)]
    except Exception as error:  # noqa: BLE001 - raises whatever its own mistakes lead to
        message = f"parliament cannot judge this document: {error}".splitlines()[0]
        yield Finding(subject.name, Severity.LOW, "not-scanned", message)
        return
    finally:
        logging.disable(logging.NOTSET)
    for each in found:
        told = _message(each, text.lower())
        if told is None or each.issue in _OURS or each.severity not in _SEVERITIES:
            continue
        location: dict[str, Any] = each.location if isinstance(each.location, dict) else {}
        yield Finding(
            subject.name,
            _SEVERITIES[each.severity],
            each.issue.lower().replace("_", "-"),
            told,
            line=location.get("line") if "\n" in subject.text.strip() else None,
            column=location.get("column"),
        )


def _analyze(text: str) -> list[Any]:
    findings: list[Any] = parliament.analyze_policy_string(text).findings
    return findings


def _message(finding: Any, text: str) -> str | None:  # noqa: ANN401 - parliament has no types
    """Return what is wrong, or `None` if it is about an action that only a wildcard means.

    A pattern like `s3:Get*` means actions of many kinds of resources; that some of them do not fit
    is in its nature.
    """
    title, detail = finding.title.strip().rstrip("."), finding.detail
    if finding.issue == "RESOURCE_MISMATCH":
        named = [each for each in detail if f'"{each["action"].lower()}"' in text]
        detail = "; ".join(
            f"{each['action']} needs a resource like {each['required_format']}" for each in named
        )
        return f"{title}: {detail}" if named else None
    if finding.issue == "UNKNOWN_CONDITION_FOR_ACTION":
        return detail if f'"{detail.rsplit(" ", 1)[-1].lower()}"' in text else None
    if finding.issue == "UNKNOWN_ACTION":
        near = nearest(detail.rsplit(" ", 1)[-1])
        return f"{detail}; did you mean {near}?" if near else detail
    return f"{title}: {detail}" if detail else title
