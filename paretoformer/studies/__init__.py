"""The search itself: studies, engines, workers and the lease between them."""
