"""What S3 tells topics and queues of what happens in a bucket."""

from collections.abc import Mapping

from pulumi import ResourceOptions
from pulumi_aws import s3

from components.sharing import Part, Shared, Sharing
from cross_account_access.declaration.kinds import Bucket


class Notifications(Part):
    """All notifications of one bucket, which are one setting of it.

    S3 tries each target when it is told of them, so that their policies are there before.

    Source: "PutBucketNotificationConfiguration", Amazon S3 API reference,
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html.
    """

    def __init__(
        self,
        name: str,
        bucket: Bucket,
        told: Mapping[tuple[str, str], Shared],
        sharing: Sharing,
        opts: ResourceOptions,
    ) -> None:
        super().__init__("Notifications", name, sharing.provider, opts)
        topics: list[s3.BucketNotificationTopicArgs] = []
        queues: list[s3.BucketNotificationQueueArgs] = []
        for number, each in enumerate(bucket.notifications, start=1):
            arn, prefix, suffix = told[each.target].arn, each.prefix or None, each.suffix or None
            item, events = f"notification-{number}", sorted(each.events)
            if each.topic:
                topic = s3.BucketNotificationTopicArgs(
                    topic_arn=arn,
                    id=item,
                    events=events,
                    filter_prefix=prefix,
                    filter_suffix=suffix,
                )
                topics.append(topic)
            else:
                queue = s3.BucketNotificationQueueArgs(
                    queue_arn=arn,
                    id=item,
                    events=events,
                    filter_prefix=prefix,
                    filter_suffix=suffix,
                )
                queues.append(queue)
        self.made = s3.BucketNotification(
            name, bucket=bucket.name, topics=topics, queues=queues, opts=self.first
        )
        self.register_outputs({})
