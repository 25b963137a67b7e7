"""The two accounts of a stack, and the ARNs of what is in them."""

from dataclasses import dataclass

from cross_account_access.facts import partitions


@dataclass(frozen=True, kw_only=True)
class Account:
    """One side of the access: the account, the region, and the profile that deploys to it."""

    account_id: str
    """12 digits, as text, since some begin with a zero."""
    profile: str
    region: str
    partition: str = "aws"
    """`aws`, `aws-cn`, `aws-us-gov`, ...: the first field of every ARN of the account."""

    @property
    def root_arn(self) -> str:
        """`arn:PARTITION:iam::ACCOUNT:root`: the account itself as a principal."""
        return self.iam_arn("root")

    @property
    def dns_suffix(self) -> str:
        """The end of the host names of AWS, as in `amazonaws.com`."""
        return partitions.dns_suffix(self.partition)

    def service_principal(self, service: str) -> str:
        """A service as a principal, such as `ec2.amazonaws.com`."""
        return partitions.service_principal(service, self.partition)

    def regional_arn(self, service: str, resource: str) -> str:
        """`arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """`arn:PARTITION:iam::ACCOUNT:RESOURCE`; IAM has no regions."""
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Both sides."""

    trusting: Account
    """Production: it owns what is shared, and the roles."""
    trusted: Account
    """Staging: its principals are let in."""
    others: tuple[str, ...] = ()
    """IDs of further accounts whose principals may be let in; the stack manages nothing there."""
