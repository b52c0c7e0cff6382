"""Positions, one a file."""
