"""A stand-in for the `aws` provider plugin, for the emulated accounts of the sandbox only."""
