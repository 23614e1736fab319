"""Google Cloud for the conformance suite: its double, whose policies decide who may do what.

The identity is that of a workload on GKE: a token of its Kubernetes service account becomes one of its account.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from nhi_components.core.connection import GcpConnection
from nhi_components.core.gcp_links import ACCOUNT, POOL, PROJECT, SUSPENDED
from nhi_components.core.gcp_names import (
    BindingName,
    account_email,
    account_id,
    pool_id,
    pool_name,
    provider_name,
    role_id,
    role_name,
    secret_name,
)
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.adapters.gcp.canary import AccountToken
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.ports import Canary, SystemAdapter
from tests.conformance.world import Works, now
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT as P

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_AMBIENT = "GOOGLE_APPLICATION_CREDENTIALS"
_PERMISSIONS = ("pubsub.topics.get", "pubsub.topics.publish")
_REFUSED = (401, 403)
DANA = "user:dana@example.com"


class GcpWorld:
    """The double as projects that the suite owns."""

    system = System.GCP
    principal = LinkKind.GCP_SERVICE_ACCOUNT

    def __init__(self, double: GcpDouble, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double = double
        self._folder, self._environment = folder, monkeypatch
        key_file = double.ambient(folder)
        monkeypatch.setenv(_AMBIENT, str(key_file))
        monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
        self.credentials: list[str] = [json.loads(key_file.read_text())["private_key"]]
        self.connection = GcpConnection(endpoint=double.url)
        self.operator = json.loads(key_file.read_text())["client_email"]
        signing: Any = service_account.Credentials
        session: Any = AuthorizedSession
        self._operator = session(signing.from_service_account_file(key_file, scopes=_SCOPES))
        self._replaced: dict[str, dict[str, Any]] = {}

    def adapter(self) -> SystemAdapter:
        return open_adapter(System.GCP, "default", self.connection)

    def wrong_adapter(self) -> SystemAdapter:
        file = self.double.ambient(self._folder, "intruder")
        told = json.loads(file.read_text())
        self.credentials.append(told["private_key"])
        self.double.keys.of(self.double.accounts.by_email[told["client_email"]]).clear()
        self._environment.setenv(_AMBIENT, str(file))
        return self.adapter()

    def become(self, permissions: Sequence[str]) -> None:
        """From now on, connect as somebody who holds these permissions on the project, and no others."""
        name = f"limited-{os.urandom(4).hex()}"
        with self.double.lock:
            email = self.double.accounts.make(P, name)["email"]
            told = self.double.keys.make(email)[1]
        fields = {"title": name, "includedPermissions": list(permissions)}
        role = f"projects/{P}/roles/{name.replace('-', '_')}"
        self.ask("POST", f"/v1/projects/{P}/roles", {"roleId": role.rpartition("/")[2], "role": fields})
        self.bind(BindingName(f"projects/{P}", role, f"serviceAccount:{email}"))
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(told))
        self._environment.setenv(_AMBIENT, str(file))

    @contextmanager
    def operated(self) -> Iterator[Any]:
        """The operator's own session."""
        yield self._operator

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call as the operator, which has to be answered."""
        answer = self._operator.request(method, f"{self.double.url}{path}", json=body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def create(self, tags: LeaseTags) -> list[Link]:
        self.create_account(tags)
        role = role_of(tags).rpartition("/")[2]
        fields = {"title": role, "description": mark(tags), "includedPermissions": [*_PERMISSIONS]}
        self.ask("POST", f"/v1/projects/{P}/roles", {"roleId": role, "role": fields})
        pools, pool = f"/v1/projects/{P}/locations/global/workloadIdentityPools", pool_of(tags)
        self.ask("POST", f"{pools}?workloadIdentityPoolId={pool.rpartition('/')[2]}", {"description": mark(tags)})
        provider = {
            "description": mark(tags),
            "oidc": {"issuerUri": "https://issuer.example.com"},
            "attributeMapping": {"google.subject": "assertion.sub"},
        }
        self.ask("POST", f"/v1/{pool}/providers?workloadIdentityPoolProviderId=github", provider)
        self.ask("PUT", f"/v1/{topic_of(tags)}", {})
        self.ask(
            "POST",
            f"/v1/projects/{P}/secrets?secretId={secret_of(tags).rpartition('/')[2]}",
            {"replication": {"automatic": {}}, "labels": labels(tags), "annotations": tags.to_metadata()},
        )
        bindings = self.bindings(tags)
        for name in bindings:
            self.bind(name, tags.lease if "/topics/" not in name.resource else "")
        email, where = email_of(tags), {PROJECT: P}
        return [
            Link(System.GCP, LinkKind.GCP_SERVICE_ACCOUNT, email, attributes={**where, SUSPENDED: "false"}),
            Link(System.GCP, LinkKind.GCP_CUSTOM_ROLE, role_of(tags)),
            *(Link(System.GCP, LinkKind.GCP_BINDING, str(name), attributes={ACCOUNT: email}) for name in bindings),
            Link(
                System.GCP,
                LinkKind.GCP_SECRET,
                secret_of(tags),
                attributes={**where, ACCOUNT: email, "generate_bytes": "32"},
            ),
            Link(System.GCP, LinkKind.GCP_WORKLOAD_IDENTITY_POOL, pool, attributes=where),
            Link(
                System.GCP,
                LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER,
                provider_name(pool, "github"),
                attributes={POOL: pool},
            ),
        ]

    def create_account(self, tags: LeaseTags, description: str | None = None) -> None:
        told = mark(tags) if description is None else description
        body = {"accountId": email_of(tags).partition("@")[0], "serviceAccount": {"description": told}}
        self.ask("POST", f"/v1/projects/{P}/serviceAccounts", body)

    def bindings(self, tags: LeaseTags) -> list[BindingName]:
        """What the engine binds: on a topic, which takes no conditions, on the secret, on project and account."""
        member = f"serviceAccount:{email_of(tags)}"
        account, workload = account_resource(email_of(tags)), f"serviceAccount:{cluster_account(tags)}"
        return [
            BindingName(topic_of(tags), role_of(tags), member),
            BindingName(secret_of(tags), "roles/secretmanager.secretAccessor", member),
            BindingName(f"projects/{P}", "roles/pubsub.viewer", member),
            BindingName(account, "roles/iam.workloadIdentityUser", workload),
        ]

    def bind(self, name: BindingName, lease: str = "") -> None:
        """Add a binding, as the engine or a person does."""
        with self.double.lock:
            policy = self.double.policies.get(name.resource, 3)
            condition = {"title": f"nhi {lease}", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}
            made = {"role": name.role, "members": [name.member], **({"condition": condition} if lease else {})}
            policy = {**policy, "version": 3, "bindings": [*policy.get("bindings", []), made]}
            self.double.policies.set(name.resource, policy)

    def bound(self, resource: str) -> list[tuple[str, str]]:
        """Every member of every role of a resource, as role and member."""
        with self.double.lock:
            bindings = self.double.policies.get(resource, 3).get("bindings", [])
        return [(each["role"], member) for each in bindings for member in each["members"]]

    def session_token(self, tags: LeaseTags) -> str:
        """A token of the account, as its workload gets it."""
        with self.double.lock:
            federated = self.double.tokens.issue(cluster_account(tags))
        self.credentials.append(federated)
        url = f"{self.double.url}/v1/projects/-/serviceAccounts/{email_of(tags)}:generateAccessToken"
        answer = requests.post(url, json={"scope": _SCOPES}, headers=bearing(federated), timeout=5)
        if not answer.ok:
            raise PermissionError(f"denied: {answer.status_code} {answer.text}")
        token: str = answer.json()["accessToken"]
        self.credentials.append(token)
        return token

    def open_session(self, tags: LeaseTags) -> Works:
        token, url = self.session_token(tags), f"{self.double.url}/v1/{topic_of(tags)}"

        def works() -> bool:
            answer = requests.get(url, headers=bearing(token), timeout=5)
            assert answer.ok or answer.status_code in _REFUSED, answer.text
            return answer.ok

        return works

    def open_canary(self, tags: LeaseTags, link: Link) -> Canary:
        url = f"{self.double.url}/v1/{account_resource(email_of(tags))}"
        ends = now().replace(year=now().year + 1)
        return Canary(link, now(), AccountToken("default", url, ends, self.session_token(tags)))

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        elsewhere = f"projects/{P}/topics/by-hand-{suffix_of(tags.lease)}"
        self.ask("PUT", f"/v1/{elsewhere}", {})
        self.bind(BindingName(elsewhere, "roles/pubsub.editor", f"serviceAccount:{email_of(tags)}"))
        self.bind(BindingName(account_resource(email_of(tags)), "roles/iam.serviceAccountTokenCreator", DANA))
        with self.double.lock:
            told = self.double.keys.make(email_of(tags))[1]
        self.credentials.append(told["private_key"])
        return {LinkKind.GCP_BINDING, LinkKind.GCP_SERVICE_ACCOUNT_KEY}

    def replace_principal(self, tags: LeaseTags) -> None:
        email = email_of(tags)
        self.ask("DELETE", f"/v1/{account_resource(email)}")
        self.create_account(tags, "made by hand")
        self.bind(BindingName(topic_of(tags), "roles/pubsub.publisher", f"serviceAccount:{email}"))
        self._replaced[email] = dict(self.double.accounts.by_email[email])

    def principal_untouched(self, tags: LeaseTags) -> bool:
        email = email_of(tags)
        bound = ("roles/pubsub.publisher", f"serviceAccount:{email}") in self.bound(topic_of(tags))
        return bound and self.double.accounts.by_email.get(email) == self._replaced[email]

    def alive(self, tags: LeaseTags) -> list[str]:
        with self.double.lock:
            pools, roles = [self.double.pools.pools, self.double.pools.providers], self.double.roles.by_name
            policies = dict(self.double.policies.all(f"projects/{P}", self.double.now()))
            found = [
                *(name for name in self.double.accounts.by_email if name == email_of(tags)),
                *(name for name, role in roles.items() if name == role_of(tags) and not role.deleted),
                *(
                    name
                    for each in pools
                    for name, kept in each.by_name.items()
                    if suffix_of(tags.lease) in name and not kept.deleted
                ),
                *([secret_of(tags)] if self.double.secrets.find(P, secret_of(tags).rpartition("/")[2]) else []),
            ]
        return [*found, *(name for name, policy in policies.items() if email_of(tags) in json.dumps(policy))]

    def secret_value(self, tags: LeaseTags) -> str:
        """The newest version of the bundle's secret."""
        told = self.ask("GET", f"/v1/{secret_of(tags)}/versions/latest:access")
        return base64.b64decode(told["payload"]["data"]).decode()

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()


def email_of(tags: LeaseTags) -> str:
    return account_email(account_id(tags.identity, tags.environment, suffix_of(tags.lease)), P)


def role_of(tags: LeaseTags) -> str:
    return role_name(P, role_id(tags.identity, tags.environment, suffix_of(tags.lease), _PERMISSIONS))


def pool_of(tags: LeaseTags) -> str:
    return pool_name(P, pool_id(tags.identity, tags.environment, suffix_of(tags.lease)))


def secret_of(tags: LeaseTags) -> str:
    return secret_name(P, f"{tags.identity}-{tags.environment}-{suffix_of(tags.lease)}")


def topic_of(tags: LeaseTags) -> str:
    """The topic that a lease's identity publishes to; somebody else's, so that it stays."""
    return f"projects/{P}/topics/orders-{suffix_of(tags.lease)}"


def cluster_account(tags: LeaseTags) -> str:
    """The Kubernetes service account that may become the account."""
    return f"{P}.svc.id.goog[shop/orders-{suffix_of(tags.lease)}]"


def mark(tags: LeaseTags) -> str:
    return f"{tags.purpose} {description_mark(tags.lease)}"


def labels(tags: LeaseTags) -> dict[str, str]:
    return {key: value for key, value in tags.to_metadata().items() if key in ("nhi_lease", "nhi_managed-by")}


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
