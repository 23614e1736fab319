"""Intents on roles of others, by way of AWS STS."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def assume_role(role: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Become one role, in this account or another, when its trust policy admits it.

    Sessions can't be tagged or given a source identity, and no other role be assumed.

    Args:
        role: the ARN of a role.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("sts.assume_role", role)
