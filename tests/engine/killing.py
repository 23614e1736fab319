"""Killing the engine or the provider at an exact point, and putting right what that leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engine.programs import nhi
from tools.lab.errors import LabError
from tools.lab.gate import Choice, Gatekeeper, When
from tools.lab.project import Project, Running

Point = tuple[Choice, When]

_PROVIDER = ("pulumi-resource-nhi", "nhi_components.provider.main")


def inline_policy(name: str) -> Choice:
    """Choose the request that puts an inline policy of that name on a role."""
    wanted = f"PolicyName={name}".encode()
    return lambda request: request.operation == "PutRolePolicy" and wanted in request.body


def of_ours(name: str) -> Choice:
    """Choose an AWS operation that our own provider asks for, and not the AWS plugin."""
    return lambda request: request.operation == name and "nhi-components" in request.headers["user-agent"]


@contextmanager
def stopped(stack: Project, command: str, gate: Gatekeeper, point: Point) -> Iterator[Running]:
    """Run a command until a chosen request is held; in the end nothing of the command is left."""
    held = gate.hold(*point)
    running = stack.begin(command, "--yes", "--skip-preview")
    try:
        held.wait(alive=lambda: running.process.poll() is None)
        family = running.tree()
        yield running
        held.drop()
        kill(*family)
    except LabError as error:
        raise AssertionError(f"{command} was not stopped:\n{running.log.read_text()}") from error
    finally:
        held.drop()
        running.process.kill()
        running.wait()


def killed(stack: Project, command: str, gate: Gatekeeper, point: Point) -> None:
    """Kill the engine with all its plugins at a point."""
    with stopped(stack, command, gate, point) as running:
        kill(*running.tree())


def provider_of(running: Running) -> list[int]:
    """Our own provider's processes."""
    return [number for number, line in running.tree().items() if any(name in line for name in _PROVIDER)]


def kill(*processes: int) -> None:
    """Send SIGKILL to each process that is still there."""
    for number in processes:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue


def alive(process: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def repair(stack: Project) -> None:
    """Run `nhi repair`."""
    done = nhi(stack, "repair", "--yes")
    assert done.code == 0, done.text
