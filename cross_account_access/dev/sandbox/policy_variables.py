"""Policy variables, which ministack 1.5.33 takes as text.

AWS says: "IAM policy elements: Variables and tags",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html: a variable in a
resource or in the value of a string or ARN condition stands for a value of the request, or for the
default that it names; without either, what it stands in matches nothing. Documents of version
2008-10-17, in which they are text, are taken for those of the present version.
"""

import dataclasses
import re
from typing import Any, Final

from ministack.core import iam_evaluator

_VARIABLE: Final = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_LITERALS: Final = {"*": "*", "?": "?", "$": "$"}
_NOTHING: Final = "\0"
"""What no value of a request has."""


def apply() -> None:
    """Replaces two functions of ministack, in this process; to be called once."""
    first_match, conditions_met = iam_evaluator._first_match, iam_evaluator._conditions_met

    def first_match_of_values(context: Any, statements: Any, effect: str) -> Any:  # noqa: ANN401 - ministack has no types
        replaced = [_with_values(each, context) for each in statements]
        return first_match(context, replaced, effect)

    def conditions_met_by_values(conditions: Any, context: Any) -> bool:  # noqa: ANN401
        return bool(conditions_met(_in_conditions(conditions, context), context))

    iam_evaluator._first_match = first_match_of_values
    iam_evaluator._conditions_met = conditions_met_by_values


def _with_values(statement: Any, context: Any) -> Any:  # noqa: ANN401
    return dataclasses.replace(
        statement,
        resources=[_text(each, context) for each in statement.resources],
        not_resources=[_text(each, context) for each in statement.not_resources],
    )


def _in_conditions(conditions: Any, context: Any) -> Any:  # noqa: ANN401
    if not isinstance(conditions, dict):
        return conditions
    return {
        operator: {
            key: [_text(each, context) for each in (value if isinstance(value, list) else [value])]
            for key, value in asked.items()
        }
        if isinstance(asked, dict)
        else asked
        for operator, asked in conditions.items()
    }


def _text(value: Any, context: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, str) or "${" not in value:
        return value

    def stands_for(variable: re.Match[str]) -> str:
        key, default = variable[1], variable[2]
        if key in _LITERALS:
            return _LITERALS[key]
        found = iam_evaluator._resolve_condition_key(key, context)
        if isinstance(found, str):
            return found
        return _NOTHING if default is None else default

    return _VARIABLE.sub(stands_for, value)
