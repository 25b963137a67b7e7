"""The page on deployers says of each action whether it was tried or read."""

import re
from collections import defaultdict

from cross_account_access.deployers.actions import actions, tried
from cross_account_access.deployers.made import EVERY_STACK
from tests.support.deployment import ROOT

EVERY = "every stack"
PROVIDER = "internal/service/"
PAGE = ROOT / "docs" / "deployers.md"


def table() -> str:
    """A row for each type: where it is read, what was tried, what was not."""
    seen = {
        action
        for commands in tried().values()
        for sides in commands.values()
        for found in sides.values()
        for action in found
    }
    lines = ["| Of | Read in | Tried | Besides |", "|---|---|---|---|"]
    for type_, kinds in actions().items():
        callers: dict[str, None] = {}
        told: dict[bool, set[str]] = defaultdict(set)
        for modes in kinds.values():
            for by_action in modes.values():
                for action, caller in by_action.items():
                    told[action in seen].add(action)
                    read_in = caller.split(" ")[0] if caller.startswith(PROVIDER) else caller
                    callers[read_in.removeprefix(PROVIDER)] = None
        cells = [
            EVERY if type_ == EVERY_STACK else type_.rsplit(":", 1)[-1],
            ", ".join(f"`{each}`" for each in sorted(callers)),
            *(
                ", ".join(f"`{each}`" for each in sorted(told[is_seen]))
                for is_seen in (True, False)
            ),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_page_has_the_table() -> None:
    found = re.search(r"<!-- actions -->\n(.*?)\n<!-- end of actions -->", PAGE.read_text(), re.S)
    assert found
    assert found[1] == table()
