"""A double of Google Cloud: tokens, IAM service accounts and their keys, Secret Manager."""

from __future__ import annotations

from tools.doubles.gcp.double import GcpDouble

__all__ = ["GcpDouble"]
