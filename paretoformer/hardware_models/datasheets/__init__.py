"""What makers say that their devices do at most: one YAML file each, every figure with its source."""
