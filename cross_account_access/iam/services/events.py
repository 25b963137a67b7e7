"""Amazon EventBridge: event buses.

No event is sent: one without a source is not taken.
"""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Operation, Service

_BUS: Final = {"Name": "{bare_name}"}

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"ResourceNotFoundException"}),
    policy=LivePolicy(calls=(Call("describe_event_bus", _BUS),), path=("Policy",)),
    forms={"arn:${Partition}:events:${Region}:${Account}:event-bus/${EventBusName}": "any bus"},
    operations=(
        Operation(
            words="send events to",
            actions=("events:PutEvents",),
            levels=frozenset({"send"}),
            calls=(
                Call("put_events", {"Entries": ({"EventBusName": "{arn}", "Detail": "{{}}"},)}),
            ),
        ),
        Operation(
            words="look at",
            actions=("events:DescribeEventBus",),
            calls=(Call("describe_event_bus", _BUS),),
        ),
        Operation(words="delete", actions=("events:DeleteEventBus",)),
    ),
)
