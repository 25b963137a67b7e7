# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Consumers that cannot be: refused with name, value, rule and remedy."""

from typing import Any

import pytest

from tests.unit.declaration.documents import ANCHOR
from tests.unit.declaration.stack_file import (
    beside,
    ci,
    consumer,
    grant,
    of_kind,
    problems_of,
    vendor,
)

LONG = "x" * 65


def outside(**changes: Any) -> dict[str, Any]:
    whole = {"role": {"name": "B"}, "trust_anchor_arn": ANCHOR}
    return of_kind("roles_anywhere", {**whole, "certificate": {"x509Subject/CN": "b"}, **changes})


PODS = {"role": {"name": "P"}, "cluster": "apps", "namespace": "web", "service_account": "shop"}
REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "consumer without a role": (
        {"consumers": [{"name": "stage-admin", "user": {"name": "StageAdmin"}}]},
        "consumers[0].role: missing; add it, as in {name: StageRole}",
    ),
    "consumer with a user as text": (
        {"consumers": [consumer(user="StageAdmin")]},
        "consumers[0].user: 'StageAdmin' must be a mapping",
    ),
    "consumer name in capitals": (
        {"consumers": [consumer(name="StageAdmin")]},
        "consumers[0].name: 'StageAdmin' must be lower-case",
    ),
    "user name too long": (
        {"consumers": [consumer(user={"name": LONG})]},
        "consumers[0].user.name",
    ),
    "user name with a slash": (
        {"consumers": [consumer(user={"name": "a/b"})]},
        "consumers[0].user.name: 'a/b' must consist of letters",
    ),
    "user path without slashes": (
        {"consumers": [consumer(user={"name": "A", "path": "people"})]},
        "consumers[0].user.path: 'people' must begin and end with /",
    ),
    "path with an empty part": (
        {"consumers": [consumer(user={"name": "A", "path": "/a//b/"})]},
        "must not have two slashes in a row",
    ),
    "adopted user with a boundary": (
        {
            "consumers": [
                consumer(
                    user={
                        "name": "A",
                        "permissions_boundary": "arn:aws:iam::444455556666:policy/B",
                        "existing": True,
                    }
                )
            ]
        },
        "consumers[0].user.existing: True leaves the user as it is",
    ),
    "adopted user with a sign-in": (
        {"consumers": [consumer(user={"name": "A", "sign_in": "console", "existing": True})]},
        "consumers[0].user.existing: True leaves the user as it is: remove sign_in, or set existing: false",
    ),
    "sign-in that there is not": (
        {"consumers": [consumer(user={"name": "A", "sign_in": "keys"})]},
        "consumers[0].user.sign_in: 'keys' must be one of none, console, key; did you mean key?",
    ),
    "role name too long": (
        {"consumers": [consumer(role={"name": LONG})]},
        "consumers[0].role.name",
    ),
    "role name as a number": (
        {"consumers": [consumer(role={"name": 42})]},
        "consumers[0].role.name: 42 must be text: write it in quotes, exactly as it is meant",
    ),
    "role path and name beyond the console": (
        {"consumers": [consumer(role={"name": "R" * 40, "path": "/" + "p" * 30 + "/"})]},
        "have 71 characters together; the console switches to roles with at most 64",
    ),
    "policy name too long": (
        {"consumers": [consumer(role={"name": "R", "policy_name": "P" * 129})]},
        "consumers[0].role.policy_name",
    ),
    "session too short": (
        {"consumers": [consumer(role={"name": "R", "max_session_duration": 900})]},
        "consumers[0].role.max_session_duration: 900 must be 3600 to 43200 seconds",
    ),
    "session too long": (
        {"consumers": [consumer(role={"name": "R", "max_session_duration": 43201})]},
        "43201 must be 3600 to 43200 seconds",
    ),
    "boundary that is no ARN": (
        {"consumers": [consumer(role={"name": "R", "permissions_boundary": "Boundary"})]},
        "must be the ARN of a managed policy",
    ),
    "boundary of a role from Staging": (
        {
            "consumers": [
                consumer(
                    role={"name": "R", "permissions_boundary": "arn:aws:iam::444455556666:policy/B"}
                )
            ]
        },
        "consumers[0].role.permissions_boundary: 'arn:aws:iam::444455556666:policy/B' must be a policy of AWS or of the principal's own account, 111122223333, as in arn:aws:iam::111122223333:policy/Boundary",
    ),
    "boundary of a user from Production": (
        {
            "consumers": [
                consumer(
                    user={"name": "A", "permissions_boundary": "arn:aws:iam::111122223333:policy/B"}
                )
            ]
        },
        "consumers[0].user.permissions_boundary: 'arn:aws:iam::111122223333:policy/B' must be a policy of AWS or of the principal's own account, 444455556666",
    ),
    "boundary of instances from Production": (
        beside(
            of_kind(
                "ec2",
                {
                    "role": {
                        "name": "I",
                        "permissions_boundary": "arn:aws:iam::111122223333:policy/B",
                    }
                },
            )
        ),
        "consumers[1].ec2.role.permissions_boundary: 'arn:aws:iam::111122223333:policy/B' must be a policy of AWS",
    ),
    "boundary of another partition": (
        {
            "consumers": [
                consumer(
                    role={
                        "name": "R",
                        "permissions_boundary": "arn:aws-cn:iam::111122223333:policy/B",
                    }
                )
            ]
        },
        "must be of partition aws",
    ),
    "boundary of AWS in another partition": (
        {
            "consumers": [
                consumer(
                    role={"name": "R", "permissions_boundary": "arn:aws-us-gov:iam::aws:policy/B"}
                )
            ]
        },
        "must be of partition aws",
    ),
    "boundary that is a role": (
        {
            "consumers": [
                consumer(
                    role={"name": "R", "permissions_boundary": "arn:aws:iam::111122223333:role/B"}
                )
            ]
        },
        "must be the ARN of a managed policy",
    ),
    "boundary without a name": (
        {
            "consumers": [
                consumer(
                    role={
                        "name": "R",
                        "permissions_boundary": "arn:aws:iam::111122223333:policy/a/",
                    }
                )
            ]
        },
        "must be the ARN of a managed policy",
    ),
    "path with a wildcard": (
        {"consumers": [consumer(role={"name": "R", "path": "/teams/*/"})]},
        "consumers[0].role.path: '/teams/*/' must not have *, ? or ${: policies would take it as a pattern",
    ),
    "path of a user with a wildcard": (
        {"consumers": [consumer(user={"name": "A", "path": "/team?/"})]},
        "consumers[0].user.path: '/team?/' must not have",
    ),
    "path of instances with a variable": (
        beside(of_kind("ec2", {"role": {"name": "I", "path": "/${aws:username}/"}})),
        "consumers[1].ec2.role.path: '/${aws:username}/' must not have",
    ),
    "consumer of one letter": (
        {"consumers": [consumer(name="a")]},
        "consumers[0].name: 'a' must be lower-case letters, digits and hyphens, begin with a letter, and have 2 to 63",
    ),
    "consumer of no kind": (
        {"consumers": [{"name": "stage-admin", "role": {"name": "StageRole"}}]},
        "consumers[0]: has none of user, ec2, ecs_tasks, lambda_functions, eks_pods, roles_anywhere, third_party, oidc, principals, organization; add one, as in user: {name: StageAdmin}",
    ),
    "consumer of a mistyped kind": (
        {"consumers": [{"name": "stage-admin", "usr": {}, "role": {"name": "StageRole"}}]},
        "consumers[0].usr: no such setting; did you mean user?",
    ),
    "consumer of two kinds": (
        {"consumers": [consumer(ec2={"role": {"name": "R"}})]},
        "consumers[0]: has user and ec2; it takes one of them, remove the rest",
    ),
    "instances without a role": (
        beside(of_kind("ec2", {})),
        "consumers[1].ec2.role: missing; add it, as in {name: StageMachines}",
    ),
    "chained session of more than an hour": (
        beside(
            of_kind(
                "ec2", {"role": {"name": "R"}}, role={"name": "S", "max_session_duration": 7200}
            )
        ),
        "consumers[1].role.max_session_duration: 7200 cannot be had by instances: a role that is assumed from another role lasts 3600 seconds at the most",
    ),
    "roles of instances that differ in case": (
        beside(
            of_kind("ec2", {"role": {"name": "R"}, "instance_profile": "A"}),
            of_kind("ec2", {"role": {"name": "r"}, "instance_profile": "B"}, role={"name": "S"}),
        ),
        "consumers[2].ec2.role.name: 'r' is there already",
    ),
    "a role of instances and of tasks": (
        beside(
            of_kind("ec2", {"role": {"name": "R"}}),
            of_kind("ecs_tasks", {"role": {"name": "r"}}, role={"name": "S"}),
        ),
        "consumers[2].ecs_tasks.role.name: 'r' is there already; write another one",
    ),
    "adopted role with a boundary": (
        beside(
            of_kind(
                "ecs_tasks",
                {
                    "role": {
                        "name": "R",
                        "existing": True,
                        "permissions_boundary": "arn:aws:iam::444455556666:policy/B",
                    }
                },
            )
        ),
        "consumers[1].ecs_tasks.role.permissions_boundary: 'arn:aws:iam::444455556666:policy/B' cannot be said of a role that exists",
    ),
    "instance profile of an adopted role": (
        beside(
            of_kind("ec2", {"role": {"name": "R", "existing": True}, "instance_profile": "Mine"})
        ),
        "consumers[1].ec2.instance_profile: 'Mine' is not made for a role that exists",
    ),
    "function by its ARN": (
        beside(
            of_kind(
                "lambda_functions",
                {
                    "role": {"name": "R"},
                    "functions": ["arn:aws:lambda:us-west-2:444455556666:function:f"],
                },
            )
        ),
        "must be the name of a function, 1 to 64 letters, digits, _ and -, without its ARN",
    ),
    "cluster by its ARN": (
        beside(of_kind("eks_pods", {**PODS, "cluster": "arn:aws:eks:us-west-2:1:cluster/a"})),
        "consumers[1].eks_pods.cluster: 'arn:aws:eks:us-west-2:1:cluster/a' must be the name of a cluster, 1 to 100 letters, digits, - and _, without its ARN",
    ),
    "namespace with a wildcard": (
        beside(of_kind("eks_pods", {**PODS, "namespace": "web-*"})),
        "consumers[1].eks_pods.namespace: 'web-*' must be the name of a namespace: 1 to 63 lower-case letters",
    ),
    "service account in capitals": (
        beside(of_kind("eks_pods", {**PODS, "service_account": "Shop"})),
        "consumers[1].eks_pods.service_account: 'Shop' must be the name of a service account",
    ),
    "pods of any namespace": (
        beside(of_kind("eks_pods", {name: PODS[name] for name in ("role", "cluster")})),
        "consumers[1].eks_pods.namespace: missing",
    ),
    "external ID of pods": (
        beside(of_kind("eks_pods", PODS, conditions={"external_id": "mine-7"})),
        "consumers[1].conditions.external_id: 'mine-7' is not to be said of pods: EKS states an external ID and tags of its own",
    ),
    "session tags of pods": (
        beside(of_kind("eks_pods", PODS, conditions={"session_tags": {"tags": {"a": "b"}}})),
        "consumers[1].conditions.session_tags: {'tags': {'a': 'b'}} is not to be said of pods",
    ),
    "trust anchor of another account": (
        beside(outside(trust_anchor_arn=ANCHOR.replace("444455556666", "777788889999"))),
        "must be the ARN of a trust anchor of Staging, 444455556666, as in arn:aws:rolesanywhere:us-west-2:444455556666:trust-anchor/",
    ),
    "profile in place of a trust anchor": (
        beside(outside(trust_anchor_arn=ANCHOR.replace("trust-anchor", "profile"))),
        "must be the ARN of a trust anchor of Staging",
    ),
    "any certificate of an authority": (
        beside(outside(certificate={"x509Issuer/CN": "Machines"})),
        "would let in every certificate of the authority; say whose it is, as in {x509Subject/CN: backup.example.com}",
    ),
    "no certificate": (
        beside(outside(certificate={})),
        "would let in every certificate of the authority",
    ),
    "attribute that no certificate has": (
        beside(outside(certificate={"CN": "backup.example.com"})),
        "has the attribute 'CN'; write x509Subject/CN, x509SAN/DNS, x509SAN/URI, x509SAN/Name/CN or x509Issuer/CN",
    ),
    "certificate with a wildcard": (
        beside(outside(certificate={"x509Subject/CN": "*.example.com"})),
        "consumers[1].roles_anywhere.certificate.x509Subject/CN: '*.example.com' must have at most 256 letters, digits, spaces and",
    ),
    "certificate with an empty name": (
        beside(outside(certificate={"x509Subject/CN": ""})),
        "leaves x509Subject/CN empty; write what it must be, or remove it",
    ),
    "tags beside a certificate": (
        beside({**outside(), "conditions": {"session_tags": {"tags": {"a": "b"}}}}),
        "is not to be said of machines with a certificate, whose sessions have its attributes; say under certificate",
    ),
    "MFA of functions": (
        beside(
            of_kind(
                "lambda_functions", {"role": {"name": "R"}}, conditions={"mfa": {"max_age": 900}}
            )
        ),
        "consumers[1].conditions.mfa: {'max_age': 900} cannot be met by a machine (lambda_functions)",
    ),
    "chained session of tasks": (
        beside(
            of_kind(
                "ecs_tasks",
                {"role": {"name": "R"}},
                role={"name": "S", "max_session_duration": 7200},
            )
        ),
        "consumers[1].role.max_session_duration: 7200 cannot be had by ECS tasks: a role that is assumed from another role",
    ),
    "third party that is Production": (
        beside({**vendor(), "third_party": {"account_id": "111122223333"}}),
        "consumers[1].third_party.account_id: '111122223333' is the Production account, which is no third party",
    ),
    "third party that is Staging": (
        beside({**vendor(), "third_party": {"account_id": "444455556666"}}),
        "'444455556666' is the Staging account, which is no third party",
    ),
    "issuer without https": (
        beside(ci(issuer="http://ci.example.com")),
        "consumers[1].oidc.issuer: 'http://ci.example.com' must be an https URL",
    ),
    "audience with a wildcard": (
        beside(ci(audience="*")),
        "oidc.audience: '*' must be the token's audience",
    ),
    "any subject": (
        beside(ci(subjects=["*"], allow_wildcard_subjects=True)),
        "oidc.subjects[0]: '*' lets in other organizations of the issuer too",
    ),
    "subject of any organization": (
        beside(ci(subjects=["repo:*/site:ref:refs/heads/main"], allow_wildcard_subjects=True)),
        "lets in other organizations of the issuer too",
    ),
    "subject of organizations that begin alike": (
        beside(ci(subjects=["repo:our-org*/site:x"], allow_wildcard_subjects=True)),
        "lets in other organizations of the issuer too",
    ),
    "subject with a quiet wildcard": (
        beside(ci(subjects=["repo:our-org/site:*"])),
        "'repo:our-org/site:*' has a wildcard; name the subjects one by one, or say allow_wildcard_subjects: true",
    ),
    "subject with a variable": (
        beside(ci(subjects=["repo:our-org/${x}"], allow_wildcard_subjects=True)),
        "must be the subject of a token",
    ),
    "no subject": (beside(ci(subjects=[])), "oidc.subjects: empty"),
    "provider that is neither": (
        beside(ci(provider="exists")),
        "oidc.provider: 'exists' must be one of create, existing; did you mean existing?",
    ),
    "provider made and not made": (
        beside(ci(), {**ci(provider="existing"), "role": {"name": "AppRole"}}),
        "consumers[2].oidc.existing: True contradicts another consumer of the same issuer",
    ),
    "wildcard for everybody": (
        beside(of_kind("principals", {"arns": ["*"]})),
        "consumers[1].principals.arns[0]: '*' must be the ARN of users or roles",
    ),
    "every role": (
        beside(of_kind("principals", {"arns": ["arn:aws:iam::444455556666:role/*"]})),
        "is everybody in the account; name some part of them",
    ),
    "principals of another account": (
        beside(of_kind("principals", {"arns": ["arn:aws:iam::777788889999:role/data/*"]})),
        "must name the Staging account, 444455556666; list another under accounts",
    ),
    "principals of any account": (
        beside(of_kind("principals", {"arns": ["arn:aws:iam::*:role/data/*"]})),
        "must name the Staging account",
    ),
    "principals of another partition": (
        beside(of_kind("principals", {"arns": ["arn:aws-cn:iam::444455556666:role/data/*"]})),
        "must be of partition aws",
    ),
    "a session for its role": (
        beside(of_kind("principals", {"arns": ["arn:aws:sts::444455556666:assumed-role/Data/me"]})),
        "must be the role's own ARN, not that of a session",
    ),
    "organization that is none": (
        beside(of_kind("organization", {"id": "o-1"})),
        "consumers[1].organization.id: 'o-1' must be the ID of an organization",
    ),
    "unit of another organization": (
        beside(of_kind("organization", {"id": "o-a1b2c3d4e5", "paths": ["o-zzzzzzzzzz/r-ab12/*"]})),
        "organization.paths[0]: 'o-zzzzzzzzzz/r-ab12/*' must be the path of a unit",
    ),
    "kind of policy that there is not": (
        {"consumers": [consumer(role={"name": "StageRole", "policy": "inlined"})]},
        "consumers[0].role.policy: 'inlined' must be one of managed, inline; did you mean inline?",
    ),
    "former name that is in use": (
        {
            "consumers": [
                consumer(renamed_from="other"),
                of_kind("organization", {"id": "o-a1b2c3d4e5"}),
            ],
            "grants": [grant(), grant(consumer="other")],
        },
        "consumers[0].renamed_from: 'other' is still the name of a consumer",
    ),
    "former name of two": (
        {
            "consumers": [
                consumer(renamed_from="old"),
                of_kind("organization", {"id": "o-a1b2c3d4e5"}, renamed_from="old"),
            ],
            "grants": [grant(), grant(consumer="other")],
        },
        "consumers[1].renamed_from: 'old' is there already; write another one",
    ),
    "former name that is none": (
        {"consumers": [consumer(renamed_from="Stage Admin")]},
        "consumers[0].renamed_from: 'Stage Admin' must be lower-case letters",
    ),
    "service account twice": (
        beside(
            of_kind("eks_pods", PODS),
            of_kind("eks_pods", {**PODS, "role": {"name": "Q"}}, role={"name": "R"}),
        ),
        "consumers[2].eks_pods.service_account: 'apps/web/shop' is there already; write another one",
    ),
    "source addresses of pods": (
        beside(of_kind("eks_pods", PODS, conditions={"source_ips": ["203.0.113.0/24"]})),
        "consumers[1].conditions.source_ips: ['203.0.113.0/24'] cannot be met by pods, whose role EKS assumes from addresses of its own; remove it, or",
    ),
    "functions of a role that exists": (
        beside(
            of_kind(
                "lambda_functions", {"role": {"name": "F", "existing": True}, "functions": ["f"]}
            )
        ),
        "consumers[1].lambda_functions.functions: ['f'] cannot be said of a role that exists, whose trust policy is its owner's; remove it",
    ),
    "trust anchor without an ID": (
        beside(outside(trust_anchor_arn=f"{ANCHOR.rpartition('/')[0]}/{'-' * 36}")),
        "must be the ARN of a trust anchor of Staging, 444455556666",
    ),
    "role names that differ in case": (
        {
            "consumers": [
                consumer(),
                consumer(name="other", user={"name": "B"}, role={"name": "stagerole"}),
            ],
            "grants": [grant(), grant(consumer="other")],
        },
        "consumers[1].role.name: 'stagerole' is there already",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))
