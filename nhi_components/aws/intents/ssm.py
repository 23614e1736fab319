"""Intents on the Parameter Store of AWS Systems Manager."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def read_parameter(parameter: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read the value of one parameter.

    Its history can't be read, its value not be changed, and no other parameter be found. A SecureString under a key of
    one's own also needs `kms.decrypt` on that key, at best with the encryption context `PARAMETER_ARN`.

    Args:
        parameter: the ARN of a parameter.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("ssm.read_parameter", parameter)


def read_parameters(path: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read all parameters below a path, however deep, one by one or together.

    No history can be read, and no value be changed. SecureStrings under a key of one's own also need `kms.decrypt` on
    that key.

    Args:
        path: the ARN of a path of parameters, without a slash at its end.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("ssm.read_parameters", path)


def write_parameter(parameter: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Create one parameter, or put a new value into it.

    Its value can't be read, and it not be deleted, labelled or shared. A SecureString under a key of one's own also
    needs `kms.encrypt` on that key.

    Args:
        parameter: the ARN of a parameter.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("ssm.write_parameter", parameter)
