"""What a stack declares, read and checked, and the policy documents that it means."""
