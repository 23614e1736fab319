"""Intents on roles of the PKI engine."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.vault.intents.granting import granted


def issue(role: pulumi.Input[str], mount: str = "pki") -> tuple[Grant, ...]:
    """Have a key and its certificate issued, within what one role allows.

    No request can be signed, verbatim or by the role, and no certificate be revoked; the role and the authority
    can't be read or changed.

    Args:
        role: the name of one role.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("pki.issue", role, mount)
