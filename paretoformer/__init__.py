"""Measured architecture search over the transformer family."""
