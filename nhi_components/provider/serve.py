"""Serve the provider to the engine: clean error messages, and no life without the engine."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc.aio
from pulumi.provider.experimental import provider as experimental
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc

from nhi_components.core.errors import NhiError

WATCH_INTERVAL = 1.0
THREADS = 64
"""Probes block in threads; as many bundles as the engine deletes at once must be able to wait side by side."""

_MESSAGE_LIMIT = 400 * 1024 * 1024


class _CleanServicer(ProviderServicer):
    """The SDK's servicer, with our own errors reported by their message alone.

    The SDK puts a traceback into the message of every exception; people need the message.
    """


def _clean(name: str) -> Callable[..., Awaitable[Any]]:
    inner = getattr(ProviderServicer, name)

    async def call(self: ProviderServicer, request: Any, context: Any) -> Any:
        try:
            return await inner(self, request, context)
        except Exception as error:
            cause = _ours(error)
            if cause is None:
                raise
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(cause))

    return call


for _name in (
    "CheckConfig",
    "DiffConfig",
    "Configure",
    "Check",
    "Diff",
    "Create",
    "Read",
    "Update",
    "Delete",
    "Invoke",
):
    setattr(_CleanServicer, _name, _clean(_name))


def _ours(error: BaseException | None) -> NhiError | None:
    while error is not None:
        if isinstance(error, NhiError):
            return error
        error = error.__cause__ or error.__context__
    return None


def serve(provider_of: Callable[[str], experimental.Provider], version: str) -> None:
    """Serve until the engine stops or dies; writes the port to standard output, as the engine expects.

    Args:
        provider_of: makes the provider; it is given the engine's address.
        version: the plugin's version.
    """
    parser = argparse.ArgumentParser(
        prog="pulumi-resource-nhi", description="Serves nhi resources to the Pulumi engine."
    )
    parser.add_argument("engine", help="address of the engine")
    engine = parser.parse_known_args()[0].engine
    _die_with(engine)
    asyncio.run(_serve(provider_of(engine), version, engine))


async def _serve(provider: experimental.Provider, version: str, engine: str) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]
    server = grpc.aio.server(options=options)
    servicer = _CleanServicer(sys.argv[1:], version, provider, engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


def _die_with(engine: str) -> None:
    """Leave at once when the engine is gone: a provider that outlives it would go on changing clouds unseen."""
    host, _, port = engine.rpartition(":")
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent and _answers(host, int(port)):
            time.sleep(WATCH_INTERVAL)
        os._exit(1)

    threading.Thread(target=watch, name="watch the engine", daemon=True).start()


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=10):
            return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
