"""What takes longer than a test may: see README.md beside this."""
