"""The conformance suite: its form, its answers on our engine, and the page that it writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.conformance import scoreboard
from tests.conformance.cases import FOLDER, Case, cases, topics
from tests.conformance.judges import engine

KNOWN_FAULTS: Mapping[str, list[str]] = yaml.safe_load(
    (FOLDER / "known_faults.yaml").read_text(encoding="utf-8")
)


def ask_engine() -> scoreboard.Result:
    with engine.judging() as judge:
        return scoreboard.put(judge, engine.NAME, cases())


@pytest.fixture(scope="module")
def result() -> scoreboard.Result:
    return ask_engine()


def test_the_engine_answers_all_cases_as_aws_does_but_the_known_faults(
    result: scoreboard.Result,
) -> None:
    listed = Counter(case_id for ids in KNOWN_FAULTS.values() for case_id in ids)
    assert max(listed.values(), default=1) == 1
    assert sorted(result.wrong) == sorted(listed)
    assert sum(result.asked.values()) == len(cases())


def test_the_suite_is_as_large_as_promised_and_half_about_two_accounts() -> None:
    assert len(cases()) >= 300
    assert sum(case.is_about_two_accounts for case in cases()) >= len(cases()) / 2
    assert {case.topic for case in cases()} == set(topics())


def test_each_case_says_its_rule_and_where_aws_states_it() -> None:
    for case in cases():
        assert case.because.endswith("."), case.id
        assert case.pages, case.id
        for page in case.pages:
            address = urlsplit(page.address)
            assert (address.scheme, address.netloc) == ("https", "docs.aws.amazon.com"), page
            assert address.path.endswith(".html"), page


def test_a_title_always_has_the_same_address() -> None:
    listed = yaml.safe_load((FOLDER / "pages.yaml").read_text(encoding="utf-8")).values()
    assert len({title for title, _ in listed}) == len({address for _, address in listed})
    assert len(listed) == len({title for title, _ in listed})
    cited = {page.title for case in cases() for page in case.pages}
    assert cited == {title for title, _ in listed}


def test_no_place_of_a_case_is_left_empty() -> None:
    def texts(value: Any) -> Any:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            for key, each in value.items():
                yield from (*texts(key), *texts(each))
        elif isinstance(value, list | tuple):
            for each in value:
                yield from texts(each)

    for case in cases():
        left = [text for text in texts(case.as_json()) if text.startswith(("<", "="))]
        assert not left, (case.id, left)


def test_a_case_that_two_pages_disagree_about_cites_both() -> None:
    disputed = [case for case in cases() if "contradict each other" in case.because]
    assert disputed
    for case in disputed:
        assert len(case.pages) > 1, case.id
        # With the key both pages say the same.
        assert case.answer == "unknown" or "IfExists" in case.id, case.id


def test_the_page_is_what_the_results_say(result: scoreboard.Result) -> None:
    assert scoreboard.kept()["engine"] == result
    assert scoreboard.PAGE.read_text(encoding="utf-8") == scoreboard.page()


def test_a_judge_that_cannot_be_asked_is_not_measured() -> None:
    def shy(case: Case) -> str | None:
        return "allowed" if case.topic == "sets" else None

    measured = scoreboard.put(shy, "shy", cases())
    assert set(measured.asked) == {"sets"}
    assert set(measured.wrong.values()) == {"allowed"}
