"""Exits, one a file."""
