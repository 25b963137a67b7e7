"""Both sides of AWS cross-account access: what is declared, what is made, and who may do what."""

__version__ = "1.0.0"
"""Of the commands, of the Pulumi package and of what other projects import."""
