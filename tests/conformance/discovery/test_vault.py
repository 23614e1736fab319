"""What is the own of discovery on Vault: paths as cursors, guards, quotas, tokens that end, mounts of other types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.inventory.records import FoundCredential, FoundStep, Guard, Record
from nhi_components.lifecycle.adapters import discovery_policy
from nhi_components.lifecycle.adapters.vault import found_reads, http
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery import Discovery
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from tests.conformance.discovery.vault_world import VaultDiscoveryWorld, pem_of, self_signed
from tests.conformance.discovery.world import identities_in, read_all, scan
from tests.conformance.world import now

PAGED = ("kv/2/kv", "secret-ids/approle/approle", "tokens", "policies", "identity/entities", "auth/approle/approle")
PATHS = ("orders", "orders-b", "orders/b", "orders/c/d", "payments")


@pytest.fixture
def world(vault_discovery_world: VaultDiscoveryWorld) -> VaultDiscoveryWorld:
    return vault_discovery_world


def pages(world: VaultDiscoveryWorld, section: str) -> tuple[list[Sequence[Record]], list[str]]:
    """Read a section as a scan does that is killed after each page; also give its cursors."""
    found, cursors, cursor = list[Sequence[Record]](), list[str](), None
    while not found or cursor is not None:
        page = world.discovery().section(section).read(cursor)
        found.append(page.records)
        cursor = page.next
        cursors += [cursor] if cursor else []
    return found, cursors


def test_pages_are_read_on_by_another_process_and_no_cursor_tells_a_credential(
    world: VaultDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        world.plant()
    for path in (*PATHS, "orders.claim"):
        world.root.secrets.kv.v2.create_or_update_secret(path, {"value": "hunter2"}, mount_point="kv")
    whole = {section: world.discovery().section(section).read(None).records for section in PAGED}
    monkeypatch.setattr(found_reads, "PAGE_NAMES", 1)
    for section in PAGED:
        found, cursors = pages(world, section)
        assert [record for page in found for record in page] == list(whole[section]), section
        assert cursors, section
        assert not any(value in cursor for value in world.secrets for cursor in cursors)
    planted = [each.name.removeprefix("kv/") for each in identities_in(whole["kv/2/kv"]).values()]
    assert [name for name in planted if not name.startswith("shop/")] == list(PATHS)


def test_a_version_that_is_deleted_or_destroyed_is_kept_as_disabled(world: VaultDiscoveryWorld) -> None:
    kv = world.root.secrets.kv.v2
    for path in PATHS[:3]:
        kv.create_or_update_secret(path, {"value": "hunter2"}, mount_point="kv")
    kv.delete_latest_version_of_secret(PATHS[1], mount_point="kv")
    kv.destroy_secret_versions(PATHS[2], [1], mount_point="kv")
    kv.update_metadata("without-a-version", mount_point="kv", custom_metadata={"owner": "payments"})
    records = world.discovery().section("kv/2/kv").read(None).records
    kept = {each.id: each.disabled for each in records if isinstance(each, FoundCredential)}
    assert kept == {"kv/orders": False, "kv/orders-b": True, "kv/orders/b": True}
    assert len(identities_in(records)) == 4


def test_the_printed_policy_is_enough_for_a_whole_scan_whose_own_identity_is_guarded(
    world: VaultDiscoveryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.plant()
    world.root.sys.create_or_update_policy("discover", discovery_policy(Discovery.system))
    world.root.auth.approle.create_or_update_approle("discover", token_policies=["discover"])
    role_id = world.root.auth.approle.read_role_id("discover")["data"]["role_id"]
    monkeypatch.setenv("VAULT_ROLE_ID", role_id)
    monkeypatch.setenv("VAULT_SECRET_ID", world.root.auth.approle.generate_secret_id("discover")["data"]["secret_id"])
    discovery = Discovery("default", VaultConnection(auth="approle"), now)
    done = scan(discovery, tmp_path)
    assert (done.complete, {each.reason for each in done.sections}) == (True, {""})
    records, _ = read_all(discovery)
    guarded = {key for key, each in identities_in(records).items() if each.guard is Guard.CALLER}
    alias = world.key(f"auth/approle/role-id/{fingerprint(role_id)}")
    (entity,) = [each.target for each in records if isinstance(each, FoundStep) and each.source == alias]
    assert guarded == {world.key("auth/approle/role/discover"), entity}


def test_what_is_denied_or_of_another_type_hides_nothing_else(world: VaultDiscoveryWorld, tmp_path: Path) -> None:
    world.plant()
    world.root.sys.enable_secrets_engine("transit")
    world.root.sys.enable_secrets_engine("kv", path="old")
    reader = world.discovery_of(["list auth/approle/role/", "read auth/approle/role/+", "read kv/metadata/+"])
    done = scan(reader, tmp_path)
    states = {each.section: each.state for each in done.sections}
    assert (states["mounts/all"], states["mounts/seen"], done.complete) == ("unseen", "read", False)
    assert (states["auth/approle/approle"], states["kv/2/kv"]) == ("unseen", "unseen")
    reasons = {each.section: each.reason for each in done.unseen}
    assert "read on sys/auth is denied; fix: allow it" in reasons["mounts/all"]
    assert "/role-id is denied" in reasons["auth/approle/approle"]
    assert "list on kv/metadata/ is denied" in reasons["kv/2/kv"]
    opened = world.discovery().section("mounts/all").read(None).opens
    assert [name for name in opened if name.rpartition("/")[2] in ("old", "transit")] == ["unread/kv/old"]
    with pytest.raises(NotSeen, match=r"old/ is of the type kv, whose identities are not read"):
        world.discovery().section("unread/kv/old").read(None)


def test_a_root_token_is_guarded_and_a_login_s_token_is_told_only_if_it_can_be_renewed_for_ever(
    world: VaultDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, period in (("short", "0"), ("endless", "1h")):
        world.root.write(f"auth/userpass/users/{name}", password="hunter2", token_period=period)
    logins = {}
    for name in ("short", "endless"):
        client = world.server.client("")
        client.adapter.namespace = world.namespace
        logins[name] = client.auth.userpass.login(name, "hunter2", use_token=False)["auth"]
    records = world.discovery().section("tokens").read(None).records
    entity = world.key(f"identity/entity/id/{logins['endless']['entity_id']}")
    (told,) = [each for each in records if isinstance(each, FoundCredential)]
    assert (told.identity, told.kind, told.id) == (entity, "periodic-token", fingerprint(logins["endless"]["accessor"]))
    assert told.expires_at is not None
    assert told.expires_at > datetime.now(UTC)

    monkeypatch.delenv("VAULT_NAMESPACE")
    world.root.adapter.namespace = None
    other = world.token(policies=["root"])
    try:
        own = world.discovery()
        found = [record for page in pages(world, "tokens")[0] for record in page]
    finally:
        world.root.auth.token.revoke_accessor(other["accessor"])
    guards = {each.unique_id: each.guard for each in identities_in(found).values()}
    caller = fingerprint(world.root.auth.token.lookup_self()["data"]["accessor"])
    assert guards[fingerprint(other["accessor"])] is Guard.BREAK_GLASS
    assert guards[caller] is Guard.CALLER
    assert "/" not in own.place()
    endless = [each for each in found if isinstance(each, FoundCredential) and each.id == caller]
    assert [each.expires_at for each in endless] == [None]


def test_a_quota_that_refuses_tells_how_long_to_wait(
    world: VaultDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = world.discovery().section("mounts/seen")
    section.read(None)
    monkeypatch.setattr(http, "BUSY_SECONDS", 0)
    outside = world.server.client()
    outside.write("sys/quotas/config", enable_rate_limit_response_headers=True)
    quota = f"sys/quotas/rate-limit/{world.namespace}"
    outside.write_data(quota, data={"path": f"{world.namespace}/", "rate": 1, "interval": "30s"})
    try:
        section.read(None)
        with pytest.raises(Busy) as refused:
            section.read(None)
    finally:
        outside.delete(quota)
        outside.write("sys/quotas/config", enable_rate_limit_response_headers=False)
    assert refused.value.after is not None
    assert 0 < refused.value.after <= 30


def test_a_token_that_has_ended_is_not_taken_for_a_denial_and_the_next_look_logs_in_afresh(
    world: VaultDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = world.token(policies=["default"])
    discovery = world.discovery_with(token["client_token"])
    with pytest.raises(NotSeen):
        discovery.section("policies").read(None)
    world.root.auth.token.revoke_accessor(token["accessor"])
    monkeypatch.setenv("VAULT_TOKEN", world.server.token)
    with pytest.raises(SystemUnreachable):
        discovery.section("policies").read(None)
    assert discovery.section("policies").read(None).records


def test_who_gets_in_by_a_role_id_alone_or_by_an_authority(world: VaultDiscoveryWorld) -> None:
    world.root.write(
        "auth/approle/role/open", bind_secret_id=False, token_bound_cidrs=["10.0.0.0/8"], token_policies=["default"]
    )
    authority = self_signed("estate", authority=True)
    world.root.write("auth/cert/certs/estate", certificate=pem_of(authority), allowed_dns_sans=["*.estate.example"])
    discovery = world.discovery()
    records = [
        record
        for section in ("auth/approle/approle", "auth/cert/cert")
        for record in discovery.section(section).read(None).records
    ]
    steps = {(each.source, each.condition) for each in records if isinstance(each, FoundStep)}
    assert ("*", '{"token_bound_cidrs": ["10.0.0.0/8"]}') in steps
    assert ("*.estate.example", '{"issuer": "CN=estate"}') in steps
    assert not any(isinstance(each, FoundCredential) for each in records)
