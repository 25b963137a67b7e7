"""`access prove`: documents allow what is declared and nothing more, decided for every request."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from cross_account_access.command import sources
from cross_account_access.command.inventory import judged
from cross_account_access.command.layers import add_layers_option, layers_words, with_layers
from cross_account_access.command.proof.certificate import certificate
from cross_account_access.command.proof.declared import declared
from cross_account_access.command.proof.invariants_file import add_option, invariants_of
from cross_account_access.command.proof.proving import prove
from cross_account_access.command.proof.report import as_json, show_differences, show_summary
from cross_account_access.command.reports import check_writable, write_report
from cross_account_access.command.verification.owners import refusals, with_others
from cross_account_access.errors import Status, UncheckedError
from cross_account_access.presentation import BAD, DOUBTFUL, TITLE, Page
from cross_account_access.stack import add_stack_options, naming, stack_of

_DESCRIPTION: Final = """\
Proves that policy documents allow what the stack declares, and nothing more: for every principal,
action, resource and circumstance that documents can tell apart. What is declared is read from the
stack's output alone, and what its levels mean from the judge's own table.

With --from live it tells too what policies of others, of what exists apart from the stack and of
its keys, would refuse of that, and the statement for their owner.
Policies that would keep the administrators of their account from taking them back are told too.
Invariants, which are beside the stack file in invariants.yaml, are checked over all requests too.

What documents allow beyond the declaration is told first (+), then what they lack (-), each with a
request that `access explain` answers."""
_EPILOG: Final = """\
examples:
  access prove --stack prod
  access prove --from live                what lies in the accounts, with what others changed
  access prove --from state.json --certificate proof.json

exit status: 0 proved, 1 not proved, 2 wrong usage, 3 could not be checked"""


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
    add_option(parser)
    add_stack_options(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Prove it, or tell what differs."""
    check_writable("--certificate", arguments.certificate)
    invariants = invariants_of(arguments)
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
    contract = declared(inventory)
    proof = prove(contract, inventory, invariants)
    is_live = arguments.source == sources.LIVE
    refused = refusals(contract, with_others(contract, inventory)) if is_live else []
    result = {
        **as_json(proof, arguments.source),
        "refused_by_owners": [asdict(each) for each in refused],
    }
    if arguments.json:
        Page().json(result)
    else:
        page = Page()
        options = [*naming(arguments), *layers_words(arguments)]
        show_differences(page, proof, arguments.source, options)
        for sentence in proof.assumptions:
            page.line(("assumed: ", DOUBTFUL), sentence)
        if not proof.lockouts:
            page.line("nobody is locked out: who administers an account can take its policies back")
        for each in refused:
            page.line(("refused: ", f"{TITLE} {BAD}"), each.told())
        show_summary(page, proof, arguments.source)
    certified = certificate(
        source=arguments.source,
        declaration=inventory.outputs["declaration"],
        inventory=inventory,
        result=result,
    )
    is_as_intended = proof.is_proved and not refused
    status = Status.AS_INTENDED if is_as_intended else Status.NOT_AS_INTENDED
    return write_report("--certificate", arguments.certificate, certified, status)
