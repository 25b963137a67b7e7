"""The circumstances that conditions tell apart, and words for a set of them.

For each context key that conditions look at there are finitely many values that matter: one for
each way in which the conditions' values match, one beside all of them, and none at all.
"""

import ipaddress
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from cross_account_access.iam.comparing.witnesses import LITERAL, PLAIN, witnesses
from cross_account_access.iam.condition_keys import ALWAYS_PRESENT
from cross_account_access.iam.documents import Condition
from cross_account_access.iam.engine import Context
from cross_account_access.iam.errors import ComparisonError
from cross_account_access.iam.patterns import matches

_MOST_IN_A_SET: Final = 6
_TLS: Final = "aws:securetransport"


@dataclass(frozen=True)
class Variant:
    """One state of one key."""

    value: str | tuple[str, ...] | None
    """`None` for a request without the key."""
    words: str


@dataclass(frozen=True)
class Dimension:
    """One key with the states that matter."""

    key: str
    variants: tuple[Variant, ...]


Choice = tuple[int, ...]
"""For each dimension the number of one of its variants."""

Cube = Sequence[Sequence[int]]
"""For each dimension the numbers of some of its variants: all their combinations."""


def context(all_of: Sequence[Dimension], choice: Choice) -> Context:
    """Return the circumstances of one combination: the chosen variant of each key."""
    values: dict[str, str | tuple[str, ...]] = {}
    absent = []
    for dimension, number in zip(all_of, choice, strict=True):
        value = dimension.variants[number].value
        if value is None:
            absent.append(dimension.key)
        else:
            values[dimension.key] = value
    return Context(values, absent)


def plainest(all_of: Sequence[Dimension], chosen: set[Choice]) -> Choice:
    """Return the combination that states the fewest keys, over TLS where that is among them."""

    def order(choice: Choice) -> tuple[int, Choice]:
        return sum(map(departures, all_of, choice)), choice

    return min(chosen, key=order)


def departures(dimension: Dimension, number: int) -> int:
    """Return 1 for a variant that has to be stated, 0 for what is so unless something is said."""
    usual = "true" if dimension.key == _TLS else None
    return int(dimension.variants[number].value != usual)


def grown(
    sizes: Sequence[int], first: Choice, is_meant: Callable[[Cube], bool]
) -> list[tuple[int, ...]]:
    """Widen one combination, key by key, as far as all that it then covers is meant."""
    cube: list[tuple[int, ...]] = [(number,) for number in first]
    for place, size in enumerate(sizes):
        cube[place] = tuple(
            number
            for number in range(size)
            if is_meant([*cube[:place], (number,), *cube[place + 1 :]])
        )
    return cube


def sentence(all_of: Sequence[Dimension], cube: Cube) -> str:
    """Put a cube into words; a key of which every state is meant plays no part.

    They leave out that a request comes over TLS, which is the normal case.
    """
    given, excluded, places = [], [], []
    for dimension, numbers in zip(all_of, cube, strict=True):
        others = [n for n in range(len(dimension.variants)) if n not in numbers]
        if not others:
            continue
        if dimension.key == _TLS:
            is_normal = [dimension.variants[n].value for n in numbers] == ["true"]
            places += [] if is_normal else ["over plain HTTP"]
        else:
            meant, left_out = _words(dimension, numbers), _words(dimension, others)
            if len(left_out) < len(meant):
                excluded.append(" or ".join(left_out))
            else:
                given.append(" or ".join(meant))
    parts = [*places]
    if given:
        parts.append(f"with {' and '.join(given)}")
    if excluded:
        parts.append(f"unless {' or '.join(excluded)}")
    return " ".join(parts)


def _words(dimension: Dimension, numbers: Iterable[int]) -> list[str]:
    """Name variants; a set of values adds nothing to a smaller one of which it is a part."""
    chosen = [dimension.variants[number] for number in numbers]
    sets = [set(each.value) for each in chosen if isinstance(each.value, tuple)]
    return list(
        dict.fromkeys(
            variant.words
            for variant in chosen
            if not (
                isinstance(variant.value, tuple) and any(each < set(variant.value) for each in sets)
            )
        )
    )


def dimension_of(
    key: str, found: Sequence[Condition], effect: Callable[[str], Hashable]
) -> Dimension:
    """Return the states of a key that its conditions tell apart.

    Args:
        key: in lower case.
        found: its conditions, without policy variables.
        effect: what a single value does to them.

    Raises:
        ComparisonError: for values that cannot be compared.
    """
    name = found[0].key
    texts: dict[str, str] = {}
    for family, values in _by_family(found):
        for text, words in family(name, values):
            texts.setdefault(text, words)
    variants = [Variant(text, words) for text, words in texts.items()]
    if any(condition.quantifier for condition in found):
        if len(texts) > _MOST_IN_A_SET:
            texts = _one_of_each(texts, effect)
        if len(texts) > _MOST_IN_A_SET:
            raise ComparisonError
        variants = [
            Variant(several, " together with ".join(texts[text] for text in several))
            for size in range(1, len(texts) + 1)
            for several in itertools.combinations(texts, size)
        ]
    if key not in ALWAYS_PRESENT:
        variants.append(Variant(None, f"no {name}"))
    return Dimension(key, tuple(variants))


def _one_of_each(texts: Mapping[str, str], effect: Callable[[str], Hashable]) -> dict[str, str]:
    """Keep of all values that do the same one."""
    alike: dict[Hashable, list[str]] = {}
    for text in texts:
        alike.setdefault(effect(text), []).append(text)
    return {
        first: f"{texts[first]} or {len(others)} more" if others else texts[first]
        for first, *others in alike.values()
    }


_Family = Callable[[str, Sequence[str]], Iterator[tuple[str, str]]]
"""From a key and the values of a policy to values of a request, each with its words."""


def _by_family(found: Sequence[Condition]) -> Iterator[tuple[_Family, list[str]]]:
    """Put conditions together that compare in the same way."""
    groups: dict[_Family, list[str]] = {}
    for condition in found:
        family = _family(condition.comparison)
        groups.setdefault(family, []).extend(_as_patterns(condition))
    yield from groups.items()


def _family(operator: str) -> _Family:
    for start, family in (
        ("Numeric", _numbers),
        ("Date", _moments),
        ("IpAddress", _addresses),
        ("NotIpAddress", _addresses),
        ("Bool", _truths),
        ("Null", _anything),
    ):
        if operator.startswith(start):
            return family
    return _texts


def _as_patterns(condition: Condition) -> list[str]:
    """Return values as patterns; what an exact operator compares has no wildcards."""
    values = list(condition.values)
    if condition.comparison.startswith("String") and not condition.comparison.endswith("Like"):
        values = [value.translate(LITERAL) for value in values]
    if condition.comparison.endswith("IgnoreCase"):
        values += [value.swapcase() for value in values]
    return values


def _texts(name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    found = witnesses(values)
    # `?prefix=` of a request is a value too.
    if {each for each in values if matches(each, "")} not in [each.matches for each in found]:
        yield "", f"empty {name}"
    for witness in found:
        best = max(witness.matches, key=_closeness, default=None)
        if best is None:
            yield witness.text, f"another {name}"
        elif witness.text == best.translate(PLAIN):
            yield witness.text, f"{name}={witness.text}"
        else:
            yield witness.text, f"{name} like {best.translate(PLAIN)}"


def _closeness(pattern: str) -> tuple[int, str]:
    return len(pattern.replace("*", "")), pattern


def _truths(name: str, _values: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "true", f"{name}=true"
    yield "false", f"{name}=false"


def _anything(name: str, _values: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "any", f"any {name}"


def _numbers(name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    try:
        bounds = sorted({Decimal(value) for value in values})
    except InvalidOperation as error:
        raise ComparisonError from error
    if not bounds:
        yield "0", f"any {name}"
        return
    yield f"{bounds[0] - 1:f}", f"{name} below {bounds[0]:f}"
    for bound in bounds:
        yield f"{bound:f}", f"{name}={bound:f}"
    for low, high in itertools.pairwise(bounds):
        yield f"{(low + high) / 2:f}", f"{name} between {low:f} and {high:f}"
    yield f"{bounds[-1] + 1:f}", f"{name} above {bounds[-1]:f}"


def _moments(name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    try:
        bounds = sorted({_moment(value) for value in values})
    except ValueError as error:
        raise ComparisonError from error
    if not bounds:
        yield "2020-01-01T00:00:00Z", f"any {name}"
        return
    second = timedelta(seconds=1)
    yield (bounds[0] - second).isoformat(), f"{name} before {bounds[0].isoformat()}"
    for bound in bounds:
        yield bound.isoformat(), f"{name} at {bound.isoformat()}"
    for low, high in itertools.pairwise(bounds):
        middle = low + (high - low) / 2
        yield middle.isoformat(), f"{name} between {low.isoformat()} and {high.isoformat()}"
    yield (bounds[-1] + second).isoformat(), f"{name} after {bounds[-1].isoformat()}"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _addresses(name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the ends of every range and their neighbours: between them nothing can change."""
    try:
        networks = [ipaddress.ip_network(value, strict=False) for value in values]
    except ValueError as error:
        raise ComparisonError from error
    for network in networks:
        kind = type(network.network_address)
        for end in (network.network_address, network.broadcast_address):
            for number in (int(end), int(end) - 1, int(end) + 1):
                if 0 <= number < 2**network.max_prefixlen:
                    address = kind(number)
                    around = [each for each in networks if address in each]
                    narrowest = max(around, key=lambda each: each.prefixlen, default=None)
                    words = f"in {narrowest}" if narrowest else f"outside {network}"
                    yield str(address), f"{name} {words}"
