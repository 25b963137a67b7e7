"""`access import`: what was made by hand becomes part of the stack, and nothing is made anew."""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any, Final

from cross_account_access.command.change_words import as_json, print_changes, summary
from cross_account_access.command.found_words import found_as_json, print_found
from cross_account_access.command.inventory import inventory_of
from cross_account_access.command.live import live
from cross_account_access.command.reports import write_file
from cross_account_access.errors import Status, UsageError
from cross_account_access.iam.comparing.comparison import Change, compare
from cross_account_access.iam.errors import IamError
from cross_account_access.importing import Existing, existing
from cross_account_access.importing.import_file import filled
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, Page, progress
from cross_account_access.stack import IMPORT, Plan, add_stack_options, stack_of

_DESCRIPTION: Final = """\
Finds which of the things that the stack would make exist already in the two accounts, by their
names, and tells of each what `pulumi up` will change (~), what others will miss (!), and what
stands in the way (x). Then it writes the file with which Pulumi imports them.

--apply imports them: they become part of the stack's state. Nothing on AWS changes before the
next `pulumi up`, which changes them in place."""
_EPILOG: Final = """\
examples:
  access import --stack prod
  access import --stack prod --apply && pulumi up --stack prod

exit status: 0 nothing to import, or imported; 1 something exists that is not imported;
2 wrong usage; 3 could not be checked"""
_FILE: Final = Path("import.json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_stack_options(parser)
    parser.add_argument(
        "--file",
        type=Path,
        default=_FILE,
        metavar="FILE",
        help="where the file for `pulumi import` goes (%(default)s)",
    )
    parser.add_argument("--apply", action="store_true", help="import them, after a question")
    parser.add_argument("--yes", action="store_true", help="with --apply: do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Tell what exists, and import it where that is asked for."""
    _check(arguments)
    stack = stack_of(arguments)
    plan = stack.plan()
    with progress("looking into the accounts"):
        report = _Report(existing(plan.resources, plan.created))
    if report.importable:
        report.compare_access(plan)
        content = json.dumps(filled(plan.import_file, report.found), indent=2)
        write_file("--file", arguments.file, f"{content}\n")
    page = Page()
    if not arguments.json:
        report.print(page)
    applied = arguments.apply and report.is_ready and (arguments.yes or _agreed(report))
    if applied:
        stack.import_from(arguments.file)
    if arguments.json:
        file = str(arguments.file) if report.importable else None
        page.json({**report.as_json(), "file": file, "applied": applied})
    elif not plan.created:
        page.line("nothing to import: the stack has all that it makes")
    else:
        _print_next(page, report, arguments, applied=applied)
    pending = report.obstacles or (report.importable and not applied)
    return Status.NOT_AS_INTENDED if pending else Status.AS_INTENDED


class _Report:
    """What was found, and how access changes with it."""

    def __init__(self, found: list[Existing]) -> None:
        self.found = found
        self.importable = [each for each in found if each.found.is_importable]
        self.obstacles = [each for each in found if each.found.obstacle]
        self._changes: list[Change] = []
        self._notes: list[str] = []

    @property
    def is_ready(self) -> bool:
        """Whether there is something to import, and nothing in the way."""
        return bool(self.importable) and not self.obstacles

    def compare_access(self, plan: Plan) -> None:
        """Compare the live documents of what exists with those that the stack declares."""
        new = plan.created - {each.resource.urn for each in self.importable}
        before = live(
            inventory_of(
                each
                for each in plan.resources
                # A provider makes nothing, and says which account is which.
                if each.urn not in new or each.type.startswith("pulumi:providers:")
            )
        )
        after = inventory_of(plan.resources)
        self._notes = list(dict.fromkeys((*before.gaps, *after.gaps)))
        try:
            self._changes = compare(before, after)
        except IamError as error:
            # What is written by hand may be more than can be compared; the rest is as useful.
            self._notes.append(f"access was not compared: {error}")

    def as_json(self) -> dict[str, Any]:
        """Everything, for a program."""
        return {
            "existing": found_as_json(self.found),
            "access": as_json(self._changes),
            "notes": self._notes,
        }

    def print(self, page: Page) -> None:
        """Everything, for a person."""
        if not self.importable and not self.obstacles:
            return
        print_found(page, self.found)
        if self.importable:
            page.line("access, once `pulumi up` has changed all that:")
            print_changes(page, self._changes)
            for note in self._notes:
                page.line(("note: ", DOUBTFUL), note)
            page.line(summary(self._changes))


def _check(arguments: argparse.Namespace) -> None:
    if arguments.yes and not arguments.apply:
        message = "--yes answers the question of --apply; give both"
        raise UsageError(message)
    if arguments.apply and not arguments.yes and (arguments.json or not sys.stdin.isatty()):
        message = "--apply asks first, and nobody can answer here; add --yes"
        raise UsageError(message)


def _agreed(report: _Report) -> bool:
    question = f"import {_counted(report.importable)}? [y/N] "
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _print_next(
    page: Page, report: _Report, arguments: argparse.Namespace, *, applied: bool
) -> None:
    if report.obstacles:
        page.line((f"{_counted(report.obstacles)} cannot be imported (x): see above", BAD))
    elif applied:
        page.line(
            (f"{_counted(report.importable)} imported; nothing on AWS has changed. Next:", GOOD)
        )
        _print_commands(page, arguments, ("preview", "--diff"), ("up",))
    elif report.importable:
        page.line(f"{arguments.file} imports {_counted(report.importable)}: --apply, or")
        _print_commands(
            page,
            arguments,
            (*IMPORT, str(arguments.file.resolve())),
            ("preview", "--diff"),
            ("up",),
        )
    else:
        page.line("nothing to import: what the stack would make does not exist yet")


def _print_commands(page: Page, arguments: argparse.Namespace, *commands: tuple[str, ...]) -> None:
    where = [] if arguments.cwd == Path() else ["--cwd", str(arguments.cwd)]
    which = ["--stack", arguments.stack] if arguments.stack else []
    for command in commands:
        page.block(shlex.join(["pulumi", *command, *which, *where]))


def _counted(found: list[Existing]) -> str:
    return "1 resource" if len(found) == 1 else f"{len(found)} resources"
