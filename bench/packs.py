"""`python -m bench.packs`: what a pack adds to a preview of many resources."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.lab.console import say
from tools.lab.engine import ensure
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

AIM = 0.1
BASELINE = Path(__file__).parents[1] / "policies" / "baseline"
NO_PACK, EMPTY_PACK, OURS = "no pack", "a pack with one empty policy", "policies/baseline"

PROGRAM = """
import json
import random
import pulumi_aws as aws

random.seed({seed})
ACTIONS = ["dynamodb:GetItem", "logs:PutLogEvents", "s3:GetObject", "s3:PutObject", "sqs:SendMessage"]
OWNED = {{"nhi:managed-by": "nhi_components", "nhi:owner": "team@example.com", "nhi:ends": "2099-01-01"}}
TRUST = [{{"Effect": "Allow", "Principal": {{"Service": "lambda.amazonaws.com"}}, "Action": "sts:AssumeRole"}}]

def policy(statements):
    return json.dumps({{"Version": "2012-10-17", "Statement": statements}})

def allow(number):
    target = f"arn:aws:sqs:eu-central-1:111111111111:orders-{{number}}-{{random.randrange(1000)}}"
    return {{"Effect": "Allow", "Action": random.sample(ACTIONS, random.randint(1, 4)), "Resource": target}}

def grants(number):
    return policy([allow(number) for _ in range(random.randint(1, 5))])

role = None
for number in range({count}):
    kind = random.choice(["role", "role policy", "policy", "queue", "topic"]) if role else "role"
    tags = {{**OWNED, "number": str(number)}}
    if kind == "role":
        role = aws.iam.Role(f"role{{number}}", assume_role_policy=policy(TRUST), tags=tags)
    elif kind == "role policy":
        aws.iam.RolePolicy(f"grants{{number}}", role=role.name, policy=grants(number))
    elif kind == "policy":
        aws.iam.Policy(f"policy{{number}}", policy=grants(number))
    elif kind == "queue":
        aws.sqs.Queue(f"queue{{number}}", tags=tags)
    else:
        aws.sns.Topic(f"topic{{number}}", tags=tags)
"""
EMPTY = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

policy = ResourceValidationPolicy(name="empty", description="Nothing.", validate=lambda args, report: None)
PolicyPack(name="empty", policies=[policy], enforcement_level=EnforcementLevel.MANDATORY)
"""


def main() -> int:
    """Measure and print; never a verdict, for machines are shared and noisy."""
    parser = argparse.ArgumentParser(prog="python -m bench.packs")
    parser.add_argument("--count", type=int, default=500, help="resources of the program")
    parser.add_argument("--rounds", type=int, default=5, help="previews of each kind")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    seconds = preview_seconds(options.count, options.rounds)
    if options.output == "json":
        print(json.dumps({"seconds": seconds, "shares": shares(seconds), "aim": AIM}, indent=2))
    else:
        _show(seconds, options.count)
    return 0


def preview_seconds(count: int, rounds: int) -> dict[str, list[float]]:
    """Time previews of `count` random AWS resources: without a pack, with an empty one, and with ours, in turn."""
    seconds: dict[str, list[float]] = {NO_PACK: [], EMPTY_PACK: [], OURS: []}
    with tempfile.TemporaryDirectory(prefix="nhi-bench-") as folder, Sandbox(ensure()) as sandbox:
        packs = {NO_PACK: (), EMPTY_PACK: _pack(_empty_pack(Path(folder) / "empty")), OURS: _pack(BASELINE)}
        environment = {**sandbox.environment(), "NHI_EVIDENCE_DIR": f"{folder}/evidence"}
        project = Project(Path(folder) / "program", environment)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}: previews of {count} AWS resources")
            # Another program each round, so that nothing can be known from the round before.
            project.write({"__main__.py": PROGRAM.format(count=count, seed=number)})
            for name, arguments in packs.items():
                seconds[name].append(project.preview(*arguments).seconds)
    return seconds


def shares(seconds: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Give the shares of a preview with our pack, one a round: what any pack adds, and what ours adds to that."""
    rounds = list(zip(seconds[NO_PACK], seconds[EMPTY_PACK], seconds[OURS], strict=True))
    return {
        "any pack: the SDK and the engine": [(empty - none) / ours for none, empty, ours in rounds],
        "ours: reading, rules, loading them": [(ours - empty) / ours for _, empty, ours in rounds],
    }


def _pack(folder: Path) -> tuple[str, str]:
    return ("--policy-pack", str(folder))


def _empty_pack(folder: Path) -> Path:
    folder.mkdir()
    folder.joinpath("PulumiPolicy.yaml").write_text("runtime: python\n")
    folder.joinpath("__main__.py").write_text(EMPTY)
    return folder


def _show(seconds: Mapping[str, list[float]], count: int) -> None:
    table = Table("share of a preview with our pack", "median", "lowest", "highest", "aim")
    for name, values in shares(seconds).items():
        aim = f"< {AIM:.0%}" if name.startswith("ours") else ""
        table.add_row(name, *(f"{figure:.1%}" for figure in (statistics.median(values), min(values), max(values))), aim)
    Console().print(table)
    medians = ", ".join(f"{name} {statistics.median(values):.1f} s" for name, values in seconds.items())
    print(f"Previews of {count} resources: {medians}.")


if __name__ == "__main__":
    sys.exit(main())
