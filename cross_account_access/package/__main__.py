"""The plugin that the Pulumi engine starts; its argument is the engine's address."""

import sys
from pathlib import Path

# Python looks first in the folder that it runs, but what is imported lies above that one.
sys.path[0] = str(Path(__file__).resolve().parents[2])

from cross_account_access.package.host import main

main(sys.argv[1:])
