"""`access prove`: documents allow what is declared and nothing more, decided for every request."""

import argparse
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.change_words import as_json, print_changes
from cross_account_access.command.inventory import judged
from cross_account_access.command.layers import add_layers_option, with_layers
from cross_account_access.command.proof.certificate import certificate
from cross_account_access.command.proof.proving import Proof, prove
from cross_account_access.command.reports import check_writable, write_report
from cross_account_access.credentials.contract import ContractError, read
from cross_account_access.errors import Status, UncheckedError
from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.engine import KeyState
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, QUIET, TITLE, Page
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Proves that policy documents allow what the stack declares, and nothing more: for every principal,
action, resource and circumstance that documents can tell apart. What is declared is read from the
stack's output alone, and what its levels mean from the judge's own table.

What documents allow beyond the declaration is told first (+), then what they lack (-), each with a
request that `access explain` answers."""
_EPILOG: Final = """\
examples:
  access prove --stack prod
  access prove --from live                what lies in the accounts, with what others changed
  access prove --from state.json --certificate proof.json

exit status: 0 proved, 1 not proved, 2 wrong usage, 3 could not be checked"""

_OF_EXPLAIN: Final = {
    "aws:securetransport": ("true",),
    "aws:multifactorauthpresent": KeyState.ABSENT,
}
"""What `access explain` takes a request to be like unless it is told."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add where documents come from and where the certificate goes."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        default=sources.STATE,
        help="documents of the state (default: needs no AWS), live, preview, git:REVISION, a file",
    )
    add_layers_option(parser)
    parser.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="write hashes of the documents, declaration and result, the same whenever repeated",
    )
    add_stack_options(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Prove it, or tell what differs."""
    check_writable("--certificate", arguments.certificate)
    inventory = with_layers(sources.read(arguments.source, stack_of(arguments)), arguments.layers)
    is_planned = arguments.source == sources.PREVIEW or arguments.source.startswith(
        sources.REVISION
    )
    if is_planned and "declaration" not in inventory.outputs:
        message = (
            f"{arguments.source}: pulumi does not tell the outputs of this preview, and so not what"
            " is declared; prove it from state after the deployment"
        )
        raise UncheckedError(message)
    try:
        contract = read(inventory.outputs)
    except ContractError as error:
        raise UncheckedError(str(error)) from error
    proof = prove(contract, inventory)
    stack = [
        *(["--stack", arguments.stack] if arguments.stack else []),
        *(["--cwd", str(arguments.cwd)] if arguments.cwd != Path() else []),
        *(["--layers", arguments.layers] if arguments.layers else []),
    ]
    result = _as_json(proof, arguments.source)
    if arguments.json:
        Page().json(result)
    else:
        _print(Page(), proof, arguments.source, stack)
    certified = certificate(
        source=arguments.source,
        declaration=inventory.outputs["declaration"],
        inventory=inventory,
        result=result,
    )
    status = Status.AS_INTENDED if proof.is_proved else Status.NOT_AS_INTENDED
    return write_report("--certificate", arguments.certificate, certified, status)


def _as_json(proof: Proof, source: str) -> dict[str, Any]:
    return {
        "proved": proof.is_proved,
        "source": source,
        "differences": [
            {**told, "explain": _question(change, source)}
            for change, told in zip(
                proof.differences, as_json(list(proof.differences)), strict=True
            )
        ],
        "unread": list(proof.unread),
        "assumptions": list(proof.assumptions),
        "compared": {
            "principals": proof.principals,
            "actions": proof.actions,
            "resources": proof.resources,
            "decisions": proof.decisions,
        },
    }


def _print(page: Page, proof: Proof, source: str, stack: list[str]) -> None:
    for change in proof.differences:
        print_changes(page, [change])
        if question := _question(change, source):
            page.line((f"    {shlex.join([*question, *stack])}", QUIET))
    for sentence in proof.unread:
        page.line(("not read: ", DOUBTFUL), sentence)
    for sentence in proof.assumptions:
        page.line(("assumed: ", DOUBTFUL), sentence)
    page.line(*_summary(proof, source))


def _summary(proof: Proof, source: str) -> Iterator[str | tuple[str, str]]:
    if proof.is_proved:
        yield ("proved", f"{TITLE} {GOOD}")
        yield ": documents allow what is declared and nothing more"
    else:
        count = len(proof.differences)
        yield ("not proved", f"{TITLE} {BAD}")
        yield f": {count} difference{'' if count == 1 else 's'} between documents and declaration"
    yield (
        f" ({source}; {proof.principals} kinds of principals, {proof.actions} of actions,"
        f" {proof.resources} of resources, {proof.decisions} decisions)"
    )


def _question(change: Change, source: str) -> list[str] | None:
    """The words of a command that asks for the example of a difference."""
    request = change.example
    if request is None:
        return None
    words = ["access", "explain", request.principal.arn, request.action, request.resource]
    for key, state in sorted(request.context.states.items()):
        if _OF_EXPLAIN.get(key) == state:
            continue
        if state is KeyState.ABSENT:
            words += ["--absent", key]
        elif isinstance(state, tuple):
            words += [word for value in state for word in ("--context", f"{key}={value}")]
    return [*words, "--from", source]
