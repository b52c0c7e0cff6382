"""What was said, found again in long contexts."""
