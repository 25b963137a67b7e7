"""The verbs of the `access` command, one module each; `access.cli` has their table."""
