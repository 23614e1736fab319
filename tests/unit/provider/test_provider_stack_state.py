"""Reading bundles from a stack's state, and taking out what does not belong there; on the state of a real stack."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.provider.schema import SCHEMA_VERSION, StateTooNew
from nhi_components.provider.stack_state import (
    forgetting,
    held_leases,
    held_urns,
    interrupted,
    place_of,
    settings_of,
    without_interrupted,
)

STATE = Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json"
BUCKET = "urn:pulumi:dev::kept::aws:s3/bucket:Bucket::mine"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"


@pytest.fixture
def state() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(STATE.read_text())
    return loaded


def resource(state: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(r for r in state["deployment"]["resources"] if r["type"] == kind)


def with_pending(state: dict[str, Any], *operations: tuple[str, str]) -> dict[str, Any]:
    pending = [{"resource": {"urn": urn}, "type": kind} for urn, kind in operations]
    return {**state, "deployment": {**state["deployment"], "pending_operations": pending}}


def test_every_lease_is_found_with_what_the_state_holds_of_it(state: dict[str, Any]) -> None:
    leases = {lease.links[0].system: lease for lease in held_leases(state)}
    assert set(leases) == {System.AWS, System.VAULT}
    aws, vault = leases[System.AWS], leases[System.VAULT]
    name = aws.links[0].name
    secret = f"nhi/test/orders-{name.rsplit('-', 1)[1]}"
    assert aws.held == {
        (LinkKind.IAM_ROLE, name),
        (LinkKind.IAM_ROLE_POLICY, name),
        (LinkKind.IAM_INSTANCE_PROFILE, name),
        (LinkKind.SECRETS_MANAGER_SECRET, secret),
    }
    assert {kind for kind, _ in vault.held} == {
        LinkKind.VAULT_APPROLE,
        LinkKind.VAULT_ENTITY,
        LinkKind.VAULT_ENTITY_ALIAS,
        LinkKind.VAULT_POLICY,
    }
    assert all(link.unique_id for link in aws.admitted if link.kind is LinkKind.IAM_ROLE)
    assert aws.terms.stack == "kept/dev"


@pytest.mark.parametrize(
    ("kind", "outputs", "place"),
    [
        (
            "aws:eks/podIdentityAssociation:PodIdentityAssociation",
            {"associationId": "a-1", "clusterName": "shop"},
            (LinkKind.EKS_POD_IDENTITY_ASSOCIATION, "a-1"),
        ),
        (
            "aws:rolesanywhere/profile:Profile",
            {"name": "orders-dev-abcdef"},
            (LinkKind.ROLES_ANYWHERE_PROFILE, "orders-dev-abcdef"),
        ),
        (
            "kubernetes:core/v1:ServiceAccount",
            {"metadata": {"namespace": "shop", "name": "orders-dev-abcdef"}},
            (LinkKind.KUBERNETES_SERVICE_ACCOUNT, "shop/orders-dev-abcdef"),
        ),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            {"metadata": {"namespace": "shop", "name": "orders-dev-abcdef"}},
            (LinkKind.KUBERNETES_ROLE_BINDING, "shop/orders-dev-abcdef"),
        ),
    ],
)
def test_what_is_between_lease_and_seal_is_held_by_its_place(
    state: dict[str, Any], kind: str, outputs: dict[str, Any], place: tuple[LinkKind, str]
) -> None:
    role = resource(state, ROLE)
    made = {**role, "urn": f"{role['urn']}-in", "type": kind, "outputs": outputs}
    state["deployment"]["resources"].append(made)
    (aws,) = (lease for lease in held_leases(state) if lease.links[0].system is System.AWS)
    assert place in aws.held
    name = place[1] if "/" in place[1] else "orders-dev-abcdef"
    link = Link(System.AWS, place[0], name, unique_id="a-1")
    assert place_of(link) == place


def test_a_lease_without_a_seal_is_found(state: dict[str, Any]) -> None:
    left = [r for r in state["deployment"]["resources"] if r["type"] != "nhi:index:Seal"]
    state["deployment"]["resources"] = left
    assert [lease.admitted for lease in held_leases(state)] == [(), ()]


def test_a_stack_without_anything_holds_nothing() -> None:
    assert held_leases({"deployment": {"resources": None}}) == []
    assert held_urns({"deployment": {}}) == set()


def test_the_providers_settings_are_read_from_the_state(state: dict[str, Any]) -> None:
    leases = {lease.links[0].system: lease for lease in held_leases(state)}
    explicit = settings_of(state, leases[System.VAULT].provider)
    assert explicit.vault == {"default": VaultConnection()}
    assert (explicit.approval.approver, explicit.approval.reason) == ("change board", "CHG-1")
    assert settings_of(state, leases[System.AWS].provider).approval.approver is None


def test_a_provider_that_the_state_does_not_hold_is_an_error(state: dict[str, Any]) -> None:
    with pytest.raises(NhiError, match="--connections"):
        settings_of(state, "urn:pulumi:dev::kept::pulumi:providers:nhi::gone::1")


def test_a_state_of_a_newer_schema_is_refused(state: dict[str, Any]) -> None:
    resource(state, "nhi:index:Lease")["outputs"]["schemaVersion"] = SCHEMA_VERSION + 1
    with pytest.raises(StateTooNew, match=f"schemaVersion {SCHEMA_VERSION + 1}"):
        held_leases(state)


def test_interrupted_operations_are_told_apart_and_dropped_inside_bundles_only(state: dict[str, Any]) -> None:
    role = resource(state, ROLE)["urn"]
    pending = with_pending(state, (role, "deleting"), (BUCKET, "creating"))
    assert interrupted(pending) == ([role], [BUCKET])
    kept = without_interrupted(pending)["deployment"]["pending_operations"]
    assert [operation["resource"]["urn"] for operation in kept] == [BUCKET]
    assert interrupted(state) == ([], [])


def test_a_namesake_is_forgotten_with_what_is_on_it_and_nothing_else(state: dict[str, Any]) -> None:
    before = deepcopy(state)
    role = resource(state, ROLE)
    user_made = {
        "urn": "urn:pulumi:dev::kept::aws:iam/rolePolicy:RolePolicy::by-the-user",
        "type": POLICY,
        "dependencies": [role["urn"]],
        "propertyDependencies": {"role": [role["urn"]]},
    }
    state["deployment"]["resources"].append(user_made)
    namesake = Link(System.AWS, LinkKind.IAM_ROLE, role["outputs"]["name"], unique_id="AROATHEIRS")
    repaired = forgetting(state, [namesake])
    gone = held_urns(state) - held_urns(repaired)
    assert gone == {role["urn"], resource(state, POLICY)["urn"]}
    seal = next(r for r in repaired["deployment"]["resources"] if r["urn"].endswith("orders-aws-seal"))
    assert LinkKind.IAM_ROLE not in {link["kind"] for link in seal["outputs"]["admitted"]}
    assert not any(urn in json.dumps(repaired) for urn in gone)
    state["deployment"]["resources"].pop()
    assert state == before


def test_the_inline_policy_of_a_user_goes_with_it(state: dict[str, Any]) -> None:
    text = json.dumps(state).replace(ROLE, "aws:iam/user:User").replace(POLICY, "aws:iam/userPolicy:UserPolicy")
    of_user: dict[str, Any] = json.loads(text)
    user, policy = (resource(of_user, kind) for kind in ("aws:iam/user:User", "aws:iam/userPolicy:UserPolicy"))
    name = user["outputs"]["name"]
    (lease,) = [lease for lease in held_leases(of_user) if lease.links[0].system is System.AWS]
    assert lease.held >= {(LinkKind.IAM_USER, name), (LinkKind.IAM_USER_POLICY, name)}
    namesake = Link(System.AWS, LinkKind.IAM_USER, name, unique_id="AIDATHEIRS")
    repaired = forgetting(of_user, [namesake])
    assert held_urns(of_user) - held_urns(repaired) == {user["urn"], policy["urn"]}


def test_the_place_of_an_alias_is_its_id() -> None:
    alias = Link(System.VAULT, LinkKind.VAULT_ENTITY_ALIAS, "orders-test-abcdef", unique_id="alias-1")
    assert place_of(alias) == (LinkKind.VAULT_ENTITY_ALIAS, "alias-1")
    role = Link(System.AWS, LinkKind.IAM_ROLE, "orders-test-abcdef", unique_id="AROA")
    assert place_of(role) == (LinkKind.IAM_ROLE, "orders-test-abcdef")
