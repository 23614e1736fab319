"""The laboratory's place in the user's cache directory: complete folders or none, one writer at a time.

A folder is built beside its place and renamed into it together with a manifest, so it is either whole or absent: a run
that is killed loses only the folder it was building.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from tools.lab.console import say

CACHE_VARIABLE = "NHI_LAB_CACHE"
MANIFEST = "manifest.json"
DIGEST_LENGTH = 16


def root() -> Path:
    """The cache directory: `NHI_LAB_CACHE`, else the platform's own."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("nhi-components-lab"))


@contextmanager
def exclusive(lock: Path, purpose: str) -> Iterator[None]:
    """Hold a lock that ends with the process; say so when another run has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except Timeout:
        say(f"{purpose}: another run is at it, waiting for it to end")
        held.acquire()
    try:
        yield
    finally:
        held.release()


def digest(values: Mapping[str, str], files: Iterable[Path] = (), base: Path | None = None) -> str:
    """A key made of everything that decides a folder's content.

    Args:
        values: versions, flags, platform.
        files: input files; each counts by its path below `base` and its content.
        base: the folder that the files' paths are taken from, so that a checkout's place doesn't count.
    """
    key = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for file in sorted(files):
        name = file.relative_to(base) if base else file
        key.update(f"\0{name.as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}".encode())
    return key.hexdigest()[:DIGEST_LENGTH]


def publish(target: Path, build: Callable[[Path], None]) -> Path:
    """Make a folder unless it is there and whole; the caller holds the lock.

    Args:
        target: the folder's place.
        build: fills an empty folder; when it raises, nothing is published.
    """
    if intact(target):
        return target
    draft = target.with_name(f".{target.name}.draft")
    for leftover in (target, draft):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        build(draft)
    except BaseException:
        shutil.rmtree(draft)
        raise
    files = sorted(path for path in draft.rglob("*") if path.is_file())
    entries = {path.relative_to(draft).as_posix(): _describe(path) for path in files}
    (draft / MANIFEST).write_text(json.dumps(entries, indent=1))
    draft.rename(target)
    return target


def intact(folder: Path) -> bool:
    """Tell whether every file of a published folder is as it was.

    Size and modification time decide when they agree with the manifest; otherwise the SHA-256 does.
    """
    try:
        entries = json.loads((folder / MANIFEST).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    return all(_unchanged(folder / name, entry) for name, entry in entries.items())


def _unchanged(file: Path, entry: Mapping[str, object]) -> bool:
    try:
        status = file.stat()
    except FileNotFoundError:
        return False
    if status.st_size != entry["size"]:
        return False
    return status.st_mtime_ns == entry["mtime_ns"] or _sha256(file) == entry["sha256"]


def _describe(file: Path) -> dict[str, object]:
    status = file.stat()
    return {"sha256": _sha256(file), "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
