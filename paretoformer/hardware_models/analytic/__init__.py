"""What a model would cost by its counts: operations, bytes, and a device's rates. Nothing is run."""

ROOFLINE = "roofline"
"""The runtime of targets that are modelled and never run."""
