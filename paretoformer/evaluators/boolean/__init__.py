"""Boolean functions that are learned from examples in the input: drawing them, and learners to compare with."""
