"""What is true: the rules in pure Python, without a framework, a database or a clock."""
