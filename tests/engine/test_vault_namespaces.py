"""Bundles in a namespace of Vault: everything of theirs is there, and is looked for nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hvac
import pytest

from tests.engine.access import log_in, reads
from tests.engine.programs import evidence, nhi, program, resource, vault_bundle
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

NAME = "orders-vault"
NAMESPACE, OTHER = "team-a", "team-b"


@pytest.fixture
def inside(sandbox: Sandbox) -> Callable[[str], Any]:
    """`inside(namespace)`: what `vault_client` gives for the root, for a namespace."""
    root = sandbox.vault.client()

    def within(namespace: str, token: str | None = None) -> Any:
        made: hvac.Client = sandbox.vault.client(token)
        made.adapter.namespace = namespace
        return made

    for namespace in (NAMESPACE, OTHER):
        root.write(f"sys/namespaces/{namespace}")
        within(namespace).sys.enable_auth_method("approle")
        within(namespace).sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    return within


def bundle(engine_s: str, ours: str | None) -> str:
    """A bundle that the engine makes in one namespace, and that our provider looks for in one, or in the root."""
    connection = f"vault.Connection(namespace={ours!r})" if ours else "vault.Connection()"
    return program(
        "import pulumi_vault",
        f"place = pulumi_vault.Provider('place', namespace={engine_s!r})",
        f"ours = nhi.Provider('ours', vault={{'default': {connection}}})",
        vault_bundle(secret="nhi.SecretSpec()", opts="pulumi.ResourceOptions(providers=[place, ours])"),
    )


def verified(stack: Project, folder: Path, lease: str, namespace: str | None) -> int:
    """The exit code of `nhi verify` in a namespace: 0 nothing there, 1 alive."""
    file = folder / "connections.json"
    file.write_text(json.dumps({"vault": {"default": {"namespace": namespace} if namespace else {}}}))
    return nhi(stack, "verify", "--lease", lease, "--system", "vault", "--connections", str(file)).code


def test_a_bundle_lives_and_dies_in_its_namespace(
    project: Callable[..., Project], inside: Callable[..., Any], tmp_path: Path
) -> None:
    stack = project(bundle(NAMESPACE, NAMESPACE))
    stack.up()
    made = stack.outputs()[NAME]
    within = inside(NAMESPACE)
    assert within.read(f"auth/approle/role/{made['role']}")
    assert inside("").read(f"auth/approle/role/{made['role']}") is None
    session = log_in(lambda token=None: inside(NAMESPACE, token), made)
    assert reads(session, made["secret"])
    assert not reads(inside("", session.token), made["secret"])
    found = {place: verified(stack, tmp_path, made["lease"], place) for place in (NAMESPACE, OTHER, None)}
    assert found == {NAMESPACE: 1, OTHER: 0, None: 0}
    stack.up("--expect-no-changes")

    stack.destroy()
    assert stack.resources() == []
    assert not reads(session, made["secret"])
    assert verified(stack, tmp_path, made["lease"], NAMESPACE) == 0
    told = evidence(stack, made["lease"])
    assert [caller["account"].rpartition("/")[2] for caller in told["callers"]] == [NAMESPACE]
    assert all(row["absent_at"]["state"] == "at" for row in told["removals"])


@pytest.mark.parametrize("wrong", [OTHER, None], ids=["another", "the root"])
def test_a_destroy_that_looks_elsewhere_is_refused(
    wrong: str | None, project: Callable[..., Project], inside: Callable[..., Any]
) -> None:
    stack = project(bundle(NAMESPACE, NAMESPACE))
    stack.up()
    made = stack.outputs()[NAME]
    session = log_in(lambda token=None: inside(NAMESPACE, token), made)
    state = json.loads(stack.pulumi("stack", "export").stdout)
    for held in state["deployment"]["resources"]:
        if held["type"] == "pulumi:providers:nhi" and "vault" in held.get("inputs", {}):
            for place in ("inputs", "outputs"):
                held[place]["vault"] = json.dumps({"default": {"namespace": wrong} if wrong else {}})
    (stack.directory / "state.json").write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", "state.json")

    refused = stack.destroy(check=False)
    assert refused.code != 0
    assert f"/{NAMESPACE}, where" in refused.text
    assert "use the credentials, address, region and namespace with which it was created" in refused.text
    assert reads(session, made["secret"])
    assert resource(stack, "AuthBackendRole")


def test_our_provider_has_to_look_where_the_engine_makes(
    project: Callable[..., Project], inside: Callable[..., Any]
) -> None:
    stack = project(bundle(NAMESPACE, OTHER))
    refused = stack.up(check=False)
    assert refused.code != 0
    assert "found nothing of that name" in refused.text
    assert inside(OTHER).list("sys/policies/acl")["data"]["keys"] == ["default"]
