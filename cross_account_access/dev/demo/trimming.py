"""What pulumi says, without what would bury it: trimming leaves lines out and cuts long ones."""

import re
from collections.abc import Iterable, Iterator

_WIDTH = 100
_NOISE = re.compile(
    r"""
    @\s                                                     # dots while it works
    | .*\s(creating|updating|deleting|refreshing|running)   # a step begins; its end is told too
      \s?(\(\d+s\))?\s?(\[diff:.*\])?\s*$
    | .*\srefresh\s?(\([\d.]+s\))?\s*$                      # looked at, and as it should be
    | \s{4}\S+:\S+:\S+\s\S+\s*$                             # declared, and as it should be
    | \s+\[(urn|provider|id)=                               # the long names of a detailed diff
    """,
    re.VERBOSE,
)


def essential(lines: Iterable[str]) -> Iterator[str]:
    """Leaves out progress, unchanged resources and outputs, which have a command of their own."""
    in_outputs = False
    for line in lines:
        in_outputs = line.startswith("Outputs:") or (in_outputs and line.startswith("    "))
        if not in_outputs and not _NOISE.match(line):
            yield line


def cut(lines: Iterable[str]) -> Iterator[str]:
    """Shortens lines to 100 characters, marking where something is missing."""
    for line in lines:
        yield line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."
