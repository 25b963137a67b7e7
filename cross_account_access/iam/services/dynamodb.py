"""Amazon DynamoDB: tables, their indexes and their streams.

No item is read or written: requests for one name no key, which every item has. Scanning counts.
"""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Operation, Service

_TABLE: Final = {"TableName": "{arn}"}
"""An ARN serves as a name ("GetItem",
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html)."""
_INDEX: Final = "access-verify"
_INDEXES: Final = "{arn}/index/*"
_STREAMS: Final = "{arn}/stream/*"
_NO_STREAM: Final = "{arn}/stream/2000-01-01T00:00:00.000"
_ABSENT: Final = frozenset({"ResourceNotFoundException"})
_INVALID: Final = frozenset({"ValidationException"})
_DECRYPT: Final = ("kms:Decrypt",)
_ENCRYPT: Final = (*_DECRYPT, "kms:GenerateDataKey")
_READ: Final = frozenset({"read"})
_WRITE: Final = frozenset({"write"})
_STREAM: Final = frozenset({"stream"})

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"ResourceNotFoundException"}),
    inside="/index/",
    # A stream can have a policy of its own besides, which is not read.
    also_with_policy=r"arn:[^:]*:dynamodb:[^:]*:[^:]*:table/[^/]*",
    policy=LivePolicy(
        calls=(Call("get_resource_policy", {"ResourceArn": "{arn}"}),),
        path=("Policy",),
        none=frozenset({"PolicyNotFoundException"}),
    ),
    forms={
        "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}": "any table",
        "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}": (
            "any index"
        ),
    },
    operations=(
        Operation(
            words="look at",
            actions=("dynamodb:DescribeTable",),
            levels=_READ | _WRITE,
            calls=(Call("describe_table", _TABLE),),
        ),
        Operation(
            words="read an item of",
            actions=("dynamodb:GetItem",),
            levels=_READ,
            calls=(Call("get_item", {**_TABLE, "Key": {}}),),
            invalid=_INVALID,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="read in batches and transactions from",
            actions=("dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem"),
            levels=_READ,
            checks_refusal=False,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="query",
            actions=("dynamodb:Query",),
            levels=_READ,
            calls=(Call("query", _TABLE),),
            invalid=_INVALID,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="query an index of",
            actions=("dynamodb:Query",),
            levels=_READ,
            resource=f"{{arn}}/index/{_INDEX}",
            everything=(_INDEXES,),
            calls=(Call("query", {**_TABLE, "IndexName": _INDEX}),),
            invalid=_INVALID,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="scan",
            actions=("dynamodb:Scan",),
            levels=_READ,
            calls=(Call("scan", {**_TABLE, "Select": "COUNT", "Limit": 1}),),
            key_actions=_DECRYPT,
        ),
        Operation(
            words="scan an index of",
            actions=("dynamodb:Scan",),
            levels=_READ,
            resource=f"{{arn}}/index/{_INDEX}",
            everything=(_INDEXES,),
            calls=(Call("scan", {**_TABLE, "IndexName": _INDEX, "Select": "COUNT", "Limit": 1}),),
            invalid=_INVALID,
            checks_refusal=False,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="select with PartiQL from",
            actions=("dynamodb:PartiQLSelect",),
            levels=_READ,
            everything=("{arn}", _INDEXES),
            checks_refusal=False,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="look at a stream of",
            actions=("dynamodb:DescribeStream",),
            levels=_STREAM,
            resource=_NO_STREAM,
            everything=(_STREAMS,),
            client="dynamodbstreams",
            calls=(Call("describe_stream", {"StreamArn": _NO_STREAM}),),
            invalid=_ABSENT,
        ),
        Operation(
            words="read a stream of",
            actions=("dynamodb:GetRecords", "dynamodb:GetShardIterator"),
            levels=_STREAM,
            resource=_NO_STREAM,
            everything=(_STREAMS,),
            key_actions=_DECRYPT,
        ),
        Operation(
            words="list the streams beside",
            actions=("dynamodb:ListStreams",),
            levels=_STREAM,
            resource="*",
            everything=("*",),
            client="dynamodbstreams",
            calls=(Call("list_streams", {"Limit": 1}),),
            checks_refusal=False,
        ),
        Operation(
            words="put an item into",
            actions=("dynamodb:PutItem",),
            levels=_WRITE,
            calls=(Call("put_item", {**_TABLE, "Item": {}}),),
            invalid=_INVALID,
            key_actions=_ENCRYPT,
        ),
        Operation(
            words="change an item of",
            actions=("dynamodb:UpdateItem",),
            levels=_WRITE,
            calls=(Call("update_item", {**_TABLE, "Key": {}}),),
            invalid=_INVALID,
            key_actions=_ENCRYPT,
        ),
        Operation(
            words="delete an item of",
            actions=("dynamodb:DeleteItem",),
            levels=_WRITE,
            calls=(Call("delete_item", {**_TABLE, "Key": {}}),),
            invalid=_INVALID,
            key_actions=_ENCRYPT,
        ),
        Operation(
            words="write in batches to",
            actions=("dynamodb:BatchWriteItem",),
            levels=_WRITE,
            key_actions=_ENCRYPT,
        ),
        Operation(
            words="write with PartiQL to",
            actions=("dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"),
            levels=_WRITE,
            checks_refusal=False,
            key_actions=_ENCRYPT,
        ),
        Operation(
            words="change the settings of",
            actions=("dynamodb:UpdateTable",),
            # With nothing to change.
            calls=(Call("update_table", _TABLE),),
            invalid=_INVALID,
        ),
        Operation(words="delete", actions=("dynamodb:DeleteTable",)),
        Operation(
            words="rewrite the policy of",
            actions=("dynamodb:PutResourcePolicy",),
            # Nor is it in the place of a revision that there is ("PutResourcePolicy",
            # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html).
            calls=(
                Call(
                    "put_resource_policy",
                    {
                        "ResourceArn": "{arn}",
                        "Policy": "none",
                        "ExpectedRevisionId": "access-verify",
                    },
                ),
            ),
            invalid=_INVALID | {"PolicyNotFoundException"},
        ),
    ),
)
