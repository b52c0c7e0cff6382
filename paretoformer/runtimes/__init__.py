"""A model as a callable, one runtime a file."""
