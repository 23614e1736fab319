"""Azure's bad days and a right that is missing, by the double: a clear error, a way out, nothing half-made or lost."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.engine.azure import AzureCloud
from tests.engine.azure_access import assert_gone, connections, everything
from tests.engine.azure_pod import NAME, SENDS, Pod
from tests.engine.programs import nhi
from tests.engine.test_shells import bare
from tools.lab.engine import Engine
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

PATIENCE_SECONDS = 2
"""How long the lease is waited for: no longer, as what is down stays so."""

READS_VAULT = "Microsoft.KeyVault/vaults/read"
WRITES_ROLE = "Microsoft.Authorization/roleDefinitions/write"
TAKES_ROLE = "Microsoft.Authorization/roleAssignments/delete"

Break = tuple[Callable[[AzureCloud], None], tuple[str, ...]]
"""What breaks, and what is told then."""


@pytest.fixture
def pod(azure: AzureCloud) -> Pod:
    return Pod(azure)


@pytest.fixture
def stack(project: Callable[..., Project], azure: AzureCloud, pod: Pod) -> Project:
    """An identity that is not made yet."""
    return azure.reached_by(project(pod.program(SENDS, deadline_seconds=PATIENCE_SECONDS)))


def assert_told(failed: Run, *parts: str) -> None:
    """Assert that a command failed and told all this, without a traceback."""
    assert failed.code != 0
    assert "Traceback" not in failed.text
    # The engine breaks long lines.
    flat = " ".join(failed.text.split())
    for part in parts:
        assert part in flat, f"{part!r} not in\n{failed.text}"


def mend(azure: AzureCloud) -> None:
    """Put right whatever is broken."""
    azure.double.recover()
    for right in (READS_VAULT, WRITES_ROLE, TAKES_ROLE):
        azure.double.allow(azure.operator, right)
    azure.double.stop()
    azure.double.start()


def down(azure: AzureCloud) -> None:
    azure.double.stop()


def without_tokens(azure: AzureCloud) -> None:
    azure.double.fail(503, target="/oauth2/v2.0/token")


def without_vault(azure: AzureCloud) -> None:
    azure.double.fail(503, target=" /vaults/")


def without_manager(azure: AzureCloud) -> None:
    azure.double.fail(500, target=" /subscriptions/")


def throttled(azure: AzureCloud) -> None:
    azure.double.fail(429, retry_after=30, target=" /subscriptions/")


def lacking(right: str) -> Callable[[AzureCloud], None]:
    return lambda azure: azure.double.deny(azure.operator, right)


MISSING = ("403 AuthorizationFailed", "grant the connection's principal a role with")
BEFORE: tuple[Break, ...] = (
    (down, ("azure.default", "no answer", "check network and proxy")),
    (without_tokens, ("no token for", "(503)", "try again later")),
    (without_vault, ("azure.default", "503 ServiceUnavailable from", "try again later")),
    (without_manager, ("azure.default", "500", "try again later")),
    (lacking(READS_VAULT), (*MISSING, f"the permission {READS_VAULT}")),
)


def test_what_is_down_or_not_allowed_is_told_before_anything_is_made(stack: Project, azure: AzureCloud) -> None:
    for break_, told in BEFORE:
        break_(azure)
        failed = stack.up(check=False)
        mend(azure)
        assert_told(failed, *told)
        assert everything(azure) == {}, told
        made = {each["type"] for each in stack.resources() if each["type"].startswith(("azure-native:", "nhi:index:"))}
        assert made == set(), told


AT_DESTROY: tuple[Break, ...] = (
    (down, ("azure.default", "no answer")),
    (without_tokens, ("no token for", "(503)", "try again later")),
    (throttled, ("429 SubscriptionRequestsThrottled", "try again in 30 seconds")),
    (lacking(TAKES_ROLE), (*MISSING, f"the permission {TAKES_ROLE}")),
)


def test_an_up_and_a_destroy_that_something_stops_are_completed_by_the_next(
    stack: Project, azure: AzureCloud, pod: Pod, sandbox: Sandbox, engine: Engine
) -> None:
    lacking(WRITES_ROLE)(azure)
    failed = stack.up(check=False)
    assert_told(failed, 'Status=403 Code="AuthorizationFailed"', f"perform action '{WRITES_ROLE}' over scope")
    assert not {"roles", "secrets"} & everything(azure).keys()
    mend(azure)

    # Everything but the vault is made when it goes down: the seal fails, and the lease is kept.
    azure.double.fail(503, target="PUT /vaults/")
    failed = stack.up(check=False)
    assert_told(failed, "503 ServiceUnavailable from", "try again later")
    assert everything(azure).keys() == {"identities", "credentials", "roles", "assignments"}
    mend(azure)

    # Asked to wait, both the plugin and our own provider do.
    azure.double.fail(429, retry_after=0, times=2, target=" /subscriptions/")
    stack.up()
    outputs, there = stack.outputs()[NAME], everything(azure)
    session, (secret,) = pod.session(outputs), there["secrets"]
    assert session is not None
    assert (session.sends(), session.reads(secret)) == (True, True)

    # What is alive is told without any state, by the lease id alone.
    look = ("verify", "--lease", outputs["lease"], "--system", "azure", "--connections", str(connections(azure, stack)))
    alive = nhi(stack, *look, "--output", "json")
    found = json.loads(alive.stdout)["alive"]
    assert (alive.code, len(found)) == (1, sum(map(len, there.values())))
    assert outputs["principal"] in {each["uniqueId"] for each in found}
    without_tokens(azure)
    unknown = nhi(stack, *look)
    assert (unknown.code, "not looked at" in unknown.text) == (3, True)
    mend(azure)

    for break_, told in AT_DESTROY:
        break_(azure)
        failed = stack.destroy(check=False)
        mend(azure)
        assert_told(failed, *told)
        assert (len(leases(stack)), everything(azure).keys()) == (1, there.keys()), told
    assert pod.session(outputs) is None

    without_vault(azure)
    failed = stack.destroy(check=False)
    mend(azure)
    assert_told(failed, "503 ServiceUnavailable from")
    assert (len(leases(stack)), everything(azure)) == (1, {"secrets": [secret]})

    full, stack.environment = stack.environment, bare(stack, sandbox, engine) | dict(azure.environment)
    destroyed = stack.destroy()
    assert "$PATH" not in destroyed.text
    stack.environment = full
    assert everything(azure) == {}
    assert (session.sends(), session.reads(secret), session.knows()) == (False, False, True)
    assert_gone(azure, stack, outputs["lease"])


def leases(stack: Project) -> list[str]:
    return [each["urn"] for each in stack.resources() if each["type"] == "nhi:index:Lease"]
