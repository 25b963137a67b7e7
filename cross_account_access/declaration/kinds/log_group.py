"""Log groups of Amazon CloudWatch Logs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class LogGroup(ExistingResource):
    """A log group that exists, with its streams.

    The actions are those of "Actions, resources, and condition keys for Amazon CloudWatch Logs",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html.
    """

    kind = "log group"
    service = "logs"
    objects = "log streams"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.READ: LevelActions(
            on_resource=(
                "logs:DescribeLogStreams",
                "logs:FilterLogEvents",
                "logs:GetLogGroupFields",
                "logs:GetQueryResults",
                "logs:StartQuery",
            ),
            on_objects=("logs:GetLogEvents",),
        ),
        Level.WRITE: LevelActions(on_objects=("logs:CreateLogStream", "logs:PutLogEvents")),
    }
    # Service on behalf of the caller: "CloudWatchLogsAPIKeyAccess",
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/CloudWatchLogsAPIKeyAccess.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Level.READ: ("kms:Decrypt",),
        Level.WRITE: ("kms:Decrypt", "kms:GenerateDataKey"),
    }
    arn_form = r"log-group:[\w./#-]{1,512}"
    arn_example = "log-group:/my-service/my-log-group"
    describe_method = "describe_log_streams"
    describe_parameter = "logGroupName"
    absent = "ResourceNotFoundException"

    def own_arns(self, owner: Account) -> tuple[str, ...]:
        """With the end that most actions are matched with, and without it.

        Source: "Overview of managing access permissions to your CloudWatch Logs resources",
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html.
        """
        return (self.arn(owner), f"{self.arn(owner)}:*")

    def inside(self, owner: Account) -> Mapping[str, str]:
        """Its streams."""
        return {self.objects: f"{self.arn(owner)}:log-stream:*"}

    def describe_parameters(self) -> Mapping[str, Any]:
        """Its name; one of its streams is enough."""
        return {self.describe_parameter: self.own_name, "limit": 1}

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Lists one of its streams; whoever may only write would have to write."""
        if Level.READ not in grant.levels:
            return []
        streams = ["aws", "logs", "describe-log-streams", "--max-items", "1"]
        name = ["--log-group-name", self.own_name]
        return [[*streams, *name, "--region", owner.region]]
