"""Proves on the live accounts who may do what: a matrix, those who decide it, a report."""
