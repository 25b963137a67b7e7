"""The conformance suite: what AWS's documentation says, as cases for any judge of access."""
