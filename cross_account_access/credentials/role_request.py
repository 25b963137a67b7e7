"""What is asked of AWS to assume a role: as data, as a CLI profile, and as a command.

The outputs of the stack, the hand-over page and the commands all take their texts from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cross_account_access.facts.quotas import CHAINED_SESSION_SECONDS

CREDENTIAL_SOURCES: Final[Mapping[str, str]] = {
    "instance_metadata": "Ec2InstanceMetadata",
    "container": "EcsContainer",
    "environment": "Environment",
}
"""The option `credential_source` of a profile, by the way in which machines sign in ("Use an IAM
role in the AWS CLI", https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html)."""

_WHOSE: Final = ("--query", "AssumedRoleUser.Arn", "--output", "text")
_CHAINED: Final = "# A role that is assumed from another role lasts an hour at the most."


@dataclass(frozen=True, kw_only=True)
class RoleRequest:
    """Which role to assume, from where, and how."""

    role_arn: str
    source_profile: str | None
    """CLI profile that assumes it; None where the credentials are a machine's own, or are in the
    environment."""
    region: str
    """Of the STS endpoint, and of what is shared."""
    session_name: str
    """2 to 64 characters; the owner of the role sees it in CloudTrail."""
    duration: int
    """Seconds, 900 to 43200."""
    chains: bool = False
    """Whether it is another role that assumes it."""
    credential_source: str | None = None
    """Where a machine has its own credentials, as profiles call that; without a profile."""
    external_id: str | None = None
    source_identity: str | None = None
    """2 to 64 characters; the owner of the role sees it in CloudTrail, and it outlasts chaining."""
    session_tags: Mapping[str, str] = field(default_factory=dict)
    mfa_serial: str | None = None
    """ARN of the MFA device, where the role wants a code of it."""

    @property
    def profile_name(self) -> str:
        """How a profile for the role is called unless told otherwise: as it, without its path."""
        return self.role_arn.rsplit("/", 1)[-1]

    @property
    def renewable_duration(self) -> int:
        """The length of a session that is asked for again and again, so that it must be granted."""
        return min(self.duration, CHAINED_SESSION_SECONDS) if self.chains else self.duration

    def profile_options(self) -> dict[str, str]:
        """Options with which the AWS CLI and the SDKs assume the role themselves.

        They know neither a source identity nor session tags, which are left out ("Use an IAM role
        in the AWS CLI", https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html).
        """
        options = {
            "role_arn": self.role_arn,
            "source_profile": self.source_profile,
            "credential_source": None if self.source_profile else self.credential_source,
            "role_session_name": self.session_name,
            "external_id": self.external_id,
            "mfa_serial": self.mfa_serial,
            "duration_seconds": str(self.renewable_duration),
            "region": self.region,
        }
        return {name: value for name, value in options.items() if value is not None}

    def profile_block(
        self, name: str | None = None, options: Mapping[str, str] | None = None
    ) -> str:
        """The section for `~/.aws/config`.

        Args:
            name: of the profile, in place of that of the role.
            options: in place of `profile_options`.
        """
        named = name or self.profile_name
        header = named if named == "default" else f"profile {named}"
        lines = [f"[{header}]", *([_CHAINED] if self.chains else [])]
        lines += [f"{key} = {value}" for key, value in (options or self.profile_options()).items()]
        return "\n".join(lines)

    def command(self) -> list[str]:
        """The words of the AWS CLI that ask for a session; `CODE` stands for an MFA code.

        They print whose session it is, and nothing of its keys.
        """
        words = [
            *("aws", "sts", "assume-role", "--role-arn", self.role_arn),
            *("--role-session-name", "test", "--region", self.region),
        ]
        for option, value in (
            ("--external-id", self.external_id),
            ("--serial-number", self.mfa_serial),
            ("--token-code", self.mfa_serial and "CODE"),
            ("--source-identity", self.source_identity),
        ):
            words += [option, value] if value else []
        if self.session_tags:
            pairs = sorted(self.session_tags.items())
            words += ["--tags", *(f"Key={key},Value={value}" for key, value in pairs)]
        words += _WHOSE
        return [*words, *(["--profile", self.source_profile] if self.source_profile else [])]


def web_identity_command(role_arn: str, region: str) -> list[str]:
    """The words of the AWS CLI that ask for a session with the token of an identity provider."""
    return [
        *("aws", "sts", "assume-role-with-web-identity", "--role-arn", role_arn),
        *("--role-session-name", "test", "--region", region),
        *("--web-identity-token", "file://token"),
        *_WHOSE,
    ]
