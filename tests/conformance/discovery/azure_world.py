"""Azure for the suite of discoveries: its double, whose role assignments and consents decide who may do what."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from nhi_components.core.connection import AzureConnection
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Knowledge,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import LinkKind, System
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER, description_mark
from nhi_components.lifecycle.adapters.azure.discovery import Discovery
from nhi_components.lifecycle.adapters.azure.found_sign_ins import TOLD_LATE, WATCHED
from tests.conformance.discovery.world import Planted
from tests.conformance.world import now
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import TENANT, Kind, Principal
from tools.doubles.azure.subscriptions import GROUP, LOCATION
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S
from tools.doubles.tls import write_authority

LEASE_ID = "nhi-abcdefghij234567"
ISSUER, AUDIENCE = "https://issuer.example.com", "api://AzureADTokenExchange"
SCOPE = f"/subscriptions/{S}/resourceGroups/{GROUP}"
ROOT = f"/providers/Microsoft.Management/managementGroups/{TENANT}"
VM, CLUSTER = "Microsoft.Compute/virtualMachines", "Microsoft.ContainerService/managedClusters"
DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
TRUSTED = json.dumps({"audiences": [AUDIENCE], "issuer": ISSUER})


class AzureDiscoveryWorld:
    """The double as a tenant that the suite owns.

    Attributes:
        double: it.
        secrets: values of credentials.
        moment: what the clock of discoveries shows.
        operator: who reads everything.
    """

    def __init__(self, double: AzureDouble, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double, self._environment = double, monkeypatch
        self.moment = now()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(folder)))
        for name in ("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USERNAME"):
            monkeypatch.delenv(name, raising=False)
        self._variables = double.ambient()
        self.operator = self._variables["AZURE_CLIENT_ID"]
        self.secrets = [self._variables["AZURE_CLIENT_SECRET"]]
        graph = double.relations.microsofts("Microsoft Graph", "00000003-0000-0000-c000-000000000000")
        self.graph = graph

    def plant(self) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        with self.double.lock:
            identity, records = self._identity(name)
            principal, further = self._application(name)
            machine, others = self._system_identity(name)
        identities = {identity["id"].lower(): identity["properties"]["principalId"]}
        identities |= {each.object_id: each.object_id for each in (principal, machine)}
        # Azure tells of managed identities and service principals not when they were made.
        return Planted(identities, [*records, *further, *others], dated=False)

    def _identity(self, name: str) -> tuple[dict[str, Any], list[Record]]:
        made = self.double.identities.make(name, team="payments")
        key, principal = made["id"].lower(), self.double.identities.principal_of(made["id"])
        self.double.federation.put(key, "main", trusted(f"repo:shop/{name}"))
        role = self.custom_role(name, ["Microsoft.ServiceBus/namespaces/queues/read"])
        assigned = self.double.rbac.assign(principal, role, SCOPE)
        above = self.double.rbac.assign(principal, "Reader", ROOT)
        dana = self.double.directory.person(f"dana-{name}")
        self.double.rbac.assign(dana, "Managed Identity Operator", made["id"])
        # Services write the same resource id in letter cases of their own.
        attached = {"type": "UserAssigned", "userAssignedIdentities": {made["id"].upper(): {}}}
        machine = self.resource(VM, f"vm-{name}", identity=attached)
        kubelet = {"kubeletidentity": {"resourceId": made["id"], "clientId": principal.client_id}}
        cluster = self.resource(CLUSTER, f"aks-{name}", properties={"identityProfile": kubelet})
        key_of_role = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
        return made, [
            FoundIdentity(
                key,
                System.AZURE,
                TENANT,
                LinkKind.AZURE_MANAGED_IDENTITY,
                name,
                principal.object_id,
                marks={"team": "payments"},
            ),
            FoundCarrier(key, principal.object_id, "service-principal"),
            FoundStep(f"repo:shop/{name}", key, "federate", TRUSTED),
            FoundStep(dana.object_id, key, "attach"),
            FoundGrant(principal.object_id, key_of_role, SCOPE, via=assigned.id),
            FoundCarrier(principal.object_id, key_of_role, "role"),
            FoundGrant(key_of_role, "Microsoft.ServiceBus/namespaces/queues/read", "*", via=f"{name} role"),
            FoundGrant(principal.object_id, "Reader", ROOT, via=above.id),
            FoundDependent(key, VM, machine.lower()),
            FoundDependent(key, CLUSTER, cluster.lower()),
        ]

    def _application(self, name: str) -> tuple[Principal, list[Record]]:
        made = self.double.applications.make(
            name, notes=f"ships orders {description_mark(LEASE_ID)}", tags=["team=payments", "HideApp"]
        )
        key, principal = made["id"], self.double.applications.principal_of(made)
        made["keyCredentials"] = [certificate(key_id := str(uuid4())), certificate(key_id)]
        dana = self.double.directory.person(f"dana-{name}")
        self.double.applications.owners[key] = self.double.applications.owners[principal.object_id] = {dana.object_id}
        self.double.federation.put(key, "main", trusted(f"repo:shop/{name}"))
        group = self.double.directory.group(f"shop-{name}")
        self.double.relations.groups[principal.object_id] = [group.object_id]
        given = self.double.relations.give(principal, self.graph, "810c84a8-4a9e-49e6-bf7d-12d183f40d01")
        read = "microsoft.directory/users/standard/read"
        had = self.double.directory_roles.assign(principal, DIRECTORY_READERS, "Directory Readers", read)
        self.double.sign_ins.last[made["appId"]] = used = (self.moment - timedelta(days=40)).replace(microsecond=0)
        use = Use(used, used, self.moment - TOLD_LATE)
        marks = {"team": "payments", "HideApp": "", LEASE: LEASE_ID, MANAGED_BY: MANAGER}
        at = datetime.fromisoformat(made["createdDateTime"])
        role = f"/roleManagement/directory/roleDefinitions/{DIRECTORY_READERS}"
        return principal, [
            FoundIdentity(key, System.AZURE, TENANT, LinkKind.ENTRA_APPLICATION, name, key, at, use=use, marks=marks),
            FoundIdentity(
                principal.object_id,
                System.AZURE,
                TENANT,
                LinkKind.ENTRA_SERVICE_PRINCIPAL,
                name,
                principal.object_id,
                use=use,
            ),
            FoundCarrier(key, made["appId"], "client-id"),
            FoundCarrier(made["appId"], principal.object_id, "service-principal"),
            Knowledge(key, Subject.PURPOSE, "ships orders", "Graph notes"),
            *(
                record
                for each in (key, principal.object_id)
                for record in (
                    Knowledge(each, Subject.OWNER, f"dana-{name}@example.com", "Graph owner"),
                    FoundStep(dana.object_id, each, "make-key"),
                )
            ),
            self.secret(made),
            FoundCredential(key, "entra-certificate", key_id, *lifetime()),
            FoundStep(f"repo:shop/{name}", key, "federate", TRUSTED),
            FoundCarrier(principal.object_id, group.object_id, "group"),
            FoundGrant(principal.object_id, "Mail.Read", self.graph.object_id, via=given["id"]),
            FoundGrant(principal.object_id, "directory readers", "/", via=had["id"]),
            FoundCarrier(principal.object_id, role, "directory-role"),
            FoundGrant(role, read, "*", via="Directory Readers"),
        ]

    def _system_identity(self, name: str) -> tuple[Principal, list[Record]]:
        site = f"{SCOPE}/providers/Microsoft.Web/sites/own-{name}/slots/staging"
        names = ["isExplicit=False", site]
        made = self.double.directory.add(Kind.MANAGED_IDENTITY, f"own-{name}", str(uuid4()), alternativeNames=names)
        return made, [FoundDependent(made.object_id, "Microsoft.Web/sites/slots", site.lower())]

    def secret(self, application: dict[str, Any], ends: str | None = None) -> FoundCredential:
        """Give an application a client secret, and tell what is to be found of it."""
        made = self.double.applications.add(application, "by hand", ends)
        self.secrets.append(made["secretText"])
        start, end = (datetime.fromisoformat(made[each]) for each in ("startDateTime", "endDateTime"))
        return FoundCredential(application["id"], LinkKind.ENTRA_CLIENT_SECRET, made["keyId"], start, end)

    def custom_role(self, name: str, actions: Iterable[str], *scopes: str, **more: Any) -> str:
        """Make a custom role; give its id."""
        fields = {"roleName": f"{name} role", "permissions": [{"actions": [*actions], **more}]}
        scoped = {"assignableScopes": list(scopes) or [SCOPE]}
        return str(self.double.rbac.roles.put(str(uuid4()), {**fields, **scoped})[0].guid)

    def resource(self, type_: str, name: str, **fields: Any) -> str:
        """Make a resource; give its id."""
        with self.double.lock:
            id_ = self.double.resources.make(type_, name)
            self.double.resources.by_id[id_.lower()] |= {"location": LOCATION, **fields}
        return id_

    def changed(self) -> list[str]:
        with self.double.lock:
            asked = [f"{each.method} {each.target.partition('?')[0]}" for each in self.double.log]
        return [each for each in asked if not each.startswith("GET ") and not each.endswith("/oauth2/v2.0/token")]

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self._discovery(self._variables, () if everywhere else (S,))

    def permissions_in(self, policy: str) -> set[str]:
        told = json.loads(policy)
        role = told["roleDefinition"]
        assert (role["NotActions"], role["DataActions"]) == ([], [])
        return {*role["Actions"], *told["graphApplicationPermissions"]}

    def discovery_of(self, permissions: Iterable[str], subscriptions: tuple[str, ...] = (S,)) -> Discovery:
        name, wanted = f"reader-{secrets.token_hex(3)}", sorted(permissions)
        actions = [each for each in wanted if "/" in each]
        with self.double.lock:
            application = self.double.applications.make(name)
            principal = self.double.applications.principal_of(application)
            variables = self.double.variables_of(application)
            if actions:
                self.double.rbac.assign(principal, self.custom_role(name, actions, ROOT), ROOT)
            self.double.consent(principal, *(each for each in wanted if "/" not in each))
        return self._discovery(variables, subscriptions)

    def discovery_of_nobody(self) -> Discovery:
        wrong = {"AZURE_CLIENT_SECRET": f"wrong-{self._variables['AZURE_CLIENT_SECRET']}"}
        return self._discovery(self._variables | wrong, (S,))

    def _discovery(self, variables: dict[str, str], subscriptions: tuple[str, ...]) -> Discovery:
        self.secrets.append(variables["AZURE_CLIENT_SECRET"])
        for name, value in variables.items():
            self._environment.setenv(name, value)
        url = self.double.url
        connection = AzureConnection(endpoint=url, authority=url, subscriptions=subscriptions)
        return Discovery("default", connection, lambda: self.moment)

    @property
    def watched(self) -> Use:
        """What is told of what has not signed in, and would be known to."""
        return Use(None, self.moment - WATCHED, self.moment - TOLD_LATE)


def trusted(subject: str) -> dict[str, Any]:
    return {"issuer": ISSUER, "subject": subject, "audiences": [AUDIENCE]}


def lifetime() -> tuple[datetime, datetime]:
    return datetime.fromisoformat("2026-01-01T00:00:00Z"), datetime.fromisoformat("2027-01-01T00:00:00Z")


def certificate(key_id: str) -> dict[str, Any]:
    start, end = (each.isoformat() for each in lifetime())
    return {"keyId": key_id, "type": "AsymmetricX509Cert", "startDateTime": start, "endDateTime": end, "key": None}
