"""What calls of several services have in common: parameters, tags, later steps of a making."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cross_account_access.dev.sandbox.provider.schema import UnfinishedError


def given(inputs: Mapping[str, Any], **parameters: str) -> dict[str, Any]:
    """API parameters from the inputs that are set, by parameter name."""
    return {
        parameter: inputs[name]
        for parameter, name in parameters.items()
        if inputs.get(name) not in (None, "")
    }


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most calls take them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tag_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as the package has them."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def tagged(tags: Mapping[str, str]) -> dict[str, Any]:
    """The properties of a state that tell the tags."""
    return {"tags": tags, "tagsAll": tags}


def retag(  # noqa: PLR0913 - two calls, whose they are, and what changes
    tag: Callable[..., Any],
    untag: Callable[..., Any],
    owner: Mapping[str, str],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    as_parameter: Callable[[Mapping[str, str]], Any] = tag_list,
) -> None:
    """Changes the tags of one resource from those of its old state to those of its new inputs.

    Args:
        tag: the call that sets tags.
        untag: the call that removes them.
        owner: the parameter that names the resource.
        old: the state.
        new: the inputs.
        as_parameter: how the call takes tags.
    """
    before, after = old.get("tags", {}), new.get("tags", {})
    if removed := sorted(before.keys() - after.keys()):
        untag(**owner, TagKeys=removed)
    if changed := {key: value for key, value in after.items() if before.get(key) != value}:
        tag(**owner, Tags=as_parameter(changed))


@contextlib.contextmanager
def after_making(resource_id: str) -> Iterator[None]:
    """Says of an error in a later step that the resource is there.

    Raises:
        UnfinishedError: whatever went wrong inside, as its cause.
    """
    try:
        yield
    except Exception as error:
        raise UnfinishedError(resource_id) from error
