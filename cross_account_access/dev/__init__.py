"""What the project is built, tried and measured with; the program knows nothing of it."""
