"""Measurements: how the product compares with the bare libraries."""
