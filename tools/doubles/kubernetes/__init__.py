"""A double of a Kubernetes API server, over plain HTTP, that Kubernetes' own client works against."""

from __future__ import annotations

from tools.doubles.kubernetes.double import KubernetesDouble

__all__ = ["KubernetesDouble"]
