"""Ways out of a bucket, a topic, a queue or a key that no resource of the stack describes."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cross_account_access.command.drift.checks import ACCOUNT, Check, Found, Subject
from cross_account_access.command.drift.findings import Effect

_BUCKET: Final = "aws:s3/bucket:Bucket"
_TOPIC: Final = "aws:sns/topic:Topic"
_QUEUE: Final = "aws:sqs/queue:Queue"
_KEY: Final = "aws:kms/key:Key"
_OTHER: Final = re.compile(r"arn:[^:]+:[^:]+:[^:]*:(\d{12}):")
_NOTIFIED: Final = {
    "TopicConfigurations": "TopicArn",
    "QueueConfigurations": "QueueArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}

_BLOCKED: Final = (
    *("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"),
)

_NOT_GIVING: Final = ("CORS", "acceleration", "requester pays")
"""What of a bucket changes how it is asked, and not who may."""

_Finder = Callable[[Subject, Any], Iterator[Found]]


def _declared(bucket: Subject, token: str) -> Iterator[Mapping[str, Any]]:
    """What the stack declares of a type about a bucket."""
    for each in bucket.stack:
        if each.type == token and each.inputs.get("bucket") == bucket["bucket"]:
            yield each.inputs


def _replication(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401 - of AWS, as below
    """Where the stack declares one, only what goes elsewhere is told; preview sees that too."""
    declared = {
        rule["destination"]["bucket"]
        for each in _declared(bucket, "aws:s3/bucketReplicationConfig:BucketReplicationConfig")
        for rule in each["rules"]
    }
    for rule in answer["ReplicationConfiguration"]["Rules"]:
        target = rule["Destination"]
        if target["Bucket"] in declared:
            continue
        where = f" in account {target['Account']}" if target.get("Account") else ""
        yield Found(
            what=f"its objects are replicated to {target['Bucket']}{where}"
            f" (rule {rule.get('ID', 'without ID')}, {rule['Status'].lower()})",
            effect=Effect.WIDENING,
            remedy=f"s3api delete-bucket-replication --bucket {bucket['bucket']}",
        )


def _website(bucket: Subject, _: Any) -> Iterator[Found]:  # noqa: ANN401
    yield Found(
        what="it is a website, which answers over plain HTTP to whoever its policy lets in",
        effect=Effect.WIDENING,
        remedy=f"s3api delete-bucket-website --bucket {bucket['bucket']}",
    )


def _cors(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    origins = sorted({each for rule in answer["CORSRules"] for each in rule["AllowedOrigins"]})
    yield Found(
        what=f"web pages of {', '.join(origins)} may use it from a browser (CORS)",
        effect=Effect.WIDENING,
        remedy=f"s3api delete-bucket-cors --bucket {bucket['bucket']}",
    )


def _acceleration(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    if answer.get("Status") == "Enabled":
        yield Found(
            what="it answers at edge locations as well (transfer acceleration)",
            effect=Effect.COSMETIC,
            remedy=f"s3api put-bucket-accelerate-configuration --bucket {bucket['bucket']}"
            " --accelerate-configuration Status=Suspended",
        )


def _payer(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    if answer.get("Payer") == "Requester":
        yield Found(
            what="whoever asks it has to pay, and to say so in each request (requester pays)",
            effect=Effect.NARROWING,
            remedy=f"s3api put-bucket-request-payment --bucket {bucket['bucket']}"
            " --request-payment-configuration Payer=BucketOwner",
        )


def _access_log(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """One that the stack declares is a resource of it, which preview sees."""
    target = answer.get("LoggingEnabled")
    name = bucket["bucket"]
    if target and not bucket.has("aws:s3/bucketLogging:BucketLogging", "bucket", name):
        yield Found(
            what="an access log that nobody declared goes to bucket"
            f" {target['TargetBucket']}: who reads it learns names of objects and callers",
            effect=Effect.WIDENING,
            remedy=f"s3api put-bucket-logging --bucket {name} --bucket-logging-status {{}}",
        )


def _notifications(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """Where the stack declares some, only other targets are told; preview sees these too."""
    declared = {
        target[arn]
        for each in _declared(bucket, "aws:s3/bucketNotification:BucketNotification")
        for targets, arn in (("queues", "queueArn"), ("topics", "topicArn"))
        for target in each.get(targets) or ()
    }
    remedy = (
        f"s3api put-bucket-notification-configuration --bucket {bucket['bucket']}"
        " --notification-configuration {}"
    )
    for kind, key in _NOTIFIED.items():
        for each in answer.get(kind, ()):
            if each[key] in declared:
                continue
            yield Found(
                what=f"{each[key]} is told of {', '.join(each['Events'])}",
                effect=Effect.WIDENING,
                remedy=remedy,
            )
    if "EventBridgeConfiguration" in answer:
        yield Found(what="its events go to EventBridge", effect=Effect.WIDENING, remedy=remedy)


def _exports(what: str, key: str, path: tuple[str, ...], delete: str) -> _Finder:
    def found(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
        for each in answer.get(key, ()):
            target: Any = each
            for field in path:
                target = (target or {}).get(field)
            if target:
                account = target.get("AccountId") or target.get("BucketAccountId")
                where = f" of account {account}" if account else ""
                yield Found(
                    what=f"{what} {each['Id']} goes to bucket {target['Bucket']}{where}",
                    effect=Effect.WIDENING,
                    remedy=f"s3api {delete} --bucket {bucket['bucket']} --id {each['Id']}",
                )

    return found


def _access_points(bucket: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    for point in answer.get("AccessPointList", ()):
        name = point["Name"]
        network = point.get("NetworkOrigin", "Internet")
        yield Found(
            what=f"access point {name} leads to it too, from {network}, with a policy of its own;"
            " delegated to no access point by the bucket's policy, it lets in this account alone",
            effect=Effect.WIDENING,
            remedy=f"s3control delete-access-point --account-id {bucket.account.id} --name {name}",
        )


def _subscriptions(topic: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """Those of an account that the stack does not know, and those that leave AWS."""
    for each in answer["Subscriptions"]:
        endpoint, owner = str(each.get("Endpoint", "")), str(each.get("Owner", ""))
        match = _OTHER.match(endpoint)
        whose = match.group(1) if match else None
        foreign = next((it for it in (whose, owner) if it and it not in topic.accounts), None)
        if foreign or (whose is None and owner == topic.account.id):
            of = f"account {foreign}" if foreign else f"{each['Protocol']}, outside AWS"
            yield Found(
                what=f"{endpoint or 'somebody'} is subscribed to it ({of})",
                effect=Effect.WIDENING,
                remedy=f"sns unsubscribe --subscription-arn {each['SubscriptionArn']}",
            )


def _redrive(queue: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    attributes = answer.get("Attributes") or {}
    remedy = f"sqs set-queue-attributes --queue-url {queue['url']} --attributes "
    for name, what in (
        ("RedrivePolicy", "messages that are not deleted go on to another queue"),
        ("RedriveAllowPolicy", "it says which queues may use it for their dead letters"),
    ):
        if attributes.get(name):
            yield Found(
                what=f"{what} ({name}: {attributes[name]})",
                effect=Effect.WIDENING,
                remedy=f'{remedy}{name}=""',
            )


def _grants(key: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    for grant in answer["Grants"]:
        yield Found(
            what=f"{grant.get('GranteePrincipal', 'somebody')} may {', '.join(grant['Operations'])}"
            " with it by a grant, whatever its policy says",
            effect=Effect.WIDENING,
            remedy=f"kms revoke-grant --key-id {key['keyId']} --grant-id {grant['GrantId']}",
        )


def _account_block(_: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """The block of the account is not the stack's; where it is off, that of each bucket decides."""
    block = answer.get("PublicAccessBlockConfiguration", {})
    off = [name for name in _BLOCKED if not block.get(name)]
    if off:
        yield Found(
            what=f"the account does not block public access by itself ({', '.join(off)}); the block"
            " of each bucket, which is declared, stands",
            effect=None,
        )


def _of_bucket(
    asks: str,
    operation: str,
    found: _Finder,
    *,
    none: tuple[str, ...] = (),
    events: tuple[str, ...],
) -> Check:
    return Check(
        asks=asks,
        type=_BUCKET,
        client="s3",
        operation=operation,
        arguments={"Bucket": "bucket", "ExpectedBucketOwner": ACCOUNT},
        found=found,
        none=("NoSuchBucket", *none),
        events=events,
        gives_access=asks not in _NOT_GIVING,
    )


RESOURCE_CHECKS: Final = (
    _of_bucket(
        "replication",
        "get_bucket_replication",
        _replication,
        none=("ReplicationConfigurationNotFoundError",),
        events=("PutBucketReplication",),
    ),
    _of_bucket(
        "website",
        "get_bucket_website",
        _website,
        none=("NoSuchWebsiteConfiguration",),
        events=("PutBucketWebsite",),
    ),
    _of_bucket(
        "CORS",
        "get_bucket_cors",
        _cors,
        none=("NoSuchCORSConfiguration",),
        events=("PutBucketCors",),
    ),
    _of_bucket(
        "acceleration",
        "get_bucket_accelerate_configuration",
        _acceleration,
        events=("PutAccelerateConfiguration",),
    ),
    _of_bucket(
        "requester pays",
        "get_bucket_request_payment",
        _payer,
        events=("PutBucketRequestPayment",),
    ),
    _of_bucket(
        "access log",
        "get_bucket_logging",
        _access_log,
        events=("PutBucketLogging",),
    ),
    _of_bucket(
        "notifications",
        "get_bucket_notification_configuration",
        _notifications,
        events=("PutBucketNotification",),
    ),
    _of_bucket(
        "inventory",
        "list_bucket_inventory_configurations",
        _exports(
            "inventory",
            "InventoryConfigurationList",
            ("Destination", "S3BucketDestination"),
            "delete-bucket-inventory-configuration",
        ),
        events=("PutInventoryConfiguration",),
    ),
    _of_bucket(
        "storage class analysis",
        "list_bucket_analytics_configurations",
        _exports(
            "storage class analysis",
            "AnalyticsConfigurationList",
            ("StorageClassAnalysis", "DataExport", "Destination", "S3BucketDestination"),
            "delete-bucket-analytics-configuration",
        ),
        events=("PutAnalyticsConfiguration",),
    ),
    Check(
        asks="access points",
        type=_BUCKET,
        client="s3control",
        operation="list_access_points",
        arguments={"AccountId": ACCOUNT, "Bucket": "bucket"},
        found=_access_points,
        events=("CreateAccessPoint", "PutAccessPointPolicy"),
    ),
    Check(
        asks="public access block of the account",
        type="pulumi:providers:aws",
        client="s3control",
        operation="get_public_access_block",
        arguments={"AccountId": ACCOUNT},
        found=_account_block,
        none=("NoSuchPublicAccessBlockConfiguration",),
        gives_access=False,
        only_with=_BUCKET,
        nothing={},
        events=("PutAccountPublicAccessBlock", "DeleteAccountPublicAccessBlock"),
    ),
    Check(
        asks="subscriptions",
        type=_TOPIC,
        client="sns",
        operation="list_subscriptions_by_topic",
        arguments={"TopicArn": "arn"},
        found=_subscriptions,
        none=("NotFound", "NotFoundException"),
        events=("Subscribe",),
    ),
    Check(
        asks="dead letters",
        type=_QUEUE,
        client="sqs",
        operation="get_queue_attributes",
        arguments={"QueueUrl": "url", "AttributeNames": ["All"]},
        found=_redrive,
        none=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
        events=("SetQueueAttributes",),
    ),
    Check(
        asks="grants",
        type=_KEY,
        client="kms",
        operation="list_grants",
        arguments={"KeyId": "keyId"},
        found=_grants,
        none=("NotFoundException",),
        events=("CreateGrant",),
    ),
)
"""Of buckets, topics, queues and keys of the stack."""
