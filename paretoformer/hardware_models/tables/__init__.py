"""Tables of measurements: read from files, understood column by column, turned into numbers."""
