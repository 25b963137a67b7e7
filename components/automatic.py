"""What S3 does by itself with buckets, made once both sides of it are there."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi import ResourceOptions

from components.notifications import Notifications
from components.replication import Replication
from components.sharing import Shared, Sharing
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import SharedResource


def make_automatic(
    name: str, made: Mapping[SharedResource, Shared], sharing: Sharing, opts: ResourceOptions
) -> Mapping[SharedResource, Sequence[pulumi.Resource]]:
    """Makes the notifications and the replication of all buckets that have such.

    One change of a bucket follows the other, as where it is made. They go when they are no longer
    declared, also of a protected bucket: with them no object goes, and no access.

    Args:
        name: what the names of their components begin with.
        made: all that is made, but for what waits for grants.
        sharing: where that is.
        opts: of their components.

    Returns:
        what is made, by bucket.
    """
    automatic: dict[SharedResource, list[pulumi.Resource]] = {}
    by_name = {(each.kind, each.name): shared for each, shared in made.items()}

    def after(*previous: pulumi.Resource) -> ResourceOptions:
        return ResourceOptions.merge(opts, ResourceOptions(depends_on=previous))

    for bucket in (each for each in made if isinstance(each, Bucket)):
        item, last = f"{name}-{bucket.name}", made[bucket].guarded
        if bucket.notifications:
            told = {each.target: by_name[each.target] for each in bucket.notifications}
            before = after(last, *(each.guarded for each in told.values()))
            last = Notifications(item, bucket, told, sharing, before).made
            automatic.setdefault(bucket, []).append(last)
        if bucket.replication:
            other = by_name.get((bucket.kind, bucket.replication.bucket))
            before = after(last, *([other.guarded] if other else []))
            replication = Replication(item, bucket, bucket.replication, other, sharing, before)
            automatic.setdefault(bucket, []).append(replication)
    return automatic
