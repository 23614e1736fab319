"""docs/decommission-systems.md stays true: its kinds are the code's, and its permissions are enough."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from nhi_components.lifecycle.adapters.activedirectory import retirement as activedirectory
from nhi_components.lifecycle.adapters.azure import discovery_policy as azure_policy
from nhi_components.lifecycle.adapters.azure import retirement as azure
from nhi_components.lifecycle.adapters.gcp import retirement as gcp
from nhi_components.lifecycle.adapters.github import retirement as github
from nhi_components.lifecycle.adapters.hook.retirement_protocol import MODELS, Asked
from nhi_components.lifecycle.adapters.kubernetes import retirement as kubernetes
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import WORKLOADS
from nhi_components.lifecycle.adapters.vault.found_issuers import STATIC
from nhi_components.lifecycle.adapters.vault.retired_issuers import ENGINES
from nhi_components.lifecycle.adapters.vault.retired_logins import OF_KINDS
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Retirement, Target
from tests.conformance.decommission.azure_world import AzureRetirementWorld
from tests.conformance.decommission.conftest import NOT_DISABLED, WORLDS
from tests.conformance.decommission.gcp_world import GcpRetirementWorld
from tests.conformance.decommission.kubernetes_world import KubernetesRetirementWorld
from tests.conformance.decommission.vault_world import VaultRetirementWorld
from tests.conformance.decommission.world import Planted
from tests.conformance.discovery.kubernetes_world import rule_of, subject

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "decommission-systems.md").read_text(encoding="utf-8")
CASE = "dc-0123456789ab"

KINDS = {
    "gcp": {gcp.KIND},
    "azure": {str(each) for each in azure._KINDS},
    "kubernetes": {str(kubernetes._KIND)},
    "vault": {*OF_KINDS, *ENGINES, STATIC, "vault-entity", "vault-kv-path", "vault-api-keys", "vault-token"},
    "github": {*github._KINDS},
    "activedirectory": {*activedirectory.KINDS},
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def documented(system: str) -> set[str]:
    """The permissions that the page names for a system."""
    (cells,) = [cells for cells in rows("What a connection may do") if cells[0] == system]
    return {each for cell in cells[1:] for each in re.findall(r"`([^`]+)`", cell)} - {"getIamPolicy", "setIamPolicy"}


def test_the_page_tells_of_each_kind_that_can_be_retired() -> None:
    told: dict[str, set[str]] = {}
    for system, kinds, *_ in rows("What each kind takes"):
        told.setdefault(system, set()).update(re.findall(r"`([^`]+)`", kinds))
    assert {system: kinds for system, kinds in told.items() if system in KINDS} == KINDS


def test_the_page_tells_rightly_what_can_be_disabled() -> None:
    undisabled = {
        (system, kind)
        for system, kinds, disable, *_ in rows("What each kind takes")
        for kind in re.findall(r"`([^`]+)`", kinds)
        if disable.startswith("can't be")
    }
    for system in KINDS:
        assert {kind for at, kind in undisabled if at == system} >= set(NOT_DISABLED.get(system, ()))
        assert not {kind for at, kind in undisabled if at == system} & set(WORLDS.get(system, ()))


def test_the_protocol_of_hooks_is_told_whole() -> None:
    page = (DOCS / "discovery-protocol.md").read_text(encoding="utf-8")
    part = page.partition("## Retiring identities\n")[2].partition("\n## ")[0]
    fields = {name for model in MODELS for name in model.model_fields} - {"ok"}
    assert [each for each in (*Asked, *fields) if each not in part] == []
    assert set(Asked) <= documented("hook")


def test_the_permissions_for_google_cloud_are_enough(gcp_retirement_world: GcpRetirementWorld) -> None:
    world, planted = gcp_retirement_world, gcp_retirement_world.plant()
    on_topics = {"pubsub.topics.getIamPolicy", "pubsub.topics.setIamPolicy"}
    world.found.discovery_of(documented("gcp") | on_topics)
    goes_through(world.retirement_of_caller(), planted)


@pytest.mark.parametrize("kind", WORLDS["azure"])
def test_the_permissions_for_azure_are_enough(azure_retirement_world: AzureRetirementWorld, kind: str) -> None:
    world, planted = azure_retirement_world, azure_retirement_world.plant(kind)
    named = documented("azure")
    actions = [*(each for each in named if "/" in each), *azure_policy.CARRIERS]
    world.operated.become(actions, [], [each for each in named if "/" not in each])
    goes_through(world.retirement_of_caller(), planted)


def test_the_permissions_for_kubernetes_are_enough(kubernetes_retirement_world: KubernetesRetirementWorld) -> None:
    world, planted = kubernetes_retirement_world, kubernetes_retirement_world.plant()
    listed = [f"list {each}" for each in WORKLOADS]
    rules = [_rule(each) for each in (*documented("kubernetes"), *listed)]
    limited = world.found.account("limited")
    world.cluster.put("clusterroles", "", "limited", {"rules": rules})
    world.bind("clusterrolebindings", "", "limited", ("ClusterRole", "limited"), [subject("limited")])
    token, _ = world.cluster.tokens.request(limited, {})
    goes_through(world.retirement_with(token), planted)


def _rule(permission: str) -> dict[str, list[str]]:
    rule = rule_of(permission)
    return rule if rule["resourceNames"] else {key: value for key, value in rule.items() if key != "resourceNames"}


@pytest.mark.parametrize("kind", [*WORLDS["vault"], *NOT_DISABLED["vault"]])
def test_the_permissions_for_vault_are_enough(vault_retirement_world: VaultRetirementWorld, kind: str) -> None:
    world, planted = vault_retirement_world, vault_retirement_world.plant(kind)
    world.root.sys.create_or_update_policy("retires", _policy(documented("vault")))
    goes_through(world.retirement_with(world.found.token(policies=["retires"])["client_token"]), planted)


def _policy(permissions: Iterable[str]) -> str:
    by_path: dict[str, list[str]] = {}
    for permission in permissions:
        capability, path = permission.split(" ", 1)
        by_path.setdefault(path, []).append(capability)
    rules = [f'path "{path}" {{ capabilities = {json.dumps(each)} }}' for path, each in by_path.items()]
    return "\n".join(rules)


def goes_through(retirement: Retirement, planted: Planted) -> None:
    """Disable, restore and delete it."""
    target = planted.target
    assert retirement.look(target).presence is Presence.ALIVE
    try:
        undo = retirement.undo_of(target)
    except CannotDisable:
        _is_deleted(retirement, target, planted)
        return
    retirement.mark(target, CASE, "disabled")
    retirement.disable(target, undo)
    assert retirement.look(target).presence is Presence.DISABLED
    retirement.restore(target, undo)
    retirement.mark(target, "", "")
    assert retirement.look(target).presence is Presence.ALIVE
    _is_deleted(retirement, target, planted)


def _is_deleted(retirement: Retirement, target: Target, planted: Planted) -> None:
    assert retirement.delete(target)
    assert planted.left() == []
