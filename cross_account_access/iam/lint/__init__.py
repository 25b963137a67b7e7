"""What scanners would say of policy documents."""
