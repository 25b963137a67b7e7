"""Measurements, each against a named baseline."""
