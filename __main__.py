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

import outputs
from arguments import arguments_of
from components.cross_account_access import CrossAccountAccess

proof.finish()
access = CrossAccountAccess("access", arguments_of(declared))
outputs.export(declared, access)
