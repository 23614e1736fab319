"""Intents on metrics of Amazon CloudWatch."""

from __future__ import annotations

from collections.abc import Sequence

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def put_metrics(namespace: str | Sequence[str]) -> tuple[Grant, ...]:
    """Put values of metrics into a namespace.

    No metric can be read, and no alarm, dashboard or metric stream be changed.

    Args:
        namespace: only metrics of this namespace, or of one of these.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cloudwatch.put_metrics", None, namespace=namespace)
