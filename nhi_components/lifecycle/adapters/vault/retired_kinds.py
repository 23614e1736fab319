"""What identities of each kind of Vault's are for a retirement, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from nhi_components.core.errors import NhiError
from nhi_components.core.inventory.records import FoundIdentity, Record
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.errors import Refused
from nhi_components.lifecycle.adapters.vault.found_reads import Looks
from nhi_components.lifecycle.adapters.vault.found_tokens import accessors_of
from nhi_components.lifecycle.adapters.vault.reach import ACCESSORS, REVOKE_ACCESSOR
from nhi_components.lifecycle.decommission.ports import Removed, Target, Undo


class OfKind(Protocol):
    """Identities of one kind; whoever calls has seen that the one that is meant is there."""

    def find(self, target: Target) -> FoundIdentity | None:
        """Tell what stands at its key, as discovery does."""

    def is_off(self, target: Target, found: FoundIdentity) -> bool:
        """Tell whether it is denied everything."""

    def undo_of(self, target: Target) -> Undo:
        """As `ports.Retirement`."""

    def mark(self, target: Target, value: str) -> bool:
        """Write a mark; an empty one takes it off."""

    def disable(self, target: Target, undo: Undo) -> None:
        """As `ports.Retirement`."""

    def restore(self, target: Target, undo: Undo) -> None:
        """As `ports.Retirement`."""

    def delete(self, target: Target) -> Sequence[Removed]:
        """As `ports.Retirement`."""


def path_of(target: Target) -> str:
    """Tell the path of an identity in its own Vault."""
    return target.key.removeprefix(f"{target.place}/")


def split_path(target: Target, folder: str) -> tuple[str, str]:
    """Tell mount and name of what stands below a folder of a mount.

    Raises:
        NhiError: its key is none of such a thing.
    """
    mount, found, name = path_of(target).rpartition(f"/{folder}/")
    if not found or not mount or not name:
        raise NhiError(
            f"vault: {target.key}: got a key of no {target.kind}, expected PLACE/MOUNT/{folder}/NAME; fix: run "
            "`nhi discover`, and take the key that it tells"
        )
    return mount, name


def identity_in(records: Iterable[Record]) -> FoundIdentity | None:
    """Give the identity among records of one thing; None when there is none."""
    return next((each for each in records if isinstance(each, FoundIdentity)), None)


def revoke_tokens(looks: Looks, wanted: Callable[[Mapping[str, Any]], bool]) -> list[Removed]:
    """Revoke tokens, with what was issued to them and their own tokens.

    Args:
        looks: at that Vault.
        wanted: tells by what Vault says of a token whether it is meant.
    """
    removed = []
    for accessor in accessors_of(looks, wanted):
        try:
            looks.session.http.write(REVOKE_ACCESSOR, {"accessor": accessor})
        except Refused:
            if accessor in looks.names(ACCESSORS):
                raise
        removed.append(Removed(LinkKind.VAULT_TOKEN, fingerprint(accessor)))
    return removed
