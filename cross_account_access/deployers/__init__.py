"""What the identities that deploy a stack must be allowed, one in each account, and no more."""
