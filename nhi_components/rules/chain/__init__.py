"""Rules about what identities can do together."""
