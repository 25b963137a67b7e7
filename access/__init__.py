"""The `access` command and the engine that decides who can do what."""
