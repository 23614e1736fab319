"""Intents on Leases."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def manage(namespace: str, name: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Take part in the election of a leader by one Lease, and make that Lease where there is none.

    No other can be read or changed, none be listed or deleted. RBAC can't limit making by name, so any Lease that is
    not there can be made.

    Args:
        namespace: the name of one namespace: where it is.
        name: the name of one Lease; text or a Pulumi output.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("leases.manage", namespace, name)
