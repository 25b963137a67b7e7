"""The file that `pulumi import` reads.

Pulumi writes one for everything that a preview would create, with parents and providers right and
a placeholder in the place of each ID; here the IDs are put in, and what does not exist is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cross_account_access.importing import Existing


def filled(template: Mapping[str, Any], found: Iterable[Existing]) -> dict[str, Any]:
    """Return the file with the things that can be imported, their parents and providers.

    Args:
        template: what `pulumi preview --import-file` has written.
        found: what exists.
    """
    ids = {
        _within_stack(each.resource.urn): each.found.import_id
        for each in found
        if each.found.is_importable
    }
    # By the names that the file itself uses, for which a parent comes before its children.
    places = {name: _within_stack(urn) for name, urn in template.get("nameTable", {}).items()}
    for entry in template["resources"]:
        types, _ = places.get(entry.get("parent"), ("", ""))
        logical = entry.get("logicalName", entry["name"])
        places[entry["name"]] = (f"{types}${entry['type']}".lstrip("$"), logical)
    kept: list[Mapping[str, Any]] = []
    needed: set[str] = set()
    for entry in reversed(template["resources"]):
        place = places[entry["name"]]
        if place in ids:
            kept.append({**entry, "id": ids[place]})
        elif "id" not in entry and entry["name"] in needed:
            kept.append(entry)
        else:
            continue
        needed |= {entry[key] for key in ("parent", "provider") if key in entry}
    return {**template, "resources": kept[::-1]}


def _within_stack(urn: str) -> tuple[str, str]:
    """The types of the parents and the resource's own, joined as in a URN, and the logical name."""
    _, _, types, name = urn.rsplit("::", 3)
    return types, name
