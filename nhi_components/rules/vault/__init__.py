"""Rules about Vault."""
