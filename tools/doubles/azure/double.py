"""A double of Azure: one server, over TLS, that stands in for Entra, Microsoft Graph, Azure Resource Manager and more.

`AzureConnection(endpoint=double.url, authority=double.url)` leads there. Azure Resource Manager is at the root
(`/subscriptions`, `/providers`), Graph below `/v1.0`, a vault below `/vaults/<name>`, the other data planes below
`/blob/<account>`, `/servicebus/<namespace>`, `/eventhubs/<namespace>`, `/cosmos/<account>` and `/registry/<name>`.
azure-identity and azure-core refuse plain HTTP, so the test names the double's authority in REQUESTS_CA_BUNDLE
(`tools.doubles.tls`).

Whoever was made by `ambient` or `grant` is an operator, who may do everything that isn't denied. Everybody else is
judged by role assignments, and for Graph by the permissions that `consent` gives. An operator's tokens do not end, so
that a test that moves the clock need not sign in again; everybody else's do.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tools.doubles.azure import errors
from tools.doubles.azure.activity_log import ActivityLog
from tools.doubles.azure.applications import Applications
from tools.doubles.azure.arm import Arm
from tools.doubles.azure.audiences import audiences_of, plane_of
from tools.doubles.azure.blobs import Blobs
from tools.doubles.azure.clouds import Clouds
from tools.doubles.azure.cosmos import Cosmos
from tools.doubles.azure.cosmos import token_of as token_in
from tools.doubles.azure.cosmos_roles import CosmosRoles
from tools.doubles.azure.delayed import Delayed
from tools.doubles.azure.directory import Directory, Principal
from tools.doubles.azure.directory_audits import DirectoryAudits
from tools.doubles.azure.directory_roles import DirectoryRoles
from tools.doubles.azure.entra import Entra
from tools.doubles.azure.federation import Federation
from tools.doubles.azure.gate import Gate
from tools.doubles.azure.graph import ALL, READ, WRITE
from tools.doubles.azure.identities import Identities
from tools.doubles.azure.key_vaults import KeyVaults
from tools.doubles.azure.keys import Keys
from tools.doubles.azure.management_groups import ManagementGroups
from tools.doubles.azure.messaging import Messaging
from tools.doubles.azure.operations import Operations
from tools.doubles.azure.owners import Owners
from tools.doubles.azure.rbac import Rbac
from tools.doubles.azure.refusals import Refusals
from tools.doubles.azure.registries import Registries
from tools.doubles.azure.relations import PEOPLE, Relations
from tools.doubles.azure.resources import Resources
from tools.doubles.azure.role_routes import RoleRoutes
from tools.doubles.azure.scopes import normalised, subscription_of
from tools.doubles.azure.service_principals import ServicePrincipals
from tools.doubles.azure.shapes import SHAPES
from tools.doubles.azure.sign_ins import SignIns
from tools.doubles.azure.subscriptions import SUBSCRIPTION, Subscriptions
from tools.doubles.azure.vault_access import VaultAccess
from tools.doubles.azure.vaults import Vaults
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.server import HttpDouble
from tools.doubles.tls import server_context


class AzureDouble(HttpDouble):
    """Azure with one tenant and one subscription; vaults come to be when they are named.

    Attributes:
        activity_log: what has happened in the subscription, and above it.
        applications: Microsoft Graph's applications.
        arm: Azure Resource Manager.
        blobs: what there is in storage accounts.
        cosmos: what there is in Cosmos DB.
        cosmos_roles: who may do what there.
        directory: the tenant's principals.
        directory_audits: what has happened in the directory.
        directory_roles: the roles of the directory, and who has them.
        entra: the tenant and its token endpoint.
        federation: the federated credentials of applications and managed identities.
        identities: the managed identities.
        key_vaults: the vaults as resources of Azure Resource Manager.
        keys: the keys of every vault.
        management_groups: what lies above the subscriptions.
        messaging: what waits in Service Bus and Event Hubs.
        operations: long-running operations.
        operators: client ids of who may do everything that isn't denied.
        propagation: how much later, on the double's clock, a role or its assignment counts: up to 10 minutes.
        rbac: the roles and their assignments.
        registries: what there is in container registries.
        relations: who owns what, is in which group, and has which roles of applications.
        resources: what Azure Resource Manager keeps beside identities and vaults.
        roles: the calls about role assignments and definitions.
        sign_ins: the report of when applications signed in.
        subscription: the id of the subscription that there is.
        subscriptions: subscriptions and resource groups.
        vaults: the secrets of every vault.
    """

    def __init__(self) -> None:
        super().__init__(tls=server_context())
        self.propagation = timedelta()
        self.operators: set[str] = set()
        self.subscription = SUBSCRIPTION
        self._arrival = threading.local()
        self.directory = Directory(self.now)
        self.entra = Entra(self.directory, self.url, self.now)
        self.federation = Federation(self.now, lambda: self.entra.lag)
        self.applications = Applications(self.now, self.directory, self.federation, self.url)
        self.identities = Identities(self.directory, self.federation, self.now, self._arrived, self.url)
        self.entra.join(self.applications, self.identities, self.federation)
        self.rbac = Rbac(self.directory, self.now, lambda: self.propagation)
        self.operations = Operations(self.url)
        self.subscriptions = Subscriptions(self.operations)
        self.vaults = Vaults(self.url, self.now)
        self.keys = Keys(self.vaults, self.url, self.now)
        self.resources = Resources(self.operations, self.url)
        self.key_vaults = KeyVaults(self.vaults, self.operations, self.url, self.now)
        self.cosmos_roles = CosmosRoles(self.resources, self.directory, self.operations, self._delayed)
        gate = Gate(self.holds, self.object_id_of, self._is_operator, self.resources, self.url)
        self.blobs, self.messaging = Blobs(gate, self.now), Messaging(gate)
        self.cosmos, self.registries = Cosmos(gate, self.cosmos_roles), Registries(gate, self.entra, self.now)
        self._refusals = Refusals(self.entra.tokens, self.url)
        self.arm = Arm(self.subscriptions, self.holds, self._denial)
        self._vault_access = VaultAccess(self.rbac)
        self._vault_access.find = self.key_vaults.find
        self.relations = Relations(self.applications, self.directory, self.url, lambda asked: self.may(asked, PEOPLE))
        principals = ServicePrincipals(self.directory, self.applications, self.relations, self.url, self.now)
        self.directory_roles, self.sign_ins = DirectoryRoles(self.relations, self.url), SignIns(self.url)
        self.management_groups = ManagementGroups(self.holds, self.url)
        self.activity_log = ActivityLog(self.subscriptions.judge, self.holds, self._denial, self.url)
        self.directory_audits = DirectoryAudits(self.url)
        self.roles = RoleRoutes(self.rbac, self.url, self.object_id_of, self._lacks)
        self._register()
        planes = (self.vaults, self.keys, self.blobs, self.messaging, self.cosmos, self.registries)
        beside = (Clouds(self.url), Owners(self.applications, self.directory, self.relations, self.url))
        graph = (self.applications, principals, self.relations, self.directory_roles, self.sign_ins)
        logs = (self.activity_log, self.directory_audits)
        for service in (*graph, *logs, self.entra, self.arm, *planes, *beside):
            self.mount(service)

    def _listed(self, request: Request) -> list[dict[str, Any]]:
        """The resources with a location that the caller may read."""
        kept = (self.resources.by_id, self.identities.by_id, self.key_vaults.by_id)
        return [
            each
            for by_id in kept
            for each in by_id.values()
            if "location" in each and self.holds(request, f"{each['type']}/read", str(each["id"]))
        ]

    def _register(self) -> None:
        self.subscriptions.list_resources(self._listed)
        self.subscriptions.list_those(self.holds, self.url)
        kept = (self.identities, self.resources, self.key_vaults, self.cosmos_roles)
        for service in (self.roles, self.management_groups, *kept):
            self.arm.register(service.types())
        namespaces = self.arm.namespaces
        self.arm.register(self.subscriptions.types(namespaces, self.arm.kinds))
        self.arm.register(self.operations.types(namespaces))
        self.arm.register(map(self.subscriptions.registrations, namespaces()))
        removing = (self.identities.remove_within, self.key_vaults.remove_within, self.resources.remove_within)
        for told in (*removing, self.rbac.forget):
            self.subscriptions.when_deleted(told)
        for told in (self.rbac.forget, self.cosmos_roles.forget):
            self.resources.when_deleted(told)
        self.key_vaults.when_deleted(self.rbac.forget)
        self.key_vaults.when_deleted(lambda id_: self.keys.empty(id_.rpartition("/")[2]))
        self.identities.when_deleted(self.rbac.forget)

    def ambient(self, name: str = "operator") -> dict[str, str]:
        """Make an operator's application with a secret: the variables by which azure-identity finds it."""
        application = self.applications.make(name)
        self.operators.add(application["appId"])
        return self.variables_of(application)

    def variables_of(self, application: dict[str, object]) -> dict[str, str]:
        """Add a secret to an application: the variables by which azure-identity finds it."""
        secret = self.applications.add(application, "by hand")["secretText"]
        names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
        return dict(zip(names, (self.entra.tenant, str(application["appId"]), secret), strict=True))

    def grant(self, token: str, principal: str) -> str:
        """Let a token speak for a principal, who is an operator from now on, and return it."""
        self.operators.add(principal)
        return super().grant(token, principal)

    def consent(self, principal: Principal, *permissions: str) -> None:
        """Give a principal permissions of Microsoft Graph, such as `Application.Read.All`."""
        principal.roles.update(permissions)

    def holds(
        self,
        request: Request,
        operation: str,
        scope: str,
        *,
        data: bool = False,
        about: Mapping[str, str] | None = None,
    ) -> bool:
        """Tell whether the caller of a request may do something at a scope, by what isn't denied and by the roles."""
        if self._is_denied(request.principal, operation):
            return False
        if request.principal in self.operators:
            return True
        return self.rbac.permits(self.object_id_of(request), operation, scope, data=data, about=about)

    def object_id_of(self, request: Request) -> str:
        """The object id of whom a request speaks for; also when it was deleted since the token was issued."""
        held = self.entra.tokens.find(self.token_of(request))
        if held is not None:
            return held.object_id
        found = self.directory.by_client(request.principal)
        return found.object_id if found else request.principal

    def may(self, request: Request, permission: str) -> bool:
        """Judge a permission of Graph, or one of Key Vault's for secrets and keys."""
        if self._is_denied(request.principal, permission):
            return False
        if request.principal in self.operators:
            return True
        if plane_of(request.path) == "vaults":
            return self._vault_access.may(request, self.object_id_of(request), permission)
        return self._may_in_graph(request, permission)

    def principal_of(self, request: Request) -> str:
        """The client id of whom a token was issued to, for the audience that is asked."""
        token, audiences = self.token_of(request), audiences_of(request.path)
        holder = self.entra.holder_of(token, audiences)
        held = self.entra.tokens.find(token)
        if held is not None and held.audience in audiences and held.client_id in self.operators:
            return held.client_id
        if not holder and plane_of(request.path) == "registry":
            holder = self.registries.holder_of(token, request.path)
        return holder or super().principal_of(request)

    def token_of(self, request: Request) -> str:
        """The token that a request bears; Cosmos DB takes it in a form of its own."""
        if plane_of(request.path) == "cosmos":
            return token_in(request.headers.get("authorization", ""))
        return super().token_of(request)

    def unauthorized(self, request: Request) -> Answer:
        """The 401 of the service that was asked, with its challenge."""
        return self._refusals.unauthorized(request, self.token_of(request))

    def forbidden(self, request: Request, permission: str) -> Answer:
        """Key Vault names the permission; Graph does not."""
        if plane_of(request.path) == "vaults":
            held = self.entra.tokens.find(self.token_of(request))
            return self._vault_access.forbidden(request, permission, None if self._is_operator(request) else held)
        text = "Insufficient privileges to complete the operation."
        return errors.graph(403, "Authorization_RequestDenied", text)

    def absent(self, request: Request) -> Answer:
        """What is no call of theirs."""
        return errors.graph(404, "NotFound", f"no call {request.method} {request.path}")

    def busy(self, request: Request, status: int) -> Answer:
        """Their 429 and 5xx."""
        return self._refusals.busy(request, status)

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request, and remember when it came in."""
        self._arrival.moment = self.now()
        # Clients of Azure Resource Manager that take a scope as a whole write the slash before it twice.
        return super().respond(method, "/" + target.lstrip("/"), headers, body)

    def _delayed(self) -> Delayed[Any]:
        return Delayed(self.now, lambda: self.propagation)

    def _arrived(self) -> datetime:
        moment: datetime = self._arrival.moment
        return moment

    def _is_operator(self, request: Request) -> bool:
        return request.principal in self.operators

    def _is_denied(self, principal: str, permission: str) -> bool:
        return bool({(principal, permission), (principal, "*")} & self._denied)

    def _may_in_graph(self, request: Request, permission: str) -> bool:
        principal = self.directory.by_id.get(self.object_id_of(request))
        if principal is None:
            return False
        if permission == READ:
            return bool({READ, WRITE, ALL} & principal.roles)
        if permission not in (WRITE, ALL):
            return permission in principal.roles
        parts = request.path.replace("/directory/deletedItems/", "/deletedItems/").split("/")
        owned = self.applications.owners.get(parts[3], set()) if len(parts) > 3 else {principal.object_id}
        return ALL in principal.roles or (WRITE in principal.roles and principal.object_id in owned)

    def _denial(self, request: Request, operation: str, scope: str) -> Refusal:
        return self._refusals.denied(request.principal, self.object_id_of(request), operation, scope)

    def _lacks(self, scope: str) -> str:
        """What is missing of a scope that a role is to be assigned at; empty for nothing."""
        subscription = subscription_of(scope)
        if not subscription:
            return ""
        self.subscriptions.judge(subscription)
        parts = normalised(scope).split("/")
        if len(parts) > 4 and parts[3] == "resourcegroups":
            self.subscriptions.judge_group(subscription, parts[4])
        above = "/".join(scope.rstrip("/").split("/")[:9])
        known = {each.type.lower() for each in SHAPES} | {"microsoft.managedidentity/userassignedidentities"}
        kept = (self.resources.by_id, self.identities.by_id)
        if "/".join(parts[6:8]) in known and all(normalised(above) not in each for each in kept):
            where = f"'{'/'.join(above.split('/')[6:])}' under resource group '{parts[4]}'"
            more = "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            return f"The Resource {where} was not found. {more}"
        return ""
