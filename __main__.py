"""Cross-account access: settings, proof of both accounts, two guarded providers, one component."""

import pulumi

from components.cross_account_access import CrossAccountAccess
from cross_account_access.declaration import settings
from cross_account_access.program import failures, outputs, preflight
from cross_account_access.program.arguments import arguments_of
from cross_account_access.program.registering import Registrations

declared = preflight.prove(settings.load(), component="access")
failures.explain({"production": declared.production, "staging": declared.staging})
access = CrossAccountAccess("access", arguments_of(declared))
registrations = Registrations()
outputs.export(declared, access, registrations.made)
pulumi.run(registrations.end)
