"""Tasks whose examples are drawn from a seed: drawing, dealing and sizes."""
