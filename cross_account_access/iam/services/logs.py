"""Amazon CloudWatch Logs: log groups and their streams.

No event is read or written: a stream is asked for that no log group has, and queries are no
queries. Of a log group, AWS matches policies with the ARN of a stream that has no name.
"""

from typing import Final

from cross_account_access.iam.services import Call, Operation, Service

_GROUP: Final = {"logGroupName": "{bare_name}"}
_NO_STREAM: Final = {**_GROUP, "logStreamName": "access-verify"}
_STREAMS: Final = "{arn}:log-stream:"
_OF_GROUP: Final = ("{arn}", "{arn}:*")
_OF_STREAM: Final = (f"{_STREAMS}*",)
_READ: Final = frozenset({"read"})
_WRITE: Final = frozenset({"write"})
_ABSENT: Final = frozenset({"ResourceNotFoundException"})
_DECRYPT: Final = ("kms:Decrypt",)
_ENCRYPT: Final = (*_DECRYPT, "kms:GenerateDataKey")
_LONG_AGO: Final = {"startTime": 0, "endTime": 1}

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"ResourceNotFoundException"}),
    forms={
        "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}": "any log group",
        "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}:log-stream:"
        "${LogStreamName}": "any log stream",
    },
    operations=(
        Operation(
            words="list the streams of",
            actions=("logs:DescribeLogStreams",),
            levels=_READ,
            resource=_STREAMS,
            everything=_OF_GROUP,
            calls=(Call("describe_log_streams", {**_GROUP, "limit": 1}),),
        ),
        Operation(
            words="filter the events of",
            actions=("logs:FilterLogEvents",),
            levels=_READ,
            resource=_STREAMS,
            everything=_OF_GROUP,
            calls=(Call("filter_log_events", {**_GROUP, **_LONG_AGO, "limit": 1}),),
            key_actions=_DECRYPT,
        ),
        Operation(
            words="query",
            actions=("logs:GetLogGroupFields", "logs:GetQueryResults", "logs:StartQuery"),
            levels=_READ,
            resource=_STREAMS,
            everything=_OF_GROUP,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="read a stream of",
            actions=("logs:GetLogEvents",),
            levels=_READ,
            resource=f"{_STREAMS}access-verify",
            everything=_OF_STREAM,
            calls=(Call("get_log_events", {**_NO_STREAM, **_LONG_AGO, "limit": 1}),),
            invalid=_ABSENT,
            key_actions=_DECRYPT,
        ),
        Operation(
            words="write to",
            actions=("logs:PutLogEvents",),
            levels=_WRITE,
            resource=f"{_STREAMS}access-verify",
            everything=_OF_STREAM,
            calls=(
                Call(
                    "put_log_events",
                    {**_NO_STREAM, "logEvents": ({"timestamp": 0, "message": "access-verify"},)},
                ),
            ),
            invalid=_ABSENT,
            key_actions=_ENCRYPT,
        ),
        Operation(
            words="make a stream in",
            actions=("logs:CreateLogStream",),
            levels=_WRITE,
            resource=f"{_STREAMS}access-verify",
            everything=_OF_STREAM,
        ),
        Operation(
            words="delete",
            actions=("logs:DeleteLogGroup",),
            resource=_STREAMS,
            everything=_OF_GROUP,
        ),
        Operation(
            words="change how long to keep the events of",
            actions=("logs:PutRetentionPolicy",),
            resource=_STREAMS,
            everything=_OF_GROUP,
        ),
    ),
)
