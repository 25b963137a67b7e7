"""The resource types that the stand-in knows, by token."""

from cross_account_access.dev.sandbox.provider import (
    eks,
    iam,
    iam_for_machines,
    kms,
    s3,
    s3_automatic,
    sns,
    sqs,
)
from cross_account_access.dev.sandbox.provider.schema import ResourceType

RESOURCE_TYPES: dict[str, ResourceType] = {
    resource.pulumi_type: resource
    for service in (eks, iam, iam_for_machines, kms, s3, s3_automatic, sns, sqs)
    for resource in service.RESOURCE_TYPES
}
