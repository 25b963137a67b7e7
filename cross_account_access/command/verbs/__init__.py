"""The verbs of the `access` command, one module each; `command/cli.py` has their table."""
