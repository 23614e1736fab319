"""The strict pack, and packs of single systems side by side, on the real engine and analyzer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.programs import program, queue
from tools.lab.project import Project

PACKS = Path(__file__).parents[2] / "policies"
OWNER, ENDS, LATER = "platform@example.org", "2099-06-30", "2098-01-01"

IDENTITIES = f"""
import json
import pulumi_vault

trust = json.dumps({{"Version": "2012-10-17", "Statement": [
    {{"Effect": "Allow", "Principal": {{"Service": "ec2.amazonaws.com"}}, "Action": "sts:AssumeRole"}}
]}})
pulumi_aws.iam.Role("bare", assume_role_policy=trust)
pulumi_aws.iam.Role("tagged", assume_role_policy=trust, tags={{
    "secret": pulumi.Output.secret("hush-hush"), "arn": queue.arn, "nhi:owner": "dana@example.org"
}})
pulumi_vault.identity.Entity("entity", metadata={{"note": "kept"}})

class Component(pulumi.ComponentResource):
    def __init__(self, name):
        identity = {{"owner": {{"email": "team@example.org"}}, "expires": {{"on": {LATER!r}}}}}
        super().__init__("nhi:aws:WorkloadIdentity", name, {{"identity": identity}})
        pulumi_aws.iam.Role("inside", assume_role_policy=trust, opts=pulumi.ResourceOptions(parent=self))

Component("orders")
"""
WILDCARDS = """
import json
import pulumi_vault

pulumi_aws.sqs.QueuePolicy("open", queue_url=queue.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:::orders"}
]}))
pulumi_vault.Policy("everything", policy='path "*" { capabilities = ["sudo"] }')
"""

NewProject = Callable[..., Project]


def with_packs(tmp_path: Path, *names: str, **config: Any) -> tuple[str, ...]:
    """Arguments for these packs, all with the same configuration."""
    file = tmp_path / "packs.json"
    file.write_text(json.dumps({"nhi-required": config}))
    given = (("--policy-pack", str(PACKS / name), "--policy-pack-config", str(file)) for name in names)
    return tuple(argument for pair in given for argument in pair)


def test_missing_owners_and_ends_are_put_on_under_a_saved_plan_and_stay(project: NewProject, tmp_path: Path) -> None:
    stack = project(program(queue(), IDENTITIES))
    blocked = stack.preview(*with_packs(tmp_path, "strict"), check=False)
    assert blocked.code != 0
    assert "[identity.owner-missing]" in blocked.text

    pack = with_packs(tmp_path, "strict", enforcementLevel="remediate", remediate={"owner": OWNER, "ends": ENDS})
    plan = str(tmp_path / "plan.json")
    preview = stack.preview(*pack, "--save-plan", plan)
    assert "[remediate]  nhi-required  (4 resources)" in preview.text
    assert "hush-hush" not in preview.text
    stack.up(*pack, "--plan", plan)
    labels = {
        resource["urn"].rpartition("::")[2]: resource["inputs"].get("tags") or resource["inputs"].get("metadata")
        for resource in stack.resources()
        if resource["type"] in ("aws:iam/role:Role", "vault:identity/entity:Entity")
    }
    assert labels["bare"] == {"nhi:owner": OWNER, "nhi:ends": ENDS}
    assert labels["inside"] == {"nhi:owner": "team@example.org", "nhi:ends": LATER}
    assert labels["entity"] == {"note": "kept", "nhi_owner": OWNER, "nhi_ends": ENDS}
    assert labels["tagged"].pop("secret").keys() >= {"ciphertext"}
    assert labels["tagged"].pop("arn").startswith("arn:aws:sqs:")
    assert labels["tagged"] == {"nhi:owner": "dana@example.org", "nhi:ends": ENDS}
    assert "unchanged" in stack.preview(*pack, "--expect-no-changes").text
    stack.destroy()


def test_packs_of_single_systems_share_a_list_of_exceptions(project: NewProject, tmp_path: Path) -> None:
    stack = project(program(queue(), WILDCARDS))
    excused = {"reason": "tried in the laboratory", "approver": "security@example.org", "ends": ENDS}
    run = stack.preview(*with_packs(tmp_path, "aws", "vault"), check=False)
    assert run.code != 0
    # The engine tells a pack's findings below its name.
    of_aws, _, of_vault = run.text.partition("nhi-vault@")
    assert "[aws.wildcard-principal]" in of_aws
    assert "[vault.sudo-capability]" in of_vault
    assert "[vault." not in of_aws
    assert "[aws." not in of_vault

    found = sorted({part.partition("]")[0] for part in run.text.split("[") if part.startswith(("aws.", "vault."))})
    names = {"aws": "open", "vault": "everything"}
    exceptions = [{**excused, "rule": rule, "resource": names[rule.partition(".")[0]]} for rule in found]
    idle = {**excused, "rule": "vault.root-path", "resource": "elsewhere"}
    run = stack.preview(*with_packs(tmp_path, "aws", "vault", exceptions=[*exceptions, idle]))
    assert run.text.count("[exception.unused]") == 1
    assert "[mandatory]" not in run.text
