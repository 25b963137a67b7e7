"""What the component is given: the declarations, and a provider for each account."""

import pulumi
import pulumi_aws as aws

from components.cross_account_access import CrossAccountAccessArgs
from components.recorded import Recorded
from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.settings import Settings
from cross_account_access.program.preflight.accounts_of_state import recorded_outputs


def arguments_of(declared: Settings, *, prefix: str = "") -> CrossAccountAccessArgs:
    """The component's arguments, with two new providers, each of which deploys to its account only.

    Args:
        declared: what is to be made.
        prefix: before the logical names of the providers, where there may be others of the kind.
    """
    tags = {"project": pulumi.get_project(), "stack": pulumi.get_stack(), **declared.tags}

    def provider(name: str, account: Account) -> aws.Provider:
        return aws.Provider(
            f"{prefix}{name}",
            profile=account.profile,
            region=account.region,
            # Whatever the profile turns out to hold.
            allowed_account_ids=[account.account_id],
            default_tags={"tags": tags},
        )

    return CrossAccountAccessArgs(
        trusting=declared.production,
        trusted=declared.staging,
        trusting_provider=provider("production", declared.production),
        trusted_provider=provider("staging", declared.staging),
        resources=declared.resources,
        consumers=declared.consumers,
        grants=declared.grants,
        recorded=Recorded(
            outputs={urn: each["outputs"] for urn, each in recorded_outputs().items()}
        ),
    )
