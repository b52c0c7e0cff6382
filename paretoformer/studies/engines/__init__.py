"""Engines, one a file: what proposes architectures and learns from their ends."""
