"""A question about many requests at once, which narrows what is looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cross_account_access.iam.patterns import matches

_ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which of all requests one wants to know about; without a word, all of them."""

    action: str = _ANY
    """An action or a pattern of actions, in any case."""
    resource: str | None = None
    """ARN or pattern of ARNs; `*` for actions that have no resource, None for all."""
    principal: str | None = None
    """Somebody who takes part even if no document tells them apart: ARN of a user or role, account
    ID, or the name of a service or identity provider."""
    at: datetime | None = None
    """The only moment that is of interest, with its time zone; None for all."""

    @property
    def one_action(self) -> str | None:
        """The action, in lower case, where it is just one."""
        return None if set(self.action) & set("*?") else self.action.lower()

    def of(self, names: Iterable[str]) -> set[str]:
        """Those of some actions that are asked about."""
        pattern = self.action.lower()
        return {name for name in names if matches(pattern, name.lower())}

    def is_about(self, resource: str, matched: frozenset[str]) -> bool:
        """Say whether a resource is asked about.

        Args:
            resource: ARN or `*`.
            matched: the patterns that match it; `resource` of this question is one of those tried.
        """
        if self.resource in (None, _ANY):
            return self.resource is None or resource == _ANY
        return self.resource in matched


EVERYTHING = Asked()
"""All requests."""
