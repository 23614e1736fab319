"""What is Vault's own: first values, entities made anew, tokens minted by hand, blind spots, connections."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import hvac
import pytest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.lease_id import kv_path
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.ports import CutOff, Ownership, Sighting, SystemAdapter
from tests.conformance.vault_world import APPROLE, KV, VaultWorld, names, works
from tests.conformance.world import now
from tools.lab.sandbox.issuer import Issuer

ISSUER = Issuer()

NO_SUDO = """
path "auth/approle/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "identity/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "sys/policies/acl/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "sys/policies/acl" { capabilities = ["list"] }
path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }
"""


def admitted(world: VaultWorld, tags: LeaseTags) -> tuple[SystemAdapter, list[Link]]:
    adapter = world.adapter()
    return adapter, adapter.admit(tags, world.create(tags), now())


def of_kind(sightings: list[Sighting], kind: LinkKind) -> list[Sighting]:
    return [sighting for sighting in sightings if sighting.link.kind is kind]


def cut_off_role(adapter: SystemAdapter, tags: LeaseTags, links: list[Link]) -> CutOff:
    return next(c for c in adapter.cut_off(tags.lease, links, now()) if c.link.kind is LinkKind.VAULT_APPROLE)


def limited_adapter(world: VaultWorld, rules: str) -> SystemAdapter:
    """An adapter whose token may do only what the rules allow."""
    name = f"limited-{os.urandom(4).hex()}"
    world.root.sys.create_or_update_policy(name, rules)
    world.environment.setenv("VAULT_TOKEN", world.root.auth.token.create(policies=[name])["auth"]["client_token"])
    return world.adapter()


class TestFirstValue:
    def test_the_identity_can_read_it_and_a_second_admission_keeps_it(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(vault_world, tags)
        reader, path = vault_world.session_client(tags), names(tags)[1]
        read = reader.secrets.kv.v2.read_secret_version
        value = read(path=path, raise_on_deleted_version=True)["data"]["data"]["value"]
        assert len(value) == 43  # 32 bytes in unpadded base64
        assert value not in repr(links)
        adapter.admit(tags, links, now())
        assert read(path=path, raise_on_deleted_version=True)["data"]["metadata"]["version"] == 1

    def test_the_owner_s_own_value_is_kept(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        links, path = vault_world.create(tags), names(tags)[1]
        vault_world.write_version(path)
        vault_world.adapter().admit(tags, links, now())
        entry = vault_world.root.secrets.kv.v2.read_secret_metadata(path=path)["data"]
        assert entry["current_version"] == 1
        assert entry["custom_metadata"] == tags.to_metadata()

    def test_none_is_made_unless_it_is_asked_for(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        links = [replace(link, attributes={}) for link in vault_world.create(tags)]
        vault_world.adapter().admit(tags, links, now())
        entry = vault_world.root.secrets.kv.v2.read_secret_metadata(path=names(tags)[1])["data"]
        assert entry["current_version"] == 0


class TestAdmission:
    def test_a_policy_must_bear_the_lease(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        links, name = vault_world.create(tags), names(tags)[0]
        vault_world.root.sys.create_or_update_policy(name, 'path "x/y" { capabilities = ["read"] }')
        with pytest.raises(NhiError, match=f"expected the first line '# nhi:lease={tags.lease}'"):
            vault_world.adapter().admit(tags, links, now())

    def test_an_entity_s_own_metadata_is_kept(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        links, name = vault_world.create(tags), names(tags)[0]
        entities = vault_world.root.secrets.identity
        entities.create_or_update_entity(name, metadata={"team": "by-hand"})
        adapter = vault_world.adapter()
        links = adapter.admit(tags, links, now())
        adapter.cut_off(tags.lease, links, now())
        adapter.admit(tags, links, now())
        assert entities.read_entity_by_name(name)["data"]["metadata"] == {"team": "by-hand", **tags.to_metadata()}


class TestEntityMadeAnew:
    def test_it_is_found_cut_off_and_swept(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        adapter, links = admitted(vault_world, tags)
        vault_world.root.secrets.identity.delete_entity_by_name(names(tags)[0])
        session = vault_world.session_client(tags)
        made = session.auth.token.lookup_self()["data"]["entity_id"]
        for known in (links, []):
            (entity,) = of_kind(adapter.survey(tags.lease, known), LinkKind.VAULT_ENTITY)
            assert (entity.link.unique_id, entity.ownership) == (made, Ownership.OURS)
            assert "made by Vault itself" in entity.detail
        adapter.cut_off(tags.lease, links, now())
        assert not works(session)
        for sighting in adapter.survey(tags.lease, []):
            adapter.sweep(sighting)
        assert vault_world.alive(tags) == []

    def test_it_is_found_by_the_role_s_fingerprint_when_the_role_is_gone(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(vault_world, tags)
        vault_world.root.secrets.identity.delete_entity_by_name(names(tags)[0])
        made = vault_world.session_client(tags).auth.token.lookup_self()["data"]["entity_id"]
        vault_world.root.auth.approle.delete_role(names(tags)[0])
        (entity,) = of_kind(adapter.survey(tags.lease, links), LinkKind.VAULT_ENTITY)
        assert entity.link.unique_id == made

    def test_the_canary_s_own_login_leaves_none_enabled(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        adapter, links = admitted(vault_world, tags)
        vault_world.root.secrets.identity.delete_entity_by_name(names(tags)[0])
        assert cut_off_role(adapter, tags, links).canary is not None
        with pytest.raises(hvac.exceptions.Forbidden):
            vault_world.open_session(tags)


class TestTokens:
    def test_one_minted_by_hand_outlives_the_entity_and_is_revoked_by_the_cut_off(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(vault_world, tags)
        minted = vault_world.mint(tags)
        vault_world.root.secrets.identity.delete_entity_by_name(names(tags)[0])
        assert works(minted)
        assert len(of_kind(adapter.survey(tags.lease, []), LinkKind.VAULT_TOKEN)) == 1
        adapter.cut_off(tags.lease, links, now())
        assert not works(minted)

    def test_one_that_outlives_its_policy_is_ours_by_link_and_told_without(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(vault_world, tags)
        minted = vault_world.mint(tags)
        vault_world.root.sys.delete_policy(names(tags)[0])
        vault_world.root.auth.approle.delete_role(names(tags)[0])
        (by_link,) = of_kind(adapter.survey(tags.lease, links), LinkKind.VAULT_TOKEN)
        (by_suffix,) = of_kind(adapter.survey(tags.lease, []), LinkKind.VAULT_TOKEN)
        assert (by_link.ownership, by_suffix.ownership) == (Ownership.OURS, Ownership.NAMESAKE)
        adapter.sweep(by_link)
        assert not works(minted)

    def test_many_are_revoked_at_once(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        adapter, links = admitted(vault_world, tags)
        sessions = [vault_world.mint(tags) for _ in range(30)]
        extras = cut_off_role(adapter, tags, links).extras
        assert len({extra.name for extra in extras if extra.kind is LinkKind.VAULT_TOKEN}) == 30
        assert not any(works(session) for session in sessions)

    def test_the_connection_s_own_is_never_revoked(
        self, vault_world: VaultWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, links = admitted(vault_world, tags)
        vault_world.root.sys.create_or_update_policy(
            "everything", 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'
        )
        own = vault_world.root.auth.token.create(policies=[names(tags)[0], "everything"])["auth"]["client_token"]
        monkeypatch.setenv("VAULT_TOKEN", own)
        adapter = vault_world.adapter()
        assert not of_kind(adapter.survey(tags.lease, links), LinkKind.VAULT_TOKEN)
        adapter.cut_off(tags.lease, links, now())
        assert works(vault_world.server.client(own))

    def test_their_leases_are_revoked_with_them(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        adapter, links = admitted(vault_world, tags)
        mount = f"pki-{os.urandom(4).hex()}"
        root = vault_world.root
        root.sys.enable_secrets_engine("pki", path=mount)
        root.secrets.pki.generate_root("internal", "test", mount_point=mount)
        root.write(f"{mount}/roles/app", allow_any_name=True, generate_lease=True, ttl="1h")
        root.sys.create_or_update_policy("issue", f'path "{mount}/issue/app" {{ capabilities = ["update"] }}')
        minted = root.auth.token.create(policies=[names(tags)[0], "issue"])["auth"]["client_token"]
        issued = vault_world.server.client(minted).write(f"{mount}/issue/app", common_name="orders")
        assert root.sys.read_lease(issued["lease_id"])
        adapter.cut_off(tags.lease, links, now())
        assert gone_within(5, lambda: root.sys.read_lease(issued["lease_id"]))


def gone_within(seconds: float, look: Any) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            look()
        except hvac.exceptions.InvalidRequest:
            return True
        time.sleep(0.05)
    return False


class TestEntries:
    def test_deleted_versions_count_as_alive_until_they_are_swept(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        adapter, _ = admitted(vault_world, tags)
        path = names(tags)[1]
        vault_world.root.secrets.kv.v2.delete_latest_version_of_secret(path=path)
        (sighting,) = of_kind(adapter.survey(tags.lease, []), LinkKind.VAULT_KV_PATH)
        assert sighting.detail == "1 version kept, 1 of them deleted but recoverable without end"
        adapter.sweep(sighting)
        assert vault_world.root.read(f"{KV}/metadata/{path}") is None

    def test_a_copy_is_found_on_any_mount_from_the_lease_id_alone(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(vault_world, tags)
        mount = f"copies-{os.urandom(4).hex()}"
        vault_world.root.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
        elsewhere = kv_path("other", "prod", tags.lease)
        vault_world.wait_for_mount(mount)
        for path in (names(tags)[1], elsewhere):
            vault_world.root.secrets.kv.v2.create_or_update_secret(path=path, secret={"v": "1"}, mount_point=mount)
        found = {
            (s.link.attributes["mount"], s.link.name)
            for s in of_kind(adapter.survey(tags.lease, []), LinkKind.VAULT_KV_PATH)
        }
        assert found == {(KV, names(tags)[1]), (mount, names(tags)[1]), (mount, elsewhere)}
        beside = {
            s.link.attributes["mount"] for s in of_kind(adapter.survey(tags.lease, links), LinkKind.VAULT_KV_PATH)
        }
        assert beside == {KV, mount}


class TestBlindSpots:
    def test_tokens_can_t_be_listed_without_sudo_and_are_not_called_refused(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        _, links = admitted(vault_world, tags)
        session, minted = vault_world.open_session(tags), vault_world.mint(tags)
        adapter = limited_adapter(vault_world, NO_SUDO)
        spots = adapter.blind_spots(links)
        assert {spot.kind for spot in spots} == {LinkKind.VAULT_TOKEN}
        assert "grant it list and sudo there" in spots[0].reason.reason
        assert not of_kind(adapter.survey(tags.lease, links), LinkKind.VAULT_TOKEN)
        done = cut_off_role(adapter, tags, links)
        assert isinstance(done.sessions_refused_at, NotChecked)
        assert "auth/token/accessors" in done.sessions_refused_at.reason
        assert isinstance(adapter.try_canary(done.canary, now()), datetime) if done.canary else False
        assert not session()
        assert works(minted)

    def test_every_list_that_is_refused_is_told(self, vault_world: VaultWorld) -> None:
        adapter = limited_adapter(vault_world, 'path "secret/data/own" { capabilities = ["read"] }')
        spots = {spot.reason.reason.split(";")[0].rsplit(" ", 1)[1] for spot in adapter.blind_spots([])}
        tokens = {"auth/token/accessors", "auth/token/lookup-accessor", "auth/token/revoke-accessor"}
        assert {"sys/policies/acl", "identity/entity/name", "identity/entity-alias/id", "secret/metadata/nhi"} < spots
        assert tokens < spots
        assert adapter.survey("lease-aaaaaaaaaaaaaaaa", []) == []

    def test_what_a_link_names_must_be_readable(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        _, links = admitted(vault_world, tags)
        adapter = limited_adapter(vault_world, NO_SUDO.replace("auth/approle/*", "auth/approle/login"))
        with pytest.raises(SystemUnreachable, match=f"403 from .*GET auth/approle/role/{names(tags)[0]}"):
            adapter.survey(tags.lease, links)


class TestWithoutCanary:
    @pytest.mark.parametrize(
        ("settings", "reason"),
        [
            ({"token_num_uses": 5}, "tokens of the AppRole end after some uses"),
            ({"token_no_default_policy": True}, "it may not look itself up"),
            ({"token_bound_cidrs": ["10.9.8.7/32"]}, "bound to other addresses"),
            ({"secret_id_bound_cidrs": ["10.9.8.7/32"]}, "Vault refused a login"),
        ],
        ids=["uses", "no default policy", "bound tokens", "bound secret ids"],
    )
    def test_the_cut_off_goes_on(
        self, vault_world: VaultWorld, tags: LeaseTags, settings: dict[str, Any], reason: str
    ) -> None:
        adapter, links = admitted(vault_world, tags)
        minted = vault_world.mint(tags)
        vault_world.root.auth.approle.create_or_update_approle(names(tags)[0], **settings)
        done = cut_off_role(adapter, tags, links)
        assert done.canary is None
        assert reason in done.without_canary
        assert isinstance(done.sessions_refused_at, datetime)
        assert not works(minted)
        assert vault_world.secret_ids(names(tags)[0]) == []

    def test_an_entity_that_somebody_else_disabled_is_marked_all_the_same(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(vault_world, tags)
        entities, name = vault_world.root.secrets.identity, names(tags)[0]
        entities.update_entity(entities.read_entity_by_name(name)["data"]["id"], disabled=True)
        done = cut_off_role(adapter, tags, links)
        assert "Vault refused a login" in done.without_canary
        assert "nhi_cut_off" in entities.read_entity_by_name(name)["data"]["metadata"]


class TestConnection:
    def test_sealed_is_an_error_within_seconds(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        used, links = admitted(vault_world, tags)
        fresh = vault_world.adapter()
        vault_world.server.seal()
        try:
            for use in (
                fresh.caller,
                lambda: used.survey(tags.lease, links),
                lambda: used.cut_off(tags.lease, links, now()),
            ):
                started = time.monotonic()
                with pytest.raises(SystemUnreachable, match="sealed") as caught:
                    use()
                assert time.monotonic() - started < 5
                assert "unseal it" in caught.value.problem.fix
        finally:
            vault_world.server.unseal()
        assert used.survey(tags.lease, links)

    def test_approle(self, vault_world: VaultWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        root = vault_world.root
        root.auth.approle.create_or_update_approle("deployer", token_policies=["default"])
        secret_id = root.auth.approle.generate_secret_id("deployer")["data"]["secret_id"]
        monkeypatch.delenv("VAULT_TOKEN")
        monkeypatch.setenv("VAULT_ROLE_ID", vault_world.role_id("deployer"))
        monkeypatch.setenv("VAULT_SECRET_ID", secret_id)
        adapter = open_adapter(System.VAULT, "ci", VaultConnection(auth="approle", mount=APPROLE))
        assert adapter.caller().principal == "approle"
        monkeypatch.setenv("VAULT_SECRET_ID", "a-guess")
        with pytest.raises(SystemUnreachable, match="refused auth/approle/login") as caught:
            open_adapter(System.VAULT, "ci", VaultConnection(auth="approle")).caller()
        assert "a-guess" not in str(caught.value)

    def test_jwt(
        self, jwt_mount: str, vault_world: VaultWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("VAULT_TOKEN")
        monkeypatch.setenv("VAULT_JWT_FILE", str(tmp_path / "jwt"))
        connection = VaultConnection(auth="jwt", mount=jwt_mount, role="ci")
        with pytest.raises(SystemUnreachable, match="the file with the JWT"):
            open_adapter(System.VAULT, "ci", connection).caller()
        (tmp_path / "jwt").write_text(ISSUER.token(sub="pipeline", aud="vault"))
        assert open_adapter(System.VAULT, "ci", connection).caller().principal == f"{jwt_mount}-pipeline"

    def test_a_token_from_the_token_helper_s_file(
        self, vault_world: VaultWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("VAULT_TOKEN")
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(SystemUnreachable, match="neither VAULT_TOKEN nor"):
            vault_world.adapter().caller()
        (tmp_path / ".vault-token").write_text(vault_world.server.token + "\n")
        assert vault_world.adapter().caller().principal == "root"

    def test_a_namespace_is_a_place_of_its_own(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        namespace = f"team-{os.urandom(4).hex()}"
        vault_world.root.write(f"sys/namespaces/{namespace}")
        within = hvac.Client(url=vault_world.server.address, token=vault_world.server.token, namespace=namespace)
        within.sys.enable_auth_method("approle")
        within.sys.enable_secrets_engine("kv", path=KV, options={"version": "2"})
        vault_world.root, outside = within, vault_world.root
        adapter = open_adapter(System.VAULT, "default", VaultConnection(namespace=namespace))
        links = adapter.admit(tags, vault_world.create(tags), now())
        assert adapter.caller().account.endswith(f"/{namespace}")
        assert cut_off_role(adapter, tags, links).canary is not None
        with pytest.raises(SystemUnreachable, match=namespace):
            vault_world.adapter().survey(tags.lease, links)
        for sighting in adapter.survey(tags.lease, []):
            adapter.sweep(sighting)
        assert vault_world.alive(tags) == []
        vault_world.root = outside

    @pytest.mark.parametrize(
        ("connection", "variables", "message"),
        [
            (VaultConnection(), {"VAULT_ADDR": ""}, "no address"),
            (VaultConnection(auth="approle"), {}, "VAULT_ROLE_ID is not set"),
            (VaultConnection(auth="jwt"), {}, "VAULT_JWT_FILE is not set"),
            (VaultConnection(address="http://127.0.0.1:9"), {}, r"no answer from http://127\.0\.0\.1:9"),
        ],
        ids=["address", "role id", "jwt file", "no server"],
    )
    def test_what_is_missing_is_named(
        self,
        vault_world: VaultWorld,
        monkeypatch: pytest.MonkeyPatch,
        connection: VaultConnection,
        variables: dict[str, str],
        message: str,
    ) -> None:
        assert vault_world
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemUnreachable, match=message) as caught:
            open_adapter(System.VAULT, "default", connection).caller()
        assert caught.value.problem.fix


@pytest.fixture
def jwt_mount(vault_world: VaultWorld) -> Iterator[str]:
    mount = f"jwt-{os.urandom(4).hex()}"
    vault_world.root.sys.enable_auth_method("jwt", path=mount)
    vault_world.root.write(f"auth/{mount}/config", jwt_validation_pubkeys=[ISSUER.public_key])
    vault_world.root.write(
        f"auth/{mount}/role/ci",
        role_type="jwt",
        user_claim="sub",
        bound_audiences=["vault"],
        token_policies=["default"],
    )
    yield mount
    vault_world.root.sys.disable_auth_method(mount)
