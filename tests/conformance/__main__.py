"""Asks a judge all cases, writes the scoreboard, or prints the cases for a judge of another kind.

python -m tests.conformance ask engine       all cases to a judge, its answers kept
python -m tests.conformance page             docs/conformance.md from what is kept
python -m tests.conformance cases            each case in full, one line of JSON each
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys

from tests.conformance import scoreboard
from tests.conformance.cases import cases


def main() -> int:
    """Run the command; 1 when a judge answered a case wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(dest="verb", required=True)
    ask = verbs.add_parser("ask", help="put all cases to a judge and keep its answers")
    ask.add_argument("judge", help="a file of tests/conformance/judges, without .py")
    verbs.add_parser("page", help="write docs/conformance.md")
    verbs.add_parser("cases", help="print each case in full as a line of JSON")
    given = parser.parse_args()
    if given.verb == "cases":
        for case in cases():
            sys.stdout.write(f"{json.dumps(case.as_json(), ensure_ascii=False)}\n")
        return 0
    if given.verb == "page":
        scoreboard.PAGE.write_text(scoreboard.page(), encoding="utf-8")
        return 0
    module = importlib.import_module(f"tests.conformance.judges.{given.judge}")
    with module.judging() as judge:
        result = scoreboard.put(judge, module.NAME, cases())
    scoreboard.keep(result, given.judge)
    right = {case.id: case.answer for case in cases()}
    for case_id, answer in result.wrong.items():
        sys.stdout.write(f"{case_id}: {answer}, right is {right[case_id]}\n")
    asked = sum(result.asked.values())
    sys.stdout.write(f"{module.NAME}: {asked - len(result.wrong)} of {asked} right\n")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
