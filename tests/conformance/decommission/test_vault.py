"""What is the own of retirements on Vault: tokens, roles that others change, versions, leases, guards, denials."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Target
from tests.conformance.decommission.vault_world import (
    APPROLE,
    CERTIFICATE,
    ENTITY,
    ENTRY,
    TOKEN,
    VaultRetirementWorld,
    answered,
)
from tests.conformance.discovery.vault_world import CLUSTER
from tools.lab.sandbox.postgres import Postgres

CASE = "dc-0123456789ab"
NOBODY = ["255.255.255.255"]


@pytest.fixture
def world(vault_retirement_world: VaultRetirementWorld) -> VaultRetirementWorld:
    return vault_retirement_world


def path_of(target: Target) -> str:
    return target.key.removeprefix(f"{target.place}/")


def test_roles_that_take_certificates_and_accounts_of_a_cluster_are_bound_to_nobody_and_given_back(
    world: VaultRetirementWorld,
) -> None:
    certificate = world.plant(CERTIFICATE).target
    world.root.write("auth/kubernetes/config", kubernetes_host=CLUSTER, kubernetes_ca_cert="none")
    bound = {"bound_service_account_names": ["orders"], "bound_service_account_namespaces": ["shop"]}
    world.root.write("auth/kubernetes/role/orders", token_policies=["orders"], **bound)
    unique_id = fingerprint(f"{world.accessor('kubernetes')}\norders\n")
    key = f"{world.place}/auth/kubernetes/role/orders"
    kubernetes = Target(key, unique_id, System.VAULT, world.place, LinkKind.VAULT_KUBERNETES_ROLE, "orders")
    for target in (certificate, kubernetes):
        before = world.root.read(path_of(target))["data"]
        retirement = world.retirement()
        undo = retirement.undo_of(target)
        retirement.disable(target, undo)
        assert world.root.read(path_of(target))["data"]["token_bound_cidrs"] == NOBODY
        assert retirement.look(target).presence is Presence.DISABLED
        retirement.restore(target, undo)
        assert world.root.read(path_of(target))["data"] == before


def test_what_somebody_has_bound_a_role_to_meanwhile_stays(world: VaultRetirementWorld) -> None:
    target = world.plant(APPROLE).target
    retirement = world.retirement()
    undo = retirement.undo_of(target)
    retirement.disable(target, undo)
    world.root.write(path_of(target), token_bound_cidrs=["10.0.0.0/8"])
    assert world.retirement().look(target).presence is Presence.ALIVE
    retirement.restore(target, undo)
    assert world.root.read(path_of(target))["data"]["token_bound_cidrs"] == ["10.0.0.0/8"]


def test_a_role_that_was_bound_to_nothing_is_again(world: VaultRetirementWorld) -> None:
    target = world.plant(APPROLE).target
    world.root.write(path_of(target), token_bound_cidrs=[])
    before = world.root.read(path_of(target))["data"]
    retirement = world.retirement()
    undo = retirement.undo_of(target)
    retirement.disable(target, undo)
    retirement.restore(target, undo)
    assert world.root.read(path_of(target))["data"] == before


def test_the_tokens_of_a_role_are_revoked_and_no_others(world: VaultRetirementWorld) -> None:
    target = world.plant(APPROLE).target
    tokens = {name: _token_of(world, name) for name in (target.name, "another")}
    by_hand = world.found.token(policies=["orders"])["client_token"]
    retirement = world.retirement()
    retirement.disable(target, retirement.undo_of(target))
    alive = {name: answered(lambda t=token: world.client(t).read("kv/data/rates")) for name, token in tokens.items()}
    assert alive == {target.name: False, "another": True}
    assert answered(lambda: world.client(by_hand).read("kv/data/rates"))


def _token_of(world: VaultRetirementWorld, role: str) -> str:
    """A token by an AppRole, which is made if need be."""
    path = f"auth/approle/role/{role}"
    world.root.write(path, token_policies=["orders"])
    ids = {
        "role_id": world.root.read(f"{path}/role-id")["data"]["role_id"],
        "secret_id": world.root.write(f"{path}/secret-id")["data"]["secret_id"],
    }
    token: str = world.client().write("auth/approle/login", **ids)["auth"]["client_token"]
    world.secrets += [*ids.values(), token]
    return token


def test_a_delete_tells_tokens_and_secret_ids_by_fingerprints_alone(world: VaultRetirementWorld) -> None:
    target = world.plant(APPROLE).target
    _token_of(world, target.name)
    removed = world.retirement().delete(target)
    kinds = [each.kind for each in removed]
    assert kinds == ["vault-token", "vault-secret-id", "vault-secret-id", "vault-approle"]
    assert not [secret for secret in world.secrets if secret in repr(removed)]


def test_an_entry_into_which_somebody_writes_again_does_not_stand_as_disabled(world: VaultRetirementWorld) -> None:
    target = world.plant(ENTRY).target
    path = target.name.partition("/")[2]
    world.root.write(f"kv/destroy/{path}", versions=[1])
    retirement = world.retirement()
    undo = retirement.undo_of(target)
    assert undo == {"versions": [2]}
    retirement.disable(target, undo)
    assert retirement.look(target).presence is Presence.DISABLED
    world.root.secrets.kv.v2.create_or_update_secret(path, {"value": "x"}, mount_point="kv")
    assert retirement.look(target).presence is Presence.ALIVE
    world.root.write(f"kv/destroy/{path}", versions=[2])
    retirement.restore(target, undo)
    versions = world.root.read(f"kv/metadata/{path}")["data"]["versions"]
    assert [versions[number]["destroyed"] for number in ("1", "2", "3")] == [True, True, False]


def test_an_entity_that_was_disabled_before_stays_so(world: VaultRetirementWorld) -> None:
    target = world.plant(ENTITY).target
    world.root.write(path_of(target), disabled=True)
    retirement = world.retirement()
    undo = retirement.undo_of(target)
    retirement.disable(target, undo)
    retirement.restore(target, undo)
    assert world.root.read(path_of(target))["data"]["disabled"] is True


def test_a_delete_of_a_database_role_revokes_what_it_has_issued(
    world: VaultRetirementWorld, postgres: Postgres
) -> None:
    name = f"orders-{secrets.token_hex(3)}"
    world.found._issuers(name)
    issued: dict[str, Any] = world.root.read(f"database/creds/{name}")["data"]
    world.secrets.append(issued["password"])
    accessor = world.root.sys.list_mounted_secrets_engines()["data"]["database/"]["accessor"]
    unique_id = fingerprint(f"{accessor}\n{name}\nlease-abcdefghijklmnop")
    key, kind = f"{world.place}/database/roles/{name}", LinkKind.VAULT_DATABASE_ROLE
    target = Target(key, unique_id, System.VAULT, world.place, kind, name)
    users = "SELECT rolname FROM pg_roles"
    assert issued["username"] in postgres.query(users)
    with pytest.raises(CannotDisable, match="take its path out of the policies"):
        world.retirement().undo_of(target)
    removed = world.retirement().delete(target)
    assert [each.kind for each in removed] == ["vault-lease", "vault-database-role"]
    assert issued["username"] not in postgres.query(users)
    assert world.retirement().look(target).presence is Presence.GONE


def test_a_root_token_is_guarded_and_never_the_connections_own_revoked(
    world: VaultRetirementWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root tokens are made in the namespace above all others alone.
    monkeypatch.delenv("VAULT_NAMESPACE")
    root = world.found.server.client()
    own = root.auth.token.create(policies=["root"])["auth"]
    world.secrets += [own["client_token"], own["accessor"]]
    known, place = fingerprint(own["accessor"]), world.place.partition("/")[0]
    target = Target(f"{place}/auth/token/accessors/{known}", known, System.VAULT, place, TOKEN, "token")
    try:
        assert "root" in world.retirement().look(target).guarded
        retirement = world.retirement_with(own["client_token"])
        assert retirement.look(target).guarded == "the connection's own"
        retirement.delete(target)
        assert answered(lambda: root.auth.token.lookup_accessor(own["accessor"]))
    finally:
        root.auth.token.revoke_accessor(own["accessor"])


def test_a_denial_is_told_with_the_path_and_changes_nothing(world: VaultRetirementWorld) -> None:
    planted = world.plant(ENTITY)
    before = planted.documents()
    rules = 'path "identity/entity/id/+" { capabilities = ["read"] }'
    world.root.sys.create_or_update_policy("looker", rules)
    retirement = world.retirement_with(world.found.token(policies=["looker"])["client_token"])
    undo = retirement.undo_of(planted.target)
    with pytest.raises(SystemUnreachable, match="identity/entity/id"):
        retirement.disable(planted.target, undo)
    role = world.plant(APPROLE).target
    with pytest.raises(SystemUnreachable, match="read on auth/approle/role"):
        retirement.look(role)
    assert planted.documents() == before


def test_an_identity_of_another_vault_is_not_called_gone(world: VaultRetirementWorld) -> None:
    target = replace(world.plant(ENTITY).target, place="another")
    with pytest.raises(NhiError, match="got an identity of another"):
        world.retirement().look(target)
