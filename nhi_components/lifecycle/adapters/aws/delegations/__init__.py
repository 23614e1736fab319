"""Delegated paths: what names a role elsewhere, in resource policies, other roles' trust and KMS grants."""
