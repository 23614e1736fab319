"""Linting: reads what people hand over, one line or one file at a time, and has the rules judge it."""
