"""Rules about grants, on whichever system."""
