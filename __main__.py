"""Cross-account access: settings, proof of both accounts, two guarded providers, one component."""

import pulumi

from components.cross_account_access import CrossAccountAccess
from cross_account_access.declaration import settings
from cross_account_access.program import failures, outputs, preflight, registering
from cross_account_access.program.arguments import arguments_of

declared = preflight.prove(settings.load(), component="access")
failures.explain({"production": declared.production, "staging": declared.staging})
access = CrossAccountAccess("access", arguments_of(declared))
outputs.export(declared, access)
pulumi.run(registering.begun)
