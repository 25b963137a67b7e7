"""A project of another team in Staging: it reads the access stack's outputs and uses the role.

It gives its own machines or people the permission to assume the role. Whether the role lets them
in stays the decision of the access stack.
"""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from cross_account_access.credentials import Consumer, Contract, ContractError, read

config = pulumi.Config()
stack = config.require("access_stack")


def contract_in(outputs: Mapping[str, Any]) -> Contract:
    """The contract in the outputs of the access stack, or one line of what is wrong with them."""
    try:
        return read(outputs)
    except ContractError as error:
        message = f"access_stack: {stack}: {error}"
        raise pulumi.RunError(message) from None


def consumer_in(contract: Contract) -> Consumer:
    """What the contract says of this project, which must have a role to assume."""
    try:
        found = contract.consumer(config.require("consumer"))
    except ContractError as error:
        message = f"consumer: {error}"
        raise pulumi.RunError(message) from None
    if found.role_arn is None:
        message = f"consumer: {found.name} has no role: its access goes by resource policies"
        raise pulumi.RunError(message)
    return found


def may_assume(consumer: Consumer) -> str:
    """A policy document that allows to assume the consumer's role and nothing else."""
    statement = {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Resource": [consumer.role_arn],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


contract = pulumi.StackReference(stack).outputs.apply(contract_in)
consumer = contract.apply(consumer_in)
staging = aws.Provider(
    "staging",
    profile=config.require("staging_profile"),
    region=config.require("staging_region"),
    allowed_account_ids=[contract.apply(lambda found: found.staging_account_id)],
)
policy = aws.iam.Policy(
    "assume-production-role",
    name="assume-production-role",
    policy=consumer.apply(may_assume),
    opts=pulumi.ResourceOptions(provider=staging),
)
pulumi.export("roleArn", consumer.apply(lambda found: found.role_arn))
pulumi.export("policyArn", policy.arn)
