"""Reading and replacing one file without following symbolic links, so that its name never shows half of it.

A file is written under another name in the same folder and then renamed over its own, which is atomic (POSIX, rename).
The other name bears the lease id: what a killed run leaves behind is found, and is known to be ours.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable

MODE = 0o600
POSIX = os.name == "posix"
"""Elsewhere mode bits, owners and the syncing of folders do not apply; access control lists of the folder do."""

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


@contextmanager
def translated(connection: str, path: Path) -> Iterator[None]:
    """Turn the operating system's errors into ours; they hold a name, never what is in the file.

    Raises:
        SystemUnreachable: the operating system does not permit it.
        NhiError: it is not possible for another reason.
    """
    try:
        yield
    except PermissionError as error:
        fix = "run as the user whose file it is, and give that user the folder"
        got = f"{error.strerror} at {path}"
        raise SystemUnreachable("host", Problem(f"host.{connection}", got, "leave to use the file", fix)) from None
    except OSError as error:
        raise NhiError(
            f"host.{connection}: {path}: got {error.strerror or type(error).__name__}, expected a file in a folder "
            "that exists, on a disk with room; fix: make the folder, or correct the place's path"
        ) from None


def unfit_folder(folder: Path) -> str:
    """Tell why a file with a credential must not be written into a folder; empty when it may."""
    if not POSIX:
        return ""
    mode = folder.stat().st_mode
    if mode & _OTHERS_MAY_WRITE and not mode & stat.S_ISVTX:
        return f"a folder that others may write to (mode {stat.S_IMODE(mode):04o})"
    return ""


def is_own(status: os.stat_result) -> bool:
    """Tell whether it is a regular file of the user that we run as."""
    return stat.S_ISREG(status.st_mode) and (not POSIX or status.st_uid == os.geteuid())


def read(path: Path) -> bytes:
    """Read a whole file; a symbolic link is an error."""
    with os.fdopen(os.open(path, os.O_RDONLY | _NO_FOLLOW), "rb") as file:
        return file.read()


def replace(path: Path, beside: Path, content: bytes) -> None:
    """Write a file in one step, readable for our own user only, and have the disk keep it.

    Args:
        path: its name.
        beside: the name to write it under first, in the same folder; what a killed run left there is removed.
        content: what to write.
    """
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    keep_folder(path.parent)


def keep_folder(folder: Path) -> None:
    """Have the disk keep which names a folder has."""
    if not POSIX:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
