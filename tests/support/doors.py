"""What somebody puts beside the resources of a stack: one for each question of `access drift`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.support.devices import give_device
from tests.support.out_of_band import ADMINISTRATOR, FOREIGN, Aws, It, Make

USER, ROLE, POLICY = "aws:iam/user:User", "aws:iam/role:Role", "aws:iam/policy:Policy"
BUCKET, TOPIC = "aws:s3/bucket:Bucket", "aws:sns/topic:Topic"
QUEUE, KEY = "aws:sqs/queue:Queue", "aws:kms/key:Key"


@dataclass(frozen=True)
class Door:
    """One that the sandbox can open."""

    type: str
    make: Make
    told: str
    """What the finding must name."""
    effect: str = "widening"


@dataclass(frozen=True)
class Elsewhere:
    """One that the emulated AWS does not keep; a unit test of the question holds it."""

    why: str


@dataclass(frozen=True)
class Noted:
    """One that is told as a note."""

    why: str


def _join_group(aws: Aws, it: It) -> object:
    iam = aws("iam")
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=ADMINISTRATOR)
    return iam.add_user_to_group(GroupName="admins", UserName=it["name"])


def _two_keys(aws: Aws, it: It) -> object:
    return [aws("iam").create_access_key(UserName=it["name"]) for _ in range(2)]


def _device(aws: Aws, it: It) -> object:
    return give_device(aws("iam"), it["name"], "theirs")


def _attach(aws: Aws, it: It) -> object:
    aws("iam").create_user(UserName="mallory")
    return aws("iam").attach_user_policy(UserName="mallory", PolicyArn=it["arn"])


def _bound(aws: Aws, it: It) -> object:
    return aws("iam").create_user(UserName="theirs", PermissionsBoundary=it["arn"])


def _dormant(aws: Aws, it: It) -> object:
    wide = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    return aws("iam").create_policy_version(
        PolicyArn=it["arn"], PolicyDocument=json.dumps(wide), SetAsDefault=False
    )


def _profile(aws: Aws, it: It) -> object:
    aws("iam").create_instance_profile(InstanceProfileName="theirs")
    return aws("iam").add_role_to_instance_profile(
        InstanceProfileName="theirs", RoleName=it["name"]
    )


def _grant(aws: Aws, it: It) -> object:
    """The key's own policy lets no administrator make grants, so theirs is there for a moment."""
    kms, key = aws("kms"), {"KeyId": it["keyId"]}
    wide = json.loads(it["policy"])
    wide["Statement"][0] |= {"Action": "kms:*", "Sid": "Wide"}
    kms.put_key_policy(**key, PolicyName="default", Policy=json.dumps(wide))
    grantee = f"arn:aws:iam::{FOREIGN}:root"
    kms.create_grant(**key, GranteePrincipal=grantee, Operations=["Decrypt"])
    return kms.put_key_policy(**key, PolicyName="default", Policy=it["policy"])


def _s3(operation: str, **arguments: Any) -> Make:
    return lambda aws, it: getattr(aws("s3"), operation)(Bucket=it["bucket"], **arguments)


DOORS: Final[Mapping[str, Door | Elsewhere | Noted]] = {
    "groups": Door(USER, _join_group, "group admins"),
    "console password": Door(
        USER,
        lambda aws, it: aws("iam").create_login_profile(
            UserName=it["name"], Password="Not-a-secret-1"
        ),
        "password",
    ),
    "access keys": Door(USER, _two_keys, "second active access key"),
    "MFA devices": Door(USER, _device, "mfa/theirs", effect="cosmetic"),
    "other principals that have it": Door(POLICY, _attach, "user mallory"),
    "other principals that it bounds": Door(
        POLICY, _bound, "boundary of user theirs", effect="cosmetic"
    ),
    "versions": Door(POLICY, _dormant, "not in force"),
    "instance profiles": Door(ROLE, _profile, "instance profile theirs"),
    "thumbprints": Elsewhere("the emulated IAM has no call that changes them"),
    "replication": Door(
        BUCKET,
        _s3(
            "put_bucket_replication",
            ReplicationConfiguration={
                "Role": f"arn:aws:iam::{FOREIGN}:role/replicator",
                "Rules": [
                    {
                        "ID": "away",
                        "Status": "Enabled",
                        "Priority": 1,
                        "Filter": {"Prefix": ""},
                        "DeleteMarkerReplication": {"Status": "Disabled"},
                        "Destination": {"Bucket": "arn:aws:s3:::theirs", "Account": FOREIGN},
                    }
                ],
            },
        ),
        FOREIGN,
    ),
    "website": Door(
        BUCKET,
        _s3(
            "put_bucket_website",
            WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}},
        ),
        "website",
    ),
    "CORS": Door(
        BUCKET,
        _s3(
            "put_bucket_cors",
            CORSConfiguration={
                "CORSRules": [
                    {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://theirs.example"]}
                ]
            },
        ),
        "https://theirs.example",
    ),
    "acceleration": Door(
        BUCKET,
        _s3("put_bucket_accelerate_configuration", AccelerateConfiguration={"Status": "Enabled"}),
        "transfer acceleration",
        effect="cosmetic",
    ),
    "requester pays": Elsewhere("the emulated S3 takes the call and keeps nothing"),
    "access log": Door(
        BUCKET,
        lambda aws, it: aws("s3").put_bucket_logging(
            Bucket=it["bucket"],
            BucketLoggingStatus={
                "LoggingEnabled": {"TargetBucket": it["bucket"], "TargetPrefix": "theirs/"}
            },
        ),
        "access log",
    ),
    "notifications": Door(
        BUCKET,
        _s3(
            "put_bucket_notification_configuration",
            NotificationConfiguration={
                "TopicConfigurations": [
                    {
                        "TopicArn": f"arn:aws:sns:us-west-2:{FOREIGN}:theirs",
                        "Events": ["s3:ObjectCreated:*"],
                    }
                ]
            },
            SkipDestinationValidation=True,
        ),
        f"{FOREIGN}:theirs",
    ),
    "inventory": Elsewhere("the emulated S3 takes the call for one that makes a bucket"),
    "storage class analysis": Elsewhere("the emulated S3 keeps none"),
    "access points": Elsewhere(
        "the SDK puts the account before the host, where nothing is below a loopback address"
    ),
    "public access block of the account": Noted("that of each bucket is declared, and stands"),
    "subscriptions": Door(
        TOPIC,
        lambda aws, it: aws("sns").subscribe(
            TopicArn=it["arn"], Protocol="sqs", Endpoint=f"arn:aws:sqs:us-west-2:{FOREIGN}:theirs"
        ),
        FOREIGN,
    ),
    "dead letters": Door(
        QUEUE,
        lambda aws, it: aws("sqs").set_queue_attributes(
            QueueUrl=it["url"],
            Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})},
        ),
        "RedriveAllowPolicy",
    ),
    "grants": Door(KEY, _grant, FOREIGN),
}
"""By what is asked for."""
