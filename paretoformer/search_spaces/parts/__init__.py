"""Parts that several choices share: convolutions, blocks of attention, memories, distances between tokens."""
