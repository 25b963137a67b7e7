"""What a person, a script or a CI system is told of the results."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree

from cross_account_access.command.proof.proving import Proof
from cross_account_access.command.proof.report import in_words
from cross_account_access.command.verification.findings import Found, Permission, Result, Verdict
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, QUIET, TITLE, Cell, Page

_STYLE: Final = {Verdict.RIGHT: GOOD, Verdict.WRONG: BAD, Verdict.UNCHECKED: DOUBTFUL}
_HEADERS: Final = ("consumer", "what", "expected", "found", "code", "by", "s")
_SPARE: Final = ("s", "code", "by")
_PROOF: Final = "allow what is declared and nothing more"


def show(page: Page, results: Sequence[Result], *, only_failures: bool = False) -> None:
    """Write what is wrong, what others have to add, the table, who could not act, and the counts.

    Args:
        page: standard output.
        results: of all rows.
        only_failures: leave out of the table what is as intended, and who could not act.
    """
    for verdict in (Verdict.WRONG, Verdict.UNCHECKED):
        for result in results:
            if result.verdict is verdict:
                page.line((verdict.value, _STYLE[verdict]), f": {_sentence(result)}")
    for (consumer, arn), policy in _lacking(results).items():
        page.line((f"{consumer}: {arn} still needs, in a policy of its own:", TITLE))
        page.block(json.dumps(policy, indent=2))
    rows = _failures(results) if only_failures else results
    if rows:
        page.table(_HEADERS, [_cells(result) for result in rows], _SPARE)
    by_engine = Counter(
        (result.row.consumer, result.finding.obstacle) for result in rows if result.finding.obstacle
    )
    for (consumer, obstacle), count in by_engine.items():
        page.line((f"{consumer}: {_rows(count)} decided by the access engine: {obstacle}", QUIET))
    for consumer, counts in _by_consumer(results).items():
        worst = next(verdict for verdict in Verdict if counts[verdict])
        page.line(f"{consumer}: ", (_counted(counts), _STYLE[worst]))
    page.line(_counted(Counter(result.verdict for result in results)))


def _failures(results: Sequence[Result]) -> list[Result]:
    return [result for result in results if result.verdict is not Verdict.RIGHT]


def _lacking(results: Sequence[Result]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """By consumer and principal, the policy that others have yet to attach."""
    lacking: dict[tuple[str, str], list[Permission]] = {}
    for result in results:
        if result.finding.lacking:
            key = (result.row.consumer, result.row.caller.arn)
            lacking.setdefault(key, []).extend(result.finding.lacking)
    return {key: _policy_that_allows(permissions) for key, permissions in lacking.items()}


def _policy_that_allows(permissions: Sequence[Permission]) -> Mapping[str, Any]:
    actions: dict[str, set[str]] = {}
    for permission in permissions:
        actions.setdefault(permission.resource, set()).update(permission.actions)
    statements = [
        {"Effect": "Allow", "Action": sorted(each), "Resource": resource}
        for resource, each in sorted(actions.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _by_consumer(results: Sequence[Result]) -> dict[str, Counter[Verdict]]:
    counts: dict[str, Counter[Verdict]] = {}
    for result in results:
        counts.setdefault(result.row.consumer, Counter())[result.verdict] += 1
    return counts


def _counted(counts: Counter[Verdict]) -> str:
    told = [f"{counts[verdict]} {verdict}" for verdict in reversed(Verdict) if counts[verdict]]
    return f"{_rows(counts.total())}: {', '.join(told) or 'nothing to check'}"


def as_json(
    stack: str, results: Sequence[Result], left: Sequence[str], *, only_failures: bool = False
) -> dict[str, Any]:
    """The same as data."""
    return {
        "stack": stack,
        "summary": {
            consumer: {verdict.value: counts[verdict] for verdict in reversed(Verdict)}
            for consumer, counts in _by_consumer(results).items()
        },
        "lacking": [
            {"consumer": consumer, "principal": arn, "policy": policy}
            for (consumer, arn), policy in _lacking(results).items()
        ],
        "rows": [
            {
                "consumer": result.row.consumer,
                "what": result.row.what,
                "expected": result.row.expected.value,
                "found": result.finding.found.value,
                "verdict": result.verdict.value,
                "code": result.finding.code,
                "decidedBy": result.finding.judge.value,
                "obstacle": result.finding.obstacle,
                # The former name of it, until version 2.
                "hindrance": result.finding.obstacle,
                "why": result.finding.why or None,
                "seconds": round(result.finding.seconds, 3),
            }
            for result in (_failures(results) if only_failures else results)
        ],
        "left": list(left),
    }


def as_junit(stack: str, proof: Proof, results: Sequence[Result], started: str) -> str:
    """The same as JUnit XML: a suite, a test case for the proof and one for each row, by consumer.

    What is not as intended is a failure, what could not be checked an error.

    Args:
        stack: its name.
        proof: that nothing more is allowed than declared.
        results: of all rows.
        started: when, in ISO 8601.
    """
    counts = Counter([_verdict(proof), *(result.verdict for result in results)])
    numbers = {
        "tests": str(1 + len(results)),
        "failures": str(counts[Verdict.WRONG]),
        "errors": str(counts[Verdict.UNCHECKED]),
        "skipped": "0",
        "time": f"{sum(result.finding.seconds for result in results):.3f}",
    }
    suites = ElementTree.Element("testsuites", {"name": "access verify", **numbers})
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": f"stack {stack}", "timestamp": started, **numbers}
    )
    about = {"classname": f"access.{stack}.documents", "name": _PROOF, "time": "0.000"}
    case = ElementTree.SubElement(suite, "testcase", about)
    if not proof.is_proved:
        _add_problem(case, _verdict(proof), in_words(proof))
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {
                "classname": f"access.{stack}.{result.row.consumer}",
                "name": result.row.what,
                "time": f"{result.finding.seconds:.3f}",
            },
        )
        if result.verdict is not Verdict.RIGHT:
            _add_problem(case, result.verdict, _sentence(result))
        output = ElementTree.SubElement(case, "system-out")
        output.text = f"decided by {result.finding.judge.value}"
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def _verdict(proof: Proof) -> Verdict:
    if proof.is_proved:
        return Verdict.RIGHT
    return Verdict.WRONG if proof.is_refuted else Verdict.UNCHECKED


def _add_problem(case: ElementTree.Element, verdict: Verdict, message: str) -> None:
    kind = "failure" if verdict is Verdict.WRONG else "error"
    ElementTree.SubElement(case, kind, {"message": message, "type": verdict.value})


def _cells(result: Result) -> list[Cell]:
    row, finding = result.row, result.finding
    return [
        row.consumer,
        row.what,
        row.expected.value,
        (finding.found.value, _STYLE[result.verdict]),
        finding.code or "",
        (finding.judge.value, QUIET),
        f"{finding.seconds:.2f}",
    ]


def _sentence(result: Result) -> str:
    row, finding = result.row, result.finding
    told = f"{row.consumer}: {row.what}: must be {row.expected.value}"
    if finding.found is not Found.UNDECIDED:
        told += f", and is {finding.found.value} (by {finding.judge.value})"
    code = f"{finding.code}: " if finding.code else ""
    return f"{told}; {code}{finding.why}" if finding.why or code else told


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
