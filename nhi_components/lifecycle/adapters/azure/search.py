"""Finding, from a lease id alone, what credentials have brought: secrets of vaults, client secrets of applications.

What the connection may not look at is told: a vault that only a list has named, and Microsoft Graph, which whoever has
no application needs no permission for. A vault that a link or the connection names has to be readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nhi_components.core.credential.places import KeyVaultPlace
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.azure.arm import VAULTS, Arm
from nhi_components.lifecycle.adapters.azure.client_secrets import sources_of
from nhi_components.lifecycle.adapters.azure.errors import Denied
from nhi_components.lifecycle.adapters.azure.journal import BESIDE
from nhi_components.lifecycle.adapters.azure.place import KEY_TAG
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.vault import Vault
from nhi_components.lifecycle.ports import BlindSpot

VAULT_TYPE = "Microsoft.KeyVault/vaults"
_NO_VAULT = "no vault is known, and no subscription whose vaults could be listed; fix: name the connection's `vaults`"


class Search:
    """One search.

    Attributes:
        unseen: what could not be looked for.
    """

    def __init__(self, session: AzureSession, lease_id: str) -> None:
        self._session = session
        self._lease_id = lease_id
        self.unseen: list[BlindSpot] = []

    def secrets(self, subscriptions: Sequence[str], linked: Iterable[str] = ()) -> list[Link]:
        """Look through the vaults that the connection names, else through those of subscriptions, and linked ones."""
        vaults = dict.fromkeys([*self._session.vaults, *linked], True)
        if not self._session.vaults:
            vaults = {**dict.fromkeys((vault for each in subscriptions for vault in self._in(each)), False), **vaults}
        if not vaults and not subscriptions:
            self._miss(LinkKind.KEY_VAULT_SECRET, _NO_VAULT)
        found = list[Link]()
        for vault, is_named in vaults.items():
            try:
                found += self._marked(vault)
            except Denied as denied:
                if is_named:
                    raise
                self._miss(LinkKind.KEY_VAULT_SECRET, _closed(f"secrets of vault {vault}", denied))
        return list({link.key: link for link in found}.values())

    def client_secrets(self) -> list[Link]:
        """Look through the applications whose tags bear the lease."""
        try:
            found = list(sources_of(self._session, self._lease_id))
        except Denied as denied:
            self._miss(LinkKind.ENTRA_CLIENT_SECRET, _closed("client secrets of applications", denied))
            return []
        return [source.link() for source, has_secrets in found if has_secrets]

    def _in(self, subscription: str) -> list[str]:
        """The vaults of a subscription, by the first part of their addresses."""
        path = f"/subscriptions/{subscription}/providers/{VAULT_TYPE}"
        try:
            return [str(told["name"]) for told in Arm(self._session).listed(path, VAULTS, needs=f"{VAULT_TYPE}/read")]
        except Denied as denied:
            self._miss(LinkKind.KEY_VAULT_SECRET, _closed(f"secrets in vaults of {subscription}", denied))
            return []

    def _marked(self, vault: str) -> Iterator[Link]:
        """Tell of secrets that bear the lease; what goes with a place is told as the place."""
        for name, tags in Vault(self._session, vault).marked(self._lease_id):
            place = tags.get(BESIDE) or (name if KEY_TAG in tags else "")
            if place:
                yield KeyVaultPlace(vault=vault, secret=place, connection=self._session.name).link()
            else:
                kind = LinkKind.KEY_VAULT_SECRET
                yield Link(System.AZURE, kind, f"{vault}/{name}", self._session.name)

    def _miss(self, kind: LinkKind, reason: str) -> None:
        self.unseen.append(BlindSpot(System.AZURE, self._session.name, kind, NotChecked(reason)))


def _closed(what: str, denied: Denied) -> str:
    return f"{what} that no link names were not looked for: {denied.problem}"
