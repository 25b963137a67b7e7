"""Machines outside of AWS that prove themselves with a certificate, by IAM Roles Anywhere."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import Tags, Text
from cross_account_access.declaration.machines import HandedOut, Machines
from cross_account_access.declaration.model import Conditions, SessionTags, SignIn, SourceIdentity
from cross_account_access.declaration.rules import Rule

_ATTRIBUTE: Final = re.compile(
    r"x509(?:Subject|Issuer)/[A-Za-z]+|x509SAN/(?:DNS|URI|Name/[A-Za-z]+)"
)
_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OF_CERTIFICATES: Final = ("x509Issuer/*", "x509SAN/*", "x509Subject/*")


def trust_anchor(owner: Account) -> Rule:
    """The ARN of a trust anchor of the account that has the role.

    Source: "CreateTrustAnchor", IAM Roles Anywhere API reference,
    https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateTrustAnchor.html.
    """
    account = owner.account_id or "444455556666"
    start = f"arn:{owner.partition or 'aws'}:rolesanywhere:"
    anchor = "trust-anchor/11111111-2222-3333-4444-555555555555"

    def rule(value: str) -> str | None:
        wanted = rf"{re.escape(start)}[a-z0-9-]+:{account}:trust-anchor/{_UUID}"
        if re.fullmatch(wanted, value):
            return None
        example = f"{start}{owner.region or 'us-west-2'}:{account}:{anchor}"
        return f"must be the ARN of a trust anchor of Staging, {account}, as in {example}"

    return rule


@dataclass(frozen=True, kw_only=True)
class RolesAnywhere(Machines):
    """Machines outside of AWS with a certificate, by a trust anchor of the Staging account."""

    kind = "roles_anywhere"
    words = "Machines outside of AWS with a certificate, by IAM Roles Anywhere."
    example = (
        "{role: {name: StageMachines}, trust_anchor_arn: "
        "arn:aws:rolesanywhere:us-west-2:444455556666:trust-anchor/"
        "11111111-2222-3333-4444-555555555555, certificate: {x509Subject/CN: backup.example.com}}"
    )
    signs_in = SignIn.CERTIFICATE
    service = "rolesanywhere"
    called = "machines outside of AWS"

    trust_anchor_arn: Annotated[
        str,
        Text(
            "ARN of the trust anchor in Staging, which exists already.",
            rule_for=lambda context: trust_anchor(context.accounts.trusted),
        ),
    ]
    certificate: Annotated[
        dict[str, str],
        Tags(
            "What the certificate must say, by attribute: x509Subject/CN and others of the "
            "subject, x509SAN/DNS, x509SAN/URI, x509SAN/Name/CN, x509Issuer/CN and others of the "
            "issuer."
        ),
    ]

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Attributes that there are, and one that says whose certificate it is.

        Source: "Trust model in AWS Identity and Access Management Roles Anywhere",
        https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html.
        """
        for key, value in self.certificate.items():
            if not _ATTRIBUTE.fullmatch(key):
                yield (
                    "certificate",
                    f"has the attribute {key!r}; write x509Subject/CN, x509SAN/DNS, x509SAN/URI, "
                    "x509SAN/Name/CN or x509Issuer/CN, or another of subject, name or issuer",
                )
            elif not value:
                yield "certificate", f"leaves {key} empty; write what it must be, or remove it"
        if not any(key.startswith(("x509Subject/", "x509SAN/")) for key in self.certificate):
            yield (
                "certificate",
                "would let in every certificate of the authority; say whose it is, as in "
                "{x509Subject/CN: backup.example.com}",
            )

    def handed_out(self, owner: Account) -> HandedOut:
        """To those with a certificate of the trust anchor that says what is declared.

        Source: "Trust model in AWS Identity and Access Management Roles Anywhere",
        https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html.
        """
        tags = {f"aws:PrincipalTag/{key}": [value] for key, value in self.certificate.items()}
        source = {"aws:SourceAccount": [owner.account_id], "aws:SourceArn": [self.trust_anchor_arn]}
        return HandedOut(
            service=self.service,
            claims={**source, **tags},
            about_session=("sts:SetSourceIdentity", "sts:TagSession"),
        )

    @property
    def unmeetable(self) -> Mapping[str, str]:
        """The session has the certificate's attributes."""
        why = "is not to be said of machines with a certificate, whose sessions have its attributes"
        remedy = f"{why}; say under certificate what they must be"
        return {**super().unmeetable, **dict.fromkeys(("source_identity", "session_tags"), remedy)}

    def always_stated(self, conditions: Conditions, accounts: Accounts) -> Conditions:  # noqa: ARG002
        """The certificate's attributes, as far as a session takes them from one role to the next.

        Who a certificate is for stays with a session as its source identity, which both accounts
        must allow; whether the tags stay is not published, so they may.

        Source: "Monitor and control actions taken with assumed roles",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html.
        """
        return replace(
            conditions,
            source_identity=SourceIdentity(required=False),
            session_tags=SessionTags(required=False, tags={}, others=_OF_CERTIFICATES),
        )

    def profile(self, consumer: str) -> str:
        """Named as the consumer: one that signs in with the certificate."""
        return consumer
