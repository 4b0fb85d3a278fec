"""What is generated for each stack."""
