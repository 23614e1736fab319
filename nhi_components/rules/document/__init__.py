"""Rules about what could not be judged."""
