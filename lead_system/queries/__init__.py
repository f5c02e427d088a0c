"""What is seen: read-only selects, each within the scope of the one who looks."""
