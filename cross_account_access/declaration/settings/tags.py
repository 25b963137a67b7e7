"""Refuses tags that AWS would not take together, before anything is made.

A resource has the tags of the program, those of the stack file and its own; of one key, its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cross_account_access.declaration.model import Consumer
from cross_account_access.facts import quotas

OF_THE_PROGRAM: Final = ("project", "stack")
"""Keys that every resource has, unless the stack file says them itself."""


def problems(
    tags: Mapping[str, str], consumers: Iterable[Consumer]
) -> Iterator[tuple[str, object, str]]:
    """The setting, the value and what is wrong, of tags that cannot stand beside one another.

    IAM compares keys without regard to case: "Tags for AWS Identity and Access Management
    resources", https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html.
    """
    usual = {key.lower(): key for key in OF_THE_PROGRAM}
    for key in tags:
        if usual.get(key.lower(), key) != key:
            yield "tags", key, _differs(usual[key.lower()], "which the program sets")
    usual |= {key.lower(): key for key in tags}
    for index, consumer in enumerate(consumers):
        own = consumer.role.tags if consumer.role else {}
        place = f"consumers[{index}].role.tags"
        for key in own:
            if usual.get(key.lower(), key) != key:
                yield place, key, _differs(usual[key.lower()], "which every resource has")
        if (count := len(usual.keys() | {key.lower() for key in own})) > quotas.TAGS_OF_PRINCIPAL:
            yield (
                place,
                list(own),
                f"make {count} tags together with those of all resources, and "
                f"{quotas.TAGS_OF_PRINCIPAL} is the most; remove some",
            )


def _differs(key: str, whose: str) -> str:
    return (
        f"differs only in case from {key}, {whose}, and IAM takes no two such; write {key}, or "
        "another key"
    )
