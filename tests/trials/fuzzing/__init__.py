"""What the fuzz is made of: people who ask honestly, nonsense made of it, and who looks for leaks."""
