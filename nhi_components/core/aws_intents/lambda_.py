"""Intents on functions of AWS Lambda."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

INTENTS: Final = (
    Intent(
        id="lambda.invoke",
        purpose="Invoke a function, and wait for its answer or not; with a qualified ARN, only that version or alias.",
        excludes="The code, configuration and policy can't be read or changed; an unqualified ARN lets no version or "
        "alias be invoked by its own ARN, and a function URL is not meant.",
        target=arn_shape(
            "the ARN of a function, with version or alias or without",
            "lambda",
            r"function:[\w-]{1,64}(?::(?:\$LATEST|[\w-]{1,128}))?",
            "function:orders",
        ),
        parts=(Part(("lambda:InvokeFunction",)),),
    ),
)
