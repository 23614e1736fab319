"""Vault with logins by JWT and by Kubernetes service account, for the conformance suite: the real OpenBao.

The issuer of the JWTs is the suite itself; the cluster that reviews the tokens of service accounts is a double.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any

import hvac
import pytest

from nhi_components.core.links import LinkKind
from nhi_components.core.tags import LeaseTags
from tests.conformance.vault_world import VaultWorld, names
from tools.lab.sandbox import vault as lab
from tools.lab.sandbox.cluster import ClusterDouble
from tools.lab.sandbox.issuer import Issuer

AUDIENCE = "vault"
NAMESPACE = "shop"


class FederatedWorld(VaultWorld, ABC):
    """What both have in common: nobody but the issuer can make a login."""

    method: str
    """The type of the auth method."""

    def __init__(self, server: lab.Vault, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(server, monkeypatch)
        self.mount = f"{self.method}-{os.urandom(4).hex()}"
        self.root.sys.enable_auth_method(self.method, path=self.mount)

    @abstractmethod
    def subject(self, tags: LeaseTags) -> str:
        """Whom the role admits: one value for each lease, as it names the alias."""

    @abstractmethod
    def issue(self, tags: LeaseTags) -> str:
        """A token for the role's logins, from its issuer."""

    @abstractmethod
    def bindings(self, subject: str) -> dict[str, Any]:
        """The part of a role that says whom it admits."""

    def create_role(self, tags: LeaseTags) -> str:
        subject = self.subject(tags)
        self.write_role(tags, **self.bindings(subject))
        return subject

    def write_role(self, tags: LeaseTags, **settings: Any) -> None:
        name = names(tags)[0]
        self.root.write(f"auth/{self.mount}/role/{name}", token_policies=[name, tags.lease], token_ttl="1h", **settings)

    def create_namesake(self, name: str) -> None:
        settings = self.bindings(f"{NAMESPACE}/somebody-else")
        self.root.write(f"auth/{self.mount}/role/{name}", token_policies=[name], token_ttl="2h", **settings)

    def session_client(self, tags: LeaseTags) -> hvac.Client:
        return self.client_with(tags, self.issue(tags))

    def client_with(self, tags: LeaseTags, issued: str) -> hvac.Client:
        """A client that has logged in through the lease's role with an issued token."""
        login = self.server.client("").write(f"auth/{self.mount}/login", role=names(tags)[0], jwt=issued)["auth"]
        self.credentials += [issued, login["client_token"], login["accessor"]]
        client: hvac.Client = self.server.client(login["client_token"])
        return client

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        self.mint(tags)
        self.write_version(names(tags)[1])
        return {LinkKind.VAULT_TOKEN, LinkKind.VAULT_KV_VERSION}

    def principal_untouched(self, tags: LeaseTags) -> bool:
        role = self.root.read(f"auth/{self.mount}/role/{names(tags)[0]}")
        return bool(role and role["data"]["token_ttl"] == 7200)

    def is_alias_of(self, tags: LeaseTags, alias: dict[str, Any]) -> bool:
        return bool(alias["name"] in (self.subject(tags), tags.lease))


class VaultJwtWorld(FederatedWorld):
    """Logins with a JWT whose subject is a repository and a branch."""

    principal = LinkKind.VAULT_JWT_ROLE
    method = "jwt"

    def __init__(self, server: lab.Vault, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(server, monkeypatch)
        self.issuer = Issuer()
        self.root.write(f"auth/{self.mount}/config", jwt_validation_pubkeys=[self.issuer.public_key])

    def subject(self, tags: LeaseTags) -> str:
        return f"repo:shop/{tags.lease}:ref:refs/heads/main"

    def issue(self, tags: LeaseTags) -> str:
        return self.issuer.token(sub=self.subject(tags), aud=AUDIENCE)

    def bindings(self, subject: str) -> dict[str, Any]:
        return {
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_subject": subject,
            "bound_audiences": [AUDIENCE],
        }


class VaultKubernetesWorld(FederatedWorld):
    """Logins with the token of a service account, which a cluster reviews."""

    principal = LinkKind.VAULT_KUBERNETES_ROLE
    method = "kubernetes"

    def __init__(self, server: lab.Vault, monkeypatch: pytest.MonkeyPatch, cluster: ClusterDouble) -> None:
        super().__init__(server, monkeypatch)
        self.cluster = cluster
        cluster.configure(self.root, self.mount)

    def subject(self, tags: LeaseTags) -> str:
        return f"{NAMESPACE}/{tags.lease}"

    def issue(self, tags: LeaseTags) -> str:
        return self.cluster.token(NAMESPACE, tags.lease, AUDIENCE)

    def bindings(self, subject: str) -> dict[str, Any]:
        namespace, account = subject.split("/")
        return {
            "bound_service_account_namespaces": [namespace],
            "bound_service_account_names": [account],
            "alias_name_source": "serviceaccount_name",
            "audience": AUDIENCE,
        }
