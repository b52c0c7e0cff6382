"""What a choice can do or needs; validity of a combination is derived from these."""

from enum import StrEnum


class Capability(StrEnum):
    """A property that a choice claims at registration; conformance tests hold it to each claim."""

    CAUSAL = "causal"
    """Mixer: position i reads positions up to i only, and `extend` continues a sequence."""
    BLOCK_CAUSAL = "block-causal"
    """Mixer: where a stack is causal by blocks of tokens, reads its own block whole and no later one."""
    BIDIRECTIONAL = "bidirectional"
    """Mixer: reads the whole sequence."""
    GRID = "grid"
    """Mixer or position: needs the tokens to lie on a grid."""
    SCORE_BIAS = "score-bias"
    """Mixer: takes a bias on its scores. Position: acts as one."""
    ROTARY = "rotary"
    """Mixer: takes rotated queries and keys. Position: rotates them."""
    WEIGHTS = "weights"
    """Mixer: makes the normalised weights of an attention. Position: acts on them."""
    CROSS = "cross"
    """Mixer: can also read a memory, in a cross branch."""
    FIXED_LENGTH = "fixed-length"
    """Cannot run beyond the length it was built for."""
    DATA_COST = "data-dependent-cost"
    """Its cost depends on the data, so that it is measured trained and on task data."""
    EQUIVARIANT = "permutation-equivariant"
    """Mixer: without a position and bidirectional, permuting the tokens permutes the output."""
    TOKEN_LOCAL = "token-local"
    """Norm or feed-forward: in evaluation each token's output depends on that token alone."""
    BY_CONVERSION = "by-conversion"
    """Comes into being by rewriting a trained model; no space samples it."""
