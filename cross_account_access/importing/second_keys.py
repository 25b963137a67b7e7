"""KMS keys that were made a second time: the AWS SDK asks again by itself where an answer is lost.

Such a key has the description and the tags of one of the stack's, and neither the state nor an
alias names it. It goes only where nobody can have used it. The provider turns rotation on as soon
as it knows the ID of a key: where it is off, nobody was ever told the ID. The key's own policy
lets S3 use it for the bucket alone, whose encryption names another one.
"""

import json
import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cross_account_access.aws import explained_failures
from cross_account_access.importing.found import Clients, unless
from cross_account_access.importing.kms import KEY, UnclaimedKey, unclaimed_keys
from cross_account_access.stack import StackResource, accounts_of

_ENCRYPTION: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
_UNSET: Final = (
    *("403", "404", "AccessDenied", "NoSuchBucket"),
    "ServerSideEncryptionConfigurationNotFoundError",
)
_DAYS: Final = 30
"""The longest that KMS waits before it deletes a key."""


@dataclass(frozen=True, kw_only=True)
class SecondKey:
    """One that nobody names."""

    id: str
    why_kept: str
    """What speaks for it; empty where nothing does."""
    _clients: Clients

    def schedule_deletion(self) -> None:
        """Have KMS delete it in 30 days, in which it can be taken back.

        Raises:
            UncheckedError: a refused or failed call.
        """
        account = self._clients.account
        with explained_failures(account.profile, account.label):
            self._clients.kms.schedule_key_deletion(KeyId=self.id, PendingWindowInDays=_DAYS)

    def command(self, verb: str) -> str:
        """Return a command of the AWS CLI about it, like that of `cancel-key-deletion`."""
        account = self._clients.account
        options = (("key-id", self.id), ("region", account.region), ("profile", account.profile))
        words = (word for name, value in options if value for word in (f"--{name}", value))
        return shlex.join(["aws", "kms", verb, *words])


def second_keys(planned: Iterable[StackResource], ours: Collection[str]) -> Iterator[SecondKey]:
    """Find them in the accounts of a stack.

    Args:
        planned: all resources of a preview.
        ours: the IDs of the keys that the state has, or is about to have.

    Raises:
        UncheckedError: no credentials, those of another account, or a refused or failed call.
    """
    planned = tuple(planned)
    accounts = accounts_of(planned)
    known: dict[str, Clients] = {}
    for resource in planned:
        account = accounts.get(resource.provider or "")
        if resource.type != KEY or account is None:
            continue
        if account.id not in known:
            known[account.id] = Clients(account, planned)
        clients = known[account.id]
        with explained_failures(account.profile, account.label):
            for key in unclaimed_keys(clients, resource):
                if key.id not in ours:
                    why = "; ".join(_reasons(clients, key, resource, planned))
                    yield SecondKey(id=key.id, why_kept=why, _clients=clients)


def _reasons(
    clients: Clients,
    key: UnclaimedKey,
    planned_key: StackResource,
    planned: Iterable[StackResource],
) -> Iterator[str]:
    """Say what speaks for keeping a key."""
    for resource in planned:
        bucket = resource.known("bucket")
        if resource.type == _ENCRYPTION and bucket and key.id in _encryption(clients, str(bucket)):
            yield f"the bucket {bucket} encrypts with it"
    policy = clients.kms.get_key_policy(KeyId=key.id, PolicyName="default")["Policy"]
    if _plain(json.loads(policy)) != _plain(json.loads(planned_key.known("policy") or "{}")):
        yield "its policy is not the one that the stack gives"
    if clients.kms.list_grants(KeyId=key.id)["Grants"]:
        yield "somebody has a grant on it"
    if key.rotates or not planned_key.known("enableKeyRotation"):
        yield "an update may have used it"


def _plain(value: object) -> object:
    """A part of a document, with lists of one as that one: AWS writes either."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(each) for each in value]
    return value


def _encryption(clients: Clients, bucket: str) -> str:
    """The ARN or ID of the key that a bucket encrypts with unless told otherwise."""
    own = {"Bucket": bucket, "ExpectedBucketOwner": clients.account.id}
    answer = unless(_UNSET, lambda: clients.s3.get_bucket_encryption(**own))
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else []
    defaults = (rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules)
    return " ".join(str(each.get("KMSMasterKeyID", "")) for each in defaults)
