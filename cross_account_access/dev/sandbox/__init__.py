"""Two emulated AWS accounts and a stand-in for the `aws` provider plugin, on this machine alone.

`box.Sandbox` starts and stops them; `access-sandbox` does so around a command.
"""

import importlib.util
import sys

# One line in place of a traceback, for whoever takes another Python than that of the environment.
if importlib.util.find_spec("ministack") is None:
    sys.exit(f"{sys.executable} has no ministack: run `make setup`, then .venv/bin/access-sandbox")
