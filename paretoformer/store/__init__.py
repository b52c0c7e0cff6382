"""Everything a search finds out, in SQL."""
