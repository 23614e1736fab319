"""Engine and plugins killed at exact points, on Azure by the double: repaired, completed by the next command.

Whether anything is left behind is asked of the double's own state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.engine.azure import AzureCloud
from tests.engine.azure_access import assert_gone, everything
from tests.engine.azure_pod import BY_HAND, NAME, SENDS, SUBJECT, TAKES, Pod
from tests.engine.killing import Point, kill, killed, provider_of, repair, stopped
from tests.engine.programs import evidence, nhi
from tests.engine.test_azure_app_identity import program as application
from tools.doubles.gate import DoubleGate
from tools.lab.gate import Choice, Request, When
from tools.lab.project import Project

IDENTITIES, CREDENTIALS = "/userAssignedIdentities/", "/federatedIdentityCredentials/"
ROLES, ASSIGNMENTS, SECRETS = "/roleDefinitions/", "/roleAssignments/", "/secrets/"
PARKED = "nhi:cut-off:"


def asked(method: str, part: str, *, ours: bool | None = None) -> Choice:
    """Choose a request by its method and the last kind in its path; of our own provider's alone or not, if wanted."""

    def chosen(request: Request) -> bool:
        # The plugin names no program of its own.
        is_ours = "user-agent" in request.headers
        path = request.path.partition("?")[0]
        last = f"/{path.split('/')[-2]}/" if path.count("/") > 1 else path
        return request.method == method and last == part and ours in (None, is_ours)

    return chosen


@pytest.fixture
def gate(azure: AzureCloud) -> Iterator[DoubleGate]:
    with DoubleGate(azure.double) as gate:
        yield gate


@pytest.fixture
def pod(azure: AzureCloud) -> Pod:
    return Pod(azure)


def killed_after(stack: Project, gate: DoubleGate, *choices: Choice) -> None:
    """Kill an up once each of these has been served, and nobody has learnt of any."""
    first, *others = choices
    held = [gate.hold(choice, When.AFTER) for choice in others]
    with stopped(stack, "up", gate, (first, When.AFTER)) as running:
        for each in held:
            each.wait()
        kill(*running.tree())
    for each in held:
        each.drop()


def counted(azure: AzureCloud) -> dict[str, int]:
    return {kind: len(names) for kind, names in everything(azure).items()}


def planned(stack: Project) -> list[str]:
    """What a dry run of a repair would do, sorted; it changes nothing in the state."""
    before = stack.export()
    told = nhi(stack, "repair", "--dry-run", "--output", "json")
    rows: list[dict[str, Any]] = json.loads(told.stdout)["repair"]
    assert (told.code, stack.export()) == (1 if rows else 0, before), told.text
    return sorted(row["action"] for row in rows)


def test_an_up_and_an_update_killed_at_each_point_are_repaired_and_completed(
    project: Callable[..., Project], azure: AzureCloud, gate: DoubleGate, pod: Pod
) -> None:
    stack = azure.reached_by(project(pod.program(SENDS)))
    killed_after(stack, gate, asked("PUT", IDENTITIES), asked("PUT", ROLES))
    there = everything(azure)
    assert counted(azure) == {"identities": 1, "roles": 1}
    assert planned(stack) == ["delete orphan"] * 2 + ["drop interrupted operation"] * 2
    assert everything(azure) == there
    repair(stack)
    assert everything(azure) == {}

    # One assignment is of the role on the queue, one of the right to read the secret.
    killed_after(stack, gate, asked("PUT", CREDENTIALS), *[asked("PUT", ASSIGNMENTS)] * 2)
    assert counted(azure) == {"identities": 1, "credentials": 1, "roles": 1, "assignments": 2}
    by_hand = pod.add_by_hand()
    repair(stack)
    assert planned(stack) == []
    left = everything(azure)
    assert {*left.pop("credentials"), *left.pop("assignments")} == by_hand
    assert {kind: len(names) for kind, names in left.items()} == {"identities": 1, "roles": 1}

    killed(stack, "up", gate, (asked("PUT", SECRETS), When.AFTER))
    repair(stack)
    (value,) = azure.double.vaults.by_name.values()
    stack.up()
    outputs = stack.outputs()[NAME]
    assert [version.value for version in value.versions] == [value.versions[0].value]
    session = pod.session(outputs)
    assert session is not None
    secret = everything(azure)["secrets"][0]
    assert (session.sends(), session.takes(), session.reads(secret)) == (True, False, True)

    stack.write({"__main__.py": pod.program(TAKES)})
    killed(stack, "up", gate, (asked("PUT", ASSIGNMENTS), When.AFTER))
    repair(stack)
    stack.up()
    assert (session.sends(), session.takes(), session.reads(secret)) == (False, True, True)
    assert counted(azure) == {"identities": 1, "credentials": 2, "roles": 1, "assignments": 3, "secrets": 1}
    stack.destroy()
    assert everything(azure) == {}
    assert_gone(azure, stack, outputs["lease"])


PARK, TAKE = (asked("PUT", CREDENTIALS, ours=True), When.AFTER), (asked("DELETE", ASSIGNMENTS, ours=True), When.AFTER)
"""The cut-off, in its order after a mark of what is about to be taken: who is let in, what is assigned."""

REMOVE: Sequence[Point] = (
    (asked("DELETE", IDENTITIES, ours=False), When.AFTER),
    # All that is left of the bundle is its lease: the secret is deleted, and not purged yet.
    (asked("DELETE", SECRETS), When.AFTER),
)


def test_a_destroy_killed_at_each_point_is_taken_back_by_an_up_or_completed(
    project: Callable[..., Project], azure: AzureCloud, gate: DoubleGate, pod: Pod
) -> None:
    stack = azure.reached_by(project(pod.program(SENDS)))
    stack.up()
    outputs, there = stack.outputs()[NAME], everything(azure)
    session, (secret,) = pod.session(outputs), there["secrets"]
    assert session is not None
    by_hand = pod.add_by_hand()

    # Of two who are let in one is locked out, and nothing is taken yet; then one of three roles is.
    for point, locked_out, assigned in ((PARK, 1, 3), (TAKE, 2, 2)):
        killed(stack, "destroy", gate, point)
        assert (len(parked(pod)), len(everything(azure)["assignments"])) == (locked_out, assigned)
        assert pod.session(outputs) is None
        repair(stack)
        stack.up()
        assert stack.outputs()[NAME] == outputs
        assert (session.sends(), session.reads(secret), pod.session(outputs) is None) == (True, True, False)
    # What was made by hand is not given back.
    assert pod.subjects() == {"kubernetes": SUBJECT, BY_HAND: f"{PARKED}system:serviceaccount:shop:by-hand"}
    assert set(everything(azure)["assignments"]) - by_hand == set(there["assignments"])
    (identity,) = azure.double.identities.by_id.values()
    assert not [name for name in identity["tags"] if name.startswith("nhi:cut-off")]
    stack.up("--expect-no-changes")

    # The provider alone: the command fails, and the next one goes on.
    with stopped(stack, "destroy", gate, TAKE) as running:
        kill(*provider_of(running))
        assert running.wait() != 0
    assert pod.session(outputs) is None
    for point in REMOVE:
        killed(stack, "destroy", gate, point)
        assert (session.sends(), session.reads(secret), pod.session(outputs)) == (False, False, None)
        repair(stack)
    assert everything(azure) == {"secrets": [secret]}
    stack.destroy()
    assert everything(azure) == {}
    assert_gone(azure, stack, outputs["lease"])
    (row,) = [each for each in evidence(stack, outputs["lease"])["removals"] if "identity" in each["link"]["kind"]]
    assert row["disabled_at"]["state"] == row["absent_at"]["state"] == "at"


def to_graph(method: str, end: str) -> Point:
    """After Microsoft Graph has served a request."""
    return lambda request: request.method == method and request.path.partition("?")[0].endswith(end), When.AFTER


GRAPH_UP: Sequence[tuple[Point, list[bool]]] = (
    (to_graph("POST", "/applications"), []),
    (to_graph("POST", "/servicePrincipals"), [False]),
    (to_graph("POST", "/addPassword"), [True]),
)
"""Points, and for each application that a repair leaves there whether it has its service principal."""


def test_an_application_that_a_killed_up_or_destroy_has_begun_is_completed_or_goes_for_good(
    project: Callable[..., Project], azure: AzureCloud, gate: DoubleGate
) -> None:
    stack = azure.reached_by(project(application(azure, "active")))
    double = azure.double
    for point, left in GRAPH_UP:
        killed(stack, "up", gate, point)
        repair(stack)
        assert [double.directory.by_client(each["appId"]) is not None for each in applications(azure)] == left
        assert double.applications.restorable() == {}
    # The killed run's claim lapses within a minute.
    double.ahead += timedelta(minutes=2)
    stack.up()
    outputs, (made,) = stack.outputs()[NAME], applications(azure)
    # The secret whose value was lost with the engine is gone.
    assert [each["keyId"] for each in made["passwordCredentials"]] == [outputs["key"]]
    stack.up("--expect-no-changes")

    killed(stack, "destroy", gate, to_graph("DELETE", f"/applications/{made['id']}"))
    assert double.applications.restorable().keys() == {made["id"]}
    repair(stack)
    stack.destroy()
    assert (applications(azure), double.applications.restorable(), double.vaults.by_name) == ([], {}, {})
    assert double.directory.by_client(outputs["client"]) is None
    assert azure.roles_of(outputs["principal"]) == []
    assert_gone(azure, stack, outputs["lease"])


def applications(azure: AzureCloud) -> list[dict[str, Any]]:
    """The applications beside the operator's."""
    with azure.double.lock:
        return [each for each in azure.double.applications.by_id.values() if each["appId"] != azure.operator]


def parked(pod: Pod) -> list[str]:
    """Whom a cut-off has locked out."""
    return sorted(name for name, subject in pod.subjects().items() if subject.startswith(PARKED))
