"""Turns: whoever works on an identity is alone with it, and a process that is killed gives its turn back.

On SQLite a lock of the operating system on a file beside the database is held, on PostgreSQL an advisory lock of the
session: both end with the process that holds them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from sqlalchemy import Connection, func, select

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.decommission.ports import Target
from nhi_components.lifecycle.inventory.store import Inventory

TURN_SECONDS: Final = 60
"""How long somebody else's turn is waited for."""
_POLL_SECONDS: Final = 0.2


class TurnTaken(NhiError):
    """Somebody else works on the identity at this moment."""


@contextmanager
def turn(inventory: Inventory, target: Target, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Be alone with an identity, among all who use the same inventory.

    Args:
        inventory: that all of them use.
        target: the identity.
        sleep: waits between two tries.

    Raises:
        TurnTaken: somebody else's turn does not end in time.
    """
    digest = hashlib.blake2b(f"{target.key}\0{target.unique_id}".encode(), digest_size=8).digest()
    with inventory.reading() as connection:
        url = connection.engine.url
        if url.get_backend_name() == "sqlite":
            connection.close()
            with _of_file(Path(f"{url.database}.turns") / f"{digest.hex()}.lock", target):
                yield
        else:
            with _of_session(connection, int.from_bytes(digest, signed=True), target, sleep):
                yield


@contextmanager
def _of_file(file: Path, target: Target) -> Iterator[None]:
    try:
        file.parent.mkdir(exist_ok=True)
        lock = FileLock(file, timeout=TURN_SECONDS)
        lock.acquire()
    except Timeout:
        raise _taken(target) from None
    except OSError as error:
        raise NhiError(f"{file}: got {error.strerror}, expected a lock; fix: make its folder writable") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _of_session(connection: Connection, number: int, target: Target, sleep: Callable[[float], None]) -> Iterator[None]:
    tries = round(TURN_SECONDS / _POLL_SECONDS)
    while not connection.execute(select(func.pg_try_advisory_lock(number))).scalar_one():
        connection.rollback()
        tries -= 1
        if tries <= 0:
            raise _taken(target)
        sleep(_POLL_SECONDS)
    # The lock is the session's, so that no transaction has to stay open meanwhile.
    connection.rollback()
    try:
        yield
    finally:
        connection.execute(select(func.pg_advisory_unlock(number)))
        connection.rollback()


def _taken(target: Target) -> TurnTaken:
    return TurnTaken(
        f"{target.key}: somebody else has been working on it for {TURN_SECONDS} s, expected a turn; "
        "fix: wait for that command, and run the same one again"
    )
