"""Meters, one quantity a file."""
