"""A server that is far away: a relay in a process of its own, which holds what a client sends for a while.

Servers on loopback answer within a millisecond or two, which no network does. The relay passes bytes on, whatever they
are: it costs next to nothing, and holds a request that comes in parts no longer than one that comes in one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import suppress
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from tools.lab.errors import LabError
from tools.lab.sandbox.ports import LOOPBACK

_START_SECONDS = 60
"""Generous: two cores may be busy."""

_CHUNK = 65_536
_processes = multiprocessing.get_context("spawn")


class Far:
    """Servers, as they look from a distance; use it as a context manager.

    Args:
        servers: their URLs.
        milliseconds: for how long each request is held.

    Attributes:
        urls: where to send requests, in the order of the servers.
    """

    def __init__(self, servers: list[str], milliseconds: float) -> None:
        self._told, theirs = _processes.Pipe(duplex=False)
        places = [(str(urlsplit(server).hostname), urlsplit(server).port or 80) for server in servers]
        self._process = _processes.Process(target=_main, args=(places, milliseconds / 1000, theirs), daemon=True)
        self._process.start()
        theirs.close()
        if not self._told.poll(_START_SECONDS):
            self._process.kill()
            raise LabError("the relay", got="not ready", expected="ports", fix="see whether the machine is busy")
        self.urls = [f"http://{LOOPBACK}:{port}" for port in self._told.recv()]

    def __enter__(self) -> Far:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End its process, and with it every connection."""
        self._process.kill()
        self._process.join()


def _main(servers: list[tuple[str, int]], seconds: float, told: Connection) -> None:
    asyncio.run(_serve(servers, seconds, told))


async def _serve(servers: list[tuple[str, int]], seconds: float, told: Connection) -> None:
    relays = [await _relay(*server, seconds) for server in servers]
    told.send([relay.sockets[0].getsockname()[1] for relay in relays])
    await asyncio.gather(*(relay.serve_forever() for relay in relays))


async def _relay(host: str, port: int, seconds: float) -> asyncio.Server:
    async def meet(client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        try:
            server, requests = await asyncio.open_connection(host, port)
        except OSError:
            answers.close()
            return
        await asyncio.gather(_pass_on(client, requests, seconds), _pass_on(server, answers, 0))

    return await asyncio.start_server(meet, LOOPBACK, 0)


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float) -> None:
    """Pass on what comes, each part so long after it came, until its sender ends."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

    async def receive() -> None:
        part = b"-"
        while part:
            try:
                part = await source.read(_CHUNK)
            except ConnectionError:
                part = b""
            waiting.put_nowait((loop.time() + seconds, part))

    receiving = asyncio.create_task(receive())
    with suppress(ConnectionError):
        while (held := await waiting.get())[1]:
            await asyncio.sleep(held[0] - loop.time())
            target.write(held[1])
            await target.drain()
    receiving.cancel()
    target.close()
