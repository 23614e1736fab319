"""What a new name, or a new account, does to a bundle on Google Cloud, by the double: another lease, or the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.gcp import PUBLISH, GoogleCloud, gcp_bundle, gcp_program, topic
from tests.engine.gcp_access import (
    GKE,
    assert_confirmed_gone,
    assert_gone,
    everything,
    workload,
)
from tests.engine.programs import evidence, resource, summary, with_identity
from tools.lab.project import Project

SECRET = "nhi.SecretSpec()"


def named(gcp: GoogleCloud, component: str = "orders-gcp", *, secret: bool = True, **arguments: Any) -> str:
    kept: dict[str, Any] = {"secret": SECRET} if secret else {}
    return gcp_program(topic(), gcp_bundle(gcp, component, grants=PUBLISH, trusted_by=GKE, **kept, **arguments))


def test_a_renamed_component_is_another_lease_unless_an_alias_says_that_it_is_the_same(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    stack = gcp.reached_by(project(named(gcp, "first-gcp")))
    stack.up()
    old = stack.outputs()["first-gcp"]
    session = workload(gcp, old)
    assert session.publishes()

    stack.write({"__main__.py": named(gcp, "second-gcp")})
    renamed = stack.up()
    new = stack.outputs()["second-gcp"]
    assert renamed.text.index("second-gcp-seal created") < renamed.text.index("first-gcp-seal deleting")
    assert not {old["lease"], old["email"], old["secret"]} & {new["lease"], new["email"], new["secret"]}
    assert everything(gcp)["accounts"] == [new["email"]]
    assert_confirmed_gone(gcp, stack, old["lease"])
    assert not session.knows()
    assert workload(gcp, new).publishes()

    alias = "pulumi.ResourceOptions(providers=[ours], aliases=[pulumi.Alias(name='second-gcp')])"
    stack.write({"__main__.py": named(gcp, "third-gcp", opts=alias)})
    aliased = stack.up()
    assert set(summary(aliased)) == {"unchanged"}, aliased.text
    assert stack.outputs()["third-gcp"] == new


def test_a_renamed_identity_a_part_that_leaves_and_a_replaced_account_keep_the_lease(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    stack = gcp.reached_by(project(named(gcp)))
    stack.up()
    old = stack.outputs()["orders-gcp"]
    first = workload(gcp, old)

    stack.write({"__main__.py": named(gcp, identity=with_identity(name="invoices"))})
    stack.up()
    new = stack.outputs()["orders-gcp"]
    assert new["lease"] == old["lease"]
    assert new["email"] == old["email"].replace("orders", "invoices")
    states = ledger(stack)
    assert {states[old["email"]], states[old["secret"]]} == {"departed"}
    assert {states[new["email"]], states[new["secret"]]} == {"linked"}
    assert everything(gcp)["accounts"] == [new["email"]]
    assert not first.knows()
    second = workload(gcp, new)
    assert (second.publishes(), second.reads(new["secret"])) == (True, True)

    stack.write({"__main__.py": named(gcp, identity=with_identity(name="invoices"), secret=False)})
    stack.up()
    states = ledger(stack)
    assert {states[old["email"]], states[old["secret"]]} == {"gone"}
    assert states[new["secret"]] == "departed"
    assert "secrets" not in everything(gcp)

    stack.up("--replace", resource(stack, "Account")["urn"])
    replaced = stack.outputs()["orders-gcp"]
    assert ledger(stack)[new["secret"]] == "gone"
    assert {**replaced, "unique_id": "", "secret": ""} == {**new, "unique_id": "", "secret": ""}
    assert replaced["unique_id"] != new["unique_id"]
    assert not second.knows()
    third = workload(gcp, replaced)
    assert third.publishes()
    assert not [each for each in everything(gcp)["bindings"] if "deleted:" in each]

    stack.destroy()
    assert everything(gcp) == {}
    assert not third.knows()
    assert_gone(gcp, stack, new["lease"])
    told = [row["link"]["unique_id"] for row in evidence(stack, new["lease"])["removals"]]
    assert replaced["unique_id"] in told


def ledger(stack: Project) -> dict[str, str]:
    """What became of each part of the lease, by name."""
    return {entry["name"]: entry["state"] for entry in resource(stack, "Lease")["outputs"]["ledger"]}
