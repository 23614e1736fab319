"""Intents on metrics of Amazon CloudWatch."""

from __future__ import annotations

from typing import Final

from nhi_components.core.intents import Condition, Intent, Parameter, Part, Shape

_NAMESPACE: Final = Parameter(
    "namespace",
    Shape("the namespace of metrics of one's own", r"(?!AWS/)[A-Za-z0-9._/#-][A-Za-z0-9._/#: -]{0,254}", "orders/api"),
    "only metrics of this namespace, or of one of these",
    required=True,
)

INTENTS: Final = (
    Intent(
        id="cloudwatch.put_metrics",
        purpose="Put values of metrics into a namespace.",
        excludes="No metric can be read, and no alarm, dashboard or metric stream be changed.",
        target=None,
        parts=(
            Part(
                ("cloudwatch:PutMetricData",),
                ("*",),
                (Condition("StringEquals", "cloudwatch:namespace", "{namespace}"),),
            ),
        ),
        parameters=(_NAMESPACE,),
    ),
)
