"""Everything that can be said of one stack's drift: preview, audit, documents and history."""

from collections.abc import Iterator, Mapping

import boto3

from cross_account_access.aws import session_of
from cross_account_access.command.drift.audit import CHECKS, audit
from cross_account_access.command.drift.documents import Documents, effect_of
from cross_account_access.command.drift.findings import Effect, Finding, Report, Unchecked
from cross_account_access.command.drift.history import with_history
from cross_account_access.command.drift.previewed import findings_of
from cross_account_access.command.inventory import inventory_of
from cross_account_access.command.live import live
from cross_account_access.errors import UncheckedError
from cross_account_access.iam.inventory import POLICIES_OF_OTHERS
from cross_account_access.presentation import progress
from cross_account_access.stack import Refreshed, Stack, StackResource, accounts_of

_BOTH = "both accounts"


def examine_drift(stack: Stack) -> Report:
    """Say what is not as the program left it; writes neither the state nor anything in the cloud.

    Raises:
        UncheckedError: no pulumi, no such stack, nothing deployed, or credentials that are not of
            the stack's accounts. What cannot be read beside that is in the report.
    """
    state = stack.state()
    sessions = _proven(state)
    unchecked = []
    try:
        refreshed = stack.refreshed()
    except UncheckedError as error:
        unchecked.append(Unchecked(account=_BOTH, what="what a preview sees", why=str(error)))
        refreshed = Refreshed(resources=state, differences=())
    declared = inventory_of(refreshed.resources)
    try:
        documents = Documents(declared=declared, live=live(declared))
    except UncheckedError as error:
        unchecked.append(Unchecked(account=_BOTH, what="live policy documents", why=str(error)))
        documents = Documents(declared=declared, live=None)
    seen, waiting = findings_of(refreshed.differences, refreshed.resources, documents)
    with progress("asking what no preview sees"):
        audited = audit(state, documents, sessions)
        findings = [*seen, *audited.findings]
        findings += _unexplained(documents, findings, state)
        told, unread = with_history(findings, sessions)
    order = list(Effect)
    return Report(
        findings=tuple(
            sorted(told, key=lambda each: (each.account.label, order.index(each.effect)))
        ),
        unchecked=(*unchecked, *audited.unchecked),
        notes=(*waiting, *audited.notes, *unread),
        asked=audited.asked,
    )


def doors(stack: Stack) -> Report:
    """Say what gives access beside the resources of the stack, for who has eyes for these.

    Raises:
        UncheckedError: as `examine_drift`.
    """
    state = stack.state()
    sessions = _proven(state)
    declared = inventory_of(state)
    documents = Documents(declared=declared, live=live(declared))
    giving = [check for check in CHECKS if check.gives_access]
    return audit(state, documents, sessions, giving)


def _proven(state: tuple[StackResource, ...]) -> Mapping[str, boto3.Session]:
    return {account.id: session_of(account) for account in accounts_of(state).values()}


def _unexplained(
    documents: Documents, findings: list[Finding], state: tuple[StackResource, ...]
) -> Iterator[Finding]:
    """Tell live documents that allow something else, where nothing else has told of them."""
    told = {finding.holder for finding in findings}
    accounts = {account.id: account for account in accounts_of(state).values()}
    for arn in documents.differing():
        policies = documents.declared.users.get(arn, {}).get("policies", {})
        account = accounts.get(arn.split(":")[4])
        if arn in told or POLICIES_OF_OTHERS in policies or account is None:
            continue
        changes = documents.changes(arn)
        if effect_of(changes) is not Effect.COSMETIC:
            yield Finding(
                effect=effect_of(changes),
                account=account,
                subject=documents.declared.short(arn),
                name=arn,
                what="its live policies allow something else than those of the program",
                remedy="`access explain --from live` says which statement decides",
                names=(arn.rsplit("/", 1)[-1], arn),
                holder=arn,
                changes=changes or (),
            )
