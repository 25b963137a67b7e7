"""What a person or a script is told of a proof."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cross_account_access.command.change_words import as_json as changes_as_json
from cross_account_access.command.change_words import print_changes
from cross_account_access.command.proof.proving import Proof
from cross_account_access.facts.service_reference import action
from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.engine import KeyState, Request
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, QUIET, TITLE, Page

USUALLY_ABSENT: Final = (
    "aws:MultiFactorAuthPresent",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
)
"""What `access explain` takes a request to lack unless it is told."""
_OF_EXPLAIN: Final[Mapping[str, tuple[str, ...] | KeyState]] = {
    "aws:securetransport": ("true",),
    **{key.lower(): KeyState.ABSENT for key in USUALLY_ABSENT},
}
"""What it takes one to be like."""
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")


def as_json(proof: Proof, source: str) -> dict[str, Any]:
    """Return all of it, with every action.

    Args:
        proof: what came of it.
        source: where the documents are from, as `--from` takes it.
    """
    return {
        "proved": proof.is_proved,
        "source": source,
        "differences": _differences_as_json(proof.differences, source),
        "lockouts": _differences_as_json(proof.lockouts, source),
        "invariants": [
            {
                "name": each.name,
                "holds": each.holds,
                "differences": _differences_as_json(each.differences, source),
            }
            for each in proof.invariants
        ],
        "unread": list(proof.unread),
        "assumptions": list(proof.assumptions),
        "layers": list(proof.layers),
        "compared": {
            "principals": proof.principals,
            "actions": proof.actions,
            "resources": proof.resources,
            "decisions": proof.decisions,
        },
    }


def _differences_as_json(changes: Sequence[Change], source: str) -> list[dict[str, Any]]:
    return [
        {**told, "explain": question(change, source)}
        for change, told in zip(changes, changes_as_json(list(changes)), strict=True)
    ]


def show_differences(page: Page, proof: Proof, source: str, stack: Sequence[str]) -> None:
    """Write what is not as declared, with a question each, and what could not be read.

    Args:
        page: standard output.
        proof: what came of it.
        source: as in `as_json`.
        stack: the options that name the stack to `access explain`.
    """
    _show(page, proof.differences, source, stack)
    for change in proof.lockouts:
        page.line(("locked out: ", BAD), _sentence(change, "may not"))
        _show_question(page, change, source, stack)
    for each in proof.broken:
        page.line(("broken: ", BAD), (each.name, TITLE))
        _show(page, each.differences, source, stack)
    for sentence in proof.unread:
        page.line(("not read: ", DOUBTFUL), sentence)


def _show(page: Page, changes: Sequence[Change], source: str, stack: Sequence[str]) -> None:
    for change in changes:
        print_changes(page, [change])
        _show_question(page, change, source, stack)


def _show_question(page: Page, change: Change, source: str, stack: Sequence[str]) -> None:
    if words := question(change, source):
        page.line((f"    {shlex.join([*words, *stack])}", QUIET))


def show_summary(page: Page, proof: Proof, source: str) -> None:
    """Write the result in a line."""
    page.line(*_summary(proof, source))


def in_words(proof: Proof) -> str:
    """Return what is not as declared in one text, a line each."""
    told = [f"{change.effect.value}: {_sentence(change)}" for change in proof.differences]
    told += [f"locked out: {_sentence(change, 'may not')}" for change in proof.lockouts]
    told += [
        f"broken: {each.name}: {_sentence(change)}"
        for each in proof.broken
        for change in each.differences
    ]
    return "\n".join([*told, *(f"not read: {sentence}" for sentence in proof.unread)])


def _sentence(change: Change, may: str = "may") -> str:
    through = f" through {change.through}" if change.through else ""
    when = f", {change.when}" if change.when else ""
    actions = ", ".join(change.actions)
    return f"{change.principal} {may} {actions} on {change.resource}{through}{when}"


def _summary(proof: Proof, source: str) -> Iterator[str | tuple[str, str]]:
    if proof.is_proved:
        yield ("proved", f"{TITLE} {GOOD}")
        yield ": documents allow what is declared and nothing more"
        if count := len(proof.invariants):
            yield f", and {_counted(count, 'invariant')} hold{'s' if count == 1 else ''}"
    else:
        yield ("not proved", f"{TITLE} {BAD}")
        differences = _counted(len(proof.differences), "difference")
        yield f": {differences} between documents and declaration"
        if proof.lockouts:
            yield ", and administrators would be locked out"
        if proof.broken:
            of = _counted(len(proof.invariants), "invariant")
            yield f", {len(proof.broken)} of {of} broken"
    compared = (
        f"{_counted(proof.decisions, 'answer')} compared one by one"
        if proof.decisions
        else "the same statements on both sides"
    )
    yield (
        f" ({source}; {proof.principals} kinds of principals, {proof.actions} of actions,"
        f" {proof.resources} of resources; {compared})"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def question(change: Change, source: str) -> list[str] | None:
    """Return the words of a command that asks for the example of a difference; None without one."""
    request = change.example
    if request is None:
        return None
    words = ["access", "explain", request.principal.arn, request.action, _askable(request)]
    for key, state in sorted(request.context.states.items()):
        if _OF_EXPLAIN.get(key) == state:
            continue
        if state is KeyState.ABSENT:
            words += ["--absent", key]
        elif isinstance(state, tuple):
            words += [word for value in state for word in ("--context", f"{key}={value}")]
    return [*words, "--from", source]


def _askable(request: Request) -> str:
    """A resource of a form that the action has, where the example stands for all other forms."""
    known = action(request.action)
    if known is None or not known.resources or known.is_about(request.resource):
        return request.resource
    _, partition, _, region, account, _ = request.resource.split(":", 5)
    fields = {"Partition": partition, "Region": region, "Account": account}
    return _PLACEHOLDER.sub(lambda match: fields.get(match[1], "z"), known.resources[0])
