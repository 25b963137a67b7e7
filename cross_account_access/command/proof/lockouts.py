"""Whom the policies of the stack would keep from taking them back.

What a resource-based policy refuses, no permission of an administrator gives back: it must be taken
out of that policy, by somebody whom the policy does not refuse this. So every principal of the
account that owns a resource, also one that no document names, is taken to be allowed all that
repairs it, and the policy may take none of that away, in any circumstances but over plain HTTP. A
key policy must allow it besides, or leave it to the account. What can be changed by IAM alone,
roles and users, no policy of the stack can keep from those who may.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from cross_account_access.iam.comparing.comparison import Change, compare
from cross_account_access.iam.comparing.outsiders import is_user_or_role
from cross_account_access.iam.comparing.universe import Universe
from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import (
    IdentityDocuments,
    Outcome,
    Request,
    ResourceDocuments,
    RoleDocuments,
    World,
    decide,
    parse_principal,
)
from cross_account_access.iam.inventory import Inventory
from cross_account_access.iam.services import service_name

_REPAIRS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3": ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:ListBucket", "s3:PutBucketPolicy"),
    "sns": ("sns:GetTopicAttributes", "sns:SetTopicAttributes"),
    "sqs": ("sqs:GetQueueAttributes", "sqs:SetQueueAttributes"),
    "kms": ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"),
}
"""What finds a resource and reads, writes and removes its policy, by service. A deployer to whom
a bucket is not found takes it for gone."""


def lockouts(inventory: Inventory, but: Iterable[str] = ()) -> list[Change]:
    """Return what somebody of the owning account could no longer do to repair a resource.

    Args:
        inventory: the resources with their policies.
        but: ARNs of resources whose policies are others'.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    judged = {
        arn: each
        for arn, each in inventory.resources.items()
        if arn not in but and service_name(arn) in _REPAIRS
    }
    # Without the layers, which are not the stack's.
    actual = Inventory(accounts=inventory.accounts, users={}, roles={}, resources=judged)
    told = dict(_administrators(actual, {*inventory.users, *inventory.roles}))
    free = {arn: _repairable(arn, each["account"]) for arn, each in judged.items()}
    after = _with(actual, told)
    world = after.world()
    found = [
        replace(change, principal=told[change.example.principal.arn], example=_plain(change, world))
        for change in compare(_with(replace(actual, resources=free), told), after)
        if not change.effect.is_widening and change.example and change.example.principal.arn in told
    ]
    return list(dict.fromkeys(found))


def _plain(change: Change, world: World) -> Request | None:
    """The example of a change, asked by the account itself where that is refused as well."""
    request = change.example
    if request is None:
        return None
    root = f"arn:{request.principal.arn.split(':')[1]}:iam::{request.principal.account}:root"
    by_account = replace(request, principal=parse_principal(root))
    is_refused = decide(world, by_account).outcome is Outcome.DENIED
    return by_account if is_refused else request


def _administrators(resources: Inventory, ours: set[str]) -> Iterator[tuple[str, str]]:
    """Principals of the owning accounts, as far as policies tell them apart, with their words."""
    owners = {each["account"] for each in resources.resources.values()}
    for arn, words in Universe([resources, resources]).outsiders.names.items():
        if is_user_or_role(arn) and arn.split(":")[4] in owners and arn not in ours:
            yield arn, words


def _with(resources: Inventory, administrators: Iterable[str]) -> Inventory:
    """The same resources with principals that are allowed all that repairs one."""
    every = sorted(action for actions in _REPAIRS.values() for action in actions)
    policies = {"administrator": _document({"Action": every, "Resource": "*"})}
    users: dict[str, IdentityDocuments] = {}
    roles: dict[str, RoleDocuments] = {}
    for arn in administrators:
        if ":user/" in arn:
            users[arn] = {"policies": policies}
        else:
            roles[arn] = {"policies": policies, "trust": _document()}
    return replace(resources, users=users, roles=roles)


def _repairable(arn: str, account: str) -> ResourceDocuments:
    """A resource whose policy refuses plain HTTP and takes nothing else away."""
    http = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    partition = arn.split(":")[1]
    owner = {
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": list(_REPAIRS[service_name(arn)]),
        "Resource": "*",
    }
    return {"account": account, "policy": _document(http, owner)}


def _document(*statements: dict[str, Any]) -> Document:
    listed = [{"Effect": "Allow"} | each for each in statements]
    return {"Version": "2012-10-17", "Statement": listed}
