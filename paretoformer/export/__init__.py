"""A trained architecture carried away, proven to work."""
