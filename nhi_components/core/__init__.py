"""Frozen models and pure functions. No Pulumi, no SDK, no clock."""
