"""What of a role changes beside its grants, told by what is deployed of it."""

from collections.abc import Mapping
from typing import Any, Final

from cross_account_access.declaration.policies.shutting_out import asks_for_others, shuts_out


class RoleChange:
    """What of a role changes beside its grants: who may have it, and what it may at the most."""

    def __init__(
        self,
        was: Mapping[str, Any] | None,
        *,
        name: str,
        path: str,
        trust: str,
        boundary: str | None,
    ) -> None:
        """Compare a role with what is deployed of it.

        Args:
            was: its outputs; None where it is not deployed, and nothing changes.
            name: that it is to have, as all that follows.
            path: begins and ends with a slash.
            trust: the document.
            boundary: ARN of a managed policy.
        """
        found = {"name": name, "path": path, "assumeRolePolicy": trust} if was is None else was
        self.is_deployed = was is not None
        self.keeps_its_name = (found.get("name"), found.get("path")) == (name, path)
        """Whether the role stays the one that it is."""
        former = boundary if was is None else was.get("permissionsBoundary")
        before = str(found.get("assumeRolePolicy", trust))
        self.shuts_out = (
            not self.keeps_its_name
            or (boundary is not None and former != boundary)
            or shuts_out(before, trust)
        )
        """Whether somebody may do less with the same grants."""
        self.lets_in = (
            not self.keeps_its_name
            or (former is not None and former != boundary)
            or shuts_out(trust, before)
        )
        """Whether somebody may do more with the same grants."""
        self.asks_for_others = asks_for_others(before, trust)
        """Whether it asks for another external ID than before."""

    @property
    def changes(self) -> bool:
        """Whether anything does."""
        return self.shuts_out or self.lets_in

    @property
    def is_in_place(self) -> bool:
        """Whether anything changes of the one that is there."""
        return self.changes and self.keeps_its_name


UNTRUSTED: Final = '{"Statement": []}'
"""The trust policy of a user: nobody else becomes it."""
UNCHANGED: Final = RoleChange(None, name="", path="/", trust=UNTRUSTED, boundary=None)
"""Of a role that is not ours, or where there is none."""
