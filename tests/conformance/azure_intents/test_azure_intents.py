"""What an intent allows and refuses: REST calls as an identity of its own, on the double, which evaluates roles.

The managed identity has the roles and assignments that a component makes of the intent's grants, and nothing else. What
the double's services don't know, its roles are asked directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from secrets import token_bytes

import pytest

from nhi_components.core.azure_grant import AssignmentNeeded, RoleNeeded
from nhi_components.core.azure_names import (
    assignment_guid,
    assignment_id,
    cosmos_assignment_id,
    cosmos_role_id,
    group_scope,
    identity_name,
    operations_digest,
    role_guid,
    role_id,
    role_name,
)
from nhi_components.core.azure_resource import Target, target_of
from nhi_components.core.lease_id import new_lease_id, suffix_of
from tests.conformance.azure_intents.trial import Call, Trial
from tests.conformance.azure_intents.trials import TRIALS
from tests.conformance.azure_intents.world import LOCATION, VERSIONS, Caller, World, id_of
from tools.doubles.azure import AzureDouble
from tools.doubles.tls import write_authority

ROLES = "2022-04-01"
COSMOS = VERSIONS["Microsoft.DocumentDB"]
EACH = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with AzureDouble() as double:
        yield World(double, write_authority(tmp_path_factory.mktemp("authority")))


@pytest.fixture
def world(made: World) -> Iterator[World]:
    """One world for all trials: what any of them changes is restored, and the clock is."""
    made.restore()
    yield made
    made.double.ahead = timedelta()


class Holder:
    """A managed identity that has some assignments and nothing else."""

    def __init__(self, world: World, assignments: Iterable[AssignmentNeeded]) -> None:
        self._world, self._lease = world, new_lease_id(token_bytes())
        self._suffix = suffix_of(self._lease)
        self._principal = world.double.identities.make(identity_name("trial", "dev", self._suffix))
        properties = self._principal["properties"]
        self._object_id = str(properties["principalId"])
        self._caller = Caller(world.double, str(properties["clientId"]), world.authority)
        self._assigned = [self._assign(needed) for needed in assignments]

    def answered(self, call: Call) -> tuple[int, str]:
        """Make a call: the status and the text of its answer."""
        answer = self._caller.send(call.method, call.path, call.body, call.headers, call.wants)
        return answer.status_code, answer.text

    def is_permitted(self, call: Call) -> bool:
        """Ask the double's roles about a call."""
        double = self._world.double
        if call.plane == "cosmos":
            account = call.scope.partition("/dbs/")[0]
            return double.cosmos_roles.permits(self._object_id, call.operation, account, call.scope)
        on_data = call.plane == "data"
        return any(double.rbac.permits(self._object_id, each, call.scope, data=on_data) for each in call.operations)

    def suspend(self) -> None:
        """Remove every assignment, as a component does while it is suspended."""
        for path in self._assigned:
            self._world.ask("DELETE", path)
        self._caller.renew()

    def renew(self) -> None:
        """Ask for new tokens from now on."""
        self._caller.renew()

    def _assign(self, needed: AssignmentNeeded) -> str:
        target = needed.target
        assert isinstance(target, Target)
        if target.cosmos and needed.role.is_cosmos:
            account, scope = target.cosmos.account, target.cosmos.scope
            role = self._role(needed.role)
            guid = assignment_guid(self._lease, scope, role, str(self._principal["id"]))
            path = f"{cosmos_assignment_id(account, guid)}?api-version={COSMOS}"
            told = {"roleDefinitionId": role, "principalId": self._object_id, "scope": scope}
        else:
            built_in, scope = needed.role.built_in, target.scope
            role = role_id(needed.role.subscription, built_in) if built_in else self._role(needed.role)
            guid = assignment_guid(self._lease, scope, role, str(self._principal["id"]))
            path = f"{assignment_id(scope, guid)}?api-version={ROLES}"
            told = {"roleDefinitionId": role, "principalId": self._object_id, "principalType": "ServicePrincipal"}
        self._world.ask("PUT", path, {"properties": told})
        return path

    def _role(self, role: RoleNeeded) -> str:
        where = role.account if role.is_cosmos else group_scope(role.subscription, role.resource_group)
        guid = role_guid(self._lease, where, operations_digest(role.operations))
        permissions = {"dataActions": list(role.data_actions)}
        permissions |= {} if role.is_cosmos else {"actions": list(role.actions)}
        properties = {
            "roleName": role_name("trial", "dev", self._suffix, guid),
            "type": "CustomRole",
            "assignableScopes": [where],
            "permissions": [permissions],
        }
        id_ = cosmos_role_id(where, guid) if role.is_cosmos else role_id(role.subscription, guid)
        version = COSMOS if role.is_cosmos else ROLES
        self._world.ask("PUT", f"{id_}?api-version={version}", {"properties": properties})
        return id_


def refused_otherwise(holder: Holder, calls: tuple[Call, ...]) -> list[str]:
    """The calls that are not refused for the operation that they take."""
    found = []
    for call in calls:
        if call.double_lacks:
            found += [f"{call}: permitted"] if holder.is_permitted(call) else []
            continue
        status, text = holder.answered(call)
        if (status, call.refusal[1] in text) != (call.refusal[0], True):
            found.append(f"{call}: {status} {text}")
    return found


def not_done(holder: Holder, calls: tuple[Call, ...]) -> list[str]:
    """The calls that are not answered as asked."""
    found = []
    for call in calls:
        if call.double_lacks:
            found += [] if holder.is_permitted(call) else [f"{call}: not permitted"]
            continue
        status, text = holder.answered(call)
        if not 200 <= status < 300:
            found.append(f"{call}: {status} {text}")
    return found


@EACH
def test_what_an_intent_allows_and_refuses(world: World, trial: Trial) -> None:
    holder = Holder(world, trial.assignments())
    allowed = refused_otherwise(holder, trial.may_not)
    refused = not_done(holder, trial.may)
    assert (refused, allowed) == ([], []), "(not done, not refused for that operation)"


@EACH
def test_an_intent_goes_on_after_any_day_until_its_assignments_are_removed(world: World, trial: Trial) -> None:
    holder = Holder(world, trial.assignments())
    world.double.ahead = timedelta(days=4000)
    holder.renew()
    first = next(call for call in trial.may if call.path != LOCATION)
    assert not_done(holder, (first,)) == []
    holder.suspend()
    world.restore()
    assert refused_otherwise(holder, tuple(call for call in trial.may if call.path != LOCATION)) == []


@pytest.mark.parametrize(
    ("name", "wider"),
    [
        ("storage.read_blobs", "Microsoft.Storage/storageAccounts/shopprod"),
        ("servicebus.receive_from_subscription", "Microsoft.ServiceBus/namespaces/shop-prod/topics/orders-news"),
        ("eventhub.receive_in_group", "Microsoft.EventHub/namespaces/shop-prod/eventhubs/orders"),
        ("keyvault.read_secret", "Microsoft.KeyVault/vaults/shop-prod"),
        ("keyvault.sign", "Microsoft.KeyVault/vaults/shop-prod"),
        ("cosmosdb.read_items", "Microsoft.DocumentDB/databaseAccounts/shop-prod/sqlDatabases/shop"),
    ],
)
def test_a_wider_grant_would_be_noticed(world: World, name: str, wider: str) -> None:
    trial, scope = next(each for each in TRIALS if each.name == name), target_of(id_of(wider))
    assert scope is not None
    holder = Holder(world, [replace(each, target=scope) for each in trial.assignments()])
    assert not_done(holder, trial.may[:1]) == []
    assert refused_otherwise(holder, trial.may_not) != []
