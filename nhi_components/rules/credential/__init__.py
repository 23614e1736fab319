"""Rules about standing credentials, on every system."""
