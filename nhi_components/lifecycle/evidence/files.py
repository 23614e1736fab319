"""Files that survive a kill: written whole or not at all, private to their owner."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from nhi_components.core.errors import EvidenceError, Problem

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
TEMPORARY_SUFFIX = ".tmp"
_WRITABLE_BY_OTHERS = 0o022
_OPEN_TO_OTHERS = 0o077


def private_directory(path: Path) -> None:
    """Make a directory and its missing parents with mode 0700; one that exists must not be writable by others.

    Raises:
        EvidenceError: it cannot be made, or others may write to it.
    """
    try:
        for missing in reversed([place for place in (path, *path.parents) if not place.exists()]):
            missing.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        mode = path.stat().st_mode
    except OSError as error:
        raise _cannot("make or read", path, error) from error
    if os.name == "posix" and mode & _WRITABLE_BY_OTHERS:
        fix = f"chmod go-w {path}"
        raise EvidenceError(
            str(Problem(str(path), "a directory that others may write to", "one that only its owner may", fix))
        )


def write_durably(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 whole or not at all, and make it survive a power cut; replaces an older one.

    Raises:
        EvidenceError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        _write_and_sync(temporary, data)
        temporary.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _cannot("write", path, error) from error


def create_durably(path: Path, data: bytes) -> bool:
    """Like `write_durably`, but leaves a file that is there already as it is and returns False.

    Raises:
        EvidenceError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        _write_and_sync(temporary, data)
        os.link(temporary, path)
        _sync_directory(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise _cannot("write", path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return True


def read_bytes(path: Path) -> bytes | None:
    """Read a file; None where there is none.

    Raises:
        EvidenceError: it is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot("read", path, error) from error


def ensure_private(path: Path) -> None:
    """Raise `EvidenceError` when anybody but its owner may read or write a file."""
    if os.name == "posix" and path.stat().st_mode & _OPEN_TO_OTHERS:
        got = f"mode {path.stat().st_mode & 0o777:04o}"
        fix = "others may know the key: replace it and trust the new one; chmod 600 if surely nobody read it"
        raise EvidenceError(str(Problem(str(path), got, "mode 0600", fix)))


def _write_and_sync(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot(verb: str, path: Path, error: OSError) -> EvidenceError:
    got = error.strerror or type(error).__name__
    fix = "give the user who runs it a directory of its own, on a disk with room, in NHI_EVIDENCE_DIR"
    return EvidenceError(f"cannot {verb} {Problem(str(path), got, 'a private, writable place for evidence', fix)}")
