"""An identity that people suspend, restore and retire, on the real engine: what it may do, and what evidence says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import hvac.exceptions
import pytest
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession, granting, log_in, make_queues, reads, value_in
from tests.engine.programs import (
    assert_gone,
    aws_bundle,
    evidence,
    nhi,
    program,
    resource,
    vault_bundle,
    with_identity,
)
from tools.lab.project import Project

KEY = 'nhi:life["orders.test"]'
SECRET = "nhi.SecretSpec()"
BUNDLES = ("orders-aws", "orders-vault")


def bundles(**identity: Any) -> str:
    fields = with_identity(**identity)
    return program(
        aws_bundle(identity=fields, grants=granting("sqs:SendMessage"), secret=SECRET),
        vault_bundle(identity=fields, secret=SECRET),
    )


@pytest.fixture
def stack(project: Callable[..., Project], aws_client: Callable[..., Any]) -> Project:
    """Two bundles of one identity that are in use."""
    make_queues(aws_client)
    made = project(bundles())
    made.up()
    return made


def decide(stack: Project, **fields: str) -> None:
    told = {"approver": "Ada Example", "reason": "INC-7", "on": "2026-03-01", **fields}
    values = [part for name, value in told.items() for part in ("--plaintext", f"{KEY}.{name}={value}")]
    stack.pulumi("config", "set-all", "--path", *values)


def told_of(content: dict[str, Any]) -> tuple[str, str]:
    return content["approver"]["value"], content["reason"]["value"]


def test_a_suspended_identity_is_refused_everywhere_keeps_what_it_has_and_is_restored(
    stack: Project, aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    outputs = stack.outputs()
    on_aws, in_vault = (outputs[bundle] for bundle in BUNDLES)
    session, token = RoleSession(aws_client, on_aws["arn"]), log_in(vault_client, in_vault)
    value = value_in(vault_client, in_vault["secret"])
    assert session.sends()
    assert reads(token, in_vault["secret"])

    decide(stack, state="suspended")
    promised = stack.preview("--diff")
    assert '"suspended"' in promised.text
    stack.up(GITHUB_ACTOR="whoever-ran-the-job")
    assert not session.sends()
    assert not reads(token, in_vault["secret"])
    with pytest.raises(ClientError, match="AccessDenied"):
        RoleSession(aws_client, on_aws["arn"])
    with pytest.raises(hvac.exceptions.VaultError):
        log_in(vault_client, in_vault)
    assert value_in(vault_client, in_vault["secret"]) == value
    assert stack.outputs() == outputs
    stack.refresh("--expect-no-changes")
    stack.up("--expect-no-changes")
    for told in (evidence(stack, outputs[bundle]["lease"], "suspension") for bundle in BUNDLES):
        assert told_of(told) == ("Ada Example", "INC-7")
        assert told["cause"] == {
            "cause": "decided",
            "approver": "Ada Example",
            "reason": "INC-7",
            "on": "2026-03-01",
        }
        (latency,) = told["revocations"]
        assert (latency["required"], latency["verdict"]) == ("minutes", "not shown")
        assert "no session was opened before" in latency["completed"]["reason"]
    revoked = {link["kind"] for link in evidence(stack, in_vault["lease"], "suspension")["revoked"]}
    assert revoked == {"vault-token", "vault-secret-id"}

    stack.pulumi("config", "rm", "--path", f"{KEY}.state")
    decide(stack, reason="INC-7 is solved", on="2026-03-02")
    stack.up()
    assert RoleSession(aws_client, on_aws["arn"]).sends()
    assert reads(log_in(vault_client, in_vault), in_vault["secret"])
    for told in (evidence(stack, outputs[bundle]["lease"], "restoration") for bundle in BUNDLES):
        assert told_of(told) == ("Ada Example", "INC-7 is solved")
        assert (told["after"], told["change"]) == ("suspension", 2)
    kinds = ["suspension", "restoration"]
    assert _kinds(stack, on_aws["lease"]) == _kinds(stack, in_vault["lease"]) == kinds

    stack.destroy(NHI_APPROVER="Grace Example", NHI_REASON="CHG-9")
    assert_gone(stack, on_aws["lease"], in_vault["lease"])
    for bundle in BUNDLES:
        assert told_of(evidence(stack, outputs[bundle]["lease"])) == ("Grace Example", "CHG-9")


def test_evidence_of_a_retired_identity_names_who_decided_it_and_how_fast_access_ended(stack: Project) -> None:
    leases = [stack.outputs()[bundle]["lease"] for bundle in BUNDLES]
    decide(stack, state="retired", reason="replaced by orders-v2")
    stack.up()
    assert stack.outputs() == {bundle: dict.fromkeys(fields) for bundle, fields in stack.outputs().items()}
    for lease in leases:
        for kind in ("cut-off", "teardown"):
            told = evidence(stack, lease, kind)
            assert told_of(told) == ("Ada Example", "replaced by orders-v2")
            (latency,) = told["revocations"]
            assert (latency["required"], latency["limit_seconds"], latency["verdict"]) == ("minutes", 900, "met")
            assert 0 < latency["seconds"] < 60
    verified = nhi(stack, "evidence", "verify")
    assert verified.code == 0, verified.text
    assert verified.text.count("revocation met") == len(leases)


def test_a_declared_suspension_and_an_end_that_came_are_told_apart_and_one_who_renewed_did_not_approve_a_removal(
    project: Callable[..., Project],
) -> None:
    stack = project(bundles(kind="third-party"))
    stack.up()
    lease = stack.outputs()["orders-vault"]["lease"]
    stack.write({"__main__.py": bundles(kind="third-party", state="suspended")})
    stack.up()
    told = evidence(stack, lease, "suspension")
    assert told["cause"] == {"cause": "declared"}
    assert told["approver"]["state"] == "unknown"
    assert told["revocations"][0]["required"] == "immediate"

    stack.write({"__main__.py": bundles(kind="third-party")})
    stack.up()
    assert evidence(stack, lease, "restoration")["cause"] == {"cause": "declared"}
    ends = resource(stack, "Lease", "orders-vault")["outputs"]["ends"]
    stack.up(NHI_AS_OF=ends)
    assert evidence(stack, lease, "suspension")["cause"] == {"cause": "end-reached", "ends": ends, "day": ends}

    decide(stack, reason="renewed for a quarter")
    stack.destroy()
    assert evidence(stack, lease)["approver"]["state"] == "unknown"


def test_a_seal_that_was_destroyed_by_itself_and_is_made_again_leaves_evidence_of_a_restoration(
    project: Callable[..., Project],
) -> None:
    stack = project(program(vault_bundle()))
    stack.up()
    lease = stack.outputs()["orders-vault"]["lease"]
    stack.destroy("--target", resource(stack, "Seal")["urn"])
    stack.up()
    assert evidence(stack, lease, "restoration")["after"] == "cut-off"
    stack.up("--expect-no-changes")
    assert _kinds(stack, lease) == ["cut-off", "restoration"]


def _kinds(stack: Project, lease: str) -> list[str]:
    """The kinds of a lease's statements, in their order."""
    shown = json.loads(nhi(stack, "evidence", "show", "--lease", lease, "--output", "json").stdout)
    return [statement["predicate"]["content"]["kind"] for statement in shown["statements"]]
