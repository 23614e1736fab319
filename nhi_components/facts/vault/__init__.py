"""Vault: policy documents as facts."""
