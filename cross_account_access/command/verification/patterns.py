"""Texts that a pattern means, and texts that it just does not mean."""

import re
import string
from collections.abc import Iterable, Sequence
from typing import Final

from cross_account_access.iam.patterns import matches

_JOINTS: Final = "/:_-."
_FILLINGS: Final = f"xyz{string.ascii_lowercase}{string.digits}"


def instance_of(pattern: str, filling: str = _FILLINGS[0]) -> str:
    """A text that a pattern with `*` and `?` matches, with one character for each of them."""
    return re.sub(r"[*?]", filling, pattern)


def instances_of(patterns: Sequence[str]) -> list[str]:
    """A principal for each pattern, with a name of its own where the pattern leaves the name open.

    Names of roles, and of users, are unique in an account, whatever their path and case ("IAM
    identifiers", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
    """
    taken = {name_of(each) for each in patterns if instance_of(name_of(each)) == name_of(each)}
    found = []
    for pattern in patterns:
        texts = [instance_of(pattern, filling) for filling in _FILLINGS]
        text = next((each for each in texts if name_of(each) not in taken), texts[0])
        taken.add(name_of(text))
        found.append(text)
    return found


def name_of(arn: str) -> str:
    """The name of a user or role without its path, as IAM compares names."""
    return arn.rpartition("/")[2].lower()


def sibling_of(pattern: str, others: Iterable[str] = ()) -> str | None:
    """A text that a pattern just fails to match, and so do the others; None where there is none.

    It is what a pattern that was cut short, or got a wildcard at its end, would let in.
    """
    parts = re.split(r"([*?])", pattern)
    last = max(index for index, part in enumerate(parts) if part.strip("*?"))
    literal = parts[last]
    if len(parts) > 1:
        literal = literal.rstrip(_JOINTS) if literal[-1] in _JOINTS else literal[:-1]
    # The second one for a pattern that ends with the first.
    for joint in "-_":
        parts[last] = f"{literal}{joint}x"
        near = instance_of("".join(parts))
        if not any(matches(each, near) for each in (pattern, *others)):
            return near
    return None
