"""What an architecture costs on a target: counted, measured or modelled, and never confused."""
