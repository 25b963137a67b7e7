"""The layers around the policies, as far as it takes to compare two sets of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from cross_account_access.iam.comparing.statements import ComparedStatement, compared
from cross_account_access.iam.documents import (
    Condition,
    PolicyDocument,
    PolicyKind,
    condition,
    read,
)
from cross_account_access.iam.layers import ANY_OTHER, Endpoint, Layers, Levels

_ENDPOINT: Final = "aws:SourceVpce"
_OPEN: Final = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
}


def with_open_endpoints(layers: Layers) -> Layers:
    """Take VPC endpoints that are not listed to allow everything, as for all that is outside."""
    if layers.endpoints is None:
        return layers
    others = {ANY_OTHER: Endpoint(service="*", policy=_OPEN)}
    return replace(layers, endpoints={**others, **layers.endpoints})


@dataclass(frozen=True)
class ComparedLimits:
    """The layers of one side.

    Raises:
        DocumentError: for a document that breaks the grammar of its kind.
    """

    layers: Layers

    def statements(self, caller: str, owner: str) -> tuple[ComparedStatement, ...]:
        """Return those that bind requests, by whichever endpoint they come.

        Args:
            caller: account of the principal; empty where it has none.
            owner: account of the resource; empty where that is not known.
        """
        return (
            *self._controlling.get((caller, PolicyKind.SERVICE_CONTROL), ()),
            *self._controlling.get((owner, PolicyKind.RESOURCE_CONTROL), ()),
            *self._endpoints,
        )

    def shape(self, caller: str, owner: str, service: str) -> tuple[object, ...]:
        """Return what decides of what no statement is about: how much has to allow it at all."""
        return (
            len(self.layers.of_account(caller).service_control or ()),
            len(self.layers.of_account(owner).resource_control or ()),
            self._of_service(service),
        )

    def conditions(self, service: str) -> tuple[Condition, ...]:
        """Tell the endpoints apart by which requests for a service can come."""
        found = self._of_service(service)
        return (condition("StringEquals", _ENDPOINT, found),) if found else ()

    def _of_service(self, service: str) -> tuple[str, ...]:
        listed = (self.layers.endpoints or {}).items()
        return tuple(sorted(name for name, each in listed if each.service == service))

    @cached_property
    def documents(self) -> tuple[PolicyDocument, ...]:
        """All of them, read."""
        return (
            *(document for each in self._levels.values() for _, document in each),
            *(document for _, document in self._endpoint_documents),
        )

    @cached_property
    def _levels(self) -> Mapping[tuple[str, PolicyKind], tuple[tuple[str, PolicyDocument], ...]]:
        """By account and kind: the documents, each with the number of its level."""
        return {
            (account, kind): tuple(_documents(levels or (), kind))
            for account, each in self.layers.accounts.items()
            for kind, levels in (
                (PolicyKind.SERVICE_CONTROL, each.service_control),
                (PolicyKind.RESOURCE_CONTROL, each.resource_control),
            )
        }

    @cached_property
    def _controlling(self) -> Mapping[tuple[str, PolicyKind], tuple[ComparedStatement, ...]]:
        return {key: tuple(_marked(each)) for key, each in self._levels.items()}

    @cached_property
    def _endpoint_documents(self) -> tuple[tuple[str, PolicyDocument], ...]:
        return tuple(
            (name, read(each.policy, PolicyKind.ENDPOINT, f"policy of VPC endpoint {name}"))
            for name, each in (self.layers.endpoints or {}).items()
        )

    @cached_property
    def _endpoints(self) -> tuple[ComparedStatement, ...]:
        return tuple(_marked(self._endpoint_documents))


def _documents(levels: Levels, kind: PolicyKind) -> Iterator[tuple[str, PolicyDocument]]:
    for number, level in enumerate(levels):
        for name, document in level.policies.items():
            yield f"level {number}", read(document, kind, f"{kind.value} {name}")


def _marked(documents: Iterable[tuple[str, PolicyDocument]]) -> Iterator[ComparedStatement]:
    """Tell statements apart that mean the same in another place."""
    for mark, document in documents:
        for each in compared(document):
            yield each.marked(f"{document.kind.value} {mark}")
