"""What others changed behind the stack's back: found by preview and audit, told as access."""
