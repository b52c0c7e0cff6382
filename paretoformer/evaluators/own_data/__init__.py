"""Tasks from the user's own files."""
