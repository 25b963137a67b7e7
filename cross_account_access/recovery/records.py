"""The records of an exported state, and what becomes of them where things were made anew."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

PENDING: Final = "pending_operations"
_GONE: Final = "pendingReplacement"
"""Of what was deleted before the next one is made in its place."""

State = Mapping[str, Any]
"""As `pulumi stack export` prints it."""
Record = Mapping[str, Any]
"""What a state has of one resource."""


def is_gone(record: Record) -> bool:
    """Say whether the thing was deleted already, for another one in its place."""
    return bool(record.get(_GONE))


def records(state: State) -> Sequence[Record]:
    """Return the records of a state, those too that wait for their deletion."""
    return (state.get("deployment") or {}).get("resources") or ()


def cleared(state: State, anew: Mapping[str, Collection[str]], ended: Sequence[Record]) -> State:
    """Return the state without operations that have ended, and with what was made anew as it is.

    What a thing was made in place of is to be deleted, as the engine itself would have it, and may
    have it already. Where it is deleted, and the next one has its ID, the record is that of the
    next one.

    Args:
        state: as it is.
        anew: the IDs of what exists in place of what the state has, by URN.
        ended: some of the pending operations.
    """
    resources = []
    for each in state["deployment"]["resources"]:
        record = dict(each)
        ids = anew.get(record["urn"])
        if ids is not None and not record.get("delete"):
            record.pop(_GONE, None)
            if record["id"] not in ids:
                record["delete"] = True
        resources.append(record)
    deployment = {**state["deployment"], "resources": resources}
    pending = [each for each in deployment.pop(PENDING, None) or () if each not in ended]
    if pending:
        deployment[PENDING] = pending
    return {**state, "deployment": deployment}


def ready_for_import(state: State) -> State:
    """Return a state into which can be imported: this one, if it is such.

    An import puts what waits for its deletion behind all others, and what it takes behind that; and
    the engine lets no resource refer to one behind it.
    """
    resources = records(state)
    ahead = {each["urn"] for each in resources if not each.get("delete")}

    def others(listed: Sequence[str] | None) -> list[str]:
        return [each for each in listed or () if each in ahead]

    def without_references(record: Record) -> Record:
        by_property = record.get("propertyDependencies") or {}
        if record.get("delete") or ahead.issuperset(record.get("dependencies") or ()):
            return record
        return {
            **record,
            "dependencies": others(record.get("dependencies")),
            "propertyDependencies": {key: others(each) for key, each in by_property.items()},
        }

    changed = [without_references(each) for each in resources]
    return state if changed == list(resources) else _with(state, changed)


def in_order(state: State, before: State) -> State:
    """Return the state after an import in the order of the one before, and with its references.

    By these the engine knows in which order things can be deleted.
    """
    recorded = records(before)
    known = {(each["urn"], bool(each.get("delete"))) for each in recorded}
    new = [each for each in records(state) if (each["urn"], bool(each.get("delete"))) not in known]
    next_of = {each["urn"]: each for each in new}
    resources: list[Record] = []
    for each in recorded:
        # It comes before all that refer to it, as what it was made in place of does.
        resources += [next_of.pop(each["urn"])] if each["urn"] in next_of else []
        resources.append(each)
    return _with(state, [*resources, *(each for each in new if each["urn"] in next_of)])


def _with(state: State, resources: Sequence[Record]) -> State:
    return {**state, "deployment": {**state["deployment"], "resources": resources}}
