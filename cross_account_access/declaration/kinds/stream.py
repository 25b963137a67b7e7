"""Streams of Amazon Kinesis Data Streams."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class Stream(ExistingResource):
    """A data stream that exists, with its registered consumers.

    Who reads by one of these must not register it: that is its owner's, or an action of the grant.

    The actions are those of "Actions, resources, and condition keys for Amazon Kinesis Data
    Streams",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html.
    """

    kind = "stream"
    service = "kinesis"
    objects = "consumers"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.READ: LevelActions(
            on_resource=(
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ),
            on_objects=("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"),
        ),
        Level.WRITE: LevelActions(on_resource=("kinesis:PutRecord", "kinesis:PutRecords")),
    }
    # "Permissions to use user-generated KMS keys",
    # https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Level.READ: ("kms:Decrypt",),
        Level.WRITE: ("kms:GenerateDataKey",),
    }
    arn_form = r"stream/[\w.-]{1,128}"
    arn_example = "stream/my-stream"
    describe_method = "describe_stream_summary"
    describe_parameter = "StreamARN"
    absent = "ResourceNotFoundException"

    def inside(self, owner: Account) -> Mapping[str, str]:
        """Its consumers, whose ARNs end with the moment of their registration."""
        return {self.objects: f"{self.arn(owner)}/consumer/*:*"}

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Lists its shards; whoever may only write would have to write."""
        if Level.READ not in grant.levels:
            return []
        shards = ["aws", "kinesis", "list-shards", "--stream-arn", self.existing_arn]
        return [[*shards, "--region", owner.region]]
