"""A person's mistakes on Azure: clear errors, with a way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from nhi_components.core.azure_links import ASSIGNMENTS, LOCATION, VAULTS
from nhi_components.core.azure_names import group_scope
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.azure.adapter import AzureAdapter
from nhi_components.lifecycle.adapters.azure.grounds import refuse_access_policies
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from tests.conformance.azure_steps import (
    ASSIGNMENT,
    CREDENTIAL,
    IDENTITY,
    ROLE,
    SECRET,
    SERVICE,
    adapter_of,
    admitted,
    named,
)
from tests.conformance.azure_world import (
    VAULT_NAME,
    AzureWorld,
    identity_of,
    secret_of,
    vault_id,
)
from tests.conformance.world import by_kind, now
from tools.doubles.azure.subscriptions import GROUP
from tools.doubles.azure.subscriptions import LOCATION as REGION
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S
from tools.doubles.azure.vaults import Secret, Version

TYPO = "0b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c99"
MANAGED = "Microsoft.ManagedIdentity"


@pytest.fixture
def world(azure_world: AzureWorld) -> AzureWorld:
    return azure_world


@pytest.fixture
def adapter(world: AzureWorld) -> AzureAdapter:
    return adapter_of(world)


class TestMistakes:
    def test_a_wrong_subscription(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        link = by_kind(world.create(tags), IDENTITY)
        wrong = replace(link, name=link.name.replace(S, TYPO))
        for use in (lambda: adapter.require([wrong]), lambda: adapter.survey(tags.lease, [wrong])):
            with pytest.raises(SystemUnreachable) as caught:
                use()
            assert TYPO in caught.value.problem.got
            assert caught.value.problem.expected == "a subscription that the connection reaches"
            assert "az account list" in caught.value.problem.fix

    def test_a_subscription_that_is_disabled(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        links = world.create(tags)
        shown = world.double.subscriptions._shown
        world.environment.setattr(world.double.subscriptions, "_shown", lambda s: shown(s) | {"state": "Disabled"})
        with pytest.raises(SpecError, match=r"Disabled: nothing can be made.*\n.*\n.*enable it again"):
            adapter.require(links)

    def test_a_provider_that_is_not_registered(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        links = world.create(tags)
        world.double.subscriptions.unregister(MANAGED)
        with pytest.raises(SpecError) as caught:
            adapter.require(links)
        assert "not registered for Microsoft.ManagedIdentity" in str(caught.value)
        assert f"az provider register --namespace {MANAGED} --subscription {S}" in str(caught.value)

    def test_a_resource_group_and_a_vault_that_are_not_there_are_told_at_once(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = world.create(tags)
        other = group_scope(S, "typo")
        with world.double.lock:
            world.double.key_vaults.remove_within(group_scope(S, GROUP))
        identity = by_kind(links, IDENTITY)
        wrong = replace(identity, name=identity.name.replace(group_scope(S, GROUP), other))
        with pytest.raises(SpecError) as caught:
            adapter.require([wrong, by_kind(links, SECRET)])
        assert [problem.path for problem in caught.value.problems] == [
            f"azure.default: {other}",
            f"azure.default: {vault_id()}",
        ]
        assert "az group create" in caught.value.problems[0].fix
        assert "az keyvault recover" in caught.value.problems[1].fix

    def test_a_vault_that_goes_by_access_policies(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = world.create(tags)
        world.double.key_vaults.by_id[vault_id().lower()]["properties"]["enableRbacAuthorization"] = False
        with pytest.raises(SpecError, match="--enable-rbac-authorization true"):
            adapter.require(links)

    def test_a_region_that_there_is_none_of(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        identity = by_kind(world.create(tags), IDENTITY)
        for region, way_out in (("westeuropa", "name another, such as westeurope"), ("mars", "the resource group's")):
            wrong = replace(identity, attributes={**identity.attributes, LOCATION: region})
            with pytest.raises(SpecError, match=rf"location {region}\n.*ManagedIdentity is offered in\n.*{way_out}"):
                adapter.require([wrong])
        adapter.require([replace(identity, attributes={**identity.attributes, LOCATION: "westeurope"})])
        # Where Azure tells of no regions, it is left to judge.
        world.double.subscriptions._kinds = lambda namespace: []
        adapter.require([replace(identity, attributes={**identity.attributes, LOCATION: "mars"})])

    def test_a_subscription_in_which_roles_will_be_assigned(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        link = Link(System.AZURE, SERVICE, "orders", attributes={ASSIGNMENTS: f"{S}=1"})
        world.double.subscriptions.unregister(MANAGED)
        # It is no managed identity's.
        adapter.require([link])
        with pytest.raises(SystemUnreachable, match=TYPO):
            adapter.require([replace(link, attributes={ASSIGNMENTS: f"{S}=1 {TYPO}=2"})])

    def test_roles_on_what_is_in_a_vault_that_goes_by_access_policies(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = world.create(tags)
        vault = vault_id().replace(VAULT_NAME, "others")
        told = {"sku": {"family": "A", "name": "standard"}, "tenantId": world.double.entra.tenant, "accessPolicies": []}
        noted = Link(System.AZURE, SERVICE, "orders", attributes={VAULTS: vault})
        # One that is not there yet may be made by the program.
        adapter.require([noted])
        world.ask("PUT", vault, {"location": REGION, "properties": told})
        with pytest.raises(SpecError, match=rf"{vault}\n.*goes by access policies\n.*\n.*rbac-authorization true"):
            adapter.require([noted])
        assigned = by_kind(links, ASSIGNMENT)
        on_key, on_vault = (
            replace(assigned, name=f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}")
            for scope in (f"{vault}/keys/orders", vault)
        )
        with pytest.raises(NhiError, match="goes by access policies"):
            adapter.admit(tags, [on_key], now())
        # A role on the vault itself may be one on the resource.
        refuse_access_policies(AzureSession("default", world.connection), [on_vault])

    @pytest.mark.parametrize(("protected", "way_out"), [(False, "az keyvault secret purge"), (True, "another vault")])
    def test_a_name_that_a_deleted_secret_has_still(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags, way_out: str, *, protected: bool
    ) -> None:
        links = world.create(tags)
        if protected:
            world.double.vaults.protected.add(VAULT_NAME)
        name = secret_of(tags).partition("/")[2]
        version = Version("0" * 32, now(), "theirs", {"team": "payments"})
        world.double.vaults.by_name[VAULT_NAME, name] = Secret(name, [version], deleted=now())
        with pytest.raises(SpecError) as caught:
            adapter.require(links)
        (problem,) = caught.value.problems
        until = f"{now() + timedelta(days=90):%Y-%m-%d}"
        assert problem.got == f"a deleted secret of somebody else's has that name until {until}"
        assert way_out in problem.fix
        with pytest.raises(NhiError, match="a deleted secret of somebody else's"):
            adapter.admit(tags, [by_kind(links, SECRET)], now())

    def test_a_permission_that_is_missing(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        links = admitted(world, adapter, tags)
        action = "Microsoft.ManagedIdentity/userAssignedIdentities/read"
        world.double.deny(world.operator, action)
        with pytest.raises(SystemUnreachable) as caught:
            adapter.survey(tags.lease, links)
        assert caught.value.problem.expected == f"the permission {action}"
        assert caught.value.problem.fix == (
            f"grant the connection's principal a role with {action} at {identity_of(tags)}"
        )

    @pytest.mark.parametrize(
        ("action", "kinds"),
        [
            ("Microsoft.ManagedIdentity/userAssignedIdentities/read", {IDENTITY}),
            ("Microsoft.Authorization/roleDefinitions/read", {ROLE}),
            ("Microsoft.Authorization/roleAssignments/read", {ASSIGNMENT}),
            ("Microsoft.KeyVault/vaults/read", {SECRET}),
            ("list", {SECRET}),
            ("Microsoft.DocumentDB/databaseAccounts/read", {ASSIGNMENT, ROLE}),
        ],
    )
    def test_a_list_that_is_closed_is_a_blind_spot(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags, action: str, kinds: set[LinkKind]
    ) -> None:
        admitted(world, adapter, tags)
        world.double.deny(world.operator, action)
        adapter.survey(tags.lease, [])
        spots = adapter.blind_spots([])
        assert {spot.kind for spot in spots} == kinds
        assert all(action in spot.reason.reason for spot in spots)

    def test_a_vault_that_the_connection_names_has_to_be_readable(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        world.connection = world.connection.model_copy(update={"vaults": (VAULT_NAME,)})
        world.double.deny(world.operator, "list")
        with pytest.raises(SystemUnreachable, match=r"secrets/list \(role Key Vault Secrets Officer\)"):
            adapter_of(world).survey(tags.lease, [])

    def test_whoever_sees_no_subscription_is_told_so(self, world: AzureWorld, tags: LeaseTags) -> None:
        world.double.subscriptions._names.clear()
        adapter = adapter_of(world)
        assert adapter.survey(tags.lease, []) == []
        spots = {spot.kind: spot.reason.reason for spot in adapter.blind_spots([])}
        assert set(spots) == {IDENTITY, CREDENTIAL, ROLE, ASSIGNMENT, SECRET}
        assert "`subscriptions`" in spots[IDENTITY]

    @pytest.mark.parametrize(
        ("status", "code", "way_out"),
        [
            (409, "ScopeLocked", "az lock list"),
            (409, "ReadOnlyDisabledSubscription", "enable the subscription again"),
            (403, "RequestDisallowedByPolicy", "az policy exemption create"),
            (403, "ForbiddenByFirewall", "the vault's firewall"),
            (403, "Directory_QuotaExceeded", "purge deleted applications"),
            (400, "RoleAssignmentLimitExceeded", "identity is not found"),
            (409, "MissingSubscriptionRegistration", f"--subscription {S}"),
            (401, "InvalidAuthenticationTokenTenant", "the subscription's own tenant"),
        ],
    )
    def test_what_no_role_mends_has_a_way_out_of_its_own(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags, status: int, code: str, way_out: str
    ) -> None:
        links = admitted(world, adapter, tags)
        (found,) = named(adapter.survey(tags.lease, links), IDENTITY)
        world.refuse_once("DELETE .*/userAssignedIdentities/", status, code)
        with pytest.raises(NhiError) as caught:
            adapter.sweep(found)
        assert code in str(caught.value)
        assert way_out in str(caught.value)

    def test_a_provider_that_is_not_registered_has_nothing(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        admitted(world, adapter, tags)
        world.refuse_once("GET .*/databaseAccounts", 409, "MissingSubscriptionRegistration")
        assert len(adapter.survey(tags.lease, [])) == 8
        assert adapter.blind_spots([]) == []

    def test_throttling_is_told_with_its_end(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        links = admitted(world, adapter, tags)
        world.double.fail(429, retry_after=17, target="userAssignedIdentities")
        with pytest.raises(SystemUnreachable) as caught:
            adapter.survey(tags.lease, links)
        assert caught.value.problem.fix == "try again in 17 seconds"
