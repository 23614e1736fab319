"""What there is room for on Azure: its quotas, and names that somebody else's has already, or still."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from nhi_components.core.azure_links import ASSIGNMENTS
from nhi_components.core.azure_names import credential_id, group_scope, role_id, subscription_scope
from nhi_components.core.credential.places import KeyVaultPlace
from nhi_components.core.links import Link, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.azure.adapter import AzureAdapter
from nhi_components.lifecycle.ports import Room
from tests.conformance.azure_steps import ASSIGNMENT, CREDENTIAL, IDENTITY, ROLE, SECRET, SERVICE, adapter_of
from tests.conformance.azure_world import VAULT_NAME, AzureWorld, identity_of, trusted
from tests.conformance.world import by_kind, new_tags, now
from tools.doubles.azure.rbac import Assignment
from tools.doubles.azure.role_definitions import Role
from tools.doubles.azure.subscriptions import GROUP
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S
from tools.doubles.azure.vaults import Secret, Version


@pytest.fixture
def world(azure_world: AzureWorld) -> AzureWorld:
    return azure_world


@pytest.fixture
def adapter(world: AzureWorld) -> AzureAdapter:
    return adapter_of(world)


class TestNames:
    def test_an_identity_and_a_secret_of_others(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = world.create(tags)
        identity, secret = by_kind(links, IDENTITY), by_kind(links, SECRET)
        assert adapter.room_for([identity, secret]) == Room()
        world.double.identities.by_id[identity_of(tags).lower()]["tags"] = new_tags(b"theirs").to_tags()
        name = secret.name.partition("/")[2]
        version = Version("0" * 32, now(), "theirs", {"team": "payments"})
        world.double.vaults.by_name[VAULT_NAME, name] = Secret(name, [version])
        first, second = adapter.room_for([identity, secret]).problems
        assert first.got == f"somebody else's of that name: it bears {new_tags(b'theirs').lease}"
        assert second.got == "somebody else's of that name: it bears no lease"
        assert (first.path, second.path) == (f"azure.default: {identity.name}", f"azure.default: {secret.name}")
        assert {first.expected, second.expected} == {"a name that is free"}

    def test_a_place_that_a_deleted_secret_has_still(self, world: AzureWorld, adapter: AzureAdapter) -> None:
        version = Version("0" * 32, now(), "theirs", new_tags(b"theirs").to_tags())
        place = KeyVaultPlace(vault=VAULT_NAME, secret="printer").link()
        assert adapter.room_for([place]) == Room()
        world.double.vaults.by_name[VAULT_NAME, "printer"] = Secret("printer", [version], deleted=now())
        (problem,) = adapter.room_for([place]).problems
        assert problem.got.startswith("a deleted secret of somebody else's has that name until ")
        assert "give the place another `secret`" in problem.fix


class TestQuotas:
    def test_the_assignments_of_a_subscription_are_counted_together(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        fill(world, 3998)
        assert adapter.room_for([assignment("a"), assignment("b")]) == Room()
        (problem,) = adapter.room_for([assignment("c")]).problems
        assert problem.path == f"azure.default subscriptions/{S}"
        assert problem.got == "3,998 of 4,000, and 3 to be made azure-role-assignments"
        assert "az role assignment list" in problem.fix

    def test_an_identity_has_one_assignment_at_least(self, world: AzureWorld, adapter: AzureAdapter) -> None:
        fill(world, 4000)
        group = f"{group_scope(S, GROUP)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
        (problem,) = adapter.room_for([Link(System.AZURE, IDENTITY, f"{group}/new")]).problems
        assert problem.got == "4,000 of 4,000, and 1 to be made azure-role-assignments"

    def test_a_principal_has_as_many_as_it_foresees(self, world: AzureWorld, adapter: AzureAdapter) -> None:
        fill(world, 3997)
        one, two = (Link(System.AZURE, SERVICE, name, attributes={ASSIGNMENTS: f"{S}=2"}) for name in ("one", "two"))
        assert adapter.room_for([one]) == adapter.room_for([one]) == Room()
        (problem,) = adapter.room_for([two]).problems
        assert problem.got == "3,997 of 4,000, and 4 to be made azure-role-assignments"
        assert adapter.room_for([replace(two, attributes={ASSIGNMENTS: ""})]) == Room()
        assert adapter.room_for([replace(two, attributes={})]) == Room()

    def test_what_is_there_already_is_not_counted_twice(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = world.create(tags)
        fill(world, 4000)
        assert adapter.room_for([link for link in links if link.kind is ASSIGNMENT]) == Room()

    def test_the_custom_roles_of_the_tenant(self, world: AzureWorld, adapter: AzureAdapter) -> None:
        with world.double.lock:
            for number in range(5000):
                fields = {
                    "roleName": f"role {number}",
                    "type": "CustomRole",
                    "assignableScopes": [subscription_scope(S)],
                }
                guid = str(uuid4())
                world.double.rbac.roles.custom.put(guid, Role(guid, {**fields, "permissions": []}))
        link = Link(System.AZURE, ROLE, role_id(S, str(uuid4())))
        (problem,) = adapter.room_for([link]).problems
        assert problem.path == "azure.default the tenant"
        assert problem.got == "5,000 of 5,000, and 1 to be made azure-role-definitions"

    def test_the_credentials_of_an_identity(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        world.create(tags)
        for number in range(19):
            told = {**trusted(tags), "subject": f"subject {number}"}
            world.double.federation.put(identity_of(tags).lower(), f"by-hand-{number}", told)
        link = Link(System.AZURE, CREDENTIAL, credential_id(identity_of(tags), "one-more"))
        (problem,) = adapter.room_for([link]).problems
        assert problem.path == f"azure.default {identity_of(tags)}"
        assert problem.got == "20 of 20, and 1 to be made azure-federated-credentials"

    def test_whoever_may_not_count_goes_on_without_knowing(self, world: AzureWorld, adapter: AzureAdapter) -> None:
        world.double.deny(world.operator, "Microsoft.Authorization/roleAssignments/read")
        room = adapter.room_for([assignment("a")])
        assert room.problems == ()
        assert room.not_checked is not None
        assert "Microsoft.Authorization/roleAssignments/read" in room.not_checked.reason


def assignment(name: str) -> Link:
    scope = f"{group_scope(S, GROUP)}/providers/Microsoft.Authorization/roleAssignments"
    return Link(System.AZURE, ASSIGNMENT, f"{scope}/{name}")


def fill(world: AzureWorld, number: int) -> None:
    """Assign roles until there are so many."""
    world.double.roles.page_size = 1000
    with world.double.lock:
        kept, reader = world.double.rbac.assignments, world.double.rbac.roles.named("Reader")
        assert reader is not None
        while len(kept.written) < number:
            made = Assignment(str(uuid4()), group_scope(S, GROUP), reader.guid, str(uuid4()), "User", {})
            kept.put(made.id.lower(), made)
