"""KMS keys that others made: how a stack file names them."""

import re
from typing import Final

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.rules import Rule

_EXAMPLE: Final = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
_FORM: Final = rf"arn:[\w-]+:kms:[a-z0-9-]+:\d{{12}}:key/(?:{_ID})"


def key_arn(owner: Account, *, in_any_region: bool = False) -> Rule:
    """The ARN of a key that services of the account's region can use; it may be another account's.

    IDs are as in "Key identifiers (KeyId)",
    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id. An alias stands for
    a key in no policy ("Using aliases to control access to KMS keys",
    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html).
    """

    def rule(value: str) -> str | None:
        if not re.fullmatch(_FORM, value, re.ASCII):
            return f"must be the ARN of a key with its ID, not of an alias, as in {_EXAMPLE}"
        _, partition, _, region, _ = value.split(":", 4)
        if owner.partition and partition != owner.partition:
            return f"must be of partition {owner.partition}, as Production is, not {partition}"
        if owner.region and region != owner.region and not in_any_region:
            return f"must be in Production's region {owner.region}, not in {region}"
        return None

    return rule
