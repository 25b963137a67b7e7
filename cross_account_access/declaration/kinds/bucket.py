"""S3 buckets."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.actions import meant, takes_one
from cross_account_access.declaration.fields import Flag, Nested, Number, Text, items_of
from cross_account_access.declaration.kinds.bucket_settings import (
    AccessLog,
    Notification,
    ObjectLock,
    Replication,
)
from cross_account_access.declaration.model import (
    AllowedActions,
    Grant,
    Level,
    LevelActions,
    MustExist,
    OwnedResource,
)
from cross_account_access.declaration.statements import ConditionBlock, Statement, allow, deny
from cross_account_access.facts import quotas

PROOF_OBJECT: Final = "Sunset.jpg"
PROOF_WRITTEN: Final = "access-proof"
PROOF_COPY: Final = "SunsetStage.jpg"

ENCRYPT: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""What an upload needs of the key of a bucket; a multipart one also reads what it wrote before.

Source: "Uploading and copying objects using multipart upload in Amazon S3",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html.
"""

_SETTINGS: Final = (
    "s3:GetBucketAcl",
    "s3:GetBucketLocation",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
)
"""What tools ask of a bucket before they begin."""
_TELLS_NO_KEYS: Final = frozenset(_SETTINGS)
"""Bucket actions that a grant of a few prefixes may keep as they are."""
_KNOWS_THE_PREFIX: Final = frozenset({"s3:ListBucket", "s3:ListBucketVersions"})
"""Bucket actions that can be confined by `s3:prefix`.

Source: "Actions, resources, and condition keys for Amazon S3",
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html.
"""


_ACL: Final = "s3:PutObjectAcl"
_TO_THE_OWNER: Final[ConditionBlock] = {
    "StringEquals": {"s3:x-amz-acl": ["bucket-owner-full-control"]}
}
"""The one ACL that a bucket takes where its owner owns all objects ("Controlling ownership of
objects and disabling ACLs for your bucket",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html)."""


@dataclass(frozen=True, kw_only=True)
class Bucket(OwnedResource):
    """A Production bucket that grants refer to by its name.

    Bucket and object actions never share a statement: S3 matches the former against the bucket's
    ARN and the latter against object ARNs. `write` reads too and takes part in multipart uploads;
    it does not delete. `delete` removes the current version; older ones are left to the bucket's
    versioning.

    Source: "Actions, resources, and condition keys for Amazon S3",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html.
    """

    kind = "bucket"
    service = "s3"
    list_words = "Production buckets."
    example = "{name: my-bucket}"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.LIST: LevelActions(on_resource=("s3:GetBucketLocation", "s3:ListBucket")),
        Level.READ: LevelActions(on_objects=("s3:GetObject",)),
        Level.WRITE: LevelActions(
            on_resource=("s3:ListBucketMultipartUploads",),
            on_objects=(
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ),
        ),
        Level.DELETE: LevelActions(on_objects=("s3:DeleteObject",)),
        "upload": LevelActions(on_objects=("s3:AbortMultipartUpload", "s3:PutObject")),
        "versions": LevelActions(
            on_resource=("s3:ListBucketVersions",), on_objects=("s3:GetObjectVersion",)
        ),
        "tag": LevelActions(on_objects=("s3:GetObjectTagging", "s3:PutObjectTagging")),
        "acl": LevelActions(on_objects=(_ACL,)),
        "describe": LevelActions(on_resource=_SETTINGS),
    }
    every_action = ("s3:*",)
    has_object_keys = True
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Level.READ: ("kms:Decrypt",),
        Level.WRITE: ENCRYPT,
        "upload": ENCRYPT,
        "versions": ("kms:Decrypt",),
    }

    name: Annotated[str, Text("Globally unique.", rules.existing_bucket_name)]
    protect: Annotated[
        bool, Flag("True unless said: it refuses deletion. False: destroy empties and deletes it.")
    ] = True
    staging_may_list: Annotated[
        bool, Flag("Whether the bucket policy lets the Staging account, as a whole, list it.")
    ] = False
    noncurrent_days: Annotated[
        int,
        Number(
            "Days that versions are kept which were overwritten or deleted; 90 unless said.",
            rules.NONCURRENT_DAYS,
            "days",
        ),
    ] = 90
    access_log: Annotated[
        AccessLog | None,
        Nested(
            "Where S3 writes the bucket's server access log.",
            AccessLog,
            example="{bucket: my-logs, prefix: my-bucket/}",
        ),
    ] = None
    encryption: Annotated[
        str, Text("s3 unless said; kms: with a key that is made for the bucket.", rules.encryption)
    ] = "s3"
    object_lock: Annotated[
        ObjectLock | None,
        Nested(
            "How long its objects are kept against everybody; it stays on when this is removed.",
            ObjectLock,
            example="{days: 30}",
        ),
    ] = None
    notifications: Annotated[
        tuple[Notification, ...],
        replace(
            items_of(
                Notification,
                "Which topics and queues of the stack are told what happens in it.",
                "{queue: my-queue, events: [s3:ObjectCreated:*]}",
            ),
            convert=tuple,
        ),
    ] = ()
    replication: Annotated[
        Replication | None,
        Nested(
            "Where copies of its objects go, from the moment on that this is deployed.",
            Replication,
            example="{bucket: my-copies}",
        ),
    ] = None
    allow_other_keys: Annotated[
        bool,
        Flag(
            "Whether uploads into a bucket without a key of its own may choose one, without which "
            "nobody can read them."
        ),
    ] = False

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:
        """What is said of keys fits together, and S3 takes so many notifications."""
        yield from super().problems(accounts)
        if (count := len(self.notifications)) > quotas.NOTIFICATIONS_OF_BUCKET:
            yield (
                "notifications",
                f"are {count}, and S3 takes {quotas.NOTIFICATIONS_OF_BUCKET} of a bucket; let one "
                "tell of more, as with a shorter prefix",
            )
        if self.allow_other_keys and self.has_own_key:
            yield "allow_other_keys", "cannot go with a key of the bucket's own; remove one of both"

    @property
    def refused_name(self) -> str | None:
        """Of S3's present rules."""
        return rules.bucket_name(self.name)

    replicas_of: tuple[str, ...] = ()
    """Names of the buckets of the stack that are replicated to it."""

    @property
    def uses_of_key(self) -> set[str]:
        """Replication encrypts, beside.

        Source: "Replicating encrypted objects (SSE-S3, SSE-KMS, DSSE-KMS, SSE-C)",
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html.
        """
        return super().uses_of_key | ({"kms:Encrypt"} if self.replicas_of else set())

    @property
    def replication_role_name(self) -> str:
        """Of the role by which S3 replicates it, where it does."""
        named = self.replication.role_name if self.replication else None
        return named or f"{self.name}-replication"

    @property
    def refuses_other_keys(self) -> bool:
        """Whether its policy refuses uploads that bring or choose a key, though it has none."""
        return not (self.existing or self.has_own_key or self.allow_other_keys)

    @property
    def has_own_key(self) -> bool:
        """Whether objects are encrypted with a KMS key that the stack makes for this bucket."""
        return self.encryption == "kms"

    @property
    def key_alias(self) -> str:
        """`alias/NAME`; an alias has no dots.

        Bucket names have no underscores, so that no two share an alias.

        Source: "CreateAlias", AWS KMS API reference,
        https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html.
        """
        return f"alias/{self.name.replace('.', '_')}"

    def key_conditions(self, owner: Account) -> ConditionBlock:
        """A key is used by S3, on behalf of the caller, for this bucket.

        With a bucket key the encryption context is the bucket's ARN, not that of the object.
        Whether a bucket of others has one is not known.

        Source: "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys",
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html.
        """
        via = super().key_conditions(owner)
        about, arns = "kms:EncryptionContext:aws:s3:arn", list(self.arns(owner))
        if self.existing:
            return {**via, "StringLike": {about: arns}}
        return {"StringEquals": {about: arns[:1], **via["StringEquals"]}}

    def found(self, owner: Account) -> MustExist:
        """Only the account's own buckets are listed.

        Source: "ListBuckets",
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html.
        """

        def problem(found: Mapping[str, Any] | None) -> str | None:
            region = _region_of(self.name, found, owner)
            if region is None:
                return self.none_such(owner)
            if region != owner.region:
                return (
                    f"bucket {self.name!r} is in {region}, and all that Production shares is in "
                    f"production_region {owner.region}; share it from a stack of that region"
                )
            return None

        return _listing(self.name, problem)

    def must_exist(self, owner: Account) -> Iterator[MustExist]:
        """The bucket where others made it, and the one that its access log goes to.

        Source: "Enabling Amazon S3 server access logging",
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html.
        """
        yield from super().must_exist(owner)
        if self.access_log is None:
            return
        log = self.access_log.bucket
        setting = f"access_log.bucket of bucket {self.name!r} is {log!r}"

        def problem(found: Mapping[str, Any] | None) -> str | None:
            if found is not None and "Buckets" not in found:
                return None
            region = _region_of(log, found, owner)
            if region is None:
                return (
                    f"{setting}, and account {owner.account_id} has no such bucket; correct it, or "
                    "have the bucket made first"
                )
            if region != owner.region:
                return (
                    f"{setting}, which is in {region}, and S3 delivers logs within a region alone; "
                    f"name a bucket in {owner.region}"
                )
            return None

        # Who may log to a bucket need not be one who may list all of them.
        yield replace(_listing(log, problem), if_allowed=True)

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:s3:::NAME`: bucket ARNs carry neither region nor account."""
        return f"arn:{owner.partition}:s3:::{self.name}"

    def inside(self, owner: Account) -> Mapping[str, str]:
        """Its objects."""
        return {"objects": f"{self.arn(owner)}/*"}

    def allowed(self, grant: Grant, accounts: Accounts) -> Iterator[AllowedActions]:
        """What levels mean, in the whole bucket or below prefixes.

        Where a grant is confined to prefixes, so is listing: who asks for the keys of another
        prefix, or of the whole bucket, is refused. Other actions that would tell of all keys are
        left out there.

        Source: "Bucket policy examples using condition keys",
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html.
        """
        for each in self._allowed(grant, accounts):
            yield each._replace(actions=each.actions - {_ACL})
            yield AllowedActions("Acl", each.actions & {_ACL}, each.resources, _TO_THE_OWNER)

    def _allowed(self, grant: Grant, accounts: Accounts) -> Iterator[AllowedActions]:
        if not grant.prefixes:
            yield from super().allowed(grant, accounts)
            return
        arn = self.arn(accounts.trusting)
        on_bucket, on_objects = self.actions_of(grant, accounts.trusting)
        keys = sorted(f"{prefix}*" for prefix in grant.prefixes)
        listed: ConditionBlock = {"StringLike": {"s3:prefix": keys}}
        yield AllowedActions("Bucket", on_bucket & _TELLS_NO_KEYS, [arn], {})
        yield AllowedActions("Listing", on_bucket & _KNOWS_THE_PREFIX, [arn], listed)
        yield AllowedActions("Objects", on_objects, [f"{arn}/{key}" for key in keys], {})
        yield from self.allowed_anywhere(grant)

    def refused(self, grant: Grant, accounts: Accounts) -> Iterator[tuple[str, str]]:
        """Actions of the bucket that prefixes cannot confine."""
        confined = _TELLS_NO_KEYS | _KNOWS_THE_PREFIX
        if any(each.name == _ACL for action in grant.actions for each in meant(action)):
            yield "actions", f"cannot have {_ACL}, which would not be confined; write the level acl"
        for action in grant.actions if grant.prefixes else ():
            if action not in confined and takes_one(action, self.own_arns(accounts.trusting)):
                yield (
                    "prefixes",
                    f"cannot confine {action}, which is about the whole bucket; remove one of both",
                )

    def own_statements(self, accounts: Accounts) -> Iterator[Statement]:
        """Refuses uploads that choose a key; may let the Staging account list.

        What an upload chooses instead of leaving it to the bucket could be a key that the readers
        may not use; one that says `aws:kms` and no key gets the AWS-managed key, which no other
        account can use. Whoever states what the bucket does anyway (`AES256`) is not refused where
        the bucket has no key. What S3 does by itself does not count as chosen. The begin of an
        upload in parts and a copy are asked for `s3:PutObject` as well.

        Source: "PutObject", Amazon S3 API reference,
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html.
        """
        objects = [f"{self.arn(accounts.trusting)}/*"]
        header = "s3:x-amz-server-side-encryption"
        stated: ConditionBlock = {"Null": {header: ["false"]}}
        brought: ConditionBlock = {"Null": {f"{header}-customer-algorithm": ["false"]}}
        named: ConditionBlock = {"Null": {f"{header}-aws-kms-key-id": ["false"]}}
        refused: list[tuple[str, ConditionBlock]] = []
        if self.has_own_key:
            refused = [("DenyOtherEncryption", stated), ("DenyCustomerProvidedKeys", brought)]
        elif self.refuses_other_keys:
            other: ConditionBlock = {**stated, "StringNotEquals": {header: ["AES256"]}}
            refused = [
                ("DenyOtherEncryption", other),
                ("DenyCustomerProvidedKeys", brought),
                ("DenyNamedKeys", named),
            ]
        for sid, condition in refused:
            yield deny(sid, ["s3:PutObject"], condition, objects)
        if self.staging_may_list:
            yield allow(
                "GrantListToTrustedAccount",
                self.levels[Level.LIST].on_resource,
                principal={"AWS": [accounts.trusted.root_arn]},
                resources=[self.arn(accounts.trusting)],
            )

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:  # noqa: ARG002
        """Looks at an object and reads it; who may write makes it, who may only list looks for it.

        The one that is written has a name that nobody else's object has. None is where S3 would
        keep it, tell of it or copy it.
        """
        acts = self.object_lock or self.notifications or self.replication
        prefix = min(grant.prefixes, default="")
        listed = ["aws", "s3api", "list-objects-v2", "--bucket", self.name, "--max-keys", "1"]
        if not {Level.READ, Level.WRITE} & set(grant.levels):
            confined = ["--prefix", prefix] if prefix else []
            return [[*listed, *confined]] if Level.LIST in grant.levels else []
        writes = Level.WRITE in grant.levels and not acts
        key = f"{prefix}{PROOF_WRITTEN if writes else PROOF_OBJECT}"
        place = ["--bucket", self.name, "--key", key]
        return [
            *([["aws", "s3api", "put-object", *place]] if writes else []),
            ["aws", "s3api", "head-object", *place],
            ["aws", "s3api", "get-object", *place, PROOF_COPY],
        ]


def _listing(name: str, problem: Callable[[Mapping[str, Any] | None], str | None]) -> MustExist:
    """The call that finds a bucket among those of Production."""
    return MustExist(
        side="production",
        client="s3",
        method="list_buckets",
        parameters={"Prefix": name},
        absent=None,
        problem=problem,
    )


def _region_of(name: str, found: Mapping[str, Any] | None, owner: Account) -> str | None:
    """The region of a bucket in such a list; None where it is not there."""
    listed = {each["Name"]: each for each in (found or {}).get("Buckets", [])}
    return (listed[name].get("BucketRegion") or owner.region) if name in listed else None
