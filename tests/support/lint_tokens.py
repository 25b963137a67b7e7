"""Trust policies for tokens of identity providers: those that let strangers in, and others."""

from __future__ import annotations

from typing import Any

from tests.support.lint_conditions import assuming, when
from tests.support.states import PRODUCTION, Json

GITHUB = "token.actions.githubusercontent.com"


def token(*conditions: Json, issuer: str = GITHUB) -> Json:
    provider = f"arn:aws:iam::{PRODUCTION}:oidc-provider/{issuer}"
    action = "sts:AssumeRoleWithWebIdentity"
    return assuming({"Federated": provider}, *conditions, action=action)


def _subject(value: Any, operator: str = "StringLike", issuer: str = GITHUB) -> Json:
    audience = {f"{issuer}:aud": "sts.amazonaws.com"}
    return token(
        when("StringEquals", f"{issuer}:aud", audience[f"{issuer}:aud"]),
        when(operator, f"{issuer}:sub", value),
        issuer=issuer,
    )


OPEN_SUBJECTS: list[tuple[str, list[Json]]] = [
    ("no subject", [token(when("StringEquals", f"{GITHUB}:aud", "sts.amazonaws.com"))]),
    ("nothing at all", [token()]),
    *(
        (value, [_subject(value)])
        for value in (
            *("*", "repo:*", "repo:*/x:*", "repo:*/*:environment:prod", "?*", "repo:my-org*"),
            *("*:my-org/*", "ref:refs/heads/main:repo:*", "environment:a/b:repo:*"),
            *("repository_owner:my-org*", "job_workflow_ref:*/deploy.yml@*"),
        )
    ),
    ("for all values", [_subject("repo:my-org/app:*", "ForAllValues:StringLike")]),
    ("if exists", [_subject("repo:my-org/app:*", "StringLikeIfExists")]),
    ("all but one", [_subject("repo:my-org/app:*", "StringNotLike")]),
    ("any at all", [token(when("Null", f"{GITHUB}:sub", "false"))]),
    ("one of two", [_subject(["repo:my-org/app:*", "repo:*"])]),
    ("a branch", [token(when("StringEquals", f"{GITHUB}:ref", "refs/heads/main"))]),
    ("another's forge", [_subject("project_path:*/deploy:*", issuer="gitlab.com")]),
    (
        "another's runs",
        [_subject("organization:*:workspace:prod:*", issuer="app.terraform.io")],
    ),
    ("another's pipelines", [_subject("organization:*:pipeline:x", issuer="agent.buildkite.com")]),
    (
        "any user",
        [assuming({"Federated": "accounts.google.com"}, action="sts:AssumeRoleWithWebIdentity")],
    ),
    (
        "any pool",
        [
            assuming(
                {"Federated": "cognito-identity.amazonaws.com"},
                when("ForAnyValue:StringLike", "cognito-identity.amazonaws.com:amr", "unauthe*"),
                action="sts:AssumeRoleWithWebIdentity",
            )
        ],
    ),
    ("an own issuer's all", [token(issuer="ci.example.com")]),
    ("an own issuer's any", [_subject("*", issuer="ci.example.com")]),
    ("an own issuer's form", [_subject("repo:*/*", issuer="ci.example.com")]),
    (
        "any pod",
        [_subject("system:serviceaccount:*:*", issuer="oidc.eks.us-east-1.amazonaws.com/id/A1B2")],
    ),
]

CLOSED_SUBJECTS: list[tuple[str, list[Json]]] = [
    *(
        (value, [_subject(value)])
        for value in (
            *("repo:my-org/app:ref:refs/heads/main", "repo:my-org/*", "repo:my-org/app:*"),
            *("repo:my-org@123/app@456:*", "repository_owner:my-org:*", "repository_id:42"),
            *("ref:refs/heads/main:repo:my-org/app", "environment:prod:repository_owner_id:7"),
            "job_workflow_ref:my-org/flows/.github/workflows/deploy.yml@*",
        )
    ),
    (
        "an owner",
        [
            token(
                when("StringEquals", f"{GITHUB}:repository_owner_id", "7"),
                when("StringLike", f"{GITHUB}:sub", "*:environment:prod"),
            )
        ],
    ),
    ("a group", [_subject("project_path:my-group/*:ref_type:branch:*", issuer="gitlab.com")]),
    *(
        (issuer, [_subject(subject, issuer=issuer)])
        for issuer, subject in (
            ("api.pulumi.com/oidc/v2", "pulumi:environments:org:my-org:env:*"),
            ("api.pulumi.com/oidc/v2", "pulumi:environments:pulumi.organization.login:my-org:*"),
            ("oidc.vercel.com", "owner:my-team:project:*"),
            ("agent.buildkite.com", "organization:my-org:pipeline:*"),
        )
    ),
    ("an organization", [_subject("organization:my-org:*", issuer="app.terraform.io")]),
    (
        "a pool",
        [
            assuming(
                {"Federated": "cognito-identity.amazonaws.com"},
                when("StringEquals", "cognito-identity.amazonaws.com:aud", "us-east-1:pool"),
                action="sts:AssumeRoleWithWebIdentity",
            )
        ],
    ),
    ("an own issuer's job", [_subject("deploy-*", issuer="ci.example.com")]),
    (
        "a pod",
        [
            _subject(
                "system:serviceaccount:web:*", issuer="oidc.eks.us-east-1.amazonaws.com/id/A1B2"
            )
        ],
    ),
    (
        "SAML",
        [
            assuming(
                {"Federated": f"arn:aws:iam::{PRODUCTION}:saml-provider/Company"},
                when("StringEquals", "SAML:aud", "https://signin.aws.amazon.com/saml"),
                action="sts:AssumeRoleWithSAML",
            )
        ],
    ),
    (
        "refused but for one",
        [
            token(),
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": when("StringNotLike", f"{GITHUB}:sub", "repo:my-org/*"),
            },
        ],
    ),
]
