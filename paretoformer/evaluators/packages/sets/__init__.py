"""Packaged data sets, one a file."""
