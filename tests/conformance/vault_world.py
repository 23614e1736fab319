"""Vault for the conformance suite: the real OpenBao."""

from __future__ import annotations

import time
from typing import Any

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.lease_id import kv_path, physical_name
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.adapters.vault.canary import OpenToken
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.ports import Canary, SystemAdapter
from tests.conformance.world import Works, now
from tools.lab.sandbox import vault as lab

APPROLE = "approle"
KV = "secret"


class VaultWorld:
    """The server as one whose root token the suite has."""

    system = System.VAULT
    principal = LinkKind.VAULT_APPROLE
    mount = APPROLE

    def __init__(self, server: lab.Vault, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.credentials = [server.token]
        self.environment = monkeypatch
        for name in ("VAULT_NAMESPACE", "VAULT_CACERT"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("VAULT_ADDR", server.address)
        monkeypatch.setenv("VAULT_TOKEN", server.token)
        self.root: hvac.Client = server.client()

    def adapter(self) -> SystemAdapter:
        return open_adapter(System.VAULT, "default", VaultConnection())

    def wrong_adapter(self) -> SystemAdapter:
        self.environment.setenv("VAULT_TOKEN", "a-token-of-nobody")
        self.credentials.append("a-token-of-nobody")
        return self.adapter()

    def create(self, tags: LeaseTags) -> list[Link]:
        name, path = names(tags)
        rules = f'path "{KV}/data/{path}" {{ capabilities = ["read"] }}'
        self.root.sys.create_or_update_policy(name, f"# nhi:lease={tags.lease}\n{rules}\n")
        alias = self.create_role(tags)
        entity = self.root.secrets.identity.create_or_update_entity(name, metadata=tags.to_metadata())
        self.root.secrets.identity.create_or_update_entity_alias(
            name=alias, canonical_id=entity["data"]["id"], mount_accessor=self.accessor()
        )
        return [
            Link(System.VAULT, self.principal, name, attributes={"mount": self.mount}),
            Link(System.VAULT, LinkKind.VAULT_ENTITY, name),
            Link(System.VAULT, LinkKind.VAULT_ENTITY_ALIAS, name, attributes={"mount": self.mount}),
            Link(System.VAULT, LinkKind.VAULT_POLICY, name),
            Link(System.VAULT, LinkKind.VAULT_KV_PATH, path, attributes={"mount": KV, "generate_bytes": "32"}),
        ]

    def create_role(self, tags: LeaseTags) -> str:
        """Make the auth role, and tell the name of the alias that its logins are taken for."""
        name = names(tags)[0]
        self.root.auth.approle.create_or_update_approle(name, token_policies=[name], token_ttl="1h")
        return self.role_id(name)

    def role_id(self, name: str) -> str:
        role_id: str = self.root.auth.approle.read_role_id(name)["data"]["role_id"]
        self.credentials.append(role_id)
        return role_id

    def accessor(self) -> str:
        found: str = self.root.sys.list_auth_methods()["data"][f"{self.mount}/"]["accessor"]
        return found

    def session_client(self, tags: LeaseTags) -> hvac.Client:
        """A client that speaks as the identity."""
        name = names(tags)[0]
        secret_id = self.root.auth.approle.generate_secret_id(name)["data"]
        login = self.server.client("").auth.approle.login(self.role_id(name), secret_id["secret_id"], use_token=False)
        token, accessor = login["auth"]["client_token"], login["auth"]["accessor"]
        self.credentials += [secret_id["secret_id"], secret_id["secret_id_accessor"], token, accessor]
        client: hvac.Client = self.server.client(token)
        return client

    def open_session(self, tags: LeaseTags) -> Works:
        client = self.session_client(tags)
        return lambda: works(client)

    def open_canary(self, tags: LeaseTags, link: Link) -> Canary:
        http = VaultHttp("default", self.server.address, namespace=None, verify=True)
        token = self.session_client(tags).token
        return Canary(link, now(), OpenToken("canary", "", None, http.with_token(token)))

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        name, path = names(tags)
        self.root.auth.approle.generate_secret_id(name)
        self.mint(tags)
        self.write_version(path)
        return {LinkKind.VAULT_SECRET_ID, LinkKind.VAULT_TOKEN, LinkKind.VAULT_KV_VERSION}

    def mint(self, tags: LeaseTags) -> hvac.Client:
        """A token that an administrator makes by hand with the lease's policy; it belongs to no entity."""
        made = self.root.auth.token.create(policies=[names(tags)[0]])["auth"]
        self.credentials += [made["client_token"], made["accessor"]]
        client: hvac.Client = self.server.client(made["client_token"])
        return client

    def write_version(self, path: str) -> None:
        self.root.secrets.kv.v2.create_or_update_secret(path=path, secret={"value": "by-hand"})

    def wait_for_mount(self, mount: str) -> None:
        """A KV v2 mount that was just made refuses everything for a moment."""
        while True:
            try:
                self.root.list(f"{mount}/metadata/")
            except InvalidRequest:
                time.sleep(0.02)
            else:
                return

    def replace_principal(self, tags: LeaseTags) -> None:
        name = names(tags)[0]
        self.root.delete(f"auth/{self.mount}/role/{name}")
        self.root.secrets.identity.delete_entity_by_name(name)
        self.root.sys.delete_policy(name)
        self.root.sys.create_or_update_policy(name, 'path "other/*" { capabilities = ["read"] }')
        self.create_namesake(name)

    def create_namesake(self, name: str) -> None:
        """Make somebody else's auth role of that name; its tokens live for two hours."""
        self.root.auth.approle.create_or_update_approle(name, token_policies=[name], token_ttl="2h")
        self.root.auth.approle.generate_secret_id(name)

    def principal_untouched(self, tags: LeaseTags) -> bool:
        name = names(tags)[0]
        role = self.root.auth.approle.read_role(name)["data"]
        return role["token_ttl"] == 7200 and len(self.secret_ids(name)) == 1

    def secret_ids(self, name: str) -> list[str]:
        listed = self.root.list(f"auth/{APPROLE}/role/{name}/secret-id")
        return listed["data"]["keys"] if listed else []

    def alive(self, tags: LeaseTags) -> list[str]:
        name, path = names(tags)
        looks = {
            "role": f"auth/{self.mount}/role/{name}",
            "entity": f"identity/entity/name/{name}",
            "policy": f"sys/policies/acl/{name}",
            "kv": f"{KV}/metadata/{path}",
        }
        found = [what for what, place in looks.items() if self.root.read(place)]
        aliases = self.root.list("identity/entity-alias/id") or {"data": {"key_info": {}}}
        found += ["alias" for alias in aliases["data"]["key_info"].values() if self.is_alias_of(tags, alias)]
        return found + ["token" for token in self.tokens() if name in token["policies"]]

    def is_alias_of(self, tags: LeaseTags, alias: dict[str, Any]) -> bool:
        return bool(alias["metadata"] == {"role_name": names(tags)[0]})

    def tokens(self) -> list[dict[str, Any]]:
        found = []
        listed = self.root.list("auth/token/accessors") or {"data": {"keys": []}}
        for accessor in listed["data"]["keys"]:
            try:
                found.append(self.root.auth.token.lookup_accessor(accessor)["data"])
            except (Forbidden, InvalidPath):
                continue
        return found

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()


def names(tags: LeaseTags) -> tuple[str, str]:
    """The name of a lease's principals and policy, and the path of its entry."""
    parts = (tags.identity, tags.environment, tags.lease)
    return physical_name(*parts), kv_path(*parts)


def works(client: hvac.Client) -> bool:
    try:
        client.auth.token.lookup_self()
    except Forbidden:
        return False
    return True
