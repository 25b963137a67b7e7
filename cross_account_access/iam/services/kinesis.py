"""Amazon Kinesis Data Streams: streams.

No record is read or written: a shard is asked for that no stream has, and a record is put where no
shard can be.
"""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Operation, Service

_STREAM: Final = {"StreamARN": "{arn}"}
_NO_HASH: Final = {"Data": b"x", "PartitionKey": "x", "ExplicitHashKey": str(2**128)}
_INVALID: Final = frozenset({"InvalidArgumentException", "ValidationException"})
_READ: Final = frozenset({"read"})
_WRITE: Final = frozenset({"write"})

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"ResourceNotFoundException"}),
    inside="/consumer/",
    # A consumer can have a policy of its own besides, which is not read.
    also_with_policy=r"arn:[^:]*:kinesis:[^:]*:[^:]*:stream/[^/]*",
    policy=LivePolicy(
        calls=(Call("get_resource_policy", {"ResourceARN": "{arn}"}),), path=("Policy",)
    ),
    forms={"arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName}": "any stream"},
    operations=(
        Operation(
            words="look at",
            actions=("kinesis:DescribeStream", "kinesis:DescribeStreamSummary"),
            levels=_READ,
            calls=(Call("describe_stream_summary", _STREAM),),
        ),
        Operation(
            words="list the shards of",
            actions=("kinesis:ListShards",),
            levels=_READ,
            calls=(Call("list_shards", {**_STREAM, "MaxResults": 1}),),
        ),
        Operation(
            words="read",
            actions=("kinesis:GetRecords", "kinesis:GetShardIterator"),
            levels=_READ,
            calls=(
                Call(
                    "get_shard_iterator",
                    {**_STREAM, "ShardId": "shardId-999999999999", "ShardIteratorType": "LATEST"},
                ),
            ),
            invalid=_INVALID | {"ResourceNotFoundException"},
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="read by a consumer of",
            actions=("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"),
            levels=_READ,
            resource="{arn}/consumer/access-verify:0",
            everything=("{arn}/consumer/*:*",),
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="write to",
            actions=("kinesis:PutRecord",),
            levels=_WRITE,
            calls=(Call("put_record", {**_STREAM, **_NO_HASH}),),
            invalid=_INVALID,
            key_actions=("kms:GenerateDataKey",),
        ),
        Operation(
            words="write several records to",
            actions=("kinesis:PutRecords",),
            levels=_WRITE,
            calls=(Call("put_records", {**_STREAM, "Records": (_NO_HASH,)}),),
            invalid=_INVALID,
            key_actions=("kms:GenerateDataKey",),
            checks_refusal=False,
        ),
        Operation(words="register a consumer of", actions=("kinesis:RegisterStreamConsumer",)),
        Operation(words="delete", actions=("kinesis:DeleteStream",)),
        Operation(words="rewrite the policy of", actions=("kinesis:PutResourcePolicy",)),
    ),
)
