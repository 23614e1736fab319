"""GitHub: keys, secrets and workflow settings as facts."""
