"""Formats, one a file."""
