"""Refreshing the inventory of the real OpenBao by its audit log, and those of the doubles of Google and Kubernetes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nhi_components.core.connection import GcpConnection, VaultConnection
from nhi_components.core.inventory.records import Use
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.gcp.audit_log import AuditLog
from nhi_components.lifecycle.adapters.gcp.discovery import Discovery as GcpDiscovery
from nhi_components.lifecycle.adapters.vault.discovery import Discovery as VaultDiscovery
from nhi_components.lifecycle.discovery.ports import Discovery, NotSeen
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.events.files import FileEvents
from nhi_components.lifecycle.events.journal import Journal
from nhi_components.lifecycle.events.ports import Batch, Event, EventSource, Told, Used
from nhi_components.lifecycle.events.refreshing import Refreshed, Refresher
from nhi_components.lifecycle.events.systems import reading_of
from nhi_components.lifecycle.inventory.reading import Chosen, Listed, listed
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.conformance.discovery.gcp_world import GcpDiscoveryWorld
from tests.conformance.discovery.kubernetes_world import SHOP, KubernetesDiscoveryWorld
from tests.conformance.world import now
from tests.unit.discovery.fakes import PlannedDiscovery, role
from tests.unit.events.samples import audited, logged
from tools.doubles.gcp.double import PROJECT as P
from tools.lab.sandbox import programs, vault
from tools.lab.sandbox.keeper import Keeper
from tools.lab.sandbox.ports import LOOPBACK, free_ports
from tools.lab.sandbox.postgres import SUPERUSER, Postgres


class Followed:
    """One system's inventory, and what refreshes it; a minute has passed since everything happened."""

    def __init__(self, discovery: Discovery, folder: Path) -> None:
        self.discovery = discovery
        self.inventory = open_inventory(folder / "inventory.db")
        self.ahead = timedelta()
        self.scanner = Scanner(self.inventory, lambda: now() + self.ahead, lambda _: None, 1)
        assert self.scanner.scan([discovery]).complete

    def refresh(self, *readers: EventSource, ahead: timedelta = timedelta(minutes=1)) -> Refreshed:
        self.ahead += ahead
        return Refresher(self.scanner, Journal(self.inventory), lambda _: [self.discovery]).refresh(readers)

    def sections(self, done: Refreshed) -> set[str]:
        return {each.section for each in done.sections}

    def named(self, name: str) -> Sequence[Listed]:
        return list(listed(self.inventory, Chosen(name=name)))

    def log(self, file: Path, system: System) -> FileEvents:
        return FileEvents(system, str(file), self.discovery.place, reading_of(system))


class AuditedVault:
    """An OpenBao of the test's own, whose audit device writes a file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "audit.log"
        api, cluster = free_ports(2)
        server = vault.prepare(programs.ensure(), folder, (api, cluster))
        settings = folder / vault.NAME / "config.json"
        device = {"type": "file", "path": "audit", "options": {"file_path": str(self.file)}}
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "audit": [device]}))
        self.keeper = Keeper(folder, {vault.NAME: server})
        self.server = vault.Vault(self.keeper, folder, api)


@pytest.fixture
def audited_vault() -> Iterator[AuditedVault]:
    # Not below pytest's folder: paths of sockets may not be that long.
    made = AuditedVault(Path(tempfile.mkdtemp(prefix="nhi-audited-")))
    try:
        yield made
    finally:
        made.keeper.close()


@pytest.mark.parametrize("namespace", ["", "team"])
def test_a_vault_is_followed_by_its_audit_log(
    audited_vault: AuditedVault, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = audited_vault.server
    root = server.client()
    if namespace:
        root.write(f"sys/namespaces/{namespace}")
        root.adapter.namespace = namespace
    root.sys.enable_auth_method("approle", path="shop/approle")
    root.sys.create_or_update_policy("orders", 'path "x" { capabilities = ["read"] }')
    monkeypatch.setenv("VAULT_ADDR", server.address)
    monkeypatch.setenv("VAULT_TOKEN", server.token)
    monkeypatch.delenv("VAULT_NAMESPACE", raising=False)
    monkeypatch.delenv("VAULT_CACERT", raising=False)
    discovery = VaultDiscovery("default", VaultConnection(namespace=namespace or None), now)
    followed = Followed(discovery, tmp_path)
    reader = followed.log(audited_vault.file, System.VAULT)
    followed.refresh(reader)

    root.auth.approle.create_or_update_approle("orders", mount_point="shop/approle", token_policies=["orders"])
    role_id = root.auth.approle.read_role_id("orders", mount_point="shop/approle")["data"]["role_id"]
    secret_id = root.auth.approle.generate_secret_id("orders", mount_point="shop/approle")["data"]["secret_id"]
    done = followed.refresh(reader)
    assert (done.complete, followed.sections(done)) == (
        True,
        {"auth/approle/shop/approle", "secret-ids/approle/shop/approle"},
    )
    (role,) = followed.named("auth/shop/approle/role/orders")
    assert (role.credentials, role.use.at) == (1, None)

    guest = server.client("")
    guest.adapter.namespace = namespace or None
    guest.auth.approle.login(role_id, secret_id, mount_point="shop/approle")
    done = followed.refresh(reader)
    # The first login makes an entity; the second one finds it.
    assert followed.sections(done) == {"identity/entities"}
    guest.auth.approle.login(role_id, secret_id, mount_point="shop/approle")
    assert followed.refresh(reader).sections == ()
    (role,) = followed.named("auth/shop/approle/role/orders")
    assert role.use.at is not None

    root.sys.disable_auth_method("shop/approle")
    assert followed.refresh(reader).complete
    assert followed.named("auth/shop/approle/role/orders") == []
    whole = b"".join(file.read_bytes() for file in tmp_path.rglob("inventory.db*"))
    assert b"shop/approle" in whole
    assert [value for value in (role_id, secret_id, server.token) if value.encode() in whole] == []


def test_a_cluster_is_followed_by_its_audit_log(
    kubernetes_discovery_world: KubernetesDiscoveryWorld, tmp_path: Path
) -> None:
    world = kubernetes_discovery_world
    world.plant()
    followed = Followed(world.discovery(), tmp_path)
    made = world.account("fresh")
    log = tmp_path / "audit.log"
    at = f"{now():%Y-%m-%dT%H:%M:%S.%fZ}"
    user = {"username": f"system:serviceaccount:{SHOP}:fresh", "uid": made["metadata"]["uid"]}
    create = audited("create", "serviceaccounts", stageTimestamp=at)
    log.write_text(json.dumps(create) + "\n")
    reader = followed.log(log, System.KUBERNETES)
    done = followed.refresh(reader)
    assert (done.complete, followed.sections(done)) == (True, {"serviceaccounts"})
    with log.open("a") as opened:
        opened.write(json.dumps(audited("list", "pods", user=user, stageTimestamp=at)) + "\n")
    assert followed.refresh(reader).sections == ()
    (account,) = followed.named(world.key(f":{SHOP}/fresh"))
    assert account.use.at is not None
    world.cluster.remove(("serviceaccounts", SHOP, "fresh"))
    with log.open("a") as opened:
        opened.write(json.dumps(audited("delete", "serviceaccounts", stageTimestamp=at)) + "\n")
    assert followed.refresh(reader).complete
    assert followed.named(world.key(f":{SHOP}/fresh")) == []


def test_an_inventory_in_postgresql_is_followed_too(postgres: Postgres) -> None:
    server = f"{SUPERUSER}:{postgres.password}@{LOOPBACK}:{postgres.port}"
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE refreshed")
    inventory = open_inventory(f"postgresql+psycopg://{server}/refreshed")
    scanner = Scanner(inventory, now, lambda _: None, 1)
    found = role("a", use=Use(now() - timedelta(days=3)))
    assert scanner.scan([PlannedDiscovery({"iam/roles": [[found]]})], afresh=True).complete
    at = now() - timedelta(minutes=1)
    event = Event(System.AWS, found.place, "1", at, "iam:CreateRole", ("iam/roles",))
    used = Used(System.AWS, found.key, at, found.unique_id)
    source = PlannedDiscovery({"iam/roles": [[found, role("b")]]})
    refresher = Refresher(scanner, Journal(inventory), lambda _: [source])
    done = refresher.refresh([Telling(Batch(Told((event, event), (used,)), "to here"))])
    assert (done.complete, done.kept) == (True, 1)
    assert refresher.refresh([Telling(Batch(Told((event,)), "to here"))]).kept == 0
    kept = {each.name: each.use.at for each in listed(inventory, Chosen(name=":role/"))}
    assert kept == {"a": at, "b": None}
    inventory.close()


class Telling:
    """Tells one batch."""

    name = "telling"

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def read(self, cursor: str | None, since: datetime) -> Sequence[Batch]:
        return [self._batch]


def write(world: GcpDiscoveryWorld, method: str, service: str = "iam.googleapis.com", **payload: Any) -> None:
    entry = logged(method, service, **payload)
    log = f"projects/{P}/logs/cloudaudit.googleapis.com%2Factivity"
    at = {"timestamp": f"{now():%Y-%m-%dT%H:%M:%S.%fZ}"}
    labels = {"type": "service_account", "labels": {"project_id": P}}
    world.ask("POST", "/v2/entries:write", {"entries": [{**entry, **at, "logName": log, "resource": labels}]})


def test_google_cloud_is_followed_by_its_audit_log(gcp_discovery_world: GcpDiscoveryWorld, tmp_path: Path) -> None:
    world = gcp_discovery_world
    (key,) = world.plant().identities
    email = key.removeprefix("serviceAccount:")
    discovery = world.discovery()
    followed = Followed(discovery, tmp_path)
    before = followed.named(email)[0].credentials
    settings = GcpConnection(projects=(P,), endpoint=world.double.url)
    reader = AuditLog("default", settings, discovery.place, followed.scanner.clock)
    world.key(email)
    write(world, "google.iam.admin.v1.CreateServiceAccountKey", resourceName=f"projects/{P}/serviceAccounts/{email}")
    done = followed.refresh(reader)
    assert (done.complete, followed.sections(done)) == (True, {f"keys/{P}"})
    assert followed.named(email)[0].credentials == before + 1
    assert followed.refresh(reader).sections == ()
    # What Cloud Asset Inventory tells late is read when that may know it.
    write(world, "SetIamPolicy", "cloudresourcemanager.googleapis.com", resourceName=f"projects/{P}")
    later = followed.refresh(reader)
    assert (later.complete, later.sections, len(later.plan.later)) == (False, (), 1)
    done = followed.refresh(reader, ahead=timedelta(minutes=10))
    assert done.complete
    assert {each.partition("/")[0] for each in followed.sections(done)} == {"grants", "organization"}


def test_without_leave_to_read_the_log_of_google_it_says_which(gcp_discovery_world: GcpDiscoveryWorld) -> None:
    world = gcp_discovery_world
    discovery: GcpDiscovery = world.discovery_of(["iam.serviceAccounts.list"])
    reader = AuditLog("default", GcpConnection(projects=(P,), endpoint=world.double.url), discovery.place, now)
    with pytest.raises(NotSeen, match=r"logging\.logEntries\.list"):
        list(reader.read(None, now()))
