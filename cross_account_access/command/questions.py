"""What the verbs that answer questions share: where documents come from, names, and the moment."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.layers import add_layers_option, what_was_seen, with_layers
from cross_account_access.command.names import Named, Names
from cross_account_access.credentials.when import utc
from cross_account_access.errors import UncheckedError, UsageError
from cross_account_access.facts.service_reference import action as known_action
from cross_account_access.facts.service_reference import authorized_by, nearest, source
from cross_account_access.iam.engine import PrincipalKind, parse_principal
from cross_account_access.stack import Stack, add_stack_options, stack_of

NAMES: Final = """\
PRINCIPAL is a consumer of the stack file, staging:user/NAME, an ARN, an account ID, a service such
as ec2.amazonaws.com, or anonymous. RESOURCE is a name of the stack file, BUCKET/KEY, s3://BUCKET/KEY,
production:sns:TOPIC, production:role/NAME, or an ARN."""
"""For the help of a verb."""


_TIME: Final = ("aws:currenttime", "aws:epochtime")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Documents, and the names of what they are asked about."""

    inventory: StackInventory
    names: Names
    who: Named | None
    """The principal in question, if one is."""
    moment: datetime

    @property
    def principal(self) -> Named:
        """The principal in question, where one is."""
        if self.who is None:
            msg = "nobody is asked about"
            raise ValueError(msg)
        return self.who

    @property
    def states(self) -> Mapping[str, Any]:
        """The circumstances that the principal is declared to come with."""
        return self.who.states if self.who else {}

    def resource(self, name: str, action: str) -> str:
        """Return the ARN that a name stands for, or `*`.

        Raises:
            UsageError: there is no such resource, or the action cannot be about it.
        """
        arn = self.names.resource(name, action)
        self.check_partition(arn)
        meant = known_action(action)
        if meant is not None and not meant.is_about(arn):
            kinds = " or ".join(sorted(meant.resources, key=len)) or "no resource, so give *"
            msg = f"{meant.name} is about {kinds}; {arn} is not of that form"
            raise UsageError(msg)
        return arn

    def about_principal(self, source: str) -> Iterator[str]:
        """Say what has to be said of the principal.

        Raises:
            UsageError: it does not exist, or cannot have a part in this.
        """
        who, inventory = self.principal, self.inventory
        self.check_partition(who.arn)
        yield from who.notes
        principal = parse_principal(who.arn)
        named = (PrincipalKind.USER, PrincipalKind.ROLE)
        if who.is_example or principal.kind not in named:
            return
        if inventory.world().identity(principal) is not None:
            return
        is_ours = principal.account in {account.id for account in inventory.accounts}
        if is_ours and not who.is_arn:
            problem = "does not exist" if source == sources.LIVE else "is no principal of the stack"
            hint = self.names.nearest(who.name, (*inventory.users, *inventory.roles))
            msg = f"{who.name} {problem}{hint}"
            raise UsageError(msg)
        where = "does not exist" if is_ours and source == sources.LIVE else "is outside the stack"
        yield f"{who.name} {where}, so its own policies are not known"

    def check_partition(self, arn: str) -> None:
        """Refuse the ARN of another partition.

        Raises:
            UsageError: it is one.
        """
        ours = {account.partition for account in self.inventory.accounts}
        if arn.startswith("arn:") and ours and arn.split(":")[1] not in ours:
            msg = (
                f"{arn} is of partition {arn.split(':')[1]}, but the stack's accounts are of"
                f" {', '.join(sorted(ours))}; no access reaches from one partition to another"
            )
            raise UsageError(msg)

    @property
    def layers(self) -> list[str]:
        """What of the layers around the policies has been seen, a sentence each."""
        return list(what_was_seen(self.inventory))

    def told_source(self, source: str) -> str:
        """Where the documents are from, and of which moment the answer is where that matters."""
        texts = [str(each.document).lower() for each in self.inventory.documents()]
        if any(key in text for text in texts for key in _TIME):
            return f"{source}, at {utc(self.moment)}"
        return source


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--from`, `--at`, `--layers`, `--stack` and `--cwd`, which `read` reads."""
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        default=sources.LIVE,
        help="which documents are judged: live (default), state, preview, git:REVISION or a file",
    )
    parser.add_argument(
        "--at",
        metavar="MOMENT",
        type=_moment,
        help="answer for then, like 2027-01-31 or 2027-01-31T18:00+01:00; now without it",
    )
    add_layers_option(parser)
    add_stack_options(parser)


def read(arguments: argparse.Namespace, principal: str | None = None) -> Asked:
    """Return the documents, and who is asked about.

    Raises:
        UsageError: nobody has the name, and what `sources.read` raises.
        UncheckedError: when the stack or the accounts cannot be read.
    """
    stack = stack_of(arguments)
    documents = sources.read(arguments.source, stack, principal=principal, existing=True)
    inventory = with_layers(documents, arguments.layers)
    names = Names(inventory, {} if inventory.outputs else _outputs(arguments.source, stack))
    who = None if principal is None else names.principal(principal)
    return Asked(
        inventory=inventory,
        names=names,
        who=who,
        moment=arguments.at or datetime.now(UTC).replace(microsecond=0),
    )


def _outputs(source: str, stack: Stack) -> dict[str, Any]:
    """Return the outputs of the deployed stack, which a preview does not tell."""
    if source != sources.PREVIEW and not source.startswith(sources.REVISION):
        return {}
    try:
        return stack.outputs()
    except UncheckedError:
        return {}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{text!r}: write a date, or date and time, like 2027-01-31T18:00Z"
        raise argparse.ArgumentTypeError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def about_action(action: str) -> Iterator[str]:
    """Say what is to be known of an action that AWS's service reference does not know."""
    if known_action(action) is not None or set(action) & set("*?"):
        return
    needed, near = authorized_by(action), nearest(action)
    told = f"{action!r} is no action that AWS's service reference of {source().date} knows"
    if needed:
        yield f"{told}; the operation needs {' and '.join(needed)}"
    else:
        yield f"{told}; did you mean {near}?" if near else told


def spelled(action: str) -> str:
    """Return an action as AWS writes it."""
    known = known_action(action)
    return known.name if known else action
