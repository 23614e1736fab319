"""Azure and Entra for the suite of retirements: their double, whose assignments and consents decide who may do what."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from typing import Any

import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential, ClientSecretCredential

from nhi_components.core.connection import AzureConnection
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.azure.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.azure_world import AzureWorld, namespace
from tests.conformance.decommission.world import Planted
from tests.conformance.discovery.azure_world import AUDIENCE, SCOPE, VM
from tests.conformance.world import now
from tools.doubles.azure.directory import TENANT, Principal
from tools.doubles.azure.subscriptions import LOCATION
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S

IDENTITY, APPLICATION = LinkKind.AZURE_MANAGED_IDENTITY, LinkKind.ENTRA_APPLICATION
PRINCIPAL = LinkKind.ENTRA_SERVICE_PRINCIPAL
ISSUER = "https://token.actions.githubusercontent.com"
CONDITION = (
    "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR "
    "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'logs'))"
)
_ARM = "https://management.azure.com/.default"
_TIMES = ("createdOn", "updatedOn", "createdBy", "updatedBy")


class AzureRetirementWorld:
    """The double as a tenant with a subscription that the suite owns, and queues to look at."""

    def __init__(self, operated: AzureWorld) -> None:
        self.operated, self.double, self.secrets = operated, operated.double, operated.credentials

    def plant(self, kind: str) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        queue = f"{namespace()}/queues/{name}"
        self.operated.ask("PUT", queue, {"properties": {}})
        return self._identity(name, queue) if kind == IDENTITY else self._entry(kind, name, queue)

    def plant_guarded(self) -> Target:
        application = self.double.applications.by_client(self.operated.operator)
        assert application is not None
        id_ = application["id"]
        return Target(id_, id_, System.AZURE, TENANT, APPLICATION, application["displayName"])

    def add_dependent(self, planted: Planted) -> str:
        attached = {"type": "UserAssigned", "userAssignedIdentities": {planted.target.key.upper(): {}}}
        with self.double.lock:
            id_ = self.double.resources.make(VM, f"vm-{planted.target.name}")
            self.double.resources.by_id[id_.lower()] |= {"location": LOCATION, "identity": attached}
        return f"{VM} {id_.lower()}"

    def replace(self, planted: Planted) -> Callable[[], Any]:
        target, queue = planted.target, f"{namespace()}/queues/{planted.target.name}"
        with self.double.lock:
            self.double.identities.remove(target.key)
            made = self.double.identities.make(target.name, team="other")
            principal = self.double.identities.principal_of(made["id"])
            self.double.rbac.assign(principal, "Reader", queue)
        return lambda: self.identity_documents(target.key, principal.object_id)

    def retirement(self) -> Retirement:
        self._use(self.operated.variables)
        return self.retirement_of_caller()

    def retirement_of_nobody(self) -> Retirement:
        wrong = {"AZURE_CLIENT_SECRET": f"wrong-{self.operated.variables['AZURE_CLIENT_SECRET']}"}
        self.secrets.append(wrong["AZURE_CLIENT_SECRET"])
        self._use(self.operated.variables | wrong)
        return self.retirement_of_caller()

    def retirement_of_caller(self) -> Retirement:
        """A retirement by whoever the environment names."""
        settings = AzureConnection(endpoint=self.double.url, authority=self.double.url, subscriptions=(S,))
        return Retirement("default", settings, now)

    def identity_documents(self, key: str, principal: str) -> Any:
        """The identity, its federated credentials, and what is assigned to it."""
        with self.double.lock:
            shown = self.double.identities.by_id.get(key)
            trusted = sorted(str(each.shown() | {"id": ""}) for each in self.double.federation.of(key))
            return copy.deepcopy((shown, trusted, self.assigned(principal)))

    def assigned(self, principal: str) -> Any:
        """What is assigned to a principal, without who did when."""
        found = {each.id: each.shown() for each in self.double.rbac.of_principal(principal)}
        for each in found.values():
            for field in _TIMES:
                each["properties"].pop(field, None)
        return found

    def _identity(self, name: str, queue: str) -> Planted:
        with self.double.lock:
            made = self.double.identities.make(name, team="payments")
            principal = self.double.identities.principal_of(made["id"])
            trusted = {"issuer": ISSUER, "subject": f"repo:shop/{name}", "audiences": [AUDIENCE]}
            self.double.federation.put(made["id"].lower(), "github", trusted)
            self._assign(principal, queue)
        key, subject = made["id"].lower(), f"repo:shop/{name}"
        target = Target(key, principal.object_id, System.AZURE, TENANT, IDENTITY, name)

        def token() -> str:
            assertion = self.operated.issuer.token(iss=ISSUER, sub=subject, aud=AUDIENCE)
            self.secrets.append(assertion)
            holder = ClientAssertionCredential(TENANT, principal.client_id, lambda: assertion, **self._settings)
            return holder.get_token(_ARM).token

        return Planted(
            target,
            lambda: self._works(token, queue),
            lambda: self.identity_documents(key, principal.object_id),
            lambda: self._left(key in self.double.identities.by_id, principal.object_id),
        )

    def _entry(self, kind: str, name: str, queue: str) -> Planted:
        with self.double.lock:
            made = self.double.applications.make(name, tags=["team=payments", "HideApp"])
            principal = self.double.applications.principal_of(made)
            principal.facts |= {"tags": ["team=payments"]}
            self._assign(principal, queue)
            secret = self.double.applications.add(made, "by hand")["secretText"]
        self.secrets.append(secret)
        id_ = made["id"] if kind == APPLICATION else principal.object_id
        target = Target(id_, id_, System.AZURE, TENANT, kind, name)

        def token() -> str:
            return ClientSecretCredential(TENANT, made["appId"], secret, **self._settings).get_token(_ARM).token

        def documents() -> Any:
            with self.double.lock:
                return copy.deepcopy((made, principal.facts, self.assigned(principal.object_id)))

        def left() -> list[str]:
            known = self.double.applications.by_id if kind == APPLICATION else set[str]()
            alive = id_ in known or self.double.directory.find(principal.object_id) is not None
            return self._left(alive, principal.object_id)

        return Planted(target, lambda: self._works(token, queue), documents, left)

    def _assign(self, principal: Principal, queue: str) -> None:
        """A role with a description, one under a condition in the resource group above."""
        self.double.rbac.assign(principal, "Reader", queue, description="reads orders")
        under = {"condition": CONDITION, "conditionVersion": "2.0"}
        self.double.rbac.assign(principal, "Storage Blob Data Reader", SCOPE, **under)

    def _left(self, alive: bool, principal: str) -> list[str]:
        with self.double.lock:
            return [*(["it"] if alive else []), *(each.id for each in self.double.rbac.of_principal(principal))]

    def _works(self, token: Callable[[], str], queue: str) -> bool:
        try:
            bearer = token()
        except ClientAuthenticationError:
            return False
        self.secrets.append(bearer)
        url = f"{self.double.url}{queue}?api-version=2024-01-01"
        answer = requests.get(url, headers={"Authorization": f"Bearer {bearer}"}, timeout=5)
        assert answer.ok or answer.status_code in (401, 403), answer.text
        return bool(answer.ok)

    def _use(self, variables: dict[str, str]) -> None:
        for name, value in variables.items():
            self.operated.environment.setenv(name, value)

    @property
    def _settings(self) -> dict[str, Any]:
        return {"authority": self.double.url, "disable_instance_discovery": True, "retry_total": 0}
