"""The `access` command: its verbs, and what they share."""
