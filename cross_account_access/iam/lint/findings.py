"""What lint says about a document."""

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cross_account_access.iam.documents import Statement


class Severity(enum.IntEnum):
    """How bad it is."""

    LOW = 1
    """Worth a look; by itself no reason to stop."""
    MEDIUM = 2
    """Works otherwise than it reads, or is wider than it needs to be."""
    HIGH = 3
    """Lets in whom nobody meant, or is refused by AWS."""


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found."""

    subject: str
    severity: Severity
    rule: str
    """Name of the rule, like `open-principal`."""
    message: str
    """What is wrong, and what to do."""
    line: int | None = None
    """From 1; `None` where the document is in no file."""
    column: int | None = None

    @property
    def page(self) -> str:
        """Where the rule is explained, in the project's folder."""
        return page_of(self.rule)


def page_of(rule: str) -> str:
    """Say where a rule is explained, in the project's folder."""
    return f"docs/access/lint.md#{rule}"


Found = Iterator[tuple[Severity, str, str]]
"""Severity, name of the rule, message."""

Rule = Callable[[Statement], Found]
"""From a statement to what it finds."""

MEANINGS: Final[Mapping[str, str]] = {
    "grammar": "JSON that is none, or what the policy grammar does not have",
    "open-principal": "lets in everybody, or any AWS account",
    "any-token": "lets in any token of an identity provider",
    "any-external-id": "accepts any external ID, or none",
    "mfa-if-exists": "MFA that requests with an access key pass by",
    "not-action": "an allow of all actions but those listed",
    "not-resource": "an allow of all resources but those listed",
    "duplicate-sid": "a Sid that stands twice",
    "size": "more than AWS accepts",
    "unknown-action": "an action that does not exist",
    "wildcard-action": "an allow of more actions than are named",
    "whole-account": "trust of a whole account",
    "self-trust": "a role whose sessions renew themselves",
    "confused-deputy": "a service that may act for anybody",
    "own-policy": "lets others change who has access to the resource itself",
    "wildcard-resource": "actions on every resource",
    "not-principal": "a deny of all principals but those listed",
    "canonical-user": "a canonical user ID, which S3 rewrites",
    "dead-principal": "the ID of a user or role that was deleted",
    "literal-wildcard": "a wildcard in a comparison for equality",
    "old-version": "policy variables without the version that has them",
    "resource-mismatch": "an action that none of the resources fits",
    "unknown-condition-for-action": "a condition key that requests never have",
    "mismatched-type": "an operator for values of another type",
    "may-be-refused": "what AWS may refuse to save",
    "undecided": "more conditions than can be looked at",
    "named-principal": "trust of a user or role by name",
}
"""By name of each rule what it finds, in a few words."""
