"""Puts a new project's files into a folder: all of them or none, and never over anything that is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from nhi_components.core.errors import NhiError, Problem


class FolderTaken(NhiError):
    """The folder holds something already."""


def write_project(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files beside the folder first, then put them in its place in one step.

    Args:
        folder: does not exist, or is empty; the folders above it are made.
        files: text by path below the folder.

    Raises:
        FolderTaken: something is there already.
    """
    refuse_taken(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for path, text in files.items():
            file = made / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        made.chmod(0o755)
        made.rename(folder)
    except OSError:
        rmtree(made, ignore_errors=True)
        raise


def refuse_taken(folder: Path) -> None:
    """Refuse a folder that is a file or holds anything.

    Raises:
        FolderTaken: naming the first thing that is there.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        got = next((entry.name for entry in sorted(folder.iterdir())), "a file") if folder.is_dir() else "a file"
        fix = "choose another folder; nothing is ever written over"
        raise FolderTaken(str(Problem(str(folder), got, "an empty folder, or none", fix)))
