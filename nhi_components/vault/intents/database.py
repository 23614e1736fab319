"""Intents on roles of the database engine."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.vault.intents.granting import granted


def credentials(role: pulumi.Input[str], mount: str = "database") -> tuple[Grant, ...]:
    """Have a user of a database made, by one role, whose password nobody else gets.

    The role and the connection can't be read or changed, and no static role's password be read.

    Args:
        role: the name of one role.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("database.credentials", role, mount)
