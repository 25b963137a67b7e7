"""A start for a judge of your own: copy this file, and answer each case with your tool.

1. Give `NAME`.
2. Start in `judging` what the tool needs (a process, a client) and end it after the `yield`.
3. Answer in `answer`; README.md beside the cases says what the fields of a case mean. Return `None`
   for a case that the tool cannot be asked: a document alone, a chain of roles, a service that it
   does not know, an answer "unknown" where it knows only yes and no.
4. `python -m tests.conformance ask FILE` asks all cases, `python -m tests.conformance page` puts
   the result on the scoreboard.

A tool in another language reads the lines of `python -m tests.conformance cases` instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from tests.conformance.cases import Case
from tests.conformance.judges import Judge

NAME: Final = "name of the tool"


@contextlib.contextmanager
def judging() -> Iterator[Judge]:
    """Yield what answers a case."""
    yield answer


def answer(case: Case) -> str | None:
    """Answer one case."""
    if case.kind is not None or case.through is not None or case.answer == "unknown":
        return None
    # The documents: case.users, case.roles, case.resources, case.session_policies.
    # The question: case.who, case.action, case.resource, case.context.
    return None
