"""Federated credentials: who may become a managed identity or an application without a secret.

A credential bears no mark: it is its principal's. It can't be disabled, so that a cut-off parks it: its subject becomes
one that no issuer gives to anybody, from which the real one can be read again. Entra takes a while until it counts.
Sources: REST reference `Federated Identity Credentials`; Microsoft Graph, 'federatedIdentityCredential'; Microsoft
Entra, 'Important considerations and restrictions for federated identity credentials' (20 of each principal, 600
characters of a subject, no concurrent writes under one managed identity).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from nhi_components.core.azure_federation import LONGEST, PARKED
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.azure.arm import IDENTITIES, Arm
from nhi_components.lifecycle.adapters.azure.client_secrets import READ, WRITE
from nhi_components.lifecycle.adapters.azure.errors import Refused
from nhi_components.lifecycle.adapters.azure.identities import TYPE
from nhi_components.lifecycle.adapters.azure.names import APPLICATIONS, same
from nhi_components.lifecycle.adapters.azure.principals import Principal
from nhi_components.lifecycle.adapters.azure.session import AzureSession

MOST: Final = 20

CUT_OFF: Final = "nhi:cut-off:"
"""What the subject of a parked credential begins with, before the real one."""

CONFLICT_SECONDS = 30
"""For how long a write is tried that others get in the way of: our own figure."""

_CONCURRENT: Final = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
_NEEDED: Final = f"{TYPE}/federatedIdentityCredentials"


@dataclass(frozen=True, slots=True)
class Credential:
    """One federated credential.

    Attributes:
        name: its whole name, as that of its link.
        owner: what it is below.
        own_name: its name there.
        properties: issuer, subject and audiences.
    """

    name: str
    owner: str
    own_name: str
    properties: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """Who is let in."""
        return str(self.properties["subject"])

    @property
    def lets_in(self) -> bool:
        """Whether it lets anybody in."""
        return self.subject != PARKED and not self.subject.startswith(CUT_OFF)


class FederatedCredentials:
    """The federated credentials of principals."""

    def __init__(self, session: AzureSession) -> None:
        self._session = session
        self._arm = Arm(session)

    def of(self, principal: Principal) -> list[Credential]:
        """List those of a principal."""
        if principal.kind is LinkKind.AZURE_MANAGED_IDENTITY:
            return [
                _credential(principal, str(told["name"]), told["properties"]) for told in self._of_identity(principal)
            ]
        return [_credential(principal, str(told["name"]), told) for told in self._of_application(principal.owner)]

    def find(self, principal: Principal, name: str) -> Credential | None:
        """Read one of a principal's by its whole name."""
        return next((each for each in self.of(principal) if same(each.name, name)), None)

    def park(self, principal: Principal, credential: Credential) -> None:
        """Let nobody in by it any more; one whose subject has no room for our mark is deleted."""
        subject = f"{CUT_OFF}{credential.subject}"
        if len(subject) > LONGEST:
            self.delete(principal, credential)
        elif credential.lets_in:
            self._put(principal, credential, subject)

    def restore(self, principal: Principal, credential: Credential) -> None:
        """Let in again whom a cut-off has locked out."""
        if credential.subject.startswith(CUT_OFF):
            self._put(principal, credential, credential.subject.removeprefix(CUT_OFF))

    def make_anew(self, credential: Credential) -> None:
        """Make one of a managed identity that was deleted, with all that it had."""
        body = {"properties": dict(credential.properties)}
        _patiently(lambda: self._arm.ask("PUT", credential.name, IDENTITIES, needs=f"{_NEEDED}/write", body=body))

    def delete(self, principal: Principal, credential: Credential) -> None:
        """Delete one; it may be gone already."""
        if principal.kind is LinkKind.AZURE_MANAGED_IDENTITY:
            _patiently(lambda: self._arm.delete(credential.name, IDENTITIES, needs=f"{_NEEDED}/delete"))
            return
        try:
            self._session.graph("DELETE", _path(credential), needs=WRITE)
        except Refused as refused:
            if not refused.tells_absence:
                raise

    def _put(self, principal: Principal, credential: Credential, subject: str) -> None:
        if principal.kind is not LinkKind.AZURE_MANAGED_IDENTITY:
            self._session.graph("PATCH", _path(credential), needs=WRITE, body={"subject": subject})
            return
        kept = {name: credential.properties[name] for name in ("issuer", "audiences")}
        body = {"properties": {**kept, "subject": subject}}
        _patiently(lambda: self._arm.ask("PUT", credential.name, IDENTITIES, needs=f"{_NEEDED}/write", body=body))

    def _of_identity(self, principal: Principal) -> list[Mapping[str, Any]]:
        path = f"{principal.owner}/federatedIdentityCredentials"
        try:
            return list(self._arm.listed(path, IDENTITIES, needs=f"{_NEEDED}/read"))
        except Refused as refused:
            # Somebody else may have deleted the identity since it was looked at.
            if not refused.tells_absence:
                raise
            return []

    def _of_application(self, object_id: str) -> Iterator[Mapping[str, Any]]:
        # There are at most 20, which is less than a page.
        reply = self._session.look(f"/applications/{object_id}/federatedIdentityCredentials", needs=READ)
        yield from reply.body.get("value", []) if reply else []


def _credential(principal: Principal, name: str, properties: Mapping[str, Any]) -> Credential:
    is_identity = principal.kind is LinkKind.AZURE_MANAGED_IDENTITY
    owner = principal.name if is_identity else f"{APPLICATIONS}{principal.name}"
    whole = f"{owner}/federatedIdentityCredentials/{name}"
    return Credential(whole, principal.owner, name, properties)


def _path(credential: Credential) -> str:
    return f"/applications/{credential.owner}/federatedIdentityCredentials/{credential.own_name}"


def _patiently(change: Callable[[], object]) -> None:
    """Make a change; again, with pauses, while somebody else makes one under the same identity."""
    Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, Refused) and error.code == _CONCURRENT),
        stop=stop_after_delay(CONFLICT_SECONDS),
        wait=wait_random_exponential(multiplier=0.2, max=3),
        reraise=True,
    )(change)
