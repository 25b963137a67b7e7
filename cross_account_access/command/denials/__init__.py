"""Refusals that AWS explains itself, and whether the engine says the same of them."""
