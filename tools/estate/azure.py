"""Azure and Entra: managed identities, applications and their service principals on the double of one tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import Principal
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.estate.truth import (
    ACCESS_AND_AUDIT,
    ADMINISTRATOR,
    ANN,
    DEPENDENTS_GONE,
    DUPLICATE,
    ESCALATING,
    EVE,
    EXPIRED_CREDENTIAL,
    GHOST,
    KEYS_AND_DATA,
    OLD_90,
    OLD_180,
    OLD_365,
    OWNER_LEFT,
    OWNER_UNKNOWN,
    PATH,
    SHADOW,
    STACK_GONE,
    UNOWNED,
    UNUSED_30,
    UNUSED_60,
    UNUSED_90,
    WILDCARD,
    By,
    Ledger,
    Resource,
    Told,
)

SUB: Final = f"/subscriptions/{SUBSCRIPTION}"
_GROUP: Final = f"{SUB}/resourceGroups/{GROUP}"
_OWN: Final = "microsoft.directory/users/standard/read"
_GRAPH: Final = "00000003-0000-0000-c000-000000000000"
_ROLE_MANAGEMENT: Final = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"
_MAIL_READ: Final = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
_MACHINE: Final = "Microsoft.Compute/virtualMachines"

Assigned = tuple[str, str]
"""A role and its scope."""


class AzureEstate:
    """Plants one tenant with one subscription.

    Args:
        double: the double.
        ledger: takes what is planted.
    """

    def __init__(self, double: AzureDouble, ledger: Ledger) -> None:
        self.double, self._ledger = double, ledger
        double.applications.most = 1000
        named = {"RoleManagement_ReadWrite_Directory": _ROLE_MANAGEMENT, "Mail_Read": _MAIL_READ}
        self._graph = double.relations.microsofts("Microsoft Graph", _GRAPH, **named)

    def identity(
        self,
        name: str,
        *told: Told,
        holds: Sequence[Assigned] = (),
        tags: dict[str, str] | None = None,
        by: By = By.STATE,
        **about: Any,
    ) -> str:
        """Make a user-assigned managed identity with role assignments; give its key."""
        with self.double.lock:
            made = self.double.identities.make(name, **(tags or {}))
            principal = self.double.identities.principal_of(made["id"])
            self._assign(principal, holds)
        fields = {"id": made["id"], "principalId": principal.object_id}
        resource = Resource(
            "azure-native:managedidentity:UserAssignedIdentity", "azurerm_user_assigned_identity", fields
        )
        key: str = made["id"].lower()
        return self._ledger.plant("azure", key, *told, by=by, resource=resource, **about)

    def application(
        self,
        name: str,
        *told: Told,
        of_principal: Sequence[Told] | None = None,
        holds: Sequence[Assigned] = (),
        used: int | None = 5,
        secret: tuple[int, int] | None = None,
        by: By = By.STACK,
        **about: Any,
    ) -> Principal:
        """Make an application and its service principal, which are two identities; give the latter.

        Args:
            name: of both.
            told: what must be told of both.
            of_principal: of the service principal, where that is something else.
            holds: role assignments.
            used: how many days ago it signed in; None for never.
            secret: how many days ago a client secret was made, and in how many it ends.
            by: what answers for both.
            about: more for `Ledger.plant`.
        """
        with self.double.lock:
            made = self.double.applications.make(name)
            principal = self.double.applications.principal_of(made)
            self._assign(principal, holds)
            if used is not None:
                self.double.sign_ins.last[made["appId"]] = _ago(used).replace(microsecond=0)
            if secret is not None:
                start, end = secret
                given = self.double.applications.add(made, "by hand", f"{_ago(-end):%Y-%m-%dT%H:%M:%S.%fZ}")
                given["startDateTime"] = f"{_ago(start):%Y-%m-%dT%H:%M:%S.%fZ}"
        for kind, key, what in (
            ("application", made["id"], told),
            ("servicePrincipal", principal.object_id, told if of_principal is None else of_principal),
        ):
            snake = {"application": "azuread_application", "servicePrincipal": "azuread_service_principal"}[kind]
            token = f"azuread:index/{kind}:{kind[0].upper()}{kind[1:]}"
            resource = Resource(token, snake, {"objectId": key})
            self._ledger.plant("azure", key, *what, by=by, resource=resource, **about)
        return principal

    def custom(self, name: str, actions: Sequence[str]) -> str:
        """Make a role of the tenant's own; give its id."""
        fields = {"roleName": f"{name} role", "permissions": [{"actions": [*actions]}], "assignableScopes": [SUB]}
        with self.double.lock:
            return str(self.double.rbac.roles.put(str(uuid4()), fields)[0].guid)

    def plant(self) -> None:
        """Plant all that lives in this tenant alone."""
        for number in range(12):
            self.identity(f"shipper-{number:02}", by=By.STATE if number % 2 else By.STACK)
            self.application(f"front-{number:02}")
        self._answering()
        self._ageing()
        self._powerful()
        self._leading()
        self._conflicting()

    def _assign(self, principal: Principal, holds: Sequence[Assigned]) -> None:
        for role, scope in holds:
            self.double.rbac.assign(principal, role, scope)

    def _answering(self) -> None:
        for number in range(2):
            self.identity(f"by-hand-{number}", SHADOW, by=By.NOTHING, why="made by hand")
            self.application(f"nobodys-{number}", UNOWNED, owners=(), why="nobody is said to own it")
            self.application(f"left-behind-{number}", OWNER_LEFT, owners=(EVE,), why="its owner has left")
            self.identity(f"strange-{number}", OWNER_UNKNOWN, owners=(GHOST,), why="no directory has its owner")
            self.identity(f"tagged-{number}", owners=(), tags={"owner": ANN}, why="owned by a tag")
            reads = [("Reader", _GROUP)]
            self.identity(f"twin-{number}", DUPLICATE, holds=reads, why="does the same as another")
            bills = [("Billing Reader", SUB)]
            self.application(f"app-twin-{number}", DUPLICATE, holds=bills, why="does the same as another")
            self._runs(f"ran-{number}", DEPENDENTS_GONE, gone=True)
            self._runs(f"runs-{number}", gone=False)
        self.identity("twin-in-test", holds=reads, environment="test", why="serves another environment")
        self.identity("dropped", STACK_GONE, SHADOW, by=By.WAS, why="its stack has dropped it")
        self.identity("moved", by=By.MOVED, why="another stack declares it now")

    def _runs(self, name: str, *told: Told, gone: bool) -> None:
        key = self.identity(name, *told, why="a machine ran as it" if gone else "a machine runs as it")
        with self.double.lock:
            machine = self.double.resources.make(_MACHINE, f"vm-{name}")
            attached = {"type": "UserAssigned", "userAssignedIdentities": {key: {}}}
            self.double.resources.by_id[machine.lower()] |= {"location": "westeurope", "identity": attached}
        if gone:
            self._ledger.changes.append(lambda: self.double.resources.by_id.pop(machine.lower()))

    def _ageing(self) -> None:
        for days, told in ((45, UNUSED_30), (70, UNUSED_60), (100, UNUSED_90)):
            self.application(f"idle-{days}", told, used=days, why=f"signed in {days} days ago")
        self.application("nearly-idle", used=29, why="signed in 29 days ago")
        self.application("never-seen", used=None, why="is not in a report that goes back 30 days, told a day late")
        for days, told in ((100, OLD_90), (200, OLD_180), (400, OLD_365)):
            secret = (days, 200)
            self.application(f"secret-{days}", told, of_principal=(), secret=secret, why=f"a secret of {days} days")
        self.application("secret-89", secret=(89, 200), why="a secret of 89 days")
        lapsed = (EXPIRED_CREDENTIAL,)
        self.application("lapsed", *lapsed, of_principal=(), secret=(400, -3), why="a secret has ended and is there")

    def _powerful(self) -> None:
        self.identity("owner", ADMINISTRATOR, holds=[("Owner", SUB)], why="owner of the subscription")
        self.application("owner-app", ADMINISTRATOR, holds=[("Owner", SUB)], why="owner of the subscription")
        access = [("User Access Administrator", SUB)]
        self.identity("assigns", ESCALATING, holds=access, why="may assign itself any role")
        writes = self.custom("rewrites", ["Microsoft.Authorization/roleDefinitions/write"])
        self.application("rewrites", ESCALATING, holds=[(writes, SUB)], why="may rewrite a role that it holds")
        global_admin = self.application("global-admin", ADMINISTRATOR, why="administrator of the directory")
        app_admin = self.application("app-admin", ESCALATING, why="may add a secret to any application")
        reader = self.application("reads-directory", why="reads the directory")
        grants = self.application("manages-roles", ESCALATING, why="may assign itself any role of the directory")
        mail = self.application("reads-mail", why="reads mail")
        with self.double.lock:
            roles = self.double.directory_roles
            roles.assign(global_admin, "62e90394-69f5-4237-9190-012177145e10", "Global Administrator", _OWN)
            roles.assign(app_admin, "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator", _OWN)
            roles.assign(reader, "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", _OWN)
            self.double.relations.give(grants, self._graph, _ROLE_MANAGEMENT)
            self.double.relations.give(mail, self._graph, _MAIL_READ)
        # Which includes the federated credentials of the owners among the managed identities.
        everything, why = [("Contributor", SUB)], "may change everything"
        self.application("contributor", WILDCARD, PATH, holds=everything, why=why)
        self.identity("contributor-id", WILDCARD, PATH, holds=everything, why=why)
        self.identity("reader", holds=[("Reader", SUB)], why="reads the subscription")
        self.identity("owns-one", holds=[("Storage Account Contributor", _GROUP)], why="owns a kind in one group")

    def _leading(self) -> None:
        end = f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/owner".lower()
        plain = self.identity("plain-end", why="a harmless one")
        manages, operates = "Managed Identity Contributor", "Managed Identity Operator"
        one = self.identity("one-hop", PATH, holds=[(manages, end)], why="lets its own tokens pass for an owner")
        self.application("two-hops", PATH, holds=[(manages, one)], why="one hop more")
        runs = [(operates, end), ("Virtual Machine Contributor", _GROUP)]
        self.identity("runs-as-owner", PATH, holds=runs, why="runs machines as an owner")
        self.identity("attaches-only", holds=[(operates, end)], why="may attach an owner, but runs nothing")
        self.identity("to-plain", holds=[(manages, plain)], why="becomes a harmless one")
        person = self.double.directory.person("dana")
        with self.double.lock:
            self.double.rbac.assign(person, "Reader", SUB)

    def _conflicting(self) -> None:
        keys, data = ("Key Vault Administrator", _GROUP), ("Key Vault Crypto User", _GROUP)
        self.identity("keys-and-data", KEYS_AND_DATA, holds=[keys, data], why="holds both duties")
        self.identity("keys-only", holds=[keys], why="holds one duty only")
        self.identity("data-only", holds=[data], why="holds the other duty only")
        hides = self.custom("hides", ["Microsoft.Insights/diagnosticSettings/delete"])
        holds = [("User Access Administrator", SUB), (hides, SUB)]
        self.identity("access-and-audit", ACCESS_AND_AUDIT, ESCALATING, holds=holds, why="holds both duties")
        self.identity("audit-only", holds=[(hides, SUB)], why="holds the other duty only")


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
