"""States that every release and schema has left behind: the present code destroys them, and refuses a newer schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags
from nhi_components.provider.lease import LeaseInputs
from nhi_components.provider.schema import SCHEMA_VERSION
from tests.engine.inventory import everything
from tests.engine.programs import assert_gone, evidence
from tools.keep_state import CLUSTER, FILE, NEWEST, PROJECT, STACK, STATES
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


def schemas(file: Path) -> set[int]:
    """The schemas that the resources of a kept state say they are of."""
    resources = json.loads(file.read_text())["deployment"]["resources"]
    return {resource["outputs"]["schemaVersion"] for resource in resources if resource["type"].startswith("nhi:index:")}


def test_each_schema_has_left_one_and_this_release_one_of_its_own() -> None:
    assert schemas(NEWEST) == {SCHEMA_VERSION}
    assert set().union(*map(schemas, KEPT)) == set(range(1, SCHEMA_VERSION + 1))


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


def leases(state: Mapping[str, Any]) -> list[LeaseInputs]:
    """The leases of a state."""
    resources = state["deployment"]["resources"]
    return [LeaseInputs.from_state(r["outputs"]) for r in resources if r["type"] == "nhi:index:Lease"]


def is_of(lease: LeaseInputs, identity: str, kind: LinkKind) -> bool:
    """Tell whether a lease is an identity's, and of the component that has such a part."""
    return lease.tags.identity == identity and kind in {part.kind for part in lease.parts}


def make_again(sandbox: Sandbox, state: Mapping[str, Any]) -> None:
    """Make what the state holds, with its names and marks; the systems choose ids of their own."""
    for lease in leases(state):
        # An inline policy bears its user's or role's name, and comes and goes with it.
        parts = {part.kind: part for part in lease.parts}
        _make_again_on_aws(sandbox, parts, lease.tags)
        _make_again_in_vault(sandbox, parts, lease.tags)


def _make_again_on_aws(sandbox: Sandbox, parts: Mapping[LinkKind, Link], lease: LeaseTags) -> None:
    tags = [{"Key": key, "Value": value} for key, value in lease.to_tags().items()]
    iam = sandbox.aws.client("iam")
    if role := parts.get(LinkKind.IAM_ROLE):
        iam.create_role(RoleName=role.name, Path="/nhi/", AssumeRolePolicyDocument=TRUST, Tags=tags)
        iam.create_instance_profile(InstanceProfileName=role.name, Path="/nhi/", Tags=tags)
        iam.add_role_to_instance_profile(InstanceProfileName=role.name, RoleName=role.name)
    if user := parts.get(LinkKind.IAM_USER):
        iam.create_user(UserName=user.name, Path="/nhi/", Tags=tags)
        iam.create_access_key(UserName=user.name)
    if secret := parts.get(LinkKind.SECRETS_MANAGER_SECRET):
        sandbox.aws.client("secretsmanager").create_secret(Name=secret.name, SecretString="{}", Tags=tags)


def _make_again_in_vault(sandbox: Sandbox, parts: Mapping[LinkKind, Link], lease: LeaseTags) -> None:
    vault, metadata = sandbox.vault.client(), lease.to_metadata()
    if policy := parts.get(LinkKind.VAULT_POLICY):
        rule = f'# nhi:lease={lease.lease}\npath "x" {{ capabilities = ["read"] }}'
        vault.sys.create_or_update_policy(policy.name, rule)
    if entity := parts.get(LinkKind.VAULT_ENTITY):
        vault.secrets.identity.create_or_update_entity_by_name(entity.name, metadata=metadata)
    if role := parts.get(LinkKind.VAULT_APPROLE):
        vault.auth.approle.create_or_update_approle(role.name, token_policies=[parts[LinkKind.VAULT_POLICY].name])
        vault.auth.approle.generate_secret_id(role.name)
    contents = {LinkKind.VAULT_KV_PATH: {"value": "x"}, LinkKind.VAULT_API_KEYS: {"keys": {}}}
    for entry in [parts[kind] for kind in contents if kind in parts]:
        kv = vault.secrets.kv.v2
        kv.create_or_update_secret(entry.name, contents[entry.kind], mount_point="secret")
        kv.update_metadata(entry.name, custom_metadata=metadata, mount_point="secret")


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.parent.name)
def test_what_an_earlier_release_made_is_destroyed(file: Path, stack: Project, sandbox: Sandbox) -> None:
    state = kept(file, sandbox)
    held = leases(state)
    make_again(sandbox, state)
    put(stack, state)
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, *(lease.lease_id for lease in held))
    # The one whose provider says who approved.
    told = evidence(stack, next(lease.lease_id for lease in held if is_of(lease, "orders", LinkKind.VAULT_ENTITY)))
    assert (told["approver"]["value"], told["reason"]["value"]) == ("change board", "CHG-1")


@pytest.mark.parametrize("file", [KEPT[0], NEWEST], ids=lambda file: file.parent.name)
def test_what_is_gone_already_is_confirmed_gone(file: Path, stack: Project, sandbox: Sandbox) -> None:
    state = kept(file, sandbox)
    put(stack, state)
    # Not every plugin takes it well that what it is to delete is not there, so it looks first.
    stack.destroy("--refresh")
    assert_gone(stack, *(lease.lease_id for lease in leases(state)))


def test_a_state_of_a_newer_schema_is_refused_and_left_as_it_is(stack: Project, sandbox: Sandbox) -> None:
    state = kept(NEWEST, sandbox, schemaVersion=SCHEMA_VERSION + 1)
    make_again(sandbox, state)
    put(stack, state)
    before = everything(sandbox)
    failed = stack.destroy(check=False)
    assert failed.code != 0
    assert "Traceback" not in failed.text
    for part in (f"schemaVersion {SCHEMA_VERSION + 1}", f"at most {SCHEMA_VERSION}", "nhi plugin install"):
        assert part in failed.text
    assert everything(sandbox) == before
