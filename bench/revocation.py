"""How fast access ends: from the command to the first refusal, per system, against doing the same by hand.

`nhi kill` is held against a script that sends the one request which ends access on that system. A suspension by
`pulumi up` is held against an `up` of the same resources written by hand, whose documents turn to a denial.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hvac.exceptions
from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table

from bench.revocation_programs import BUNDLES, BY_HAND, DENY_ON_AWS, DISABLE_IN_VAULT
from tools.lab.console import say
from tools.lab.engine import ensure
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

SYSTEMS = ("aws", "vault")
LONGEST_SECONDS = 120
_APPROVAL = ("--approver", "bench", "--reason", "measure")
_Seconds = dict[str, float]


def main() -> int:
    """Measure and print; never a verdict, for machines are shared and noisy."""
    parser = argparse.ArgumentParser(prog="python -m bench.revocation")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nhi-bench-") as folder, Sandbox(ensure()) as sandbox:
        rounds = [_round(Path(folder) / str(number), sandbox) for number in range(options.rounds)]
    if options.output == "json":
        print(json.dumps(rounds, indent=2))
    else:
        _show(rounds)
    return 0


def _round(folder: Path, sandbox: Sandbox) -> dict[str, _Seconds]:
    """Measure each way once, every time with a principal of its own."""
    sandbox.reset()
    say(f"round {folder.name}")
    measured: dict[str, _Seconds] = {}
    bundles = _project(folder / "bundles", sandbox, BUNDLES)
    measured["nhi kill"] = _until_refused(bundles, sandbox, ["nhi", "kill", "orders.dev", *_APPROVAL])
    _run(bundles, ["nhi", "restore", "orders.dev", *_APPROVAL, "--up"])
    suspend = ["nhi", "suspend", "orders.dev", *_APPROVAL, "--up"]
    measured["nhi suspend --up"] = _until_refused(bundles, sandbox, suspend)
    by_hand = _project(folder / "by-hand", sandbox, BY_HAND)
    for system, script in (("aws", DENY_ON_AWS), ("vault", DISABLE_IN_VAULT)):
        refused = _until_refused(by_hand, sandbox, [sys.executable, "-c", script, _named(by_hand, system)], (system,))
        measured.setdefault("one request", {}).update(refused)
    again = _project(folder / "again", sandbox, BY_HAND)
    again.pulumi("config", "set", "suspended", "true")
    measured["an up by hand"] = _until_refused(again, sandbox, ["pulumi", "up", "--yes", "--skip-preview", "-s", "dev"])
    return measured


def _project(folder: Path, sandbox: Sandbox, program: str) -> Project:
    environment = {**sandbox.environment(), "NHI_EVIDENCE_DIR": f"{folder}-evidence"}
    project = Project(folder, environment, name=f"bench-{folder.name}")
    project.write({"__main__.py": program})
    project.up()
    return project


def _named(project: Project, system: str) -> str:
    return str(project.outputs()["role_arn" if system == "aws" else "entity_id"]).rsplit("/", 1)[-1]


def _until_refused(
    project: Project, sandbox: Sandbox, command: Sequence[str], systems: Sequence[str] = SYSTEMS
) -> _Seconds:
    """Run a command, and tell for each system how many seconds after its start it first refused what was open."""
    outputs = project.outputs()
    opened = {"aws": _role_session, "vault": _token}
    checks = {system: opened[system](sandbox, outputs) for system in systems}
    assert all(check() for check in checks.values())
    with ThreadPoolExecutor(len(checks)) as pool:
        started = time.monotonic()
        watching = {system: pool.submit(_watch, check, started) for system, check in checks.items()}
        _run(project, command)
        return {system: watch.result() for system, watch in watching.items()}


def _watch(works: Callable[[], bool], started: float) -> float:
    while works():
        if time.monotonic() - started > LONGEST_SECONDS:
            raise TimeoutError(f"it still works {LONGEST_SECONDS} s after the command began")
        time.sleep(0.01)
    return time.monotonic() - started


def _run(project: Project, command: Sequence[str]) -> None:
    subprocess.run(command, cwd=project.directory, env=project.environment, check=True, capture_output=True)


def _role_session(sandbox: Sandbox, outputs: Mapping[str, Any]) -> Callable[[], bool]:
    opened = sandbox.aws.client("sts").assume_role(
        RoleArn=outputs["role_arn"], RoleSessionName="bench", ExternalId="bench"
    )["Credentials"]
    queues = sandbox.aws.client(
        "sqs",
        aws_access_key_id=opened["AccessKeyId"],
        aws_secret_access_key=opened["SecretAccessKey"],
        aws_session_token=opened["SessionToken"],
    )

    def works() -> bool:
        try:
            queues.list_queues()
        except ClientError:
            return False
        return True

    return works


def _token(sandbox: Sandbox, outputs: Mapping[str, Any]) -> Callable[[], bool]:
    secret_id = sandbox.vault.client().auth.approle.generate_secret_id(outputs["vault_role"])["data"]["secret_id"]
    client = sandbox.vault.client("")
    client.auth.approle.login(outputs["vault_role_id"], secret_id)

    def works() -> bool:
        try:
            client.auth.token.lookup_self()
        except hvac.exceptions.VaultError:
            return False
        return True

    return works


def _show(rounds: Sequence[Mapping[str, _Seconds]]) -> None:
    table = Table("way", "system", "median s", "peer", "median ratio", "lowest", "highest")
    for way, peer in (("nhi kill", "one request"), ("nhi suspend --up", "an up by hand")):
        for system in SYSTEMS:
            ratios = [measured[way][system] / measured[peer][system] for measured in rounds]
            seconds = statistics.median(measured[way][system] for measured in rounds)
            figures = (statistics.median(ratios), min(ratios), max(ratios))
            table.add_row(way, system, f"{seconds:.2f}", peer, *(f"{figure:.2f}" for figure in figures))
    Console().print(table)
    print("AWS is emulated (ministack); Vault is a real OpenBao; both on loopback, where calls cost next to nothing.")


if __name__ == "__main__":
    sys.exit(main())
