"""What a difference between declared and live documents changes in access."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cross_account_access.command.drift.findings import Effect
from cross_account_access.command.inventory import StackInventory
from cross_account_access.iam.comparing.comparison import Change, compare
from cross_account_access.iam.errors import IamError
from cross_account_access.iam.inventory import is_unknown_document

_PLACES: Final = ("users", "roles", "resources")
_SINGLE: Final = ("boundary", "policy", "trust")
"""Documents of which a user, role or resource has one."""


@dataclass(frozen=True, kw_only=True)
class Documents:
    """The documents of one stack, declared and as they lie in the accounts."""

    declared: StackInventory
    live: StackInventory | None
    """None where they could not be read."""

    def changes(self, arn: str, *parts: str) -> tuple[Change, ...] | None:
        """Say what one holder's documents change in access; None where that cannot be told.

        Args:
            arn: of a user, a role, or a resource with a policy.
            parts: which of its documents: `policies`, `boundary`, `trust`, `policy`; without any,
                all.
        """
        if self.live is None:
            return None
        for place in _PLACES:
            before = getattr(self.declared, place).get(arn)
            after = getattr(self.live, place).get(arn)
            if before is not None and after is not None:
                chosen = {key: after[key] for key in parts or after if key in after}
                return self._compared(place, arn, before, {**before, **chosen})
        return None

    def is_gone(self, arn: str) -> bool:
        """Say whether a user, role or resource of the stack is in its account no more."""
        return self.live is not None and not any(
            arn in getattr(self.live, each) for each in _PLACES
        )

    def differing(self) -> Iterator[str]:
        """Yield the ARNs whose live documents are other texts than the declared ones."""
        for place in _PLACES if self.live is not None else ():
            for arn, before in getattr(self.declared, place).items():
                after = getattr(self.live, place).get(arn)
                if after is not None and _plain(_known(before, after)) != _plain(after):
                    yield arn

    def holder(self, place: str, account: str, reference: str) -> str | None:
        """Return the ARN of a user, role or resource of an account by its name, ID, URL or ARN."""
        entries = getattr(self.declared, place)
        for arn in entries:
            owner = entries[arn].get("account") or arn.split(":")[4]
            if owner == account and _last(arn) == _last(reference):
                return str(arn)
        return None

    def holder_of_policy(self, account: str, label: str) -> str | None:
        """Return the ARN of a user or role of an account that has an attached policy."""
        for arn, entry in {**self.declared.users, **self.declared.roles}.items():
            if any(each.endswith(f"{account}:{label}") for each in entry.get("policies", {})):
                return arn
        return None

    def with_policy(self, arn: str, label: str, document: Any) -> tuple[Change, ...] | None:  # noqa: ANN401 - a document
        """Say what changes where one policy of a user or role had another document."""
        for place in ("users", "roles"):
            before = getattr(self.declared, place).get(arn)
            if before is not None:
                policies = {**before.get("policies", {}), label: document}
                return self._compared(place, arn, before, {**before, "policies": policies})
        return None

    def _compared(
        self, place: str, arn: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> tuple[Change, ...] | None:
        entries = getattr(self.declared, place)
        known: Any = {**entries, arn: _known(before, after)}
        changed: Any = {**entries, arn: after}
        try:
            return tuple(
                compare(
                    replace(self.declared, **{place: known}),
                    replace(self.declared, **{place: changed}),
                )
            )
        except IamError:
            return None


def effect_of(changes: tuple[Change, ...] | None) -> Effect:
    """Return what changes do, all together; what cannot be told counts as widening."""
    if changes is None or any(change.effect.is_widening for change in changes):
        return Effect.WIDENING
    return Effect.NARROWING if changes else Effect.COSMETIC


def _last(reference: str) -> str:
    return re.split(r"[:/]", reference)[-1]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a document, or several
    """Return documents as JSON values, whose order of keys does not count."""
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _known(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is declared, with the live document wherever the stack does not know its own."""
    known = dict(before)
    for key, value in before.items():
        if key in _SINGLE and value is not None and is_unknown_document(value):
            known[key] = after.get(key, value)
    policies = {
        label: after.get("policies", {}).get(label, document)
        if is_unknown_document(document)
        else document
        for label, document in before.get("policies", {}).items()
    }
    return {**known, "policies": policies} if policies else known
