"""What an update leaves behind that was killed, and what ends it."""
