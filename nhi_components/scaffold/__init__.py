"""Writes the first program of an identity: a Pulumi project that passes its own lint, pack and preview at once."""
