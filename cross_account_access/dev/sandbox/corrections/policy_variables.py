"""Policy variables, which ministack 1.5.33 takes as text.

AWS says: "IAM policy elements: Variables and tags",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html: a variable in a
resource or in the value of a string or ARN condition stands for a value of the request, or for the
default that it names; without either, what it stands in matches nothing. `${*}`, `${?}` and `${$}`
stand for these characters themselves.
"""

import dataclasses
import re
from typing import Any, Final

from ministack.core import iam_evaluator

_VARIABLE: Final = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_CHARACTERS: Final = ("*", "?", "$")
_NOTHING: Final = "\0"
"""What no value of a request has."""
_STANDING: Final = str.maketrans({"*": "\ue000", "?": "\ue001"})
"""Characters that stand for themselves in a pattern; no value of a request has what is written."""
_OF_PATTERNS: Final = ("like", "arn")
"""What is in the name of a condition operator that knows wildcards."""


class Plain(str):
    """Text in which nothing is a variable."""

    __slots__ = ()

    def __str__(self) -> str:
        """Stay what it is where a copy is made."""
        return self


def apply() -> None:
    """Replaces three functions of ministack, in this process; to be called once."""
    first_match, conditions_met = iam_evaluator._first_match, iam_evaluator._conditions_met
    compiled = iam_evaluator._fnmatch_compile

    def first_match_of_values(context: Any, statements: Any, effect: str) -> Any:  # noqa: ANN401 - ministack has no types
        replaced = [_with_values(each, context) for each in statements]
        return first_match(context, replaced, effect)

    def conditions_met_by_values(conditions: Any, context: Any) -> bool:  # noqa: ANN401
        return bool(conditions_met(_in_conditions(conditions, context), context))

    def compiled_with_characters(pattern: str, ignore_case: bool) -> re.Pattern[str]:
        regex: re.Pattern[str] = compiled(pattern, ignore_case)
        if not set(pattern) & set(_STANDING.values()):
            return regex
        text = regex.pattern
        for character, written in _STANDING.items():
            text = text.replace(re.escape(str(written)), re.escape(chr(character)))
        return re.compile(text, regex.flags)

    iam_evaluator._first_match = first_match_of_values
    iam_evaluator._conditions_met = conditions_met_by_values
    iam_evaluator._fnmatch_compile = compiled_with_characters


def _with_values(statement: Any, context: Any) -> Any:  # noqa: ANN401
    return dataclasses.replace(
        statement,
        resources=[_text(each, context, in_pattern=True) for each in statement.resources],
        not_resources=[_text(each, context, in_pattern=True) for each in statement.not_resources],
    )


def _in_conditions(conditions: Any, context: Any) -> Any:  # noqa: ANN401
    if not isinstance(conditions, dict):
        return conditions
    return {
        operator: _in_values(asked, context, in_pattern=_knows_wildcards(operator))
        if isinstance(asked, dict)
        else asked
        for operator, asked in conditions.items()
    }


def _knows_wildcards(operator: str) -> bool:
    return any(part in operator.lower() for part in _OF_PATTERNS)


def _in_values(asked: Any, context: Any, *, in_pattern: bool) -> Any:  # noqa: ANN401
    return {
        key: [
            _text(each, context, in_pattern=in_pattern)
            for each in (value if isinstance(value, list) else [value])
        ]
        for key, value in asked.items()
    }


def _text(value: Any, context: Any, *, in_pattern: bool) -> Any:  # noqa: ANN401
    if not isinstance(value, str) or isinstance(value, Plain) or "${" not in value:
        return value

    def stands_for(variable: re.Match[str]) -> str:
        key, default = variable[1], variable[2]
        found = key if key in _CHARACTERS else iam_evaluator._resolve_condition_key(key, context)
        if not isinstance(found, str):
            found = _NOTHING if default is None else default
        return found.translate(_STANDING) if in_pattern else found

    return _VARIABLE.sub(stands_for, value)
