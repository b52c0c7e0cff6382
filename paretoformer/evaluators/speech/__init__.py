"""Spoken telephone prompts as log-mel features with what is said."""
