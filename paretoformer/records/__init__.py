"""Frozen records that pass between the floors; no torch in here."""
