"""The file that `pulumi import` reads.

Pulumi writes one for everything that a preview would create, with parents and providers right and
a placeholder in the place of each ID; here the IDs are put in, and what does not exist is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from access.takeover import Existing


def filled(template: Mapping[str, Any], found: Iterable[Existing]) -> dict[str, Any]:
    """Return the file with the things that can be taken over, their parents and providers.

    Args:
        template: what `pulumi preview --import-file` has written.
        found: what exists.
    """
    ids = {
        (each.resource.type, each.resource.name): each.found.import_id
        for each in found
        if each.found.is_importable
    }
    kept: list[Mapping[str, Any]] = []
    needed: set[str] = set()
    # What somebody refers to stands before it.
    for entry in reversed(template["resources"]):
        key = (entry["type"], entry.get("logicalName", entry["name"]))
        if key in ids:
            kept.append({**entry, "id": ids[key]})
        elif "id" not in entry and entry["name"] in needed:
            kept.append(entry)
        else:
            continue
        needed |= {entry[name] for name in ("parent", "provider") if name in entry}
    return {**template, "resources": kept[::-1]}
