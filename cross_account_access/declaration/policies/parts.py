"""Cuts a policy document that is too large for AWS into several that together say the same."""

import json
from collections.abc import Callable, Iterator

from cross_account_access.declaration.statements import Statement, render
from cross_account_access.facts.quotas import policy_characters


def in_parts(document: str, limit: int) -> list[str]:
    """An identity policy as documents of at most `limit` characters, which together say the same.

    Statements keep their order, and a part is filled before the next begins, so that a statement
    added at the end changes the last part alone. A statement is cut only where it is larger than
    `limit` by itself, along its resources or its prefixes. A part beyond the limit holds one
    statement that nothing can cut.
    """
    if policy_characters(document) <= limit:
        return [document]
    parts: list[list[Statement]] = []
    for statement in json.loads(document)["Statement"]:
        for piece in _pieces(statement, limit):
            if parts and policy_characters(render([*parts[-1], piece])) <= limit:
                parts[-1].append(piece)
            else:
                parts.append([piece])
    return [render(part) for part in parts]


def _pieces(statement: Statement, limit: int) -> Iterator[Statement]:
    """The statement, as few statements that fit into a document each."""
    values, with_values = cuttable(statement)
    taken: list[str] = []
    for value in values:
        if taken and policy_characters(render([with_values([*taken, value])])) > limit:
            yield with_values(taken)
            taken = []
        taken.append(value)
    yield with_values(taken)


def cuttable(statement: Statement) -> tuple[list[str], Callable[[list[str]], Statement]]:
    """Return a list of which any value will do, and the statement with another in its place.

    Both lists that a grant of many prefixes makes long are such: its resources, and where it is
    for listing, the values of `s3:prefix`.
    """
    resources, condition = statement["Resource"], statement.get("Condition", {})
    confined = condition.get("StringLike", {})
    if len(resources) > 1 or "s3:prefix" not in confined:
        return resources, lambda values: {**statement, "Resource": values}

    def with_prefixes(values: list[str]) -> Statement:
        prefixes = {**confined, "s3:prefix": values}
        return {**statement, "Condition": {**condition, "StringLike": prefixes}}

    return confined["s3:prefix"], with_prefixes
