"""Finds and reads the files that are linted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nhi_components.core.errors import Problem, SpecError

STANDARD_INPUT: Final = "-"
STANDARD_INPUT_NAME: Final = "<stdin>"
_SUFFIXES: Final = frozenset({".hcl", ".json", ".policy", ".template", ".tf", ".tfstate", ".tofu", ".yaml", ".yml"})
_PASSED_OVER: Final = frozenset(
    {
        ".git",
        ".hg",
        ".mypy_cache",
        ".pulumi",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".terraform",
        ".tox",
        ".venv",
        "__pycache__",
        "node_modules",
        "site-packages",
        "venv",
    }
)


@dataclass(frozen=True, slots=True)
class Input:
    """One text to lint.

    Attributes:
        name: the path, with `/`.
        text: what it holds; empty when it can't be read.
        named: somebody named it, and expects a verdict; it was not come across in a folder.
        problem: why it can't be read; empty when it can.
    """

    name: str
    text: str
    named: bool
    problem: str = ""


def inputs_at(paths: Sequence[str], *, skip_unrecognised: bool = False) -> Iterator[Input]:
    """Read every file that is named or lies in a folder that is named; `-` is standard input.

    In folders, files whose names end as those of JSON, YAML, HCL and Terraform do are read, in the order of their
    names; folders of version control, packages and caches are passed over, and links to folders are not followed.

    Args:
        paths: files, folders and `-`.
        skip_unrecognised: treat files that are named as those in folders.

    Raises:
        SpecError: with every path that does not exist.
    """
    missing = [path for path in paths if path != STANDARD_INPUT and not os.path.lexists(path)]
    if missing:
        raise SpecError(
            "nhi lint", [Problem(path, "nothing", "a file or folder", "correct the path") for path in missing]
        )
    for path in paths:
        if path == STANDARD_INPUT:
            import sys

            yield _decoded(STANDARD_INPUT_NAME, sys.stdin.buffer.read(), named=True)
        elif Path(path).is_dir():
            yield from (_read(file, named=False) for file in _files_below(path))
        else:
            yield _read(Path(path), named=not skip_unrecognised)


def _files_below(folder: str) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _PASSED_OVER)
        yield from (Path(place, name) for name in sorted(files) if Path(name).suffix.lower() in _SUFFIXES)


def _read(file: Path, *, named: bool) -> Input:
    try:
        return _decoded(file.as_posix(), file.read_bytes(), named=named)
    except OSError as error:
        return Input(file.as_posix(), "", named, f"a file that cannot be read: {error.strerror or error}")


def _decoded(name: str, content: bytes, *, named: bool) -> Input:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return Input(name, content.decode(encoding), named)
    except UnicodeDecodeError:
        if content.startswith(b"PK\x03\x04"):
            return Input(name, "", named, "a binary plan; write it as JSON with `terraform show -json`")
        return Input(name, "", named, "what is not UTF-8 text")
