"""What is the own of discovery on Kubernetes: pages, busy servers, values that are never sent, guards, pods."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from nhi_components.cli.app import app
from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.inventory.declaring import declares
from nhi_components.core.inventory.records import (
    Declaration,
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundIdentity,
    FoundStep,
    Guard,
    Record,
)
from nhi_components.core.kubernetes_marks import marks
from nhi_components.core.tags import LeaseTags
from nhi_components.facts.documents import DocumentKind, Platform, read_document
from nhi_components.facts.kubernetes.model import RbacBinding, RbacRole
from nhi_components.lifecycle.adapters.kubernetes import found_lists, found_rbac
from nhi_components.lifecycle.declared.stacks import stacks_of_folder
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.conformance.discovery.kubernetes_world import RBAC, SHOP, KubernetesDiscoveryWorld, subject
from tests.conformance.discovery.world import identities_in, read_all
from tests.conformance.world import now


@pytest.fixture
def world(kubernetes_discovery_world: KubernetesDiscoveryWorld) -> KubernetesDiscoveryWorld:
    return kubernetes_discovery_world


def read(world: KubernetesDiscoveryWorld, section: str) -> list[Record]:
    return list(world.discovery().section(section).read(None).records)


def test_pages_are_read_on_by_another_process(world: KubernetesDiscoveryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        world.plant()
    names = world.discovery().beginnings()
    whole = {name: read(world, name) for name in names}
    monkeypatch.setattr(found_lists, "PAGE", 1)
    monkeypatch.setattr(found_rbac, "PAGE_OF_ROLES", 1)
    for name in names:
        pages, cursor = list[Sequence[Record]](), None
        while not pages or cursor is not None:
            page = world.discovery().section(name).read(cursor)
            pages.append(page.records)
            cursor = page.next
            assert cursor is None or not any(value in cursor for value in world.secrets)
        assert len(pages) > 2, name
        assert [record for page in pages for record in page] == whole[name]


def test_a_list_that_the_server_forgot_is_begun_again_and_a_busy_one_waited_for(
    world: KubernetesDiscoveryWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for _ in range(2):
        world.plant()
    monkeypatch.setattr(found_lists, "PAGE", 1)
    section = world.discovery().section("pods")
    cursor = section.read(None).next
    world.cluster.forget()
    with pytest.raises(CursorLapsed, match=r"kubernetes\.default: list pods"):
        section.read(cursor)

    world.double.fail(429, retry_after=7, times=1, target="/pods")
    with pytest.raises(Busy) as busy:
        section.read(None)
    assert busy.value.after == 7
    world.double.fail(429, retry_after=9, times=1, target="/secrets")
    waits = list[float]()

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        world.cluster.forget()

    inventory = open_inventory(tmp_path / "inventory.db")
    try:
        assert Scanner(inventory, now, sleep, workers=1).scan([world.discovery()]).complete
    finally:
        inventory.close()
    assert waits == [9]


def test_without_an_answer_it_is_told_as_unreachable(world: KubernetesDiscoveryWorld) -> None:
    discovery = world.discovery()
    section = discovery.section("pods")
    section.read(None)
    world.double.stop()
    with pytest.raises(SystemUnreachable, match="list pods"):
        section.read(None)


def test_no_value_of_a_secret_is_ever_sent(world: KubernetesDiscoveryWorld) -> None:
    world.plant()
    planted = [each["data"] for key, each in world.cluster.objects.items() if key[0] == "secrets"]
    read_all(world.discovery())
    values = [value for data in planted for value in data.values()]
    assert values
    assert not any(value in text for value in values for text in world.sent)


def test_what_the_cluster_tells_of_tokens_decides_whether_they_count(world: KubernetesDiscoveryWorld) -> None:
    world.account("orders")
    world.token_secret("refused", "orders", {"kubernetes.io/legacy-token-invalid-since": "2024-10-01"})
    world.token_secret("kept", "orders", {"kubernetes.io/legacy-token-last-used": "no-day"})
    found = {each.id: each for each in read(world, "secrets") if isinstance(each, FoundCredential)}
    assert (found[f"{SHOP}/refused"].disabled, found[f"{SHOP}/kept"].disabled) == (True, False)
    # A cluster before 1.26 notes no uses: its tokens must not be called unused.
    assert {(each.use.at, each.use.watched_since) for each in found.values()} == {(None, None)}
    today = f"{now():%Y-%m-%d}"
    world.token_secret("used", "orders", {"kubernetes.io/legacy-token-last-used": today})
    used = next(e for e in read(world, "secrets") if isinstance(e, FoundCredential) and e.id == f"{SHOP}/used")
    assert used.use.at is not None
    assert used.use.at <= now()


def test_what_is_the_clusters_own_is_guarded_and_so_is_the_caller(
    world: KubernetesDiscoveryWorld, tags: LeaseTags
) -> None:
    world.account("default")
    world.account("coredns", namespace="kube-system")
    ours = marks(tags)
    world.account("ours", ours["labels"], ours["annotations"], "kube-system")
    world.account("orders", annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "x"})
    needs = {each for name in world.discovery().beginnings() for each in world.discovery().section(name).permissions}
    records, _ = read_all(world.discovery_of(needs))
    found = {each.name: each for each in identities_in(records).values()}
    guards = {name: each.guard for name, each in found.items()}
    (reader,) = [name for name in guards if name.startswith("readers/reader-")]
    assert guards == {
        f"{SHOP}/default": Guard.SERVICE_LINKED,
        "kube-system/coredns": Guard.SERVICE_LINKED,
        "kube-system/ours": None,
        f"{SHOP}/orders": None,
        reader: Guard.CALLER,
    }
    assert found[f"{SHOP}/orders"].marks == {"note": "x"}
    assert found["kube-system/ours"].marks["nhi_owner"] == tags.owner


def test_a_tenant_is_told_beside_the_client(world: KubernetesDiscoveryWorld) -> None:
    world.account(
        "orders", annotations={"azure.workload.identity/client-id": "c", "azure.workload.identity/tenant-id": "t"}
    )
    steps = [each for each in read(world, "serviceaccounts") if isinstance(each, FoundStep)]
    assert steps == [FoundStep(world.key(f":{SHOP}/orders"), "c", "federate", '{"tenant": "t"}')]


def test_pods_are_told_by_what_controls_them_and_what_has_ended_not_at_all(world: KubernetesDiscoveryWorld) -> None:
    def put(kinds: str, name: str, owner: str = "", status: Any = None, account: str = "orders") -> None:
        pod = {"serviceAccountName": account} if account else {}
        kind, _, owned_by = owner.partition("/")
        owners = [{"kind": kind, "name": owned_by, "controller": True}] if owner else []
        spec = pod if kinds == "pods" else {"template": {"spec": pod}}
        body = {"metadata": {"ownerReferences": owners}, "spec": spec, "status": status or {}}
        world.cluster.put(kinds, SHOP, name, body)

    put("replicasets", "orders-1", "Deployment/orders")
    put("jobs", "done", status={"conditions": [{"type": "Complete", "status": "True"}]})
    put("pods", "orders-1-a", "ReplicaSet/orders-1")
    put("pods", "orders-1-b", "ReplicaSet/orders-1")
    put("pods", "orders-1-old", "ReplicaSet/orders-1", account="former")
    put("pods", "of-argo", "Rollout/orders")
    put("pods", "plain", account="")
    put("pods", "ended", status={"phase": "Succeeded"})
    orders, former, default = (world.key(f":{SHOP}/{name}") for name in ("orders", "former", "default"))
    controller = world.key(f" replicaset:{SHOP}/orders-1")
    assert read(world, "replicasets.apps") == read(world, "jobs.batch") == []
    assert read(world, "pods") == [
        FoundDependent(orders, "pod", world.key(f" pod:{SHOP}/of-argo")),
        FoundDependent(orders, "pods of replicaset", controller),
        FoundDependent(former, "pods of replicaset", controller),
        FoundDependent(default, "pod", world.key(f" pod:{SHOP}/plain")),
    ]


def test_the_rules_can_judge_what_is_kept_of_roles_and_bindings(world: KubernetesDiscoveryWorld) -> None:
    world.plant()
    world.bind("rolebindings", SHOP, "of-nobody-known", ("Role", "gone"), subject("ghost"))
    kept = [r for kind in ("roles", "clusterroles", "rolebindings") for r in read(world, f"{kind}.{RBAC}")]
    documents = [each for each in kept if isinstance(each, FoundDocument)]
    facts = [
        fact
        for each in documents
        for fact in read_document(DocumentKind(each.kind), each.name, each.content, platform=Platform.KUBERNETES)
    ]
    assert {type(fact) for fact in facts} == {RbacRole, RbacBinding}
    assert "managedFields" not in "".join(each.content for each in documents)


def test_without_leave_to_read_the_clusters_id_there_is_no_place(world: KubernetesDiscoveryWorld) -> None:
    world.plant()
    limited = world.discovery_of(["list serviceaccounts"])
    with pytest.raises(SystemUnreachable, match="get namespaces kube-system"):
        limited.place()
    with pytest.raises(NotSeen, match="get namespaces kube-system"):
        limited.section("serviceaccounts").read(None)
    assert not [each for each in read(world, "pods") if isinstance(each, FoundIdentity)]


def test_a_scan_with_stacks_tells_the_managed_accounts_from_those_made_by_hand_and_anew(
    world: KubernetesDiscoveryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {name: world.account(name)["metadata"] for name in ("managed", "anew", "by-hand")}
    deployment = {"resources": [declared(made["managed"]), declared(made["anew"] | {"uid": "of-a-former-one"})]}
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "dev.json").write_text(json.dumps({"version": 3, "deployment": deployment}))
    connections = tmp_path / "connections.json"
    connections.write_text(json.dumps({"kubernetes": {"default": {"kubeconfig": world.kubeconfig(world.operator)}}}))
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    arguments = ["--system", "kubernetes", "--connections", str(connections), "--stacks", str(exports), "-o", "json"]
    done = CliRunner().invoke(app, ["discover", *arguments])
    assert done.exit_code == 0, done.output
    sources = {each["source"] for each in json.loads(done.output)["sections"]}
    assert sources == {f"kubernetes/{world.place}", f"pulumi/{exports}"}

    declarations = stacks_of_folder(exports).section("file/dev.json").read(None).records
    accounts = identities_in(read(world, "serviceaccounts")).values()
    matched = {
        each.name
        for each in accounts
        for told in declarations
        if isinstance(told, Declaration) and declares(told, each)
    }
    assert matched == {f"{SHOP}/managed"}
    inventory = open_inventory(tmp_path / "inventory.db")
    with inventory.reading() as connection:
        kept = {row.unique_id for row in connection.execute(select(tables.declarations))}
    inventory.close()
    assert kept == {made["managed"]["uid"], "of-a-former-one"}


def declared(metadata: dict[str, Any]) -> dict[str, Any]:
    """A service account as the state of a stack has it."""
    urn = f"urn:pulumi:dev::shop::kubernetes:core/v1:ServiceAccount::{metadata['name']}"
    return {"urn": urn, "type": "kubernetes:core/v1:ServiceAccount", "outputs": {"metadata": metadata}}
