"""Decommissioning identities that no program of ours made: disable, grace, delete, and the way back."""
