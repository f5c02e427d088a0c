"""What others build for the same job in an afternoon, on the same rows, to be measured against."""
