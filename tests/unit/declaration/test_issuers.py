"""A subject says whose job it is, in the form of its issuer, before it has a wildcard."""

from typing import Any

import pytest

from cross_account_access.declaration.rules import issuers
from tests.support.deployment import ROOT
from tests.unit.declaration.stack_file import beside, ci, problems_of, settings_of

GITHUB = "token.actions.githubusercontent.com"
UUID = "11111111-2222-3333-4444-555555555555"
BITBUCKET = "api.bitbucket.org/2.0/workspaces/ours/pipelines-config/identity/oidc"
EKS = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
AKS = f"eastus.oic.prod-aks.azure.com/{UUID}/{UUID}/"
CIRCLECI = f"oidc.circleci.com/org/{UUID}"
UNKNOWN = "ci.example.com"

SAYS_WHOSE = [
    (GITHUB, "repo:my-org/my-repo:ref:refs/heads/main"),
    (GITHUB, "repo:my-org/my-repo"),
    (GITHUB, "repo:my-org/my-repo:environment:Production EU"),
    (GITHUB, "repo:my-org/*"),
    (GITHUB, "repo:my-org@123456/my-repo@456789:ref:refs/heads/main"),
    (GITHUB, "repo:my-org@123456/*"),
    (GITHUB, "ref:refs/heads/main:repo:my-org/*"),
    (GITHUB, "environment:prod:repo:my-org/my-repo"),
    (GITHUB, "repository_owner_id:123456:repository_id:*"),
    (GITHUB, "repository_owner:my-org"),
    (GITHUB, "job_workflow_ref:a/b/.github/workflows/c.yml@refs/heads/main:repo:my-org/my-repo"),
    (f"{GITHUB}/my-enterprise", "repo:my-org/my-repo:*"),
    ("token.actions.ours.ghe.com", "repo:my-org/my-repo:*"),
    ("gitlab.com", "project_path:my-group/my-project:ref_type:branch:ref:main"),
    ("gitlab.com", "project_path:my-group/*:ref_type:branch:ref:main"),
    (BITBUCKET, f"{{{UUID}}}:{{{UUID}}}:*"),
    (BITBUCKET, f"{{{UUID}}}:*"),
    ("app.terraform.io", "organization:my-org:project:web:workspace:*:run_phase:*"),
    ("app.terraform.io", "organization:my-org:project:Default Project:workspace:a:run_phase:plan"),
    ("app.eu.terraform.io", "organization:my-org:*"),
    ("api.pulumi.com/oidc", "pulumi:deploy:org:my-org:project:web:stack:prod:operation:*"),
    ("api.pulumi.com/oidc", "pulumi:environments:org:my-org:env:prod"),
    ("api.pulumi.com/oidc", "pulumi:environments:pulumi.organization.login:my-org:*"),
    ("agent.buildkite.com", "organization:my-org:pipeline:site:ref:refs/heads/main:commit:*"),
    ("agent.buildkite.com", UUID),
    (CIRCLECI, f"org/{UUID}/project/{UUID}/user/*"),
    (EKS, "system:serviceaccount:team:app"),
    (EKS, "system:serviceaccount:team:app-*"),
    (AKS, "system:serviceaccount:team:*"),
    ("oidc.vercel.com", "owner:my-team:*"),
    ("oidc.vercel.com/my-team", "owner:my-team:project:site:environment:production"),
    ("accounts.google.com", "109876543210987654321"),
    (UNKNOWN, "anything-of-one:job"),
    (UNKNOWN, "repo:my-org/*"),
    (UNKNOWN, "project_path:my-group/*"),
    (UNKNOWN, "organization:my-org:project:web:workspace:*:run_phase:*"),
    (UNKNOWN, "system:serviceaccount:team:app-*"),
]

LETS_IN_OTHERS = [
    (GITHUB, "*"),
    (GITHUB, "repo:*"),
    (GITHUB, "repo:*/my-repo:*"),
    (GITHUB, "repo:my-org*/my-repo:ref:refs/heads/main"),
    (GITHUB, "repo:my-?rg/my-repo:ref:refs/heads/main"),
    (GITHUB, "repo:my-org@*/my-repo@1:*"),
    (GITHUB, "repo:my-org"),
    (GITHUB, "ref:refs/heads/main"),
    (GITHUB, "ref:refs/heads/main:repo:*"),
    (GITHUB, "environment:a/b"),
    (GITHUB, "environment:a/b:repo:*"),
    (GITHUB, "environment:*:repo:my-org/my-repo"),
    (GITHUB, "repository_owner:my-*"),
    (GITHUB, "repository_owner_id:1*"),
    (GITHUB, "job_workflow_ref:my-org/my-repo/.github/workflows/c.yml@refs/heads/main"),
    (GITHUB, "actor:somebody"),
    (GITHUB, "project_path:my-group/my-project:ref_type:branch:ref:main"),
    ("token.actions.ours.ghe.com", "repo:*"),
    ("gitlab.com", "project_path:*/site:ref_type:branch:ref:main"),
    ("gitlab.com", "project_path:my-group*"),
    ("gitlab.com", "repo:my-org/my-repo"),
    (BITBUCKET, "*"),
    (BITBUCKET, f"{UUID}:*"),
    (BITBUCKET, "{1111*}:*"),
    ("app.terraform.io", "organization:*:project:web:workspace:prod:run_phase:apply"),
    ("app.terraform.io", "organization:my-*:workspace:prod:run_phase:apply"),
    ("api.pulumi.com/oidc", "pulumi:deploy:org:*"),
    ("api.pulumi.com/oidc", "pulumi:environments:org:my-o*:env:prod"),
    ("agent.buildkite.com", "organization:*:pipeline:site"),
    ("agent.buildkite.com", "organization:my-org*:pipeline:site:*"),
    ("agent.buildkite.com", f"{UUID[:-1]}?"),
    (CIRCLECI, "org/*"),
    (EKS, "system:serviceaccount:*:app"),
    (EKS, "system:serviceaccount:*"),
    (EKS, "system:serviceaccount:team*"),
    (AKS, "*"),
    ("accounts.google.com", "10987654*"),
    (UNKNOWN, "*"),
    (UNKNOWN, "repo:*"),
    (UNKNOWN, "ref:refs/heads/main:repo:*"),
    (UNKNOWN, "environment:a/b:repo:*"),
    (UNKNOWN, "system:serviceaccount:*:app"),
    (UNKNOWN, "organization:*"),
    (UNKNOWN, "anything/*"),
]


def told(issuer: str, subject: str, *, is_private: bool = False, wildcards: bool = True) -> str:
    rule = issuers.subject(issuer, is_private=is_private, allow_wildcards=wildcards)
    return rule(subject) or ""


@pytest.mark.parametrize(("issuer", "subject"), SAYS_WHOSE)
def test_accepts_a_subject_that_says_whose_job_it_is(issuer: str, subject: str) -> None:
    assert told(issuer, subject) == ""
    assert bool(told(issuer, subject, wildcards=False)) is ("*" in subject)


@pytest.mark.parametrize(("issuer", "subject"), LETS_IN_OTHERS)
def test_rejects_a_subject_that_lets_in_others(issuer: str, subject: str) -> None:
    for wildcards in (True, False):
        assert told(issuer, subject, wildcards=wildcards).startswith("lets in ")


@pytest.mark.parametrize("issuer", issuers.ISSUERS, ids=lambda issuer: issuer.name)
def test_the_example_of_an_issuer_is_right_and_a_wildcard_in_its_place_is_not(
    issuer: issuers.Issuer,
) -> None:
    for example in issuer.example.split(" or "):
        url = {each.name: url for url, _ in SAYS_WHOSE if (each := issuers._known(url))}
        assert told(url[issuer.name], example) == ""
        assert told(url[issuer.name], "*").startswith("lets in jobs of others: spell out ")


def test_the_documentation_has_the_table_of_issuers() -> None:
    text = (ROOT / "docs" / "shapes.md").read_text()
    table = text.partition("<!-- issuers -->\n")[2].partition("<!-- end of issuers -->")[0]
    rows = [
        [each.name, each.spelled_out.rstrip(","), f"`{'` or `'.join(each.example.split(' or '))}`"]
        for each in issuers.ISSUERS
    ]
    assert table.splitlines()[2:] == [f"| {' | '.join(row)} |" for row in rows]


def test_an_issuer_of_ones_own_may_be_said_to_be_that() -> None:
    assert told(UNKNOWN, "anything/*", is_private=True) == ""
    assert told(UNKNOWN, "*", is_private=True).startswith("is every job of the issuer")
    declared: dict[str, Any] = {
        "issuer": "https://github.example.com/_services/token",
        "subjects": ["environment:prod:*"],
        "allow_wildcard_subjects": True,
    }
    assert "private_issuer: true" in problems_of(**beside(ci(**declared)))[0]
    _, who = settings_of(**beside(ci(**declared, private_issuer=True))).consumers
    assert who.principal.claims["github.example.com/_services/token:sub"] == ["environment:prod:*"]


def test_rejects_that_a_public_issuer_is_ones_own() -> None:
    declared = ci(issuer=f"https://{GITHUB}", subjects=["repo:my-org/my-repo"], private_issuer=True)
    assert problems_of(**beside(declared)) == [
        "consumers[1].oidc.private_issuer: True is not so: GitHub gives tokens to everybody; "
        "remove it"
    ]
    for own in (f"{GITHUB}/my-enterprise", EKS, CIRCLECI, UNKNOWN):
        assert issuers.public_name(own) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://ci.example.com",
        "https://tenant.eu.auth0.com/",
        f"https://sts.windows.net/{UUID}/",
        f"https://{EKS}",
        f"https://{AKS}",
        f"https://{BITBUCKET}",
        "https://ci.example.com/a~b/C%20D",
    ],
)
def test_an_issuer_is_taken_as_its_tokens_have_it(url: str) -> None:
    _, who = settings_of(**beside(ci(issuer=url))).consumers if "ci." in url else (None, None)
    assert issuers.issuer(url) is None
    if who:
        assert f"{url.removeprefix('https://')}:sub" in who.principal.claims


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://ci.example.com", "must be an https URL"),
        ("ci.example.com", "must be an https URL"),
        ("https://ci.example.com:8443", "has a port"),
        ("https://ci.example.com:8443/tenant", "has a port"),
        ("https://CI.example.com", "must have its host in lower case"),
        ("https://ci.example.com?a=b", "must be an https URL"),
        ("https://ci.example.com/#x", "must be an https URL"),
        ("https://ci.example.com//x", "must be an https URL"),
        ("https://user@ci.example.com", "must be an https URL"),
        ("https://localhost", "must be an https URL"),
        ("https://-x.example.com", "must be an https URL"),
        (f"https://ci.example.com/{'x' * 255}", "must have at most 255 characters"),
    ],
)
def test_rejects_an_issuer_that_iam_does_not_take(url: str, why: str) -> None:
    assert str(issuers.issuer(url)).startswith(why)
