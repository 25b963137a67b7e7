"""Puts the cases to a judge, keeps what it answers, and writes the page that compares judges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from tests.conformance.cases import FOLDER, Case, by_topic, cases, topics
from tests.conformance.judges import Judge

PAGE: Final = FOLDER.parents[1] / "docs" / "conformance.md"
RESULTS: Final = FOLDER / "results"
_HEAD: Final = FOLDER / "page.md"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one judge answered."""

    name: str
    asked: Mapping[str, int]
    """By topic, how many cases the judge could be asked."""
    wrong: Mapping[str, str]
    """By case, the answer that is not the right one."""


def put(judge: Judge, name: str, to_be_asked: Iterable[Case]) -> Result:
    """Put cases to a judge."""
    asked: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for case in to_be_asked:
        answer = judge(case)
        if answer is None:
            continue
        asked[case.topic] = asked.get(case.topic, 0) + 1
        if answer != case.answer:
            wrong[case.id] = answer
    return Result(name=name, asked=asked, wrong=wrong)


def keep(result: Result, file_name: str) -> None:
    """Write a judge's result beside those of the others."""
    text = json.dumps(asdict(result), indent=2, ensure_ascii=False)
    (RESULTS / f"{file_name}.json").write_text(f"{text}\n", encoding="utf-8")


def kept() -> Mapping[str, Result]:
    """Return what was kept, by file name, our own engine first."""
    found = {
        path.stem: Result(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(RESULTS.glob("*.json"))
    }
    return dict(sorted(found.items(), key=lambda item: item[0] != "engine"))


def page() -> str:
    """Return the page with what was kept of all judges."""
    of_topic = by_topic(cases())
    results = list(kept().values())
    rows = [
        ["topic", "cases", "two accounts", *(result.name for result in results)],
        ["---", "---:", "---:", *("---:" for _ in results)],
    ]
    for topic, title in topics().items():
        of_two = sum(case.is_about_two_accounts for case in of_topic[topic])
        rows.append(
            [
                title,
                str(len(of_topic[topic])),
                str(of_two),
                *(_score(result, of_topic[topic]) for result in results),
            ]
        )
    count = len(cases())
    two = sum(case.is_about_two_accounts for case in cases())
    rows.append(["**all**", str(count), str(two), *(_score(result, cases()) for result in results)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    answers = "\n\n".join(text for result in results if (text := _wrong(result)))
    head = _HEAD.read_text(encoding="utf-8").format(count=count, two=two)
    parts = [head, "## Right answers, of those asked", table]
    return "\n".join([*parts, *(["", "## Wrong answers", answers] if answers else []), ""])


def _score(result: Result, of: Iterable[Case]) -> str:
    listed = list(of)
    asked = sum(result.asked.get(topic, 0) for topic in {case.topic for case in listed})
    wrong = sum(case.id in result.wrong for case in listed)
    return f"{asked - wrong} of {asked}" if asked else "-"


def _wrong(result: Result) -> str:
    right = {case.id: case.answer for case in cases()}
    lines = [
        f"- `{case_id}`: {answer}, right is {right[case_id]}"
        for case_id, answer in result.wrong.items()
    ]
    return "\n".join([f"### {result.name}", *lines]) if lines else ""
