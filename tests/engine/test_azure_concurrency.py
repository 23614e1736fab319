"""Stacks and people that change who has what on a resource group at once, on Azure by the double: nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import uuid4

from tests.engine.azure import IN_GROUP, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import ask, assert_gone, assignments, everything, workload
from tests.engine.programs import at_once
from tools.doubles.azure.subscriptions import SUBSCRIPTION
from tools.lab.project import Project

PARENT = IN_GROUP.removesuffix("/providers")
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
QUEUES = f"[nhi.Grant(actions=['Microsoft.ServiceBus/namespaces/read'], targets=[{PARENT!r}])]"
ACCOUNTS = f"[nhi.Grant(actions=['Microsoft.Storage/storageAccounts/read'], targets=[{PARENT!r}])]"


class Stranger:
    """Somebody who lets one person after another read the resource group, and takes that from every third again.

    Attributes:
        kept: the assignments that were left in place.
        removed: how many were taken away again.
    """

    def __init__(self, azure: AzureCloud) -> None:
        self._azure = azure
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._assign)
        self.kept: set[str] = set()
        self.removed = 0

    def __enter__(self) -> Stranger:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _assign(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            with self._azure.double.lock:
                principal = self._azure.double.directory.person(f"dana-{number}").object_id
            path = f"{PARENT}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
            role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
            asked = {"roleDefinitionId": role, "principalId": principal, "principalType": "User"}
            made = ask(self._azure, "PUT", path, {"properties": asked})["id"]
            if number % 3:
                self.kept.add(made.lower())
            else:
                ask(self._azure, "DELETE", made)
                self.removed += 1
            self._ended.wait(0.05)


def test_two_stacks_with_one_identity_and_a_stranger_change_a_resource_group_at_once(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    bus = azure.double.resources.make("Microsoft.ServiceBus/namespaces", "nhi-orders")
    account = azure.double.resources.make("Microsoft.Storage/storageAccounts", "nhiorders")

    def program(grants: str) -> str:
        return azure_program(azure_bundle(azure, grants=grants))

    one, two = (azure.reached_by(project(program(QUEUES), folder=name, stack=name)) for name in ("one", "two"))
    with Stranger(azure) as stranger:
        at_once((one, "up"), (two, "up"))
        theirs, ours = (stack.outputs()["orders-azure"] for stack in (one, two))
        assert theirs["principal"] != ours["principal"]
        sessions = [workload(azure, outputs) for outputs in (theirs, ours)]
        assert [(each.may("GET", bus), each.may("GET", account)) for each in sessions] == [(True, False)] * 2

        two.write({"__main__.py": program(ACCOUNTS)})
        at_once((one, "destroy"), (two, "up"))
    assert [(each.may("GET", bus), each.may("GET", account)) for each in sessions] == [(False, False), (False, True)]
    (left,) = {each.id.lower() for each in assignments(azure, PARENT)} - stranger.kept
    assert len(assignments(azure, PARENT)) == len(stranger.kept) + 1
    assert azure.roles_of(ours["principal"])[0][0] == PARENT
    assert len(stranger.kept) > len(("one", "two"))
    assert stranger.removed
    assert everything(azure)["identities"] == [ours["identity"].rpartition("/")[2]]
    assert_gone(azure, one, theirs["lease"])

    two.destroy()
    assert {each.lower() for each in everything(azure)["assignments"]} == stranger.kept
    assert everything(azure).keys() == {"assignments"}
    assert left not in stranger.kept
