"""Patterns of the policy language: `*` for any run of characters, `?` for one, policy variables.

Rules: AWS, "IAM JSON policy elements: Resource",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html;
"IAM policy elements: Variables and tags",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
"""

import enum
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple


class Wildcard(enum.Enum):
    """The two wildcards of the policy language."""

    RUN = "*"
    ONE = "?"


class Variable(NamedTuple):
    """A placeholder for the value of a single-valued context key."""

    key: str
    """Lower case."""
    default: str | None


Token = str | Wildcard | Variable

_VARIABLE: Final = re.compile(
    r"\$\{(?:(?P<fixed>[*?$])|(?P<key>[^{},']+?)(?:, *'(?P<default>[^']*)')?)\}"
)


def matches(pattern: str, text: str) -> bool:
    """Say whether a pattern means a text.

    Nothing but `*` and `?` is special: brackets are plain characters, and so are `${…}`.
    """
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(expression(tokenize(pattern, variables=False)), re.DOTALL)


def tokenize(text: str, *, wildcards: bool = True, variables: bool) -> tuple[Token, ...]:
    """Cut a pattern into plain text, wildcards and variables.

    `${*}`, `${?}` and `${$}` are the characters themselves. Without `variables`, which need policy
    language 2012-10-17, `${…}` is plain text.
    """
    tokens: list[Token] = []

    def add(token: Token) -> None:
        if isinstance(token, str) and tokens and isinstance(tokens[-1], str):
            tokens[-1] += token
        elif token is not Wildcard.RUN or not tokens or tokens[-1] is not Wildcard.RUN:
            tokens.append(token)

    def add_text(part: str) -> None:
        for piece in re.split(r"([*?])", part) if wildcards else [part]:
            if wildcards and piece in ("*", "?"):
                add(Wildcard(piece))
            elif piece:
                add(piece)

    end = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        add_text(text[end : match.start()])
        end = match.end()
        if match["fixed"]:
            add(match["fixed"])
        else:
            add(Variable(match["key"].strip().lower(), match["default"]))
    add_text(text[end:])
    return tuple(tokens)


def expression(tokens: Iterable[Token], character: str = ".") -> str:
    """Return a regular expression; the atomic groups keep its time linear in the text's length.

    Args:
        tokens: a pattern without variables.
        character: what a wildcard's single character is.
    """
    chunks = [""]
    for token in tokens:
        if token is Wildcard.RUN:
            chunks.append("")
        elif token is Wildcard.ONE:
            chunks[-1] += character
        elif isinstance(token, str):
            chunks[-1] += re.escape(token)
    if len(chunks) == 1:
        return chunks[0]
    first, *middle, last = chunks
    between = "".join(f"(?>{character}*?{chunk})" for chunk in middle)
    return f"{first}{between}{character}*{last}"


def split_segments(tokens: Iterable[Token], most: int) -> list[list[Token]]:
    """Split at colons of the plain text into at most `most` segments."""
    segments: list[list[Token]] = [[]]
    for token in tokens:
        if not isinstance(token, str):
            segments[-1].append(token)
            continue
        first, *more = token.split(":", most - len(segments))
        for index, piece in enumerate([first, *more]):
            if index:
                segments.append([])
            if piece:
                segments[-1].append(piece)
    return segments
