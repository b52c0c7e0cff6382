"""What can be chosen, and how a choice becomes a model."""
