"""The secret of an identity's own in a Key Vault, which its managed identity alone may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from nhi_components.azure.principals import Principal
from nhi_components.core.azure_catalogue import SECRETS_USER
from nhi_components.core.azure_links import EXPIRES, GENERATE_BYTES, PRINCIPAL, VAULT, VAULT_ID
from nhi_components.core.azure_names import role_id, vault_secret_name
from nhi_components.core.azure_trust import vault_target
from nhi_components.core.links import LinkKind
from nhi_components.core.secret import SecretSpec

if TYPE_CHECKING:
    from nhi_components.azure.bundle import AzureBundle


def vault_name(vault_id: str) -> str:
    """Name the vault that has a resource id."""
    return vault_id.rpartition("/")[2]


def own_secret(bundle: AzureBundle, vault_id: str, spec: SecretSpec, reader: Principal) -> pulumi.Output[str]:
    """Have the seal make the secret, with a value and an expiry date, and let the identity read it; give its name.

    The engine never sees it: a secret of Pulumi's has its value in the state. `exp` is only told to whoever asks for
    it: Key Vault gives out a secret that is past it, so the end is that of the role's assignment.

    Args:
        bundle: whose it is.
        vault_id: resource id of the vault.
        spec: how it gets its value.
        reader: who may read it.
    """
    kind, vault = LinkKind.KEY_VAULT_SECRET, vault_name(vault_id)
    name = bundle.name_of(kind)
    generated = {GENERATE_BYTES: str(spec.generate_bytes)} if spec.generate_bytes else {}
    attributes: dict[str, pulumi.Input[str]] = {
        VAULT: vault,
        VAULT_ID: vault_id,
        EXPIRES: bundle.ends,
        PRINCIPAL: reader.name,
        **generated,
    }
    bundle.link(kind, name.apply(lambda known: vault_secret_name(vault, known)), attributes=attributes)
    bundle.assign(
        f"{bundle.name}-reads-secret",
        pulumi.Output.concat(f"{vault_id}/secrets/", name),
        role_id(vault_target(vault_id).subscription, SECRETS_USER),
        reader,
    )
    return name
