"""Finds an intent on Vault and hands it what a Pulumi program names."""

from __future__ import annotations

from typing import Any

from nhi_components.core.grant import Grant
from nhi_components.core.vault_intents import VAULT_INTENTS
from nhi_components.intents import granted_by


def granted(intent_id: str, target: Any, mount: str) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent_id: such as `transit.encrypt`.
        target: the name of the key or role, or the path; text or a Pulumi output.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted_by(VAULT_INTENTS[intent_id], target, {"mount": mount})
