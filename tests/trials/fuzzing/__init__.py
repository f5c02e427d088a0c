"""What the fuzz is made of: people who ask honestly, the nonsense that is made of it, and who looks for leaks."""
