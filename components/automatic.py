"""What S3 does by itself with buckets, made once both sides of it are there."""

from collections.abc import Mapping

import pulumi
from pulumi import ResourceOptions

from components.notifications import Notifications
from components.replication import Replication
from components.sharing import Shared, Sharing
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import SharedResource


def make_automatic(
    name: str, made: Mapping[SharedResource, Shared], sharing: Sharing, opts: ResourceOptions
) -> None:
    """Makes the notifications and the replication of all buckets that have such.

    One change of a bucket follows the other, as where it is made. They are protected as it is.

    Args:
        name: what the names of their components begin with.
        made: all that is made.
        sharing: where that is.
        opts: of their components.
    """
    by_name = {(each.kind, each.name): shared for each, shared in made.items()}

    def after(bucket: Bucket, *previous: pulumi.Resource) -> ResourceOptions:
        own = ResourceOptions(depends_on=previous, protect=bucket.protect)
        return ResourceOptions.merge(opts, own)

    for bucket in (each for each in made if isinstance(each, Bucket)):
        item, last = f"{name}-{bucket.name}", made[bucket].last
        if bucket.notifications:
            told = {each.target: by_name[each.target] for each in bucket.notifications}
            before = after(bucket, last, *(each.last for each in told.values()))
            last = Notifications(item, bucket, told, sharing, before).made
        if bucket.replication:
            other = by_name.get((bucket.kind, bucket.replication.bucket))
            before = after(bucket, last, *([other.last] if other else []))
            Replication(item, bucket, bucket.replication, other, sharing, before)
