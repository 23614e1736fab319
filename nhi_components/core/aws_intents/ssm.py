"""Intents on the Parameter Store of AWS Systems Manager."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

_NAME: Final = r"parameter/[\w.-]+(?:/[\w.-]+)*"
_PARAMETER: Final = arn_shape("the ARN of a parameter", "ssm", _NAME, "parameter/orders/database")
_PATH: Final = arn_shape(
    "the ARN of a path of parameters, without a slash at its end", "ssm", _NAME, "parameter/orders"
)
_READ: Final = ("ssm:GetParameter", "ssm:GetParameters")

INTENTS: Final = (
    Intent(
        id="ssm.read_parameter",
        purpose="Read the value of one parameter.",
        excludes="Its history can't be read, its value not be changed, and no other parameter be found.",
        target=_PARAMETER,
        parts=(Part(_READ),),
        notes="A SecureString under a key of one's own also needs `kms.decrypt` on that key, at best with the "
        "encryption context `PARAMETER_ARN`.",
    ),
    Intent(
        id="ssm.read_parameters",
        purpose="Read all parameters below a path, however deep, one by one or together.",
        excludes="No history can be read, and no value be changed.",
        target=_PATH,
        parts=(Part(_READ, ("{target}/*",)), Part(("ssm:GetParametersByPath",), ("{target}", "{target}/*"))),
        notes="SecureStrings under a key of one's own also need `kms.decrypt` on that key.",
    ),
    Intent(
        id="ssm.write_parameter",
        purpose="Create one parameter, or put a new value into it.",
        excludes="Its value can't be read, and it not be deleted, labelled or shared.",
        target=_PARAMETER,
        parts=(Part(("ssm:PutParameter",)),),
        notes="A SecureString under a key of one's own also needs `kms.encrypt` on that key.",
    ),
)
