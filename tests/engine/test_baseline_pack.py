"""The baseline pack on the real engine and analyzer: what a preview blocks and passes, what an update catches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.engine.programs import SEND, aws_bundle, program, queue, vault_bundle
from tools.lab.project import Project, Run

PACK = str(Path(__file__).parents[2] / "policies" / "baseline")
ENDS = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()

ROLE = f"""
import json
import pulumi_vault

def allow(**statement):
    return {{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", **statement}}]}}

role = pulumi_aws.iam.Role(
    "role",
    assume_role_policy=json.dumps(allow(Principal={{"Service": "ec2.amazonaws.com"}}, Action="sts:AssumeRole")),
    tags={{"nhi:managed-by": "nhi_components", "nhi:owner": "team@example.org", "nhi:ends": {ENDS!r}}},
)
"""
WILDCARD = """
pulumi_aws.iam.RolePolicy("grants", role=role.name, policy=json.dumps(allow(Action="sqs:*", Resource="*")))
"""
UNKNOWN_WILDCARD = """
pulumi_aws.iam.RolePolicy(
    "grants", role=role.name, policy=pulumi.Output.json_dumps(allow(Action="sqs:*", Resource=queue.arn))
)
"""

DECLARING = """
class Component(pulumi.ComponentResource):
    def __init__(self, name, grants):
        identity = {"owner": {"email": "team@example.org"}, "expires": {"after_days": 30}}
        super().__init__("nhi:aws:WorkloadIdentity", name, {"identity": identity, "grants": grants})

Component("orders", [{"actions": ["sqs:*"], "targets": [queue.arn]}])
"""

NewProject = Callable[..., Project]


def with_pack(tmp_path: Path, **config: Any) -> tuple[str, ...]:
    file = tmp_path / "pack-config.json"
    file.write_text(json.dumps({"nhi-required": config}))
    return ("--policy-pack", PACK, "--policy-pack-config", str(file))


def blocked(run: Run, *rules: str) -> None:
    assert run.code != 0, run.text
    assert "[mandatory]" in run.text, run.text
    for rule in rules:
        assert f"[{rule}]" in run.text, run.text


def test_a_wildcard_is_blocked_although_other_values_are_unknown(project: NewProject) -> None:
    run = project(program(queue(), ROLE, WILDCARD, DECLARING)).preview("--policy-pack", PACK, check=False)
    blocked(run, "aws.wildcard-action", "aws.wildcard-resource")
    for part in (
        "policy.Statement[0].Action",
        "grants[0].actions[0]",
        "got:      sqs:*",
        "list the actions that the workload calls",
    ):
        assert part in run.text


def test_components_pass_in_strict_mode_from_preview_to_update(project: NewProject, tmp_path: Path) -> None:
    grants = "[nhi.Grant(actions=['read'], targets=['transit/keys/orders'])]"
    stack = project(
        program(
            queue(),
            aws_bundle(grants=SEND, secret="nhi.SecretSpec()"),
            vault_bundle(grants=grants, secret="nhi.SecretSpec()"),
        )
    )
    pack = with_pack(tmp_path, mode="strict")
    for run in (stack.preview(*pack), stack.up(*pack)):
        assert "[mandatory]" not in run.text
        assert "[advisory]" not in run.text
    stack.destroy()


def test_every_other_weakness_is_blocked_at_once(project: NewProject) -> None:
    weak = """
pulumi_aws.sqs.QueuePolicy("open", queue_url=queue.id, policy=json.dumps(allow(
    Principal="*", Action="sqs:SendMessage", Resource="*", Condition={"Bool": {"aws:SecureTransport": "true"}}
)))
inverted = allow(NotAction="iam:*", NotResource="arn:aws:s3:::payroll")
pulumi_aws.iam.RolePolicy("inverted", role=role.name, policy=json.dumps(inverted))
pulumi_aws.iam.RolePolicyAttachment("admin", role=role.name, policy_arn="arn:aws:iam::aws:policy/AdministratorAccess")
pulumi_aws.iam.RolePolicy("twice", role=role.name, policy=json.dumps(inverted)[:-1] + ', "Statement": []}')
pulumi_aws.iam.User("nobodys", tags={"nhi:managed-by": "nhi_components"})
pulumi_vault.Policy("root", policy='path "*" { capabilities = ["sudo"] }')
pulumi_vault.Policy("broken", policy='path "secret/data/orders" { capabilities = ["read" }')
"""
    run = project(program(queue(), ROLE, weak)).preview("--policy-pack", PACK, check=False)
    blocked(
        run,
        "aws.wildcard-principal",
        "aws.not-action",
        "aws.not-resource",
        "aws.admin",
        "document.unjudged",
        "identity.owner-missing",
        "identity.end-missing",
        "vault.root-path",
        "vault.sudo-capability",
        "vault.wildcard-path",
    )


def test_an_unknown_document_is_blocked_in_strict_mode_and_else_before_it_is_created(
    project: NewProject, tmp_path: Path
) -> None:
    stack = project(program(queue(), ROLE, UNKNOWN_WILDCARD))
    blocked(stack.preview(*with_pack(tmp_path, mode="strict"), check=False), "document.not-yet-known")
    plan = str(tmp_path / "plan.json")
    preview = stack.preview("--policy-pack", PACK, "--save-plan", plan)
    assert "[document.not-yet-known]" in preview.text
    assert "[mandatory]" not in preview.text
    update = stack.up("--policy-pack", PACK, "--plan", plan, check=False)
    blocked(update, "aws.wildcard-action")
    created = {resource["type"] for resource in stack.resources()}
    assert "aws:sqs/queue:Queue" in created
    assert "aws:iam/rolePolicy:RolePolicy" not in created
    stack.destroy()


def test_an_exception_lets_pass_what_it_names_until_it_ends(project: NewProject, tmp_path: Path) -> None:
    stack = project(program(queue(), ROLE, WILDCARD))
    rules = sorted(set(re.findall(r"\[(aws\.[a-z-]+)\]", stack.preview("--policy-pack", PACK, check=False).text)))
    assert {"aws.wildcard-action", "aws.wildcard-resource"} <= set(rules)
    given = {
        "resource": "grants",
        "reason": "migration of the queues",
        "approver": "security@example.org",
        "ends": ENDS,
    }
    run = stack.preview(*with_pack(tmp_path, exceptions=[{**given, "rule": rule} for rule in rules]))
    assert "[mandatory]" not in run.text
    assert "exception." not in run.text

    ended = {**given, "rule": "aws.wildcard-action", "ends": "2020-01-01"}
    others = [{**given, "rule": rule} for rule in rules if rule != ended["rule"]]
    idle = {**given, "rule": "aws.not-action"}
    run = stack.preview(*with_pack(tmp_path, exceptions=[ended, *others, idle]), check=False)
    blocked(run, "aws.wildcard-action")
    assert "[aws.wildcard-resource]" not in run.text
    assert "[exception.expired]" in run.text
    assert "[exception.unused]" in run.text


def test_a_bad_configuration_blocks_with_all_its_problems_before_anything_is_made(
    project: NewProject, tmp_path: Path
) -> None:
    stack = project(program(queue()))
    pack = with_pack(tmp_path, mode="lax", exceptions=[{"rule": "aws.*"}], remediate={"owner": ""})
    run = stack.up(*pack, check=False)
    assert run.code != 0
    for part in ("mode", "exceptions[0].rule", "exceptions[0].approver", "remediate.owner", "Nothing is judged"):
        assert part in run.text
    assert {resource["type"] for resource in stack.resources()} <= {"pulumi:pulumi:Stack"}
