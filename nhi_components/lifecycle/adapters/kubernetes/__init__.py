"""Kubernetes, through its own Python client."""
