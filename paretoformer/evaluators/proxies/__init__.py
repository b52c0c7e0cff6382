"""Scores of untrained models, one a file."""
