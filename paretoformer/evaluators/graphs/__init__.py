"""Graphs as sequences of tokens, and back."""
