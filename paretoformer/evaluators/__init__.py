"""How good an architecture is: tasks, metrics, criteria and the trainer."""
