"""Credentials that never enter the state: issued, delivered, rotated with overlap, revoked."""
