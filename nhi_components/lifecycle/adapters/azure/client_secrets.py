"""Client secrets of an Entra application: Microsoft Graph's passwordCredentials.

An application is ours when one of its tags, or its notes, bear the lease (`core.tags.description_mark`); tags can be
searched for, notes can't. Graph and the token endpoint are copies that follow each other: others measured 4 to 18 s
until a new secret was accepted, and Microsoft documents no figure. So `works` is to be asked again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from nhi_components.core.credential.sources import EntraClientSecretSource
from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import NotChecked
from nhi_components.core.tags import LeaseTags, description_mark, lease_of_description
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.azure.errors import Refused
from nhi_components.lifecycle.adapters.azure.session import AzureSession, Reply
from nhi_components.lifecycle.credentials.ports import Key, Material

READ = "Application.Read.All"
WRITE = "Application.ReadWrite.OwnedBy as an owner of it, or Application.ReadWrite.All"
"""Microsoft Graph's least permissions for the calls; the second with the connection's principal an owner."""

CLIENT_ID, CLIENT_SECRET, TENANT_ID = "client_id", "client_secret", "tenant_id"

GONE_SECONDS = 60
"""How long a removed secret may stay listed: Microsoft documents no figure."""

_FIELDS = "id,appId,displayName,notes,tags,passwordCredentials"


class ClientSecrets:
    """The client secrets of one application."""

    most: int | None = None
    """Microsoft documents no number of secrets, only a size of the whole application."""

    can_disable = False

    def __init__(self, session: AzureSession, spec: EntraClientSecretSource) -> None:
        self.spec = spec
        self._session = session

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List the secrets that have not ended, oldest first."""
        found = self._look()
        if found is None:
            return []
        self._refuse_foreign(lease, found.body)
        return _alive(found)

    def create(self, lease: LeaseTags) -> Material:
        """Add a secret that bears the lease as its name and ends with it."""
        found = self._look() or self._awaited()
        if found is None:
            raise NhiError(
                f"{self._where}: there is no such application, expected one that bears {lease.lease}; "
                f"fix: create it with the tag {description_mark(lease.lease)}"
            )
        self._refuse_foreign(lease, found.body)
        # Asked first: a secret that cannot be told about would be made for nobody.
        tenant = self._session.tenant()
        asked = {"displayName": description_mark(lease.lease), "endDateTime": f"{lease.ends.isoformat()}T00:00:00Z"}
        path = f"{_path_of(found)}/addPassword"
        made = self._session.graph("POST", path, needs=WRITE, body={"passwordCredential": asked})
        fields = {
            CLIENT_ID: str(found.body["appId"]),
            CLIENT_SECRET: str(made.body["secretText"]),
            TENANT_ID: tenant,
        }
        return Material(str(made.body["keyId"]), fields)

    def disable(self, key_id: str) -> None:
        """Entra can't."""
        raise self._cannot(key_id)

    def enable(self, key_id: str) -> None:
        """Entra can't."""
        raise self._cannot(key_id)

    def delete(self, key_id: str) -> None:
        """Remove a secret; access tokens that it got live on for about an hour."""
        found = self._look()
        if found is None or not _lists(found, key_id):
            return
        try:
            self._session.graph("POST", f"{_path_of(found)}/removePassword", needs=WRITE, body={"keyId": key_id})
        except Refused:
            # Somebody else may have removed it, or the application, since we looked.
            if self._lists(key_id):
                raise
        end = time.monotonic() + GONE_SECONDS
        while self._lists(key_id):
            if time.monotonic() > end:
                raise NhiError(
                    f"{self._where}: secret {key_id} is still listed {GONE_SECONDS} s after it was removed, "
                    "expected it gone; fix: run the same command again"
                )
            time.sleep(1)

    def works(self, material: Material) -> bool:
        """Ask for an access token with it, which goes nowhere."""
        told = material.fields
        if told.get(TENANT_ID) != self._session.tenant():
            return False
        return self._session.accepts(told[TENANT_ID], told.get(CLIENT_ID, ""), told.get(CLIENT_SECRET, ""))

    def last_used(self, key_id: str) -> datetime | NotChecked | None:
        """Microsoft Graph v1.0 does not tell when a secret was last used."""
        return NotChecked(
            f"{self._where}: Microsoft Graph v1.0 does not tell when secret {key_id} was last used; the sign-in logs "
            "of the service principal do, by servicePrincipalCredentialKeyId"
        )

    def _look(self) -> Reply | None:
        if self.spec.application is None:
            return self._look_by_name(self.spec.address)
        return self._session.look(f"/applications/{self.spec.application}?$select={_FIELDS}", needs=READ)

    def _look_by_name(self, name: str) -> Reply | None:
        """Read the identity's own application: among several of its name, the one of the lease that its name bears."""
        wanted = quote(f"displayName eq '{name}'")
        reply = self._session.graph("GET", f"/applications?$filter={wanted}&$select={_FIELDS}", needs=READ)
        found = list(reply.body.get("value") or [])
        application = next((each for each in found if _is_own(each)), next(iter(found), None))
        return Reply(application, reply.time) if application else None

    def _awaited(self) -> Reply | None:
        """Wait for the identity's own application, which may have been made a moment ago; None when it stays away."""
        if self.spec.application is not None:
            return None
        try:
            return appeared(lambda _: self._look(), self.spec.link())
        except NhiError:
            return None

    def _lists(self, key_id: str) -> bool:
        found = self._look()
        return found is not None and _lists(found, key_id)

    def _refuse_foreign(self, lease: LeaseTags, application: Mapping[str, Any]) -> None:
        borne = lease_of_application(application)
        if borne != lease.lease:
            bears = f"it bears {borne}" if borne else "neither its tags nor its notes bear a lease"
            raise NhiError(
                f"{self._where}: found somebody else's application: {bears}; expected one that bears {lease.lease}; "
                f"fix: name the identity's own application, or give it the tag {description_mark(lease.lease)} if it "
                "is meant to be the identity's"
            )

    def _cannot(self, key_id: str) -> NhiError:
        return NhiError(
            f"{self._where}: secret {key_id} cannot be disabled, expected to be asked to delete it; "
            "fix: delete it: Entra knows no disabled secrets"
        )

    @property
    def _where(self) -> str:
        return f"azure.{self._session.name}: {self.spec.address}"


def lease_of_application(application: Mapping[str, Any]) -> str | None:
    """Tell which lease an application's tags or notes name; None when none, or several."""
    told = [*(application.get("tags") or []), application.get("notes") or ""]
    return lease_of_description("\n".join(map(str, told)))


def sources_of(session: AzureSession, lease_id: str) -> Iterator[tuple[EntraClientSecretSource, bool]]:
    """Find the applications whose tags bear a lease: each as a source, and whether it has secrets that have not ended.

    The identity's own application is known by its display name, any other by its object id.
    """
    wanted = quote(f"tags/any(t:t eq '{description_mark(lease_id)}')")
    reply = session.graph("GET", f"/applications?$filter={wanted}&$select={_FIELDS}", needs=READ)
    while True:
        for application in reply.body.get("value", []):
            named = (
                {"display_name": str(application["displayName"])}
                if _is_own(application)
                else {"application": str(application["id"])}
            )
            source = EntraClientSecretSource(connection=session.name, **named)
            yield source, bool(_alive(Reply(application, reply.time)))
        following = str(reply.body.get("@odata.nextLink") or "")
        if not following:
            return
        reply = session.graph("GET", following[following.index("/applications") :], needs=READ)


def _is_own(application: Mapping[str, Any]) -> bool:
    """Tell whether an application is an identity's own, made with it: its name ends with its lease's suffix."""
    lease_id = lease_of_application(application)
    return lease_id is not None and str(application["displayName"]).endswith(f"-{suffix_of(lease_id)}")


def _path_of(found: Reply) -> str:
    return f"/applications/{found.body['id']}"


def _lists(found: Reply, key_id: str) -> bool:
    return any(each["keyId"] == key_id for each in found.body.get("passwordCredentials") or [])


def _alive(found: Reply) -> list[Key]:
    keys = [_key(each) for each in found.body.get("passwordCredentials") or []]
    alive = [key for key in keys if key.ends is None or key.ends > found.time]
    return sorted(alive, key=lambda key: (str(key.created_at), key.id))


def _key(told: Mapping[str, Any]) -> Key:
    started, ends = told.get("startDateTime"), told.get("endDateTime")
    return Key(
        id=str(told["keyId"]),
        created_at=datetime.fromisoformat(started) if started else None,
        ends=datetime.fromisoformat(ends) if ends else None,
    )
