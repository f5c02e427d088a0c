"""Races over HTTP: people send at the same instant, and what comes of it must be what one order explains."""
