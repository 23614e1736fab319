"""Warning people while a command runs: through the engine, which shows it beside the resource that it is about."""

from __future__ import annotations

import sys
from collections.abc import Callable

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Warn = Callable[[str, str], None]
"""Warns: of which resource, by its URN, and of what."""

_ANSWERS_WITHIN = 10.0
"""Seconds for the engine, which is on the same machine."""


def warn_here(urn: str, text: str) -> None:
    """Warn on standard error, where there is no engine; one that there is does not show what comes there."""
    sys.stderr.write(f"warning: {text}\n")
    sys.stderr.flush()


def warning_through(engine: str) -> Warn:
    """Warn through the engine at an address; one that can't be told keeps nothing from being done."""

    def warn(urn: str, text: str) -> None:
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn)
        try:
            with grpc.insecure_channel(engine) as channel:
                engine_pb2_grpc.EngineStub(channel).Log(request, timeout=_ANSWERS_WITHIN)
        except grpc.RpcError:
            warn_here(urn, text)

    return warn
