"""Third parties by role, and more than one external ID."""

import json
from typing import Any

import pytest

from cross_account_access.command.proof.proving import prove
from cross_account_access.credentials.contract import read
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import parse
from tests.support.deployment import deploy, stack_values
from tests.support.proof import judged, state_of

COLLECTOR = "arn:aws:iam::777788889999:role/Collector"
ROOT = "arn:aws:iam::777788889999:root"


def values(conditions: dict[str, Any] | None = None, **third_party: Any) -> dict[str, str]:
    consumer = {
        "name": "vendor",
        "third_party": {"account_id": "777788889999", **third_party},
        "role": {"name": "VendorAccess"},
        "conditions": {"external_id": "vendor-7", **(conditions or {})},
    }
    grant = {"consumer": "vendor", "bucket": "production-test-bucket-101", "levels": ["read"]}
    return stack_values("prod", consumers=[consumer], grants=[grant])


def problems_of(conditions: dict[str, Any] | None = None, **third_party: Any) -> list[str]:
    problems = Problems()
    parse(values(conditions, **third_party), problems)
    return problems


def trust(**declared: Any) -> dict[str, Any]:
    (role,) = deploy(values(**declared)).of_type("aws:iam/role:Role")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"AWS": [ROOT]}
    return dict(statement["Condition"])


def test_its_account_is_named_and_narrowed_to_its_roles() -> None:
    external = {"sts:ExternalId": ["vendor-7"]}
    assert trust() == {"StringEquals": external}
    assert trust(arns=[COLLECTOR]) == {
        "ArnEquals": {"aws:PrincipalArn": [COLLECTOR]},
        "StringEquals": external,
    }


def test_each_external_id_is_accepted() -> None:
    condition = trust(conditions={"more_external_ids": ["vendor-8"]})
    assert condition == {"StringEquals": {"sts:ExternalId": ["vendor-7", "vendor-8"]}}
    outputs = deploy(values({"more_external_ids": ["vendor-8"]})).outputs
    vendor = read(outputs).consumer("vendor")
    assert (vendor.external_id, vendor.more_external_ids) == ("vendor-7", ("vendor-8",))


@pytest.mark.parametrize("arns", [{}, {"arns": [COLLECTOR]}])
@pytest.mark.parametrize("more", [{}, {"more_external_ids": ["vendor-8", "vendor-9"]}])
def test_the_judge_means_the_same(arns: dict[str, Any], more: dict[str, Any]) -> None:
    proof = prove(*judged(state_of(deploy(values(more, **arns)))))
    assert proof.differences == ()
    assert proof.is_proved


@pytest.mark.parametrize(
    ("arn", "told"),
    [
        (
            "arn:aws:iam::777788889999:role/*",
            "must be the whole ARN of a role or user, without wildcards",
        ),
        (COLLECTOR.replace(":aws:", ":aws-cn:"), "must be of partition aws, as Production is"),
        (ROOT, "must be the whole ARN of a role or user"),
        ("Collector", "must be the whole ARN of a role or user"),
        *(
            (f"arn:aws:iam::777788889999:{rest}", "must be the whole ARN of a role or user")
            for rest in ("role//", "role/a/", "user/a//b", f"role/{'x' * 65}", f"user/{'x' * 129}")
        ),
        ("arn:aws:sts::777788889999:assumed-role/a/b", "must be the whole ARN of a role or user"),
        ("arn:aws:iam::444455556666:role/A", "must be of the provider's account, 777788889999"),
    ],
)
def test_rejects_who_is_not_of_the_provider(arn: str, told: str) -> None:
    (problem,) = problems_of(arns=[arn])
    assert problem.startswith(f"consumers[0].third_party.arns[0]: {arn!r} {told}")


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"more_external_ids": ["x"]}, "conditions.more_external_ids[0]: 'x' must"),
        ({"more_external_ids": []}, "conditions.more_external_ids: empty"),
        ({"more_external_ids": ["vendor-7"]}, "conditions.more_external_ids: ['vendor-7'] have"),
    ],
)
def test_rejects_more_external_ids(conditions: dict[str, Any], told: str) -> None:
    (problem, *_) = problems_of(conditions)
    assert problem.startswith(f"consumers[0].{told}")


def test_rejects_more_external_ids_beside_none() -> None:
    problems = Problems()
    conditions = {"more_external_ids": ["vendor-8"]}
    user = {
        "name": "vendor",
        "user": {"name": "Vendor"},
        "role": {"name": "VendorAccess"},
        "conditions": conditions,
    }
    grant = {"consumer": "vendor", "bucket": "production-test-bucket-101", "levels": ["read"]}
    parse(stack_values("prod", consumers=[user], grants=[grant]), problems)
    assert "are beside external_id, which is missing" in "\n".join(problems)
