"""States that every release has left behind: the present code destroys them, and refuses those of a newer schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.tags import LeaseTags
from nhi_components.provider.lease import LeaseInputs
from nhi_components.provider.schema import SCHEMA_VERSION
from nhi_components.version import VERSION
from tests.engine.inventory import everything
from tests.engine.programs import assert_gone, evidence
from tools.keep_state import CLUSTER, FILE, PROJECT, STACK, STATES
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

KEPT = sorted(STATES.glob(f"*/{FILE}"))
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)


def test_this_release_has_left_one() -> None:
    assert VERSION in [file.parent.name for file in KEPT]


@pytest.fixture
def stack(project: Callable[..., Project]) -> Project:
    """An empty stack of the name that the kept ones bear; its program is never run."""
    return project("", name=PROJECT, stack=STACK)


def kept(file: Path, sandbox: Sandbox, **changes: int) -> dict[str, Any]:
    """A kept state as if this sandbox's Vault had been there; with other outputs of its leases and seals."""
    cluster = sandbox.vault.client().sys.read_health_status(method="GET")["cluster_id"]
    state: dict[str, Any] = json.loads(file.read_text().replace(CLUSTER, cluster))
    for resource in state["deployment"]["resources"]:
        if resource["type"].startswith("nhi:index:"):
            resource["outputs"] |= changes
    return state


def put(stack: Project, state: Mapping[str, Any]) -> None:
    file = stack.directory / "state.json"
    file.write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--file", str(file))


def leases(state: Mapping[str, Any]) -> dict[str, LeaseInputs]:
    """The leases of a state by their system."""
    held = [r["outputs"] for r in state["deployment"]["resources"] if r["type"] == "nhi:index:Lease"]
    return {str(inputs.parts[0].system): inputs for inputs in map(LeaseInputs.from_state, held)}


def make_again(sandbox: Sandbox, state: Mapping[str, Any]) -> None:
    """Make what the state holds, with its names and marks; the systems choose ids of their own."""
    held = leases(state)
    names = {str(part.kind): part.name for lease in held.values() for part in lease.parts}
    _make_again_on_aws(sandbox, names, held["aws"].tags)
    _make_again_in_vault(sandbox, names, held["vault"].tags)


def _make_again_on_aws(sandbox: Sandbox, names: Mapping[str, str], lease: LeaseTags) -> None:
    tags = [{"Key": key, "Value": value} for key, value in lease.to_tags().items()]
    iam, role = sandbox.aws.client("iam"), names["iam-role"]
    iam.create_role(RoleName=role, Path="/nhi/", AssumeRolePolicyDocument=TRUST, Tags=tags)
    iam.create_instance_profile(InstanceProfileName=role, Path="/nhi/", Tags=tags)
    iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    sandbox.aws.client("secretsmanager").create_secret(Name=names["secrets-manager-secret"], Tags=tags)


def _make_again_in_vault(sandbox: Sandbox, names: Mapping[str, str], lease: LeaseTags) -> None:
    vault, policy = sandbox.vault.client(), names["vault-policy"]
    vault.sys.create_or_update_policy(policy, f'# nhi:lease={lease.lease}\npath "x" {{ capabilities = ["read"] }}')
    vault.secrets.identity.create_or_update_entity_by_name(names["vault-entity"], metadata=lease.to_metadata())
    vault.auth.approle.create_or_update_approle(names["vault-approle"], token_policies=[policy])
    vault.secrets.kv.v2.create_or_update_secret(names["vault-kv-path"], {"value": "x"}, mount_point="secret")


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.parent.name)
def test_what_an_earlier_release_made_is_destroyed(file: Path, stack: Project, sandbox: Sandbox) -> None:
    state = kept(file, sandbox)
    held = leases(state)
    make_again(sandbox, state)
    put(stack, state)
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, *(lease.lease_id for lease in held.values()))
    told = evidence(stack, held["vault"].lease_id)
    assert (told["approver"]["value"], told["reason"]["value"]) == ("change board", "CHG-1")


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.parent.name)
def test_what_is_gone_already_is_confirmed_gone(file: Path, stack: Project, sandbox: Sandbox) -> None:
    state = kept(file, sandbox)
    put(stack, state)
    # Not every plugin takes it well that what it is to delete is not there, so it looks first.
    stack.destroy("--refresh")
    assert_gone(stack, *(lease.lease_id for lease in leases(state).values()))


def test_a_state_of_a_newer_schema_is_refused_and_left_as_it_is(stack: Project, sandbox: Sandbox) -> None:
    state = kept(STATES / VERSION / FILE, sandbox, schemaVersion=SCHEMA_VERSION + 1)
    make_again(sandbox, state)
    put(stack, state)
    before = everything(sandbox)
    failed = stack.destroy(check=False)
    assert failed.code != 0
    assert "Traceback" not in failed.text
    for part in (f"schemaVersion {SCHEMA_VERSION + 1}", f"at most {SCHEMA_VERSION}", "nhi plugin install"):
        assert part in failed.text
    assert everything(sandbox) == before
