"""kill -9 at random moments under load, on both databases: what was acknowledged is there, exactly once."""
