"""What a new name, or a new principal, does to a bundle: another lease, other names, or the same lease going on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hvac.exceptions
import pytest
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession, granting, log_in, make_queues, reads
from tests.engine.programs import (
    assert_confirmed_gone,
    assert_gone,
    aws_bundle,
    evidence,
    program,
    resource,
    resources,
    summary,
    vault_bundle,
    with_identity,
)
from tools.lab.project import Project

SECRET = "nhi.SecretSpec()"


def test_a_renamed_component_is_another_lease_unless_an_alias_says_that_it_is_the_same(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    stack = project(_components("first"))
    stack.up()
    before = stack.outputs()
    session, token = RoleSession(aws_client, before["first-aws"]["arn"]), log_in(vault_client, before["first-vault"])

    stack.write({"__main__.py": _components("second")})
    renamed = stack.up()
    after = stack.outputs()
    assert renamed.text.index("second-aws-seal created") < renamed.text.index("first-aws-seal deleting")
    for part in ("aws", "vault"):
        old, new = before[f"first-{part}"], after[f"second-{part}"]
        assert not {old["lease"], old["role"], old["secret"]} & {new["lease"], new["role"], new["secret"]}
        assert_confirmed_gone(stack, old["lease"])
    assert not session.sends()
    assert not reads(token, before["first-vault"]["secret"])
    assert RoleSession(aws_client, after["second-aws"]["arn"]).sends()

    stack.write({"__main__.py": _components("third", alias="second")})
    aliased = stack.up()
    assert set(summary(aliased)) == {"unchanged"}, aliased.text
    assert list(stack.outputs().values()) == list(after.values())


def test_a_renamed_identity_keeps_its_lease_and_its_old_names_are_confirmed_gone(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    stack = project(_components("orders"))
    stack.up()
    before = stack.outputs()

    stack.write({"__main__.py": _components("orders", identity=with_identity(name="invoices"))})
    stack.up()
    after = stack.outputs()
    for part, secret in (("aws", "secrets-manager-secret"), ("vault", "vault-kv-path")):
        old, new = before[f"orders-{part}"], after[f"orders-{part}"]
        assert old["lease"] == new["lease"]
        assert new["role"] == old["role"].replace("orders", "invoices")
        states = _states(stack, f"orders-{part}")
        assert {states[old["role"]], states[_entry(old["secret"], secret)]} == {"departed"}
        assert {states[new["role"]], states[_entry(new["secret"], secret)]} == {"linked"}
    assert RoleSession(aws_client, after["orders-aws"]["arn"]).sends()
    assert reads(log_in(vault_client, after["orders-vault"]), after["orders-vault"]["secret"])
    _assert_old_names_are_gone(before, aws_client, vault_client)

    stack.up()
    for part in ("aws", "vault"):
        assert set(_states(stack, f"orders-{part}").values()) == {"linked", "gone"}
    stack.up("--expect-no-changes")

    stack.destroy()
    leases = [fields["lease"] for fields in after.values()]
    assert_gone(stack, *leases)
    for part in ("aws", "vault"):
        names = {row["link"]["name"] for row in evidence(stack, after[f"orders-{part}"]["lease"])["removals"]}
        assert {before[f"orders-{part}"]["role"], after[f"orders-{part}"]["role"]} <= names


def test_a_replaced_principal_keeps_lease_and_name_and_its_new_unique_id_is_sealed(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    stack = project(_components("orders"))
    stack.up()
    outputs = stack.outputs()
    old = _sealed(stack)

    urns = [resource(stack, kind)["urn"] for kind in ("Role", "AuthBackendRole", "Entity")]
    stack.up(*(argument for urn in urns for argument in ("--replace", urn)))
    new = _sealed(stack)
    assert {kind for kind in old if old[kind] != new[kind]} == {"iam-role", "vault-approle", "vault-entity"}
    again = stack.outputs()
    assert again["orders-aws"] == outputs["orders-aws"]
    assert again["orders-vault"]["lease"] == outputs["orders-vault"]["lease"]
    fresh = RoleSession(aws_client, outputs["orders-aws"]["arn"])
    assert (fresh.sends(), fresh.reads(outputs["orders-aws"]["secret"])) == (True, True)
    assert reads(log_in(vault_client, again["orders-vault"]), again["orders-vault"]["secret"])

    stack.destroy()
    assert_gone(stack, outputs["orders-aws"]["lease"], outputs["orders-vault"]["lease"])
    assert not fresh.sends()


def test_two_stacks_with_the_same_identity_do_not_touch_each_other(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    one, two = (project(_components("orders"), folder=name, stack=name) for name in ("one", "two"))
    one.up()
    two.up()
    theirs, ours = one.outputs(), two.outputs()
    session, token = RoleSession(aws_client, ours["orders-aws"]["arn"]), log_in(vault_client, ours["orders-vault"])

    one.destroy()
    assert_gone(one, *(fields["lease"] for fields in theirs.values()))
    assert (session.sends(), session.reads(ours["orders-aws"]["secret"])) == (True, True)
    assert RoleSession(aws_client, ours["orders-aws"]["arn"]).sends()
    for client in (token, log_in(vault_client, ours["orders-vault"])):
        assert reads(client, ours["orders-vault"]["secret"])
    two.up("--expect-no-changes")


def _components(prefix: str, *, alias: str = "", **arguments: Any) -> str:
    def options(part: str) -> dict[str, str]:
        return {"opts": f"pulumi.ResourceOptions(aliases=[pulumi.Alias(name='{alias}-{part}')])"} if alias else {}

    return program(
        aws_bundle(f"{prefix}-aws", grants=granting("sqs:SendMessage"), secret=SECRET, **options("aws"), **arguments),
        vault_bundle(f"{prefix}-vault", secret=SECRET, **options("vault"), **arguments),
    )


def _states(stack: Project, component: str) -> dict[str, str]:
    """What became of each part of a lease, by name; parts of the same name share their fate."""
    entries = resource(stack, "Lease", component)["outputs"]["ledger"]
    return {entry["name"]: entry["state"] for entry in entries}


def _sealed(stack: Project) -> dict[str, str]:
    """The unique ids that the seals hold, by kind."""
    seals = resources(stack, "Seal")
    return {link["kind"]: link.get("uniqueId", "") for seal in seals for link in seal["outputs"]["admitted"]}


def _entry(secret: str, kind: str) -> str:
    """The name of a secret's link: without the mount in Vault, out of its ARN on AWS."""
    if kind == "vault-kv-path":
        return secret.split("/", 1)[1]
    return secret.split(":secret:", 1)[1].rsplit("-", 1)[0]


def _assert_old_names_are_gone(
    before: dict[str, Any], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    on_aws, in_vault = before["orders-aws"], before["orders-vault"]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws_client("iam").get_role(RoleName=on_aws["role"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws_client("secretsmanager").describe_secret(SecretId=on_aws["secret"])
    root = vault_client()
    with pytest.raises(hvac.exceptions.InvalidPath):
        root.auth.approle.read_role(in_vault["role"])
    assert in_vault["policy"] not in root.sys.list_policies()["data"]["policies"]
    assert root.read(in_vault["secret"].replace("secret/", "secret/metadata/", 1)) is None
