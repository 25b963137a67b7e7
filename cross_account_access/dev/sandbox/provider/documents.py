"""Whether two policy documents say the same, however they are written.

Rules: "IAM JSON policy elements reference" (a single value equals a list of one;
actions and condition keys ignore case; an omitted Version is 2008-10-17) and "AWS
JSON policy elements: Principal" (an account ID equals its root user's ARN, and
`"*"` equals `{"AWS": "*"}`).
"""

import json
import re
from typing import Any

_OLDEST_VERSION = "2008-10-17"


def parse(text: str) -> dict[str, Any]:
    """The document in the text.

    Raises:
        ValueError: the text is not a JSON object.
    """
    document = json.loads(text)
    if not isinstance(document, dict):
        message = "not a JSON object"
        raise ValueError(message)  # noqa: TRY004 - JSON's own errors are ValueErrors too
    return document


def canonical(text: str) -> object:
    """A value that is equal for equivalent documents; other text stands for itself."""
    try:
        document = parse(text)
    except ValueError:
        return text
    return {
        **document,
        "Version": document.get("Version", _OLDEST_VERSION),
        "Statement": _unordered([_statement(each) for each in _listed(document.get("Statement"))]),
    }


def _statement(statement: object) -> object:
    if not isinstance(statement, dict):
        return statement
    elements = dict(statement)
    for name, value in statement.items():
        match name:
            case "Action" | "NotAction":
                elements[name] = _unordered([_lower(each) for each in _listed(value)])
            case "Resource" | "NotResource":
                elements[name] = _unordered(_listed(value))
            case "Principal" | "NotPrincipal":
                elements[name] = _principal(value)
            case "Condition" if isinstance(value, dict):
                elements[name] = {test: _tested(keys) for test, keys in value.items()}
    return {name: value for name, value in elements.items() if value not in ("", {})}


def _principal(value: object) -> object:
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, dict):
        return value
    return {
        kind: _unordered(
            [_account_root(each) if kind == "AWS" else each for each in _listed(names)]
        )
        for kind, names in value.items()
    }


def _account_root(name: object) -> object:
    # The partition is left open: an ID alone does not tell it.
    if isinstance(name, str):
        root = re.fullmatch(r"arn:[a-z-]+:iam::([0-9]{12}):root", name)
        return root.group(1) if root else name
    return name


def _tested(keys: object) -> object:
    if not isinstance(keys, dict):
        return keys
    return {
        _lower(key): _unordered([_condition_value(each) for each in _listed(values)])
        for key, values in keys.items()
    }


def _condition_value(value: object) -> object:
    return value if isinstance(value, str) else json.dumps(value)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _unordered(values: list[object]) -> list[object]:
    distinct = {json.dumps(value, sort_keys=True): value for value in values}
    return [distinct[text] for text in sorted(distinct)]
