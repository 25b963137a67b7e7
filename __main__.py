"""Cross-account access: settings, proof of both accounts, two guarded providers, one component."""

import identities
import settings

declared = settings.load()
# Asked before the resource classes are loaded, so that the answer is there when they are.
proof = identities.begin(
    production=declared.production,
    staging=declared.staging,
    adopted=declared.adopted_users,
    federated=declared.federated,
)

import pulumi
import pulumi_aws as aws

import outputs
from components.cross_account_access import CrossAccountAccess, CrossAccountAccessArgs
from model import Account

proof.finish()
tags = {"project": pulumi.get_project(), "stack": pulumi.get_stack(), **declared.tags}


def provider(name: str, account: Account) -> aws.Provider:
    """A provider that deploys to this account only, whatever its profile turns out to hold."""
    return aws.Provider(
        name,
        profile=account.profile,
        region=account.region,
        allowed_account_ids=[account.account_id],
        default_tags={"tags": tags},
    )


access = CrossAccountAccess(
    "access",
    CrossAccountAccessArgs(
        trusting=declared.production,
        trusted=declared.staging,
        trusting_provider=provider("production", declared.production),
        trusted_provider=provider("staging", declared.staging),
        resources=declared.resources,
        consumers=declared.consumers,
        grants=declared.grants,
    ),
)
outputs.export(declared, access)
