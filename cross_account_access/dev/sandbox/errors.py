"""What goes wrong in the sandbox, as text for a person."""


class SandboxError(Exception):
    """The sandbox cannot do what was asked; the message says why and what to do."""
