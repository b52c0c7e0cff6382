"""Ways to corrupt a text, one a file."""
