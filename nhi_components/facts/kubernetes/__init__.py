"""Kubernetes: RBAC, service accounts and their tokens as facts."""
