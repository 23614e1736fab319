"""Azure for the conformance suite: its double, whose role assignments decide who may do what.

The identity is that of a pipeline: a token of its issuer becomes one of its managed identity, or, in the other world,
of its application.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential

from nhi_components.core.azure_catalogue import IDENTITY_OPERATOR, SECRETS_USER
from nhi_components.core.azure_federation import AUDIENCE
from nhi_components.core.azure_links import (
    APPLICATION,
    EXPIRES,
    GENERATE_BYTES,
    LABEL,
    PRINCIPAL,
    PRINCIPAL_ID,
    RESOURCE_GROUP,
    SUBSCRIPTION,
    SUSPENDED,
    VAULT,
    VAULT_ID,
)
from nhi_components.core.azure_names import (
    assignment_guid,
    assignment_id,
    credential_id,
    credential_name,
    group_scope,
    identity_id,
    identity_name,
    operations_digest,
    role_guid,
    role_id,
    role_name,
    subscription_scope,
    vault_secret_name,
)
from nhi_components.core.connection import AzureConnection
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.ports import Canary, SystemAdapter
from tests.conformance.doubles.azure_asking import ARM, Asker
from tests.conformance.world import Works, now
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import Principal
from tools.doubles.azure.errors import arm
from tools.doubles.azure.subscriptions import GROUP, LOCATION
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S
from tools.doubles.messages import Answer
from tools.doubles.tls import write_authority
from tools.lab.sandbox.issuer import Issuer

ISSUER = "https://token.actions.githubusercontent.com"
VAULT_NAME = "team-orders"
SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
"""Azure Service Bus Data Sender."""

_READS = ("Microsoft.ServiceBus/namespaces/queues/read",)
_SECRET = "AZURE_CLIENT_SECRET"
_REFUSED = (401, 403)


class AzureWorld:
    """The double as a subscription that the suite owns, with a managed identity."""

    system = System.AZURE
    principal = LinkKind.AZURE_MANAGED_IDENTITY

    def __init__(self, double: AzureDouble, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double = double
        self.environment = monkeypatch
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(folder)))
        self.issuer = Issuer()
        double.entra.issuers.put(ISSUER, self.issuer.public_key)
        self.variables = double.ambient()
        self._use(self.variables)
        self.credentials: list[str] = [self.variables[_SECRET]]
        self.operator = self.variables["AZURE_CLIENT_ID"]
        self.connection = AzureConnection(endpoint=double.url, authority=double.url)
        self._asker = Asker(double, self.operator)
        self._replaced: dict[str, Any] = {}
        vault = {"sku": {"family": "A", "name": "standard"}, "tenantId": double.entra.tenant}
        asked = {"location": LOCATION, "properties": {**vault, "enableRbacAuthorization": True}}
        self.ask("PUT", vault_id(), asked)
        self.ask("PUT", namespace(), {"location": LOCATION, "sku": {"name": "Standard"}})
        self.deployer = double.applications.principal_of(double.applications.make("deployer"))
        self.dana = double.directory.person("dana")

    def adapter(self) -> SystemAdapter:
        return open_adapter(System.AZURE, "default", self.connection)

    def wrong_adapter(self) -> SystemAdapter:
        self.environment.setenv(_SECRET, "wrong-" + self.variables[_SECRET])
        return self.adapter()

    def become(self, actions: Sequence[str], data: Sequence[str], graph: Sequence[str] = ()) -> Principal:
        """From now on, connect as somebody who holds these permissions in the subscription, and no others."""
        name = f"limited-{os.urandom(4).hex()}"
        with self.double.lock:
            application = self.double.applications.make(name)
            principal = self.double.applications.principal_of(application)
            variables = self.double.variables_of(application)
            blocks = [{"actions": list(actions), "dataActions": list(data)}]
            fields = {"roleName": name, "assignableScopes": [subscription_scope(S)], "permissions": blocks}
            role = self.double.rbac.roles.put(str(uuid4()), fields)[0]
            self.double.rbac.assign(principal, role.guid, subscription_scope(S))
            self.double.consent(principal, *graph)
        self.credentials.append(variables[_SECRET])
        self._use(variables)
        return principal

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call to Azure Resource Manager as the operator, which has to be answered."""
        answer = self._asker.arm(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def create(self, tags: LeaseTags) -> list[Link]:
        self.ask("PUT", queue_of(tags), {"properties": {}})
        self.ask("PUT", identity_of(tags), {"location": LOCATION, "tags": tags.to_tags()})
        self.ask("PUT", credential_of(tags), {"properties": trusted(tags)})
        principal = self.principal_of(tags)
        self.make_role(tags)
        assigned = self.assign_all(tags, principal.object_id, identity_of(tags))
        operator = role_id(S, IDENTITY_OPERATOR)
        attaches = self.assign(tags, identity_of(tags), operator, self.deployer.object_id, self.deployer.object_id)
        place = {SUBSCRIPTION: S, RESOURCE_GROUP: GROUP}
        about = {PRINCIPAL: identity_of(tags)}
        return [
            Link(System.AZURE, self.principal, identity_of(tags), attributes={**place, SUSPENDED: "false"}),
            Link(
                System.AZURE,
                LinkKind.AZURE_FEDERATED_CREDENTIAL,
                credential_of(tags),
                attributes={**place, LABEL: "github", **about},
            ),
            Link(System.AZURE, LinkKind.AZURE_ROLE_DEFINITION, role_of(tags), attributes=place),
            *(Link(System.AZURE, LinkKind.AZURE_ROLE_ASSIGNMENT, name, attributes=about) for name in assigned),
            Link(
                System.AZURE,
                LinkKind.AZURE_ROLE_ASSIGNMENT,
                attaches,
                attributes={PRINCIPAL_ID: self.deployer.object_id},
            ),
            Link(
                System.AZURE,
                LinkKind.KEY_VAULT_SECRET,
                secret_of(tags),
                attributes={
                    VAULT: VAULT_NAME,
                    VAULT_ID: vault_id(),
                    EXPIRES: tags.ends.isoformat(),
                    GENERATE_BYTES: "32",
                    **about,
                },
            ),
        ]

    def make_role(self, tags: LeaseTags) -> None:
        """The custom role, as the engine makes it."""
        guid = role_of(tags).rpartition("/")[2]
        properties = {
            "roleName": role_name(tags.identity, tags.environment, suffix_of(tags.lease), guid),
            "type": "CustomRole",
            "description": mark(tags),
            "assignableScopes": [group_scope(S, GROUP)],
            "permissions": [{"actions": list(_READS), "notActions": [], "dataActions": [], "notDataActions": []}],
        }
        self.ask("PUT", role_of(tags), {"properties": properties})

    def assign_all(self, tags: LeaseTags, object_id: str, name: str) -> list[str]:
        """What the engine assigns: the custom role and a built-in one on a queue, and the right to read the secret."""
        secret = f"{vault_id()}/secrets/{secret_of(tags).partition('/')[2]}"
        wanted = [(queue_of(tags), role_of(tags)), (queue_of(tags), role_id(S, SENDER))]
        wanted.append((secret, role_id(S, SECRETS_USER)))
        return [self.assign(tags, scope, role, object_id, name) for scope, role in wanted]

    def assign(self, tags: LeaseTags, scope: str, role: str, object_id: str, name: str) -> str:
        """Assign a role, as the engine does."""
        whole = assignment_id(scope, assignment_guid(tags.lease, scope, role, name))
        told = {"principalType": "ServicePrincipal", "description": mark(tags)}
        self.ask("PUT", whole, {"properties": {"roleDefinitionId": role, "principalId": object_id, **told}})
        return whole

    def assign_by_hand(self, principal: Principal, role: str, scope: str) -> str:
        """Assign a role, as a person does; give the assignment's name."""
        with self.double.lock:
            return self.double.rbac.assign(principal, role, scope).id

    def principal_of(self, tags: LeaseTags) -> Principal:
        """The service principal of the identity that stands there now."""
        with self.double.lock:
            return self.double.identities.principal_of(identity_of(tags))

    def assigned(self, tags: LeaseTags) -> list[str]:
        """The names of what is assigned to it."""
        with self.double.lock:
            return [each.id for each in self.double.rbac.of_principal(self.principal_of(tags).object_id)]

    def session_token(self, tags: LeaseTags, audience: str = ARM) -> str:
        """A token of the identity, as its workload gets it."""
        assertion = self.issuer.token(iss=ISSUER, sub=subject_of(tags), aud=AUDIENCE)
        self.credentials.append(assertion)
        settings: dict[str, Any] = {"authority": self.double.url, "disable_instance_discovery": True, "retry_total": 0}
        client = self.principal_of(tags).client_id
        holder = ClientAssertionCredential(self.double.entra.tenant, client, lambda: assertion, **settings)
        try:
            token = holder.get_token(f"{audience}/.default").token
        except ClientAuthenticationError as refusal:
            raise PermissionError(f"denied: {refusal.message}") from None
        self.credentials.append(token)
        return token

    def open_session(self, tags: LeaseTags) -> Works:
        token, url = self.session_token(tags), f"{self.double.url}{queue_of(tags)}?api-version=2024-01-01"

        def works() -> bool:
            answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=5)
            assert answer.ok or answer.status_code in _REFUSED, answer.text
            return answer.ok

        return works

    def open_canary(self, tags: LeaseTags, link: Link) -> Canary:
        """What the workload alone could open; no adapter can try it."""
        return Canary(link, now(), None)

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        principal = self.principal_of(tags)
        self.assign_by_hand(principal, "Reader", group_scope(S, GROUP))
        self.assign_by_hand(self.dana, "Managed Identity Operator", identity_of(tags))
        by_hand = {"issuer": ISSUER, "subject": f"by hand {suffix_of(tags.lease)}", "audiences": [AUDIENCE]}
        self.ask("PUT", credential_id(identity_of(tags), "by-hand"), {"properties": by_hand})
        return {LinkKind.AZURE_ROLE_ASSIGNMENT, LinkKind.AZURE_FEDERATED_CREDENTIAL}

    def replace_principal(self, tags: LeaseTags) -> None:
        self.ask("DELETE", identity_of(tags))
        self.ask("PUT", identity_of(tags), {"location": LOCATION, "tags": {"team": "payments"}})
        self.assign_by_hand(self.principal_of(tags), SENDER, queue_of(tags))
        self._replaced[tags.lease] = (
            dict(self.double.identities.by_id[identity_of(tags).lower()]),
            self.assigned(tags),
        )

    def principal_untouched(self, tags: LeaseTags) -> bool:
        found = self.double.identities.by_id.get(identity_of(tags).lower())
        return (found, self.assigned(tags)) == self._replaced[tags.lease]

    def alive(self, tags: LeaseTags) -> list[str]:
        suffix = suffix_of(tags.lease)
        with self.double.lock:
            assigned = self.double.rbac.assignments.written.values()
            ours = [each for each in assigned if description_mark(tags.lease) in str(each.facts.get("description"))]
            return [
                *(key for key in self.double.identities.by_id if suffix in key),
                *(role.name for role in self.double.rbac.roles.custom.written.values() if role.name.endswith(suffix)),
                *(each.id for each in ours),
                *(name for _, name in self.double.vaults.by_name if suffix in name),
            ]

    def secret_value(self, tags: LeaseTags) -> str:
        """The newest version of the bundle's secret."""
        return self.secret(tags).versions[-1].value

    def secret(self, tags: LeaseTags) -> Any:
        """The bundle's secret, living or deleted."""
        return self.double.vaults.by_name[VAULT_NAME, secret_of(tags).partition("/")[2]]

    def reads_secret(self, tags: LeaseTags, token: str) -> bool:
        """Whether a token gets at the bundle's secret."""
        vault, _, name = secret_of(tags).partition("/")
        url = f"{self.double.url}/vaults/{vault}/secrets/{name}?api-version=7.4"
        answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=5)
        assert answer.ok or answer.status_code in _REFUSED, answer.text
        return answer.ok

    def refuse_once(self, target: str, status: int, code: str) -> None:
        """Have the next call that a regular expression finds refused, as by somebody who gets in the way."""
        self.answer_once(target, arm(status, code, "in the way").answer)

    def answer_once(self, target: str, answer: Answer) -> None:
        """Have the next call that a regular expression finds answered so."""
        respond, left = self.double.respond, [answer]

        def answered(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
            is_it = left and re.search(target, f"{method} {path}")
            return left.pop() if is_it else respond(method, path, headers, body)

        self.environment.setattr(self.double, "respond", answered)

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()

    def _use(self, variables: dict[str, str]) -> None:
        for name, value in variables.items():
            self.environment.setenv(name, value)


class AzureApplicationWorld(AzureWorld):
    """The same with an application, whose service principal it is."""

    principal = LinkKind.ENTRA_SERVICE_PRINCIPAL

    def create(self, tags: LeaseTags) -> list[Link]:
        self.ask("PUT", queue_of(tags), {"properties": {}})
        with self.double.lock:
            marks = {"tags": [description_mark(tags.lease), "team=orders"], "notes": tags.purpose}
            application = self.double.applications.make(display_name(tags), **marks)
            principal = self.double.applications.principal_of(application)
            principal.facts |= marks
            self.double.federation.put(
                application["id"], credential_name("github", suffix_of(tags.lease)), trusted(tags)
            )
        self.make_role(tags)
        assigned = self.assign_all(tags, principal.object_id, display_name(tags))
        about, name = {PRINCIPAL: display_name(tags)}, display_name(tags)
        credential = credential_id(f"applications/{name}", credential_name("github", suffix_of(tags.lease)))
        return [
            Link(System.AZURE, LinkKind.ENTRA_APPLICATION, name, attributes={"client_id": application["appId"]}),
            Link(
                System.AZURE,
                self.principal,
                name,
                attributes={APPLICATION: application["id"], SUSPENDED: "false"},
            ),
            Link(System.AZURE, LinkKind.AZURE_FEDERATED_CREDENTIAL, credential, attributes={LABEL: "github", **about}),
            Link(System.AZURE, LinkKind.AZURE_ROLE_DEFINITION, role_of(tags)),
            *(Link(System.AZURE, LinkKind.AZURE_ROLE_ASSIGNMENT, each, attributes=about) for each in assigned),
        ]

    def application_of(self, tags: LeaseTags) -> dict[str, Any]:
        """The lease's application."""
        found = (each for each in self.double.applications.by_id.values() if each["displayName"] == display_name(tags))
        return next(found)

    def principal_of(self, tags: LeaseTags) -> Principal:
        with self.double.lock:
            return next(each for each in self.double.directory if each.name == display_name(tags))

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        self.assign_by_hand(self.principal_of(tags), "Reader", group_scope(S, GROUP))
        with self.double.lock:
            application = self.application_of(tags)
            by_hand = {"issuer": ISSUER, "subject": f"by hand {suffix_of(tags.lease)}", "audiences": [AUDIENCE]}
            self.double.federation.put(application["id"], "by-hand", by_hand)
            self.credentials.append(self.double.applications.add(application, "by hand")["secretText"])
        return {
            LinkKind.AZURE_ROLE_ASSIGNMENT,
            LinkKind.AZURE_FEDERATED_CREDENTIAL,
            LinkKind.ENTRA_CLIENT_SECRET,
        }

    def replace_principal(self, tags: LeaseTags) -> None:
        with self.double.lock:
            old = self.principal_of(tags)
            self.double.directory.delete(old)
            old.facts["deletedDateTime"] = now().isoformat()
            # Display names are nobody's own: another application may have the same.
            made = self.double.applications.principal_of(self.double.applications.make(display_name(tags)))
        self.assign_by_hand(made, SENDER, queue_of(tags))
        self._replaced[tags.lease] = (dict(made.facts), self.assigned(tags))

    def principal_untouched(self, tags: LeaseTags) -> bool:
        return (self.principal_of(tags).facts, self.assigned(tags)) == self._replaced[tags.lease]

    def alive(self, tags: LeaseTags) -> list[str]:
        with self.double.lock:
            directory = [*self.double.directory, *self.double.directory.restorable()]
            applications = [*self.double.applications.by_id.values(), *self.double.applications.restorable().values()]
        return [
            *super().alive(tags),
            *(each.object_id for each in directory if each.name == display_name(tags)),
            *(each["id"] for each in applications if each["displayName"] == display_name(tags)),
        ]


def identity_of(tags: LeaseTags) -> str:
    return identity_id(S, GROUP, identity_name(tags.identity, tags.environment, suffix_of(tags.lease)))


def credential_of(tags: LeaseTags) -> str:
    return credential_id(identity_of(tags), credential_name("github", suffix_of(tags.lease)))


def role_of(tags: LeaseTags) -> str:
    return role_id(S, role_guid(tags.lease, group_scope(S, GROUP), operations_digest(_READS)))


def secret_of(tags: LeaseTags) -> str:
    return vault_secret_name(VAULT_NAME, f"{tags.identity}-{tags.environment}-{suffix_of(tags.lease)}")


def display_name(tags: LeaseTags) -> str:
    return f"{tags.identity}-{tags.environment}-{suffix_of(tags.lease)}"


def vault_id() -> str:
    return f"{group_scope(S, GROUP)}/providers/Microsoft.KeyVault/vaults/{VAULT_NAME}"


def namespace() -> str:
    return f"{group_scope(S, GROUP)}/providers/Microsoft.ServiceBus/namespaces/team-orders"


def queue_of(tags: LeaseTags) -> str:
    """The queue that a lease's identity sends to; somebody else's, so that it stays."""
    return f"{namespace()}/queues/orders-{suffix_of(tags.lease)}"


def subject_of(tags: LeaseTags) -> str:
    """Who may become the identity."""
    return f"repo:octo/orders-{suffix_of(tags.lease)}:environment:prod"


def trusted(tags: LeaseTags) -> dict[str, Any]:
    return {"issuer": ISSUER, "subject": subject_of(tags), "audiences": [AUDIENCE]}


def mark(tags: LeaseTags) -> str:
    return f"{tags.purpose} {description_mark(tags.lease)}"
