"""Questions that are answered after a trace of limited length."""
