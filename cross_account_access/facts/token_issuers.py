"""OpenID Connect issuers that hand out tokens to anybody, and what in a token tells their tenants.

Everybody with an account at such an issuer gets tokens from it, signed with the same key as those
of one's own jobs: only the subject or another claim says whose they are. Any other issuer is taken
to be a tenant's own, as that of a Kubernetes cluster, an identity pool or a company is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class TokenIssuer:
    """A public issuer."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Words of a subject, and what ends the tenant's name after them: `/`, or `:` for all of a
    part. Parts are between colons."""
    claims: frozenset[str] = frozenset()
    """Claims beside the subject whose value tells the tenant, or a person, by itself."""
    slash_claims: frozenset[str] = frozenset()
    """Claims of which what is before the first slash does."""


_OF_REPOSITORIES: Final = ("job_workflow_ref", "repository")
_OF_PULUMI: Final = {"org": ":", "pulumi.organization.login": ":"}

PUBLIC: Final[Mapping[str, TokenIssuer]] = {
    # "OpenID Connect reference",
    # https://docs.github.com/en/actions/reference/security/oidc
    "token.actions.githubusercontent.com": TokenIssuer(
        names={
            **dict.fromkeys(("repo", *_OF_REPOSITORIES), "/"),
            **dict.fromkeys(("repository_owner", "repository_owner_id", "repository_id"), ":"),
            **dict.fromkeys(("enterprise", "enterprise_id"), ":"),
        },
        claims=frozenset(
            {
                *("actor", "actor_id", "enterprise", "enterprise_id"),
                *("repository_id", "repository_owner", "repository_owner_id"),
            }
        ),
        slash_claims=frozenset(_OF_REPOSITORIES),
    ),
    # "OpenID Connect (OIDC) Authentication Using ID Tokens",
    # https://docs.gitlab.com/ci/secrets/id_token_authentication/
    "gitlab.com": TokenIssuer(
        names={"project_path": "/", "namespace_path": "/"},
        claims=frozenset({"namespace_id", "project_id", "user_id", "user_login"}),
        slash_claims=frozenset({"namespace_path", "project_path"}),
    ),
    # "Workload identity tokens",
    # https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens
    "app.terraform.io": TokenIssuer(names={"organization": ":"}),
    "app.eu.terraform.io": TokenIssuer(names={"organization": ":"}),
    # "Configuring OpenID Connect for AWS", https://www.pulumi.com/docs/esc/guides/configuring-oidc/aws/
    # (the audience is the organization's name)
    "api.pulumi.com/oidc": TokenIssuer(names=_OF_PULUMI, claims=frozenset({"aud"})),
    "api.pulumi.com/oidc/v2": TokenIssuer(names=_OF_PULUMI),
    # "OIDC with AWS", https://buildkite.com/docs/pipelines/security/oidc/aws
    "agent.buildkite.com": TokenIssuer(
        names={"organization": ":"}, claims=frozenset({"organization_id", "pipeline_id"})
    ),
    # "OpenID Connect federation", https://vercel.com/docs/oidc
    "oidc.vercel.com": TokenIssuer(
        names={"owner": ":"}, claims=frozenset({"owner_id", "project_id"})
    ),
    # The next four: "IAM and AWS STS condition context keys", Available keys for OIDC federation,
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
    "accounts.google.com": TokenIssuer(claims=frozenset({"aud", "oaud", "sub"})),
    "cognito-identity.amazonaws.com": TokenIssuer(claims=frozenset({"aud", "sub"})),
    "graph.facebook.com": TokenIssuer(claims=frozenset({"app_id", "id"})),
    "www.amazon.com": TokenIssuer(claims=frozenset({"app_id", "user_id"})),
}
"""By their addresses, as condition keys have them."""
