"""Stand-in for pulumi-resource-aws; not to be trusted with a real account or on AWS's own timing.

It serves the emulated accounts of the sandbox, where calls take effect at once, and only the
types and properties of its catalogue. The engine starts it as a plugin, with its own address as
the last argument.
"""

import importlib.metadata
import sys

from cross_account_access.dev.sandbox.provider.server import serve

serve(importlib.metadata.version("pulumi-aws"), sys.argv[-1])
