"""Vault and OpenBao: AppRoles, entities and aliases, policies, KV v2 entries, tokens."""
