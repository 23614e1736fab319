"""Serving: clean messages, and the end with the engine; the plugin as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

END_SECONDS = 20
"""The plugin looks once a second; the machine may be busy."""

_PARENT = """
import subprocess, sys, time
plugin = subprocess.Popen([sys.executable, "-m", "nhi_components.provider.main", sys.argv[1]], stdout=subprocess.PIPE)
print(plugin.pid, plugin.stdout.readline().decode().strip(), flush=True)
time.sleep(600)
"""
URN = "urn:pulumi:dev::trial::nhi:aws:WorkloadIdentity$nhi:index:Lease::orders-lease"


@pytest.fixture
def engine() -> Iterator[socket.socket]:
    """What stands for an engine: something that listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def plugin(engine: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """The plugin, with this process as its parent."""
    command = [sys.executable, "-m", "nhi_components.provider.main", address(engine)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def address(engine: socket.socket) -> str:
    host, port = engine.getsockname()
    return f"{host}:{port}"


def port_of(plugin: subprocess.Popen[bytes]) -> int:
    assert plugin.stdout is not None
    return int(plugin.stdout.readline())


def test_it_serves_while_its_engine_lives_and_ends_when_it_stops_listening(
    engine: socket.socket, plugin: subprocess.Popen[bytes]
) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port_of(plugin)}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        assert '"nhi:index:Lease"' in stub.GetSchema(provider_pb2.GetSchemaRequest(), timeout=20).schema
    time.sleep(1.5)
    assert plugin.poll() is None
    engine.close()
    assert plugin.wait(END_SECONDS) == 1


def test_it_ends_when_its_parent_is_killed(engine: socket.socket) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, address(engine)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    number = int(parent.stdout.readline().split()[0])
    assert alive(number)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + END_SECONDS
    while alive(number) and time.monotonic() < deadline:
        time.sleep(0.1)
    survived = alive(number)
    if survived:
        os.kill(number, signal.SIGKILL)
    assert not survived


def alive(process: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody has waited for does not."""
    status = Path(f"/proc/{process}/stat")
    try:
        os.kill(process, 0)
        return not status.is_file() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_our_own_errors_come_without_a_traceback(plugin: subprocess.Popen[bytes]) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port_of(plugin)}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        olds = Struct()
        olds.update({"leaseId": "lease-abcdefghijklmnop", "schemaVersion": 99})
        with pytest.raises(grpc.RpcError) as raised:
            stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="lease", properties=olds), timeout=20)
        assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert raised.value.details().startswith("state of lease-abcdefghijklmnop")
        assert "Traceback" not in raised.value.details()

        with pytest.raises(grpc.RpcError, match="served by no version"):
            stub.Delete(provider_pb2.DeleteRequest(urn=URN.replace("Lease", "Other"), id="x"), timeout=20)


def test_problems_of_the_configuration_are_told_by_the_check(plugin: subprocess.Popen[bytes]) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port_of(plugin)}") as channel:
        news = Struct()
        news.update({"aws": '{"default": {"region": "nowhere"}}', "deadlineSeconds": "0"})
        checked = provider_pb2_grpc.ResourceProviderStub(channel).CheckConfig(
            provider_pb2.CheckRequest(urn="urn:pulumi:dev::trial::pulumi:providers:nhi::nhi", news=news), timeout=20
        )
    reasons = "\n".join(failure.reason for failure in checked.failures)
    assert "aws.default.region" in reasons
    assert "deadline_seconds" in reasons
