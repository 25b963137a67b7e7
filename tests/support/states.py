"""Stacks as the pulumi command prints them, made up for tests of what reads them."""

from __future__ import annotations

import json
import os
import shlex
import stat
import sys
from pathlib import Path
from typing import Any

PRODUCTION, STAGING = "111122223333", "444455556666"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
USER = f"arn:aws:iam::{STAGING}:user/StageAdmin"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/StageRole"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Json = dict[str, Any]


def policy(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = None, **more: Any) -> Json:
    resources = {} if resource is None else {"Resource": resource}
    return {"Effect": "Allow", "Action": action, **resources, **more}


def deny(action: Any, resource: Any, **more: Any) -> Json:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


TLS_ONLY = deny(
    "s3:*",
    [BUCKET, f"{BUCKET}/*"],
    Principal="*",
    Condition={"Bool": {"aws:SecureTransport": "false"}},
)
TRUST = allow(
    "sts:AssumeRole",
    Principal={"AWS": f"arn:aws:iam::{STAGING}:root"},
    Condition={"ArnEquals": {"aws:PrincipalArn": USER}},
)
ASSUME = allow("sts:AssumeRole", ROLE)
READ = allow("s3:GetObject", f"{BUCKET}/*")
LIST = allow(["s3:GetBucketLocation", "s3:ListBucket"], BUCKET)
STAGING_LISTS = LIST | {"Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"}}


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:prod::cross-account-access::{token}::{name}"


def resource(token: str, logical: str, provider: str = "production", /, **inputs: Any) -> Json:
    """A resource of a state file; `outputs` and `dependencies` are taken out of the inputs."""
    outputs = inputs.pop("outputs", {})
    dependencies = inputs.pop("dependencies", {})
    return {
        "urn": urn(token, logical),
        "type": token,
        "inputs": {
            key: json.dumps(value) if isinstance(value, dict) else value
            for key, value in inputs.items()
        },
        "outputs": outputs,
        "provider": f"{urn('pulumi:providers:aws', provider)}::some-id",
        "propertyDependencies": dependencies,
    }


def providers() -> list[Json]:
    return [
        {
            "urn": urn("pulumi:providers:aws", name),
            "type": "pulumi:providers:aws",
            "inputs": {
                "allowedAccountIds": json.dumps([account]),
                "profile": profile,
                "region": "us-west-2",
            },
        }
        for name, account, profile in (
            ("production", PRODUCTION, "ProductionAccountAdmin"),
            ("staging", STAGING, "StagingAccountAdmin"),
        )
    ]


def walkthrough(
    *,
    user: Json | None = None,
    trust: Json | None = None,
    role: Json | None = None,
    bucket: Json | None = None,
    more: list[Json] | None = None,
) -> list[Json]:
    """The resources of the walkthrough, with other documents where some are given."""
    policy_arn = f"arn:aws:iam::{PRODUCTION}:policy/StageRoleAccess"
    return [
        *providers(),
        resource("aws:iam/user:User", "stage-admin", "staging", name="StageAdmin", path="/"),
        resource(
            "aws:iam/userPolicy:UserPolicy",
            "stage-admin",
            "staging",
            user="StageAdmin",
            name="assume-StageRole",
            policy=user or policy(ASSUME),
        ),
        resource(
            "aws:iam/policy:Policy",
            "stage-admin",
            name="StageRoleAccess",
            policy=role or policy(LIST, READ),
            outputs={"arn": policy_arn},
        ),
        resource(
            "aws:iam/role:Role",
            "stage-admin",
            name="StageRole",
            path="/",
            assumeRolePolicy=trust or policy(TRUST),
        ),
        resource(
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            "stage-admin",
            roleName="StageRole",
            policyArns=[policy_arn],
        ),
        resource("aws:s3/bucket:Bucket", "bucket", bucket=BUCKET.removeprefix("arn:aws:s3:::")),
        resource(
            "aws:s3/bucketPolicy:BucketPolicy",
            "bucket",
            bucket=BUCKET.removeprefix("arn:aws:s3:::"),
            policy=bucket or policy(TLS_ONLY, STAGING_LISTS),
        ),
        *(more or []),
    ]


def export(resources: list[Json]) -> Json:
    """What `pulumi stack export` prints."""
    return {"version": 3, "deployment": {"resources": resources}}


def preview(resources: list[Json]) -> Json:
    """What `pulumi preview --json --show-sames` prints."""
    return {"steps": [{"op": "same", "urn": r["urn"], "newState": r} for r in resources]}


def pulumi_that(folder: Path, code: str) -> str:
    """Puts a `pulumi` into a folder that runs Python code, and returns a PATH with it first.

    In the code `words` are the arguments.
    """
    # Without site-packages, which it has no use for, Python starts in half the time.
    python = f"#!{sys.executable} -IS"
    return _pulumi(folder, f"{python}\nimport json, sys\nwords = sys.argv[1:]\n{code}\n")


def pulumi_with(folder: Path, resources: list[Json], planned: list[Json] | None = None) -> str:
    """Puts a `pulumi` into a folder that has a state and a preview."""
    return pulumi_that_prints(folder, export(resources), preview(planned or resources))


def pulumi_that_prints(folder: Path, state: Json, planned: Json) -> str:
    """Puts a `pulumi` into a folder that prints a state, and a preview where one is asked for."""
    for name, printed in (("state", state), ("preview", planned)):
        (folder / f"{name}.json").write_text(json.dumps(printed))
    where = shlex.quote(str(folder))
    return _pulumi(
        folder, f'#!/bin/sh\n[ "$1" = preview ] || set state\nexec cat {where}/"$1".json\n'
    )


def _pulumi(folder: Path, text: str) -> str:
    script = folder / "pulumi"
    script.write_text(text)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return os.pathsep.join([str(folder), os.environ.get("PATH", "")])
