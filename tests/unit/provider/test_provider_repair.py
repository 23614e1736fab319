"""Planning and carrying out a repair, on the state of a real stack and scripted systems."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.credential.places import SecretsManagerPlace
from nhi_components.core.ledger import LedgerEntry
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.bracket import OpenAdapter
from nhi_components.lifecycle.ports import Ownership, Sighting
from nhi_components.provider.repair import RepairPlan, delete_orphans, plan, repaired
from nhi_components.provider.settings import Settings
from nhi_components.provider.stack_state import HeldLease, held_leases, held_urns

STATE = Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json"


@dataclass
class Scripted:
    """A system on which a survey finds what the test says; the rest of the port is not asked."""

    found: list[Sighting] = field(default_factory=list)
    asked: list[tuple[str, list[Link]]] = field(default_factory=list)
    swept: list[Link] = field(default_factory=list)

    system = System.AWS
    connection = "default"

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        self.asked.append((lease_id, list(links)))
        return self.found

    def sweep(self, sighting: Sighting) -> None:
        self.swept.append(sighting.link)


@pytest.fixture
def state() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(STATE.read_text())
    return loaded


@pytest.fixture
def aws() -> Scripted:
    return Scripted()


@pytest.fixture
def vault() -> Scripted:
    made = Scripted()
    made.system = System.VAULT
    return made


@pytest.fixture
def settings() -> list[Settings]:
    """The settings with which systems were reached."""
    return []


def lease(state: dict[str, Any], system: System) -> HeldLease:
    return next(lease for lease in held_leases(state) if lease.links[0].system is system)


def ours(link: Link) -> Sighting:
    return Sighting(link, Ownership.OURS)


def planned(state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]) -> RepairPlan:
    def opening(given: Settings) -> OpenAdapter:
        settings.append(given)
        return lambda system, connection: {System.AWS: aws, System.VAULT: vault}[system]

    return plan(state, opening)


def drop(state: dict[str, Any], kind: str) -> str:
    """Let the state forget the resource of a type, as a killed engine leaves it; return its URN."""
    resources = state["deployment"]["resources"]
    urn = next(r["urn"] for r in resources if r["type"] == kind)
    state["deployment"]["resources"] = [r for r in resources if r["urn"] != urn]
    state["deployment"]["pending_operations"] = [{"resource": {"urn": urn}, "type": "creating"}]
    return str(urn)


def test_each_lease_is_looked_for_through_its_own_provider(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    found = planned(state, aws, vault, settings)
    assert found.empty
    assert [system.asked[0][0] for system in (aws, vault)] == [
        lease(state, system).terms.lease_id for system in (System.AWS, System.VAULT)
    ]
    assert {given.approval.approver for given in settings} == {None, "change board"}
    (role,) = [link for link in aws.asked[0][1] if link.kind is LinkKind.IAM_ROLE]
    assert role.unique_id


def test_what_the_state_holds_is_no_orphan(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    aws.found = [ours(link) for link in lease(state, System.AWS).admitted]
    vault.found = [ours(link) for link in lease(state, System.VAULT).admitted]
    assert planned(state, aws, vault, settings).empty


def test_what_the_engine_made_and_forgot_is_deleted_and_its_operation_dropped(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    role = next(link for link in lease(state, System.AWS).admitted if link.kind is LinkKind.IAM_ROLE)
    urn = drop(state, "aws:iam/role:Role")
    aws.found = [ours(role)]
    found = planned(state, aws, vault, settings)
    assert [orphan.sighting.link for orphan in found.orphans] == [role]
    assert (found.interrupted, found.unsure, found.others) == ((urn,), (), ())
    assert not found.empty
    delete_orphans(found)
    assert aws.swept == [role]
    assert repaired(state, found)["deployment"]["pending_operations"] == []
    assert held_urns(repaired(state, found)) == held_urns(state)


def test_what_the_seal_makes_is_no_orphan(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    entry = next(link for link in lease(state, System.VAULT).links if link.kind is LinkKind.VAULT_KV_PATH)
    token = Link(System.VAULT, LinkKind.VAULT_TOKEN, "fingerprint")
    vault.found = [ours(entry), ours(token)]
    assert planned(state, aws, vault, settings).empty


def test_where_a_credential_is_delivered_is_no_orphan_although_the_engine_makes_others_of_its_kind(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    copy = SecretsManagerPlace(secret="nhi/test/copy").link()
    holder = next(r for r in state["deployment"]["resources"] if r["urn"] == lease(state, System.AWS).urn)
    aws.found = [ours(Link(copy.system, copy.kind, copy.name, unique_id="arn:copy"))]
    assert len(planned(state, aws, vault, settings).orphans) == 1
    holder["outputs"]["ledger"].append(LedgerEntry(copy).to_state())
    assert planned(state, aws, vault, settings).empty


def test_a_binding_is_an_orphan_only_where_the_lease_names_it(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    binding = Link(System.AWS, LinkKind.GCP_BINDING, "projects/shop-prod roles/x.y serviceAccount:orders@x")
    holder = next(r for r in state["deployment"]["resources"] if r["urn"] == lease(state, System.AWS).urn)
    aws.found = [ours(binding)]
    assert planned(state, aws, vault, settings).empty
    holder["outputs"]["ledger"].append(LedgerEntry(binding).to_state())
    assert [orphan.sighting.link for orphan in planned(state, aws, vault, settings).orphans] == [binding]


def test_what_is_deleted_and_kept_for_a_while_is_no_orphan(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    role = Link(System.AWS, LinkKind.GCP_CUSTOM_ROLE, "projects/shop-prod/roles/orders")
    aws.found = [replace(ours(role), retained_until=datetime(2027, 1, 31, tzinfo=UTC))]
    assert planned(state, aws, vault, settings).empty
    aws.found = [ours(role)]
    assert len(planned(state, aws, vault, settings).orphans) == 1


def test_what_was_made_by_hand_is_no_orphan(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    binding = ours(Link(System.AWS, LinkKind.KUBERNETES_ROLE_BINDING, "shop/theirs"))
    aws.found = [replace(binding, by_hand=True)]
    assert planned(state, aws, vault, settings).empty
    aws.found = [binding]
    assert [orphan.sighting for orphan in planned(state, aws, vault, settings).orphans] == [binding]


def in_bundle(state: dict[str, Any], kind: str, **fields: Any) -> dict[str, Any]:
    """A resource of the bundle on AWS, as a state has it."""
    holder = lease(state, System.AWS).urn
    parent = next(r["parent"] for r in state["deployment"]["resources"] if r["urn"] == holder)
    beginning = parent.rsplit("::", 1)[0]
    return {"urn": f"{beginning}${kind}::orders", "type": kind, "custom": True, "parent": parent, **fields}


def test_what_has_an_id_that_could_not_be_used_again_is_taken_into_the_state(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    place = "projects/shop-prod/locations/global/workloadIdentityPools/orders-prod-abcdef"
    pool = Link(System.AWS, LinkKind.GCP_WORKLOAD_IDENTITY_POOL, place)
    inputs = {"project": "shop-prod", "workloadIdentityPoolId": "orders-prod-abcdef"}
    made = in_bundle(state, "gcp:iam/workloadIdentityPool:WorkloadIdentityPool", inputs=inputs)
    aws.found = [ours(pool)]
    assert [orphan.sighting.link for orphan in planned(state, aws, vault, settings).orphans] == [pool]

    state["deployment"]["pending_operations"] = [{"resource": made, "type": "creating"}]
    found = planned(state, aws, vault, settings)
    assert (found.orphans, found.unsure, dict(found.adopted)) == ((), (made["urn"],), {made["urn"]: pool})
    after = repaired(state, found)
    taken_in = after["deployment"]["resources"][-1]
    assert [taken_in[name] for name in ("urn", "id", "inputs", "outputs")] == [made["urn"], place, inputs, {}]
    assert after["deployment"]["pending_operations"] == []
    aws.found = [ours(pool)]
    assert planned(after, aws, vault, settings).empty


def test_what_is_deleted_and_kept_by_its_system_is_taken_out_of_the_state(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    role = Link(System.AWS, LinkKind.GCP_CUSTOM_ROLE, "projects/shop-prod/roles/orders")
    made = in_bundle(state, "gcp:projects/iAMCustomRole:IAMCustomRole", outputs={"name": role.name}, id=role.name)
    state["deployment"]["resources"].append(made)
    state["deployment"]["pending_operations"] = [{"resource": made, "type": "deleting"}]
    aws.found = [ours(role)]
    alive = planned(state, aws, vault, settings)
    assert (alive.kept, alive.unsure) == ((), (made["urn"],))

    aws.found = [replace(ours(role), retained_until=datetime(2027, 1, 31, tzinfo=UTC))]
    found = planned(state, aws, vault, settings)
    assert (found.kept, found.unsure, found.changes_state) == ((role,), (), True)
    assert held_urns(state) - held_urns(repaired(state, found)) == {made["urn"]}


@pytest.mark.parametrize(("mount", "orphans"), [("approle", 1), ("userpass", 0)])
def test_an_alias_is_an_orphan_only_where_the_engine_makes_one(
    state: dict[str, Any],
    aws: Scripted,
    vault: Scripted,
    settings: list[Settings],
    mount: str,
    orphans: int,
) -> None:
    alias = Link(System.VAULT, LinkKind.VAULT_ENTITY_ALIAS, "orders", unique_id="another", attributes={"mount": mount})
    vault.found = [ours(alias)]
    assert len(planned(state, aws, vault, settings).orphans) == orphans


def test_a_namesake_that_the_state_takes_for_ours_is_forgotten_and_another_is_not(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    role = next(link for link in lease(state, System.AWS).admitted if link.kind is LinkKind.IAM_ROLE)
    theirs = replace(role, unique_id="AROATHEIRS")
    stranger = replace(theirs, name="somebody-elses")
    aws.found = [Sighting(theirs, Ownership.NAMESAKE), Sighting(stranger, Ownership.NAMESAKE)]
    found = planned(state, aws, vault, settings)
    assert (found.namesakes, found.orphans) == ((theirs,), ())
    assert found.changes_state
    delete_orphans(found)
    assert aws.swept == []
    assert len(held_urns(state) - held_urns(repaired(state, found))) == 2


@pytest.mark.parametrize("kind", ["deleting", "updating", "reading"])
def test_what_was_interrupted_and_is_in_the_state_is_read_afresh(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings], kind: str
) -> None:
    urn = next(r["urn"] for r in state["deployment"]["resources"] if r["type"] == "nhi:index:Seal")
    elsewhere = "urn:pulumi:dev::kept::aws:s3/bucket:Bucket::mine"
    state["deployment"]["pending_operations"] = [
        {"resource": {"urn": urn}, "type": kind},
        {"resource": {"urn": elsewhere}, "type": kind},
    ]
    found = planned(state, aws, vault, settings)
    assert (found.interrupted, found.unsure, found.others) == ((urn,), (urn,), (elsewhere,))


def test_what_a_destroy_would_only_forget_is_to_be_removed_again(
    state: dict[str, Any], aws: Scripted, vault: Scripted, settings: list[Settings]
) -> None:
    resources = state["deployment"]["resources"]
    inside = next(r for r in resources if r["type"] == "nhi:index:Lease")
    outside = next(r for r in resources if "nhi:" not in r["urn"].split("::")[2])
    inside["retainOnDelete"] = outside["retainOnDelete"] = True
    found = planned(state, aws, vault, settings)
    assert found.retained == (inside["urn"],)
    assert not found.empty
    mended = {r["urn"]: r.get("retainOnDelete", False) for r in repaired(state, found)["deployment"]["resources"]}
    assert mended[inside["urn"]] is False
    assert mended[outside["urn"]] is True
