"""The resource types that the stand-in knows, by token."""

from sandbox.provider import iam, s3
from sandbox.provider.schema import ResourceType

RESOURCE_TYPES: dict[str, ResourceType] = {
    resource.pulumi_type: resource for resource in (*iam.RESOURCE_TYPES, *s3.RESOURCE_TYPES)
}
