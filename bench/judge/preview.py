"""What share of a preview the baseline pack takes."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from bench.judge.measures import Measure, share
from tools.lab.console import say
from tools.lab.engine import ensure
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

SHARE = 0.1
RESOURCES = 500
PACK = Path(__file__).parents[2] / "policies" / "baseline"
_EACH = 4
"""Resources that one turn of the program's loop registers."""
PROGRAM = """
import json
import pulumi_aws as aws

def policy(*statements):
    return json.dumps({{"Version": "2012-10-17", "Statement": list(statements)}})

for i in range({count}):
    trust = {{"Effect": "Allow", "Principal": {{"Service": "lambda.amazonaws.com"}}, "Action": "sts:AssumeRole"}}
    queue = f"arn:aws:sqs:eu-central-1:111111111111:orders{{i}}"
    send = {{"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": queue}}
    tags = {{"owner": "orders@example.com", "purpose": "orders", "expires": "2027-01-01"}}
    role = aws.iam.Role(f"role{{i}}", name=f"orders{{i}}", assume_role_policy=policy(trust), tags=tags)
    aws.iam.RolePolicy(f"grant{{i}}", name="grant", role=f"orders{{i}}", policy=policy(send))
    aws.sqs.Queue(f"queue{{i}}", name=f"orders{{i}}", tags=tags)
    aws.secretsmanager.Secret(f"secret{{i}}", name=f"orders{{i}}", tags=tags)
"""


def measure_preview(rounds: int) -> list[Measure]:
    """Preview the same program with the pack and without it, in turn, on the emulated AWS."""
    with tempfile.TemporaryDirectory(prefix="nhi-bench-") as folder, Sandbox(ensure()) as sandbox:
        project = Project(Path(folder) / "orders", sandbox.environment(), name="orders")
        project.write({"__main__.py": PROGRAM.format(count=RESOURCES // _EACH)})
        say(f"previews of {RESOURCES} resources, {rounds} with the baseline pack and {rounds} without")
        project.preview()
        shares = tuple(_share(project) for _ in range(rounds))
    return [Measure(f"the pack's share of a preview of {RESOURCES} resources", "the same without it", shares, SHARE)]


def _share(project: Project) -> float:
    with_it = project.preview("--policy-pack", str(PACK), check=False)
    if "error: preview failed" in with_it.text and "Policies:" not in with_it.text:
        raise subprocess.CalledProcessError(with_it.code, with_it.command, with_it.stdout, with_it.stderr)
    return share(with_it.seconds, project.preview().seconds)
