"""In Vault: an AppRole that reads its secret."""

from typing import Any

import pulumi_vault

import nhi_components as nhi
from nhi_components import vault


def declare(identity: dict[str, Any], *, shortcut: bool) -> dict[str, Any]:
    """Declare the identity; with the shortcut, somebody in a hurry writes a policy on every path."""
    orders = vault.WorkloadIdentity("orders-vault", identity=identity, secret=nhi.SecretSpec())
    if shortcut:
        pulumi_vault.Policy("anything", policy='path "*" { capabilities = ["read", "update"] }')
    return {"lease": orders.lease_id, "role": orders.role_name, "secret": orders.secret_path}
