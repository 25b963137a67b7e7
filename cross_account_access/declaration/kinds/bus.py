"""Event buses of Amazon EventBridge."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class Bus(ExistingResource):
    """An event bus that exists, the default one among them.

    The actions are those of "Actions, resources, and condition keys for Amazon EventBridge",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html.
    """

    kind = "bus"
    service = "events"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.SEND: LevelActions(on_resource=("events:PutEvents",))
    }
    arn_form = r"event-bus/[\w./-]{1,256}"
    arn_example = "event-bus/my-bus"
    describe_method = "describe_event_bus"
    describe_parameter = "Name"
    absent = "ResourceNotFoundException"

    def describe_parameters(self) -> Mapping[str, Any]:
        """Its name."""
        return {self.describe_parameter: self.own_name}

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Sends an event that no rule should be waiting for."""
        if Level.SEND not in grant.levels:
            return []
        entry = {"EventBusName": self.existing_arn, "Source": "access.test", "DetailType": "test"}
        put = ["aws", "events", "put-events", "--entries", json.dumps([{**entry, "Detail": "{}"}])]
        return [[*put, "--region", owner.region]]
