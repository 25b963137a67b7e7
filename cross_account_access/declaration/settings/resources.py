"""Reads what Production shares."""

from typing import Final

from cross_account_access.declaration.fields import Context, Field, items_of
from cross_account_access.declaration.kinds import OWNED
from cross_account_access.declaration.model import OwnedResource, SharedResource
from cross_account_access.declaration.reader import Fields


def plural(kind: type[OwnedResource]) -> str:
    """The list of the stack file that has the resources of this kind."""
    return f"{kind.kind}s"


RESOURCES: Final = tuple(
    Field(plural(kind), items_of(kind, kind.list_words, kind.example), None) for kind in OWNED
)
"""The settings that list what is shared."""


def read_resources(source: Fields, context: Context) -> tuple[SharedResource, ...]:
    """All lists of resources together; there must be at least one."""
    read = [resource for each in RESOURCES for resource in each.read(source, context)]
    if not any(source.has_items(each.name) for each in RESOURCES):
        first, *others = (plural(kind) for kind in OWNED)
        source.report(
            first,
            f"missing, and so are {' and '.join(others)}; share something, as in "
            f"{first}: [{OWNED[0].example}]",
        )
    return tuple(read)
