"""Warning people through the engine, as a provider does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from nhi_components.provider.telling import warning_through

URN = "urn:pulumi:dev::shop::nhi:aws:ServiceUser$nhi:index:Credential::printer-credential"


@dataclass
class Engine(engine_pb2_grpc.EngineServicer):
    """What stands for an engine: it keeps what it was told."""

    told: list[Any] = field(default_factory=list)
    address: str = ""

    def Log(self, request: Any, context: object) -> Empty:  # noqa: N802 - the engine's own name
        self.told.append(request)
        return Empty()


@pytest.fixture
def engine() -> Iterator[Engine]:
    server, made = grpc.server(ThreadPoolExecutor(1)), Engine()
    engine_pb2_grpc.add_EngineServicer_to_server(made, server)
    made.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(None)


def test_the_engine_is_told_what_it_is_about(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    warning_through(engine.address)(URN, "KEY1, the one before, still works")
    (told,) = engine.told
    assert (told.severity, told.urn) == (engine_pb2.WARNING, URN)
    assert told.message == "KEY1, the one before, still works"
    assert capsys.readouterr().err == ""


def test_without_an_engine_it_is_told_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    warning_through(f"127.0.0.1:{port}")(URN, "a place is down")
    assert capsys.readouterr().err == "warning: a place is down\n"
