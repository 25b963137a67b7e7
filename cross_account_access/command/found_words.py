"""What exists already, in words and as data."""

from collections.abc import Iterable
from typing import Any

from cross_account_access.importing import Existing
from cross_account_access.presentation import BAD, DOUBTFUL, TITLE, Page


def print_found(page: Page, found: Iterable[Existing]) -> None:
    """Write each thing with what `pulumi up` changes, what others miss, what is in the way."""
    for each in found:
        there = f"import ID {each.found.import_id}" if each.found.import_id else "is not there yet"
        if each.found.obstacle:
            there = "cannot be imported"
        page.line(
            f"{each.account.label}: ",
            (f"{each.resource.type} {each.resource.name}", TITLE),
            f", {there}",
        )
        for change in each.found.changes:
            page.line("    ~ ", change)
        for warning in each.found.warnings:
            page.line(("    ! ", DOUBTFUL), warning)
        if each.found.obstacle:
            page.line(("    x ", BAD), each.found.obstacle)


def found_as_json(found: Iterable[Existing]) -> list[dict[str, Any]]:
    """Return the same, for a program."""
    return [
        {
            **thing_as_json(each),
            "changes": list(each.found.changes),
            "warnings": list(each.found.warnings),
            "obstacle": each.found.obstacle or None,
        }
        for each in found
    ]


def thing_as_json(each: Existing) -> dict[str, Any]:
    """Return what a thing is, and where it is."""
    return {
        "type": each.resource.type,
        "name": each.resource.name,
        "account": each.account.id,
        "id": each.found.import_id,
    }
