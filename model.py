"""What a stack declares, in the terms of IAM: plain data that settings produce and components build.

Account IDs are strings of 12 digits, since some begin with a zero. Names are
physical AWS names except `Consumer.name`, which is ours: it names the
consumer's resources in the state file and its values in the outputs.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """What a grant allows; levels compose and none implies another."""

    LIST = "list"
    READ = "read"
    WRITE = "write"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One side of the access: the account, the region, and the profile that deploys to it."""

    account_id: str
    profile: str
    region: str
    partition: str = "aws"
    """`aws`, `aws-cn`, `aws-us-gov`, ...: the first field of every ARN of the account."""

    @property
    def root_arn(self) -> str:
        """`arn:PARTITION:iam::ACCOUNT:root`: the account itself as a principal."""
        return f"arn:{self.partition}:iam::{self.account_id}:root"

    def user_arn(self, user: "User") -> str:
        """`arn:PARTITION:iam::ACCOUNT:user/PATH/NAME`."""
        return f"arn:{self.partition}:iam::{self.account_id}:user{user.path}{user.name}"

    def role_arn(self, role: "Role") -> str:
        """`arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`."""
        return f"arn:{self.partition}:iam::{self.account_id}:role{role.path}{role.name}"

    def bucket_arn(self, bucket_name: str) -> str:
        """`arn:PARTITION:s3:::NAME`: bucket ARNs carry neither region nor account."""
        return f"arn:{self.partition}:s3:::{bucket_name}"


@dataclass(frozen=True, kw_only=True)
class AccessLog:
    """Where S3 writes the server access log of a bucket."""

    bucket: str
    """Name of an existing bucket of the Production account that lets S3 deliver logs."""
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A Production bucket that grants refer to by its name."""

    name: str
    protect: bool = True
    """Whether the bucket refuses deletion. An unprotected one is emptied when it is destroyed."""
    staging_may_list: bool = False
    """Whether the bucket policy lets the Staging account, as a whole, list the bucket."""
    noncurrent_days: int = 90
    """Days after which a version that was overwritten or deleted is gone for good."""
    access_log: AccessLog | None = None


@dataclass(frozen=True, kw_only=True)
class User:
    """An IAM user of the Staging account."""

    name: str
    path: str = "/"
    adopt: bool = False
    """Whether the user exists already and stays somebody else's: it only gains one inline policy.
    Its path must be the one that it has."""
    permissions_boundary: str | None = None
    """ARN of a managed policy."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """An IAM role of the Production account that one consumer may assume."""

    name: str
    path: str = "/"
    policy_name: str
    """Name of the role's access policy, a managed policy."""
    max_session_duration: int = 3600
    """Seconds, 3600 to 43200."""
    permissions_boundary: str | None = None
    """ARN of a managed policy."""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Who gets access, and the role that carries it."""

    name: str
    user: User
    role: Role


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one consumer may do in one bucket."""

    consumer: str
    bucket: str
    levels: tuple[Level, ...]
