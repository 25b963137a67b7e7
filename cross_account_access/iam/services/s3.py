"""Amazon S3: buckets and their objects."""

from typing import Final

from cross_account_access.iam.services import (
    Call,
    LivePolicy,
    Operation,
    Scope,
    Service,
    StackTypes,
)

_OBJECT: Final = "{arn}/{object}"
_OBJECTS: Final = "{arn}/{prefix}*"
_PARTS: Final = {"Bucket": "{name}", "Key": "{scratch}parts"}
_UPLOAD: Final = {**_PARTS, "UploadId": "{upload}"}
_ENCRYPTION: Final = "s3:x-amz-server-side-encryption"
_IS_CHOSEN: Final = {"Null": {_ENCRYPTION: ("false",)}}
_IS_BROUGHT: Final = {"Null": {f"{_ENCRYPTION}-customer-algorithm": ("false",)}}
_IS_NAMED: Final = {"Null": {f"{_ENCRYPTION}-aws-kms-key-id": ("false",)}}

SERVICE: Final = Service(
    refusals=frozenset({"AccessDenied"}),
    missing=frozenset({"NoSuchBucket", "404"}),
    takes_unsigned=True,
    inside="/",
    # "Actions, resources, and condition keys for Amazon S3",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html.
    also_with_policy=r"arn:[^:]*:s3:[^:]*:[^:]*:accesspoint/[^/]*",
    absent_keys=(
        "s3:delimiter",
        "s3:prefix",
        "s3:x-amz-acl",
        _ENCRYPTION,
        f"{_ENCRYPTION}-aws-kms-key-id",
        f"{_ENCRYPTION}-customer-algorithm",
    ),
    # With a bucket key ("Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html).
    encryption_context={"aws:s3:arn": "{arn}"},
    policy=LivePolicy(
        calls=(Call("get_bucket_policy", {"Bucket": "{name}", "ExpectedBucketOwner": "{owner}"}),),
        path=("Policy",),
        none=frozenset({"NoSuchBucketPolicy"}),
    ),
    stack=StackTypes(
        resources=("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"),
        name="bucket",
        arn="arn:{partition}:s3:::{name}",
        policies={"aws:s3/bucketPolicy:BucketPolicy": "bucket"},
    ),
    forms={
        "arn:${Partition}:s3:::${BucketName}": "any bucket",
        "arn:${Partition}:s3:::${BucketName}/${ObjectName}": "any object",
    },
    operations=(
        Operation(
            words="ask for the region of",
            actions=("s3:GetBucketLocation",),
            levels=frozenset({"describe", "list"}),
            calls=(Call("get_bucket_location", {"Bucket": "{name}"}),),
            checks_refusal=False,
        ),
        Operation(
            words="list",
            actions=("s3:ListBucket",),
            levels=frozenset({"list"}),
            scope=Scope.LISTING,
            calls=(
                Call("list_objects_v2", {"Bucket": "{name}", "MaxKeys": 1, "Prefix": "{prefix}"}),
            ),
            condition_keys={"s3:prefix": "{prefix}", "s3:max-keys": "1"},
            # Who asks for the keys of another prefix, or of the whole bucket, is refused ("Bucket
            # policy examples using condition keys",
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html).
            confined={"StringLike": {"s3:prefix": ("{prefix}*",)}},
        ),
        Operation(
            words="read",
            actions=("s3:GetObject",),
            key_actions=("kms:Decrypt",),
            levels=frozenset({"read", "write"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            calls=(Call("get_object", {"Bucket": "{name}", "Key": "{existing}"}),),
            needs_object=True,
        ),
        Operation(
            words="write to",
            actions=("s3:PutObject",),
            key_actions=("kms:GenerateDataKey",),
            # An upload leaves the encryption to the bucket; the key that it chose could be one that
            # readers may not use ("PutObject",
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
            refused={
                "own key": (_IS_CHOSEN, _IS_BROUGHT),
                "no key": (
                    {**_IS_CHOSEN, "StringNotEquals": {_ENCRYPTION: ("AES256",)}},
                    _IS_BROUGHT,
                    _IS_NAMED,
                ),
            },
            levels=frozenset({"upload", "write"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            leaves_something=True,
            calls=(Call("put_object", {"Bucket": "{name}", "Key": "{scratch}new", "Body": b""}),),
        ),
        Operation(
            words="upload in parts to",
            actions=("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
            key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
            levels=frozenset({"write"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            leaves_something=True,
            calls=(
                Call("create_multipart_upload", _PARTS, keep={"upload": "UploadId"}),
                Call("list_parts", _UPLOAD),
                Call("abort_multipart_upload", _UPLOAD),
            ),
            checks_refusal=False,
        ),
        Operation(
            words="upload in parts, or give that up, in",
            actions=("s3:PutObject", "s3:AbortMultipartUpload"),
            key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
            levels=frozenset({"upload", "write"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            checks_refusal=False,
        ),
        Operation(
            words="list the unfinished uploads of",
            actions=("s3:ListBucketMultipartUploads",),
            levels=frozenset({"write"}),
            calls=(Call("list_multipart_uploads", {"Bucket": "{name}", "MaxUploads": 1}),),
            needs_whole_resource=True,
        ),
        Operation(
            words="delete in",
            actions=("s3:DeleteObject",),
            levels=frozenset({"delete"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            # Where versions are kept, a marker.
            leaves_something=True,
            calls=(Call("delete_object", {"Bucket": "{name}", "Key": "{scratch}gone"}),),
        ),
        Operation(
            words="list the versions in",
            actions=("s3:ListBucketVersions",),
            levels=frozenset({"versions"}),
            scope=Scope.LISTING,
            calls=(
                Call(
                    "list_object_versions",
                    {"Bucket": "{name}", "MaxKeys": 1, "Prefix": "{prefix}"},
                ),
            ),
            condition_keys={"s3:prefix": "{prefix}", "s3:max-keys": "1"},
            confined={"StringLike": {"s3:prefix": ("{prefix}*",)}},
            checks_refusal=False,
        ),
        # Who may not list is told the same of a version that is not there: no version is asked for.
        Operation(
            words="read versions in",
            actions=("s3:GetObjectVersion",),
            key_actions=("kms:Decrypt",),
            levels=frozenset({"versions"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            checks_refusal=False,
        ),
        Operation(
            words="read and change tags in",
            actions=("s3:GetObjectTagging", "s3:PutObjectTagging"),
            levels=frozenset({"tag"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            checks_refusal=False,
        ),
        Operation(
            words="leave all control to the owner of the bucket in",
            actions=("s3:PutObjectAcl",),
            levels=frozenset({"acl"}),
            scope=Scope.OBJECTS,
            resource=_OBJECT,
            everything=(_OBJECTS,),
            condition_keys={"s3:x-amz-acl": "bucket-owner-full-control"},
            confined={"StringEquals": {"s3:x-amz-acl": ("bucket-owner-full-control",)}},
            checks_refusal=False,
        ),
        Operation(
            words="ask for the settings of",
            actions=(
                "s3:GetBucketAcl",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
            ),
            levels=frozenset({"describe"}),
            calls=(Call("get_bucket_versioning", {"Bucket": "{name}"}),),
            checks_refusal=False,
        ),
    ),
)
