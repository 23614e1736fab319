"""Names that somebody else's has already, or still: what is about to be created there would fail half-way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nhi_components.core.credential.sources import SPEC
from nhi_components.core.errors import Problem
from nhi_components.core.lease_id import is_lease_id, suffix_of
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.azure.identities import Identities
from nhi_components.lifecycle.adapters.azure.names import last_of
from nhi_components.lifecycle.adapters.azure.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.vault import Deleted

_FREE = "a name that is free"


def taken(session: AzureSession, links: Iterable[Link]) -> Iterator[Problem]:
    """Find names of managed identities and secrets that are taken, among links that the lease did not have before."""
    for link in links:
        where = f"azure.{session.name}: {link.name}"
        if link.kind is LinkKind.AZURE_MANAGED_IDENTITY:
            identity = Identities(session).find(link.name)
            if identity and not is_own(link, identity.lease):
                fix = "give the identity another name, or delete that one, if nobody needs it"
                yield Problem(where, f"somebody else's of that name: {_bears(identity.lease)}", _FREE, fix)
        elif link.kind is LinkKind.KEY_VAULT_SECRET:
            secret = OwnSecrets(session).find(link)
            if secret is None or is_own(link, secret.lease):
                continue
            if secret.deleted:
                yield reserved(session, link, secret.deleted)
            else:
                fix = f"give {_who(link)}, or delete that one, if nobody needs it"
                yield Problem(where, f"somebody else's of that name: {_bears(secret.lease)}", _FREE, fix)


def reserved(session: AzureSession, link: Link, kept: Deleted) -> Problem:
    """Tell that another's deleted secret has a name still, and until when."""
    until = f" until {kept.until:%Y-%m-%d}" if kept.until else ""
    fix = (
        f"purge it with `az keyvault secret purge`, or give {_who(link)}"
        if kept.purgeable
        else f"give {_who(link)}, or another vault: purge protection lets nobody purge it"
    )
    got = f"a deleted secret of somebody else's has that name{until}"
    return Problem(f"azure.{session.name}: {link.name}", got, _FREE, fix)


def is_own(link: Link, borne: str | None) -> bool:
    """Tell whether what bears a lease is that of the link: its name ends as the lease's names do."""
    return bool(borne and is_lease_id(borne) and last_of(link.name).endswith(f"-{suffix_of(borne)}"))


def _who(link: Link) -> str:
    return "the place another `secret`" if SPEC in link.attributes else "the identity another name"


def _bears(lease_id: str | None) -> str:
    return f"it bears {lease_id}" if lease_id else "it bears no lease"
