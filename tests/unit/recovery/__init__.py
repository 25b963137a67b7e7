"""What a killed update leaves behind."""
