"""Who makes a request.

Forms of names: AWS, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from cross_account_access.iam.checks import shown
from cross_account_access.iam.checks import text as text_of
from cross_account_access.iam.errors import QuestionError

_CALLER = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:"
    r"iam::(?P<iam>\d{12}):(?P<kind>root|user|role|saml-provider|oidc-provider)(?:/(?P<path>.+))?"
    r"|sts::(?P<sts>\d{12}):assumed-role/(?P<role>[^/]+)/(?P<session>[^/]+)"
    r"|sts::(?P<fed>\d{12}):federated-user/(?P<user>[^/]+)"
    r")"
)
_ORIGIN_ACCESS_IDENTITY = re.compile(r"arn:[a-z-]+:iam::cloudfront:user/.+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|internal)")


class PrincipalKind(enum.Enum):
    """What kind of principal makes the request; the value is its `aws:PrincipalType`.

    Source: AWS, "IAM policy elements: Variables and tags", Principal key values. Services and
    identity providers have no documented value.
    """

    ROOT = "Account"
    USER = "User"
    ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    ANONYMOUS = "Anonymous"
    SERVICE = "service"
    PROVIDER = "identity provider"
    ORIGIN_ACCESS_IDENTITY = "origin access identity"
    """Of CloudFront, which fetches with it for whoever asks a distribution; no account has it
    ("Restrict access to an Amazon S3 origin",
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html).
    """

    @property
    def noun(self) -> str:
        """What to call a user or role in messages."""
        return "role" if self is PrincipalKind.ROLE else "user"


_WITHOUT_IDENTITY: Final = (
    PrincipalKind.ANONYMOUS,
    PrincipalKind.SERVICE,
    PrincipalKind.PROVIDER,
    PrincipalKind.ORIGIN_ACCESS_IDENTITY,
)


@dataclass(frozen=True, slots=True)
class Principal:
    """One who makes requests."""

    kind: PrincipalKind
    arn: str
    """As given: an ARN, a service's or provider's name, or `*` for an anonymous caller."""
    account: str = ""
    """12 digits; empty for services, providers by name and anonymous callers."""
    partition: str = ""
    name: str = ""
    """Name without path of the user or role (for a session: of the one behind it)."""
    session: str | None = None
    """Session name; `None` for a role ARN, which stands for any session of the role."""

    @property
    def has_identity(self) -> bool:
        """Whether identity-based policies can apply to it at all."""
        return self.kind not in _WITHOUT_IDENTITY

    @property
    def short(self) -> str:
        """The name for messages, like `user/StageAdmin`."""
        return self.arn.rpartition(":")[2] if self.arn.startswith("arn:") else self.arn


def parse_principal(text: str) -> Principal:
    """Read who makes the request.

    Args:
        text: ARN of a user, a role (any session of it), a role session, a federated user session,
            an account's root user or an identity provider; a service principal such as
            `ec2.amazonaws.com`; a web identity provider such as `accounts.google.com`; a
            CloudFront origin access identity; or `*` for an anonymous caller.

    Raises:
        QuestionError: for anything else.
    """
    text_of(text, "principal")
    if text == "*":
        return Principal(PrincipalKind.ANONYMOUS, text)
    if match := _CALLER.fullmatch(text):
        return _from_arn(text, match)
    if _ORIGIN_ACCESS_IDENTITY.fullmatch(text):
        return Principal(PrincipalKind.ORIGIN_ACCESS_IDENTITY, text)
    if _SERVICE.fullmatch(text) and text != "cognito-identity.amazonaws.com":
        return Principal(PrincipalKind.SERVICE, text)
    if re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/\S*)?", text):
        return Principal(PrincipalKind.PROVIDER, text)
    msg = (
        f"principal {shown(text)} is no user, role, session, root, service or identity provider;"
        " give an ARN such as arn:aws:iam::111122223333:user/Name"
    )
    raise QuestionError(msg)


def _from_arn(text: str, match: re.Match[str]) -> Principal:
    partition = match["partition"]
    if match["sts"]:
        role, session = match["role"], match["session"]
        return Principal(PrincipalKind.ROLE, text, match["sts"], partition, role, session)
    if match["fed"]:
        kind = PrincipalKind.FEDERATED_USER
        return Principal(kind, text, match["fed"], partition, match["user"], match["user"])
    kind = {
        "root": PrincipalKind.ROOT,
        "user": PrincipalKind.USER,
        "role": PrincipalKind.ROLE,
    }.get(match["kind"], PrincipalKind.PROVIDER)
    if (kind is PrincipalKind.ROOT) == bool(match["path"]):
        msg = (
            f"principal {shown(text)} is incomplete or has too much; root has no name, others have"
            " one"
        )
        raise QuestionError(msg)
    name = (match["path"] or "").rpartition("/")[2]
    return Principal(kind, text, match["iam"], partition, name)


def account_of(arn: str) -> str:
    """Return the account field of an ARN, empty where the ARN has none (as for S3 buckets)."""
    return arn.split(":")[4]
