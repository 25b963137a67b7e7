"""A bucket of Production that is not of the stack, of which a refusal can be demanded.

Not every bucket will do: one that is public, or shared with an organization, lets consumers in by
its own policy or access control list, whatever their own say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from cross_account_access.aws import (
    CLIENT_CONFIG,
    code_and_message,
    explained_failures,
    is_about_credentials,
)
from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.findings import Found
from cross_account_access.command.verification.matrix import Environment, on_foreign_bucket
from cross_account_access.command.verification.rows import Row, Use
from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.facts.partitions import partition_of
from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import RoleDocuments
from cross_account_access.iam.errors import IamError
from cross_account_access.iam.inventory import UNKNOWN_TRUST, Inventory
from cross_account_access.presentation import notice
from cross_account_access.stack import StackAccount

_LOOKED_AT: Final = 50


def foreign_bucket(
    contract: Contract,
    consumers: Sequence[Consumer],
    environment: Environment,
    account: StackAccount,
    production: boto3.Session | None,
) -> str | None:
    """ARN of a bucket outside the stack that lets none of the consumers in; None if none is seen.

    It says so where there are buckets, and none of them is known to be closed.

    Raises:
        UncheckedError: no network, or credentials that AWS does not accept.
    """
    if production is None:
        return None
    with explained_failures(account.profile, account.label):
        s3: Any = production.client("s3", config=CLIENT_CONFIG)
        try:
            listed = s3.list_buckets(BucketRegion=contract.production_region)["Buckets"]
        except ClientError as error:
            if code_and_message(error)[0] == "AccessDenied":
                return None
            raise
        partition = partition_of(contract.production_region)
        arns = sorted(f"arn:{partition}:s3:::{bucket['Name']}" for bucket in listed)
        ours = set(contract.bucket_arns.values())
        looked_at = list(islice((arn for arn in arns if arn not in ours), _LOOKED_AT))
        for arn in looked_at:
            rows = on_foreign_bucket(contract, consumers, replace(environment, foreign_bucket=arn))
            if _is_closed(s3, account.id, arn, rows):
                return arn
    if looked_at:
        notice(
            f"none of {len(looked_at)} buckets of {account.label} outside the stack is known to let"
            " nobody else in, so none is tried; the engine decides about one that could be there"
        )
    return None


def _is_closed(s3: Any, owner: str, arn: str, rows: Iterable[Row]) -> bool:  # noqa: ANN401
    bucket = {"Bucket": arn.rpartition(":")[2], "ExpectedBucketOwner": owner}
    try:
        return _has_no_lists(s3, bucket) and _refuses(_policy(s3, bucket), owner, arn, rows)
    except ClientError as error:
        if is_about_credentials(error):
            raise
        return False
    except IamError:
        return False


def _has_no_lists(s3: Any, bucket: dict[str, str]) -> bool:  # noqa: ANN401
    """Whether access control lists let nobody in, of which the engine knows nothing.

    Sources: "Controlling ownership of objects and disabling ACLs for your bucket",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html;
    "Blocking public access to your Amazon S3 storage",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html.
    """
    try:
        rules = s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
        if any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules):
            return True
    except ClientError as error:
        if code_and_message(error)[0] != "OwnershipControlsNotFoundError":
            raise
    block = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    return bool(block.get("IgnorePublicAcls"))


def _policy(s3: Any, bucket: dict[str, str]) -> Document | None:  # noqa: ANN401
    try:
        policy: Document = s3.get_bucket_policy(**bucket)["Policy"]
    except ClientError as error:
        if code_and_message(error)[0] != "NoSuchBucketPolicy":
            raise
        return None
    return policy


def _refuses(policy: Document | None, owner: str, arn: str, rows: Iterable[Row]) -> bool:
    """Whether a bucket refuses for certain what no other policy allows.

    Roles have no permissions here. What whoever comes as oneself may do as far as its own account
    is concerned is not known, so that only what the bucket does not allow is refused.
    """
    asked = list(rows)
    nothing: RoleDocuments = {"trust": UNKNOWN_TRUST}
    roles = {row.ask.role_arn for row in asked if isinstance(row.ask, Use) and row.ask.role_arn}
    alone = Inventory(
        accounts=(),
        users={},
        roles=dict.fromkeys(roles, nothing),
        resources={arn: {"account": owner, "policy": policy}},
    )
    deduction = Deduction(alone, asked, owner)
    return all(deduction.decide(row).found is Found.REFUSED for row in asked)
