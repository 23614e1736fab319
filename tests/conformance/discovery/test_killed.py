"""`nhi discover` killed with SIGKILL in the middle of a scan of the emulated AWS: the next one goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.discovery.aws_world import AwsDiscoveryWorld
from tools.lab.gate import Gate, When, operation
from tools.lab.sandbox import aws as lab


def nhi(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nhi_components.cli.main", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def test_a_scan_that_was_killed_goes_on_where_it_stood(
    aws_discovery_world: AwsDiscoveryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = aws_discovery_world
    planted = world.plant()
    world.discovery()
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    connections = tmp_path / "connections.json"
    connections.write_text(json.dumps({"aws": {"default": {"regions": [lab.REGION]}}}))
    with Gate(os.environ["AWS_ENDPOINT_URL"]) as gate:
        monkeypatch.setenv("AWS_ENDPOINT_URL", gate.url)
        # Sections are read by their names, so that the instances have been asked for by then.
        held = gate.hold(operation("ListUsers"), When.AFTER)
        killed = nhi("discover", "--connections", str(connections), "--at-once", "1")
        held.wait(alive=lambda: killed.poll() is None)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        held.release()
        before = len(gate.seen)
        went_on = nhi("discover", "--connections", str(connections), "--output", "json")
        told, _ = went_on.communicate()
        assert went_on.returncode == 0, told
        asked = [request.operation for request in gate.seen[before:]]
    scan = json.loads(told)
    assert (scan["scan"], scan["wentOn"], scan["complete"]) == (1, True, True)
    assert "ListUsers" in asked
    assert "DescribeInstances" not in asked
    shown = nhi("inventory", "--output", "json")
    rows = json.loads(shown.communicate()[0])
    assert {row["key"]: row["uniqueId"] for row in rows}.items() >= planted.identities.items()
