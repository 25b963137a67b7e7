"""Every policy document of the program, as pure functions from names to JSON text.

A document is rendered in one canonical form (fixed order of statements,
actions and values; lists everywhere; no white space), so that the same
declaration gives the same text and a preview shows real changes only.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from model import Level

VERSION: Final = "2012-10-17"


class LevelActions(NamedTuple):
    """The S3 actions of one level, by the kind of resource that they apply to."""

    on_bucket: tuple[str, ...] = ()
    on_objects: tuple[str, ...] = ()


LEVELS: Final[Mapping[Level, LevelActions]] = {
    Level.LIST: LevelActions(on_bucket=("s3:GetBucketLocation", "s3:ListBucket")),
    Level.READ: LevelActions(on_objects=("s3:GetObject",)),
    Level.WRITE: LevelActions(
        on_bucket=("s3:ListBucketMultipartUploads",),
        on_objects=(
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ),
    ),
    Level.DELETE: LevelActions(on_objects=("s3:DeleteObject",)),
}
"""What each level means. Bucket and object actions never share a statement: S3 matches the
former against the bucket's ARN and the latter against object ARNs ("Actions, resources, and
condition keys for Amazon S3"). `write` reads too and takes part in multipart uploads; it does
not delete. `delete` removes the current version and leaves older ones to the bucket's versioning."""


def trust_policy(*, trusted_root_arn: str, principal_arn: str) -> str:
    """Who may assume the role: the trusted account, narrowed to one principal of it.

    The principal is named in a condition, because IAM turns a principal named
    directly into its unique ID: the trust would break for ever once a user is
    made anew, and could not be saved before the user exists ("AWS JSON policy
    elements: Principal").
    """
    return _render(
        [
            {
                "Sid": "TrustOnePrincipal",
                "Effect": "Allow",
                "Principal": {"AWS": [trusted_root_arn]},
                "Action": ["sts:AssumeRole"],
                "Condition": {"ArnEquals": {"aws:PrincipalArn": [principal_arn]}},
            }
        ]
    )


def assume_role_policy(*, role_arn: str) -> str:
    """What a consumer's own account allows it: to assume exactly that role.

    A trust policy only delegates to the other account; without this
    permissions policy on the caller the role stays out of reach
    ("Cross-account policy evaluation logic").
    """
    return _render(
        [
            {
                "Sid": "AssumeGrantedRole",
                "Effect": "Allow",
                "Action": ["sts:AssumeRole"],
                "Resource": [role_arn],
            }
        ]
    )


def access_policy(grants: Iterable[tuple[str, Iterable[Level]]]) -> str:
    """What a role may do: for each bucket ARN, the actions of its levels and nothing else."""
    statements = []
    for number, (bucket_arn, granted) in enumerate(grants, start=1):
        levels = [LEVELS[level] for level in granted]
        for sid, resource, actions in (
            ("Bucket", bucket_arn, {action for level in levels for action in level.on_bucket}),
            (
                "Objects",
                f"{bucket_arn}/*",
                {action for level in levels for action in level.on_objects},
            ),
        ):
            if actions:
                statements.append(
                    {
                        "Sid": f"{sid}{number}",
                        "Effect": "Allow",
                        "Action": sorted(actions),
                        "Resource": [resource],
                    }
                )
    return _render(statements)


def bucket_policy(*, bucket_arn: str, listed_by: Sequence[str]) -> str:
    """What the bucket itself says: no plain HTTP, and who outside may list it.

    The roles need no statement here: they belong to the bucket's own account,
    where their permissions policy is enough ("Policy evaluation logic").

    The refusal names every principal and action, since S3 must not answer
    anybody over plain HTTP. It cannot lock out the deployer, because it never
    applies to a request over TLS, which is all that the provider makes.

    Args:
        bucket_arn: `arn:PARTITION:s3:::NAME`.
        listed_by: account root ARNs whose administrators may delegate listing.
    """
    statements: list[dict[str, Any]] = [
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
        }
    ]
    if listed_by:
        statements.append(
            {
                "Sid": "GrantListToTrustedAccount",
                "Effect": "Allow",
                "Principal": {"AWS": sorted(listed_by)},
                "Action": list(LEVELS[Level.LIST].on_bucket),
                "Resource": [bucket_arn],
            }
        )
    return _render(statements)


def _render(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": VERSION, "Statement": statements}, separators=(",", ":"))
