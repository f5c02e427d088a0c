"""Trials of the promises under load and under fire; each has a command, and a short form among the tests."""
