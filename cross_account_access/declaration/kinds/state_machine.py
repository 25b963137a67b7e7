"""State machines of AWS Step Functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class StateMachine(ExistingResource):
    """A state machine that exists, with its executions.

    The actions are those of "Actions, resources, and condition keys for AWS Step Functions",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html.
    """

    kind = "state machine"
    service = "states"
    objects = "executions"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        "start": LevelActions(on_resource=("states:StartExecution", "states:StartSyncExecution")),
        Level.READ: LevelActions(
            on_resource=("states:DescribeStateMachine", "states:ListExecutions"),
            on_objects=("states:DescribeExecution", "states:GetExecutionHistory"),
        ),
    }
    # "Data at rest encryption in Step Functions",
    # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "start": ("kms:Decrypt", "kms:GenerateDataKey"),
        Level.READ: ("kms:Decrypt",),
    }
    arn_form = r"stateMachine:[\w.+!@=-]{1,80}"
    arn_example = "stateMachine:my-state-machine"
    client = "stepfunctions"
    describe_method = "describe_state_machine"
    describe_parameter = "stateMachineArn"
    absent = "StateMachineDoesNotExist"

    def inside(self, owner: Account) -> Mapping[str, str]:
        """Its executions, whose ARNs do not begin as its own."""
        return {self.objects: owner.regional_arn("states", f"execution:{self.own_name}:*")}

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Looks at it; whoever may only start executions would have to start one."""
        if Level.READ not in grant.levels:
            return []
        describe = ["aws", "stepfunctions", "describe-state-machine"]
        return [
            [*describe, "--state-machine-arn", self.existing_arn, "--region", owner.region],
        ]
