"""Who may do what, decided from policy documents alone."""
