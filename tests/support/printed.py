"""The commands that README, docs and examples print."""

from __future__ import annotations

import re

from tests.support.deployment import ROOT

COMMANDS = ("access", "access-sandbox", "access-toolchain", "aws", "eval", "export", "pulumi", ".")
PAGES = [
    str(path.relative_to(ROOT))
    for path in (
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").rglob("*.md")),
    )
]


def printed(page: str) -> list[str]:
    """The commands of a page, each in one line, without comments; forms with holes are none.

    A block that follows another at once shows what that is answered.
    """
    found = []
    text = (ROOT / page).read_text()
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        if match[1] not in ("", "sh") or text[: match.start()].endswith("```\n"):
            continue
        block = match[2]
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            command = re.sub(r"\s+# .*", "", line).rstrip()
            is_form = re.search(r"…|\b(?:OWNER|VERSION|PRINCIPAL)\b", command)
            if command.split(" ")[0] in COMMANDS and not is_form:
                found.append(command)
    return found
