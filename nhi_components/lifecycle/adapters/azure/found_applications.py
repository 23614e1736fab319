"""Applications and service principals of Entra, with their client secrets and certificates, and system identities.

An object id is the key. What an application has is its service principals' as well, as who holds its secret signs in
as them: both have the client id as a carrier. A user-assigned managed identity is told by its subscription; of its
service principal nothing is told here. Microsoft's own service principals are in every tenant, and guarded.
Sources: Microsoft Graph reference, 'application resource type', 'servicePrincipal resource type' (at most 999 a page;
tells no time of making), 'passwordCredential', 'keyCredential'; Microsoft Entra, 'Managed identities for Azure
resources'; Microsoft support, 'Verify first-party Microsoft applications in sign-in reports', for Microsoft's tenants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundIdentity,
    Guard,
    Knowledge,
    Record,
    Subject,
)
from nhi_components.core.links import LinkKind, System
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER
from nhi_components.lifecycle.adapters.azure.client_secrets import lease_of_application
from nhi_components.lifecycle.adapters.azure.discovery_policy import DIRECTORY
from nhi_components.lifecycle.adapters.azure.found_reads import Looks, Told
from nhi_components.lifecycle.adapters.azure.found_sign_ins import SignIns
from nhi_components.lifecycle.discovery.ports import Page, Section

SYSTEM_IDENTITY: Final = "azure-system-identity"
CERTIFICATE: Final = "entra-certificate"
MICROSOFT: Final = frozenset({"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"})
"""The tenants that Microsoft's own applications are registered in."""

_AT_ONCE: Final = 999
_SHARED: Final = "id,appId,displayName,notes,description,tags,passwordCredentials,keyCredentials"
_OF_PRINCIPALS: Final = (
    f"{_SHARED},accountEnabled,appOwnerOrganizationId,servicePrincipalType,alternativeNames,disabledByMicrosoftStatus"
)
_MANAGED: Final = "ManagedIdentity"
_MARK: Final = re.compile(rf"(^|\s+){re.escape(LEASE)}=\S+")
_PROVIDERS: Final = re.compile("/providers/", re.IGNORECASE)


def applications(looks: Looks, sign_ins: SignIns, name: str) -> Section:
    """Make the section of the tenant's applications."""
    path = f"/applications?$select={_SHARED},createdDateTime&$top={_AT_ONCE}"

    def read(cursor: str | None) -> Page:
        part = looks.graph(path, needs=DIRECTORY[0], cursor=cursor)
        return Page([record for each in part.items for record in _application(looks, sign_ins, each)], part.next)

    return Section(name, "applications, their secrets and certificates", DIRECTORY, read)


def service_principals(looks: Looks, sign_ins: SignIns, name: str) -> Section:
    """Make the section of the tenant's service principals, those of system-assigned managed identities among them."""
    path = f"/servicePrincipals?$select={_OF_PRINCIPALS}&$top={_AT_ONCE}"

    def read(cursor: str | None) -> Page:
        part = looks.graph(path, needs=DIRECTORY[0], cursor=cursor)
        return Page([record for each in part.items for record in _principal(looks, sign_ins, each)], part.next)

    return Section(name, "service principals, their secrets and certificates", DIRECTORY, read)


def _application(looks: Looks, sign_ins: SignIns, told: Told) -> Iterator[Record]:
    key, client = str(told["id"]), str(told["appId"])
    yield FoundIdentity(
        key=key,
        system=System.AZURE,
        place=looks.tenant,
        kind=LinkKind.ENTRA_APPLICATION,
        name=str(told.get("displayName") or ""),
        unique_id=key,
        created_at=_moment(told.get("createdDateTime")),
        use=sign_ins.of(client),
        marks=_marks(told),
        guard=Guard.CALLER if client == looks.caller.get("appid") else None,
    )
    yield FoundCarrier(key, client, "client-id")
    yield from _purpose(key, told)
    yield from _credentials(key, told)


def _principal(looks: Looks, sign_ins: SignIns, told: Told) -> Iterator[Record]:
    key, client, names = str(told["id"]), str(told.get("appId") or ""), told.get("alternativeNames") or ()
    is_managed = told.get("servicePrincipalType") == _MANAGED
    if is_managed and "isExplicit=True" in names:
        return
    owner = str(told.get("appOwnerOrganizationId") or "").lower()
    yield FoundIdentity(
        key=key,
        system=System.AZURE,
        place=looks.tenant,
        kind=SYSTEM_IDENTITY if is_managed else LinkKind.ENTRA_SERVICE_PRINCIPAL,
        name=str(told.get("displayName") or ""),
        unique_id=key,
        disabled=told.get("accountEnabled") is False or bool(told.get("disabledByMicrosoftStatus")),
        use=sign_ins.of(client, covered=not is_managed),
        marks=_marks(told),
        guard=_guard(looks, key, owner),
    )
    yield from _purpose(key, told)
    if is_managed:
        yield from _dependents(key, names)
        return
    if owner == looks.tenant.lower():
        yield FoundCarrier(client, key, "service-principal")
    yield from _credentials(key, told)


def _guard(looks: Looks, key: str, owner: str) -> Guard | None:
    if key == looks.caller.get("oid"):
        return Guard.CALLER
    return Guard.SERVICE_LINKED if owner in MICROSOFT else None


def _dependents(key: str, names: Iterable[Any]) -> Iterator[Record]:
    """Yield what a system identity is of: the alternative name that is a resource id."""
    for resource in map(str, names):
        if resource.startswith("/"):
            namespace, *below = _PROVIDERS.split(resource)[-1].split("/")
            yield FoundDependent(key, "/".join((namespace, *below[::2])), resource.lower())


def _credentials(key: str, told: Told) -> Iterator[Record]:
    """Yield secrets and certificates; the hint of a secret is its beginning, and told nowhere."""
    for kind, field in ((LinkKind.ENTRA_CLIENT_SECRET, "passwordCredentials"), (CERTIFICATE, "keyCredentials")):
        # A certificate that signs and one that checks are two entries of one key id.
        for id_, each in {str(each["keyId"]): each for each in told.get(field) or ()}.items():
            start, end = _moment(each.get("startDateTime")), _moment(each.get("endDateTime"))
            yield FoundCredential(key, kind, id_, start, end)


def _purpose(key: str, told: Told) -> Iterator[Record]:
    for field in ("notes", "description"):
        if text := _MARK.sub("", str(told.get(field) or "")).strip():
            yield Knowledge(key, Subject.PURPOSE, text, f"Graph {field}")


def _marks(told: Told) -> dict[str, str]:
    """Give the tags by name, those that are one text with an empty value, and the lease wherever it is borne."""
    pairs = (str(tag).partition("=") for tag in told.get("tags") or ())
    marks = {name: value for name, _, value in pairs}
    lease = lease_of_application(told)
    return marks | ({LEASE: lease, MANAGED_BY: MANAGER} if lease else {})


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
