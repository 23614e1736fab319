"""Where the home of a credential is in Vault."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from nhi_components.bundle import Bundle
from nhi_components.core.credential.places import PlaceSpec, VaultKvPlace
from nhi_components.core.links import LinkKind


def home_path(bundle: Bundle, places: Sequence[PlaceSpec]) -> pulumi.Output[str] | None:
    """Give mount and path of the first place, known at preview; None when it is not a KV v2 entry."""
    home = places[0]
    if not isinstance(home, VaultKvPlace):
        return None
    path = home.path or bundle.name_of(LinkKind.VAULT_KV_PATH)
    return pulumi.Output.concat(home.mount, "/", path)
