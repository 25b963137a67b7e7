"""`access who-can`: everybody who may do an action on a resource, and in which circumstances."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Final

from cross_account_access.command.answers import (
    as_json,
    in_force,
    print_table,
    status_of,
)
from cross_account_access.command.change_words import shown_actions, shown_when
from cross_account_access.command.inventory import StackInventory, judged
from cross_account_access.command.questions import NAMES, about_action, add_options, read, spelled
from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.inventory import Inventory
from cross_account_access.iam.services import policy_resource, services
from cross_account_access.presentation import QUIET, TITLE, Page

_DESCRIPTION: Final = f"""\
Names everybody who may do ACTION on RESOURCE, inside and outside the stack, by itself or through a
role, and in which circumstances. It is complete: decided for every principal and circumstance that
documents can tell apart.

ACTION may have wildcards, like s3:Get*, and so may RESOURCE.
{NAMES}"""
_EPILOG: Final = """\
examples:
  access who-can s3:GetObject s3://production-test-bucket-101/Sunset.jpg
  access who-can 's3:Put*' production-test-bucket-101/* --from preview
  access who-can sts:AssumeRole stage-admin

exit status: 0 somebody may, 1 nobody may, 2 wrong usage, 3 unknown or could not be checked"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the question and where its answer comes from."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("action", metavar="ACTION", help="like s3:GetObject")
    parser.add_argument("resource", metavar="RESOURCE", help="its name or ARN; * for none")
    add_options(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Name them."""
    asked = read(arguments)
    action = spelled(arguments.action)
    resource = asked.resource(arguments.resource, action)
    found, over = in_force(asked.inventory, asked.moment, action=action, resource=resource)
    followed = {each.through for each in found}
    # Who can assume a role is told in its place.
    rows = [each for each in found if each.through or each.principal not in followed]
    notes = [
        *about_action(action),
        *over,
        *_owner(asked.inventory, resource),
        *_key(asked.inventory, action, resource),
        *asked.inventory.gaps,
    ]
    if arguments.json:
        about = {"action": action, "resource": resource}
        Page().json(as_json(about, asked, arguments.source, rows, notes))
        return status_of(rows)
    page = Page()
    what = f"{action} {asked.inventory.short(resource)}"
    told = (f"  ({asked.told_source(arguments.source)})", QUIET)
    if not rows:
        page.line(("nobody", TITLE), f" may {what}", told)
    else:
        page.line(("who may ", TITLE), what, told)
        page.line()
        _print(page, rows, is_pattern=bool(set(action + resource) & set("*?")))
    for note in notes:
        page.note(note)
    page.line((f"layers: {'; '.join(asked.layers)}", QUIET))
    return status_of(rows)


def _print(page: Page, rows: Sequence[Change], *, is_pattern: bool) -> None:
    columns = {
        "WHO": [each.principal for each in rows],
        "THROUGH": [each.through or "" for each in rows],
        "WHEN": [shown_when(each.when) for each in rows],
    }
    if is_pattern:
        columns["ACTIONS"] = [shown_actions(each.actions) for each in rows]
        columns["RESOURCE"] = [each.resource for each in rows]
    print_table(page, rows, columns)


def _owner(inventory: Inventory, resource: str) -> Iterator[str]:
    """Say whose own principals are not listed: within an account a policy of its own suffices."""
    documents = inventory.resources.get(policy_resource(resource))
    if documents is None and ":role/" not in resource and resource != "*":
        yield (
            f"{inventory.short(resource)} is not of the stack: its own policy is taken to allow"
            " everybody of the stack's accounts, so that their policies decide"
        )
    elif documents is not None:
        owner = inventory.label(documents["account"])
        yield f"not listed: principals of {owner} whom that account's own IAM policies allow it"


def _key(inventory: StackInventory, action: str, resource: str) -> Iterator[str]:
    """Say what is asked of the KMS key of a bucket that has one of its own."""
    keys = inventory.outputs.get("kmsKeyArns") or {}
    target = policy_resource(resource)
    key = keys.get(target.rsplit(":", 1)[-1]) if ":s3:" in target else None
    needed = {
        each
        for operation in services()["s3"].operations
        for each in operation.key_actions
        if action in operation.actions
    }
    if key and needed:
        told = " and ".join(sorted(needed))
        yield f"the bucket encrypts with a key of its own, {key}, which needs {told} too"
