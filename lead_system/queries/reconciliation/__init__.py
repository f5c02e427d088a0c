"""What must be true of all rows at every moment (SPEC 2), as named checks that anybody can run (B10)."""
