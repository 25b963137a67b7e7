"""Issuers of OpenID Connect tokens: whose jobs a subject names, and what of it must be spelled out.

A public issuer gives tokens to everybody, so that a subject that does not say whose they are, or
says it with a wildcard, lets in strangers. Each issuer has its own form of subjects.

Source: "Identity-provider controls for shared OIDC providers",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html.
"""

import re
from typing import Final, NamedTuple

from cross_account_access.declaration.rules import Rule
from cross_account_access.facts import quotas

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NAME: Final = r"[^:/*?]+"


class Issuer(NamedTuple):
    """The subjects of one issuer."""

    name: str
    urls: str
    """Regular expression for its URLs without `https://`."""
    tenant: str
    """Regular expression for what must stand in a subject before its first wildcard."""
    spelled_out: str
    """What that is, in words."""
    example: str
    is_public: bool = True
    """Whether it gives tokens to everybody under this URL."""


_GITHUB_TENANT: Final = "|".join(
    (
        rf"(?:repo|repository):{_NAME}/",
        rf"(?:repository_owner|repository_owner_id|repository_id|enterprise|enterprise_id):{_NAME}"
        "(?::|$)",
    )
)
"""An organization may choose the claims of its subjects and their order; a colon within one is
written %3A. What says nothing of whose job it is, like `ref` and `environment`, everybody can have;
so can a reusable workflow be called by everybody (`job_workflow_ref`)."""

ISSUERS: Final = (
    # "OpenID Connect reference", https://docs.github.com/en/actions/reference/security/oidc
    Issuer(
        "GitHub",
        r"token\.actions\.githubusercontent\.com",
        rf"(?:^|:)(?:{_GITHUB_TENANT})",
        "the organization, up to its slash,",
        "repo:my-org/my-repo:ref:refs/heads/main or repo:my-org@123456/my-repo@456789:*",
    ),
    Issuer(
        "GitHub Enterprise Cloud",
        r"token\.actions\.(?:githubusercontent\.com/[\w-]+|[\w-]+\.ghe\.com)",
        rf"(?:^|:)(?:{_GITHUB_TENANT})",
        "the organization, up to its slash,",
        "repo:my-org/*",
        is_public=False,
    ),
    # "OpenID Connect (OIDC) Authentication Using ID Tokens",
    # https://docs.gitlab.com/ci/secrets/id_token_authentication/
    Issuer(
        "GitLab",
        r"gitlab\.com",
        rf"^project_path:{_NAME}/",
        "the group, up to its slash,",
        "project_path:my-group/my-project:ref_type:branch:ref:main",
    ),
    # "Deploy on AWS using Bitbucket Pipelines OpenID Connect",
    # https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/
    Issuer(
        "Bitbucket",
        r"api\.bitbucket\.org/2\.0/workspaces/[^/]+/pipelines-config/identity/oidc",
        rf"^\{{{_UUID}\}}:",
        "the repository, up to its colon,",
        "{11111111-2222-3333-4444-555555555555}:*",
        is_public=False,
    ),
    # "Workload identity tokens",
    # https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens
    Issuer(
        "HCP Terraform",
        r"app(?:\.eu)?\.terraform\.io",
        rf"^organization:{_NAME}:",
        "the organization, up to its colon,",
        "organization:my-org:project:web:workspace:*:run_phase:*",
    ),
    # "Configuring OpenID Connect for AWS", https://www.pulumi.com/docs/esc/guides/configuring-oidc/aws/
    Issuer(
        "Pulumi Cloud",
        r"api\.pulumi\.com/oidc(?:/v2)?",
        rf"^pulumi:[a-z-]+:(?:org|pulumi\.organization\.login):{_NAME}:",
        "the organization, up to its colon,",
        "pulumi:deploy:org:my-org:project:my-project:*",
    ),
    # "OIDC with AWS", https://buildkite.com/docs/pipelines/security/oidc/aws
    Issuer(
        "Buildkite",
        r"agent\.buildkite\.com",
        rf"^(?:organization:{_NAME}:|{_UUID}$)",
        "the organization, up to its colon,",
        "organization:my-org:pipeline:my-pipeline:*",
    ),
    # "Use OpenID Connect tokens in jobs", https://circleci.com/docs/openid-connect-tokens/
    Issuer(
        "CircleCI",
        rf"oidc\.circleci\.com/org/{_UUID}",
        rf"^org/{_UUID}/",
        "the organization's ID, up to its slash,",
        "org/11111111-2222-3333-4444-555555555555/project/*",
        is_public=False,
    ),
    # "IAM roles for service accounts",
    # https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
    Issuer(
        "Kubernetes",
        r"oidc\.eks(?:-fips)?\.[\w-]+\.amazonaws\.com(?:\.cn)?/id/\w+"
        r"|container\.googleapis\.com/v1/projects/.+|[\w.-]+\.oic\.prod-aks\.azure\.com/.+",
        rf"^system:serviceaccount:{_NAME}:",
        "the namespace, up to its colon,",
        "system:serviceaccount:my-namespace:my-account",
        is_public=False,
    ),
    # "OpenID Connect federation", https://vercel.com/docs/oidc
    Issuer(
        "Vercel",
        r"oidc\.vercel\.com",
        rf"^owner:{_NAME}:",
        "the team, up to its colon,",
        "owner:my-team:project:my-project:environment:production",
    ),
    # "OpenID Connect", https://developers.google.com/identity/openid-connect/openid-connect
    Issuer(
        "Google",
        r"accounts\.google\.com",
        r"^\d{6,}$",
        "the account's number, without a wildcard,",
        "109876543210987654321",
    ),
)
"""Those whose forms are known."""


def issuer(value: str) -> str | None:
    """The URL of an OpenID Connect issuer, exactly as its tokens have it.

    Source: "CreateOpenIDConnectProvider", IAM API reference,
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html.
    """
    example = "as in https://token.actions.githubusercontent.com"
    if len(value) > quotas.ISSUER_CHARACTERS:
        return f"must have at most {quotas.ISSUER_CHARACTERS} characters, not {len(value)}"
    if re.match(r"https://[^/]+:\d+(?:/|$)", value):
        return "has a port, which IAM takes in no issuer; use one without"
    if re.match(r"https://[^/]*[A-Z]", value):
        return f"must have its host in lower case, as tokens do, {example}"
    host = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
    if not re.fullmatch(rf"https://{host}(?:\.{host})+(?:/[\w.~%-]+)*/?", value, re.ASCII):
        return f"must be an https URL, exactly as in the tokens' claim iss, {example}"
    return None


def public_name(issuer_url: str) -> str | None:
    """The name of an issuer that is known to give tokens to everybody."""
    known = _known(issuer_url)
    return known.name if known and known.is_public else None


def is_eks(issuer_url: str) -> bool:
    """Whether it is that of an EKS cluster, which gives pods the role of their service account.

    Source: "Assign IAM roles to Kubernetes service accounts",
    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html.
    """
    return issuer_url.startswith("oidc.eks")


def subject(issuer_url: str, *, is_private: bool, allow_wildcards: bool) -> Rule:
    """The `sub` of a token, pinned as far as it says whose job it is.

    Args:
        issuer_url: without `https://`.
        is_private: whether it gives tokens to nobody else.
        allow_wildcards: whether the rest may have * and ?.

    Source: "Create a role for OpenID Connect federation (console)",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html.
    """
    known = _known(issuer_url)
    example = (known or ISSUERS[0]).example

    def rule(value: str) -> str | None:  # noqa: PLR0911 - each mistake has its remedy
        if not re.fullmatch(r"[!-~](?:[ -~]{0,253}[!-~])?", value) or "${" in value:
            return f"must be the subject of a token, as in {example}"
        literal = re.split(r"[*?]", value, maxsplit=1)[0]
        # With its first wildcard, so that no name counts as ended there.
        beginning = value[: len(literal) + 1]
        if known and not re.search(known.tenant, beginning):
            return (
                f"lets in jobs of others: spell out {known.spelled_out} in the form of "
                f"{known.name}, as in {example}"
            )
        if literal == value:
            return None
        if is_private and not any(map(str.isalnum, literal)):
            return f"is every job of the issuer; spell out which, as in {example}"
        if not (known or is_private or _says_whose(beginning)):
            return (
                "lets in other organizations of the issuer too; spell out which, as in "
                "repo:my-org/* or organization:my-org:*, or say private_issuer: true where the "
                "issuer gives tokens to nobody but you"
            )
        if not allow_wildcards:
            return (
                "has a wildcard; name the subjects one by one, or say "
                "allow_wildcard_subjects: true beside them"
            )
        return None

    return rule


def _known(issuer_url: str) -> Issuer | None:
    return next((each for each in ISSUERS if re.fullmatch(each.urls, issuer_url.rstrip("/"))), None)


def _says_whose(beginning: str) -> bool:
    """Whether it is that of subjects of some issuer which say whose they are."""
    return any(re.match(each.tenant.removeprefix("(?:^|:)"), beginning) for each in ISSUERS)
