"""The policy documents of a declaration: pure functions of plain data, in canonical JSON."""
