"""AWS Step Functions: state machines and their executions.

No execution is started: its input is no JSON.
"""

from typing import Final

from cross_account_access.iam.services import Call, Operation, Service

_MACHINE: Final = {"stateMachineArn": "{arn}"}
_EXECUTIONS: Final = "arn:{partition}:states:{region}:{account}:execution:{bare_name}:"
_NO_EXECUTION: Final = f"{_EXECUTIONS}access-verify"
_ABSENT: Final = frozenset({"ExecutionDoesNotExist"})
_READ: Final = frozenset({"read"})
_START: Final = frozenset({"start"})
_INPUT: Final = {**_MACHINE, "input": "no JSON"}
_INVALID: Final = frozenset({"InvalidExecutionInput"})
_ENCRYPT: Final = ("kms:Decrypt", "kms:GenerateDataKey")

SERVICE: Final = Service(
    client="stepfunctions",
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"StateMachineDoesNotExist"}),
    forms={
        "arn:${Partition}:states:${Region}:${Account}:stateMachine:${StateMachineName}": (
            "any state machine"
        ),
        "arn:${Partition}:states:${Region}:${Account}:execution:${StateMachineName}:"
        "${ExecutionId}": "any execution",
    },
    operations=(
        Operation(
            words="start",
            actions=("states:StartExecution",),
            levels=_START,
            calls=(Call("start_execution", _INPUT),),
            invalid=_INVALID,
            key_actions=_ENCRYPT,
        ),
        Operation(
            words="start and wait for",
            actions=("states:StartSyncExecution",),
            levels=_START,
            # Its endpoint is another one, which the input does not reach where there is none.
            key_actions=_ENCRYPT,
            checks_refusal=False,
        ),
        Operation(
            words="look at",
            actions=("states:DescribeStateMachine",),
            levels=_READ,
            calls=(Call("describe_state_machine", _MACHINE),),
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="list the executions of",
            actions=("states:ListExecutions",),
            levels=_READ,
            calls=(Call("list_executions", {**_MACHINE, "maxResults": 1}),),
        ),
        Operation(
            words="look at an execution of",
            actions=("states:DescribeExecution", "states:GetExecutionHistory"),
            levels=_READ,
            resource=_NO_EXECUTION,
            everything=(f"{_EXECUTIONS}*",),
            calls=(Call("describe_execution", {"executionArn": _NO_EXECUTION}),),
            invalid=_ABSENT,
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="stop an execution of",
            actions=("states:StopExecution",),
            resource=_NO_EXECUTION,
            everything=(f"{_EXECUTIONS}*",),
            calls=(Call("stop_execution", {"executionArn": _NO_EXECUTION}),),
            invalid=_ABSENT,
        ),
        Operation(words="change", actions=("states:UpdateStateMachine",)),
        Operation(words="delete", actions=("states:DeleteStateMachine",)),
    ),
)
