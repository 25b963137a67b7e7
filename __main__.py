"""Cross-account access: settings, proof of both accounts, two guarded providers, one component."""

from cross_account_access.declaration import settings
from cross_account_access.program import preflight

declared = settings.load()
# Asked before the resource classes are loaded, so that the answer is there when they are.
proof = preflight.begin(
    production=declared.production,
    staging=declared.staging,
    adopted=declared.adopted_users,
    federated=declared.federated,
)

from components.cross_account_access import CrossAccountAccess
from cross_account_access.program import outputs
from cross_account_access.program.arguments import arguments_of

proof.finish()
access = CrossAccountAccess("access", arguments_of(declared))
outputs.export(declared, access)
