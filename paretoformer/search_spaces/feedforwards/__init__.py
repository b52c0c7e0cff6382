"""Feed-forwards, one a file."""
