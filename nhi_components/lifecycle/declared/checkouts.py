"""Local checkouts of repositories, read through `git`, which changes nothing, runs no hook and asks nobody.

Sources: git documentation, 'git-cat-file', 'git-config', and 'git', for its environment variables; 'git-hash-object',
for what the header of a commit is.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from nhi_components.core.errors import Problem, SpecError
from nhi_components.lifecycle.discovery.ports import NotSeen

SECONDS: Final = 60.0
"""How long one command of git may take: our own figure."""
_NONE_FITS: Final = 1
"""How `git config` ends when a repository has no such setting."""
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_LIKE_SCP: Final = re.compile(r"(?:[^@/]+@)?(?P<host>[^/:]+):(?P<path>(?!//).+)")
_AUTHOR: Final = re.compile(r"^author .*<(?P<mail>[^<>\n]*)> \d+ [+-]\d{4}$", re.MULTILINE)
_QUIET: Final = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
_SAFE: Final = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never")


@dataclass(frozen=True, slots=True)
class Checkout:
    """One commit of one checkout.

    Attributes:
        folder: of the checkout, or of a bare repository.
        commit: its full name, or the beginning of it.
    """

    folder: Path
    commit: str

    def text(self, path: str) -> str | None:
        """Read a file as it is in the commit; None where there is none."""
        done = _git(self.folder, "cat-file", "blob", f"{self.commit}:{path}")
        return done.stdout.decode(errors="replace") if done.returncode == 0 else None

    def author(self) -> str:
        """Tell the mail address of who wrote the commit; empty where it has none."""
        header = _git(self.folder, "cat-file", "commit", self.commit).stdout.decode(errors="replace")
        found = _AUTHOR.search(header.partition("\n\n")[0])
        return found["mail"].strip() if found else ""


class Checkouts:
    """All checkouts below a folder, by the repositories that their remotes name.

    Args:
        folder: is looked through once, when the first commit is asked for.

    Raises:
        SpecError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()
        self._refused: list[Path] = []
        if not self.folder.is_dir():
            expected = "a folder with checkouts of repositories"
            problem = Problem("--repositories", f"no folder {self.folder}", expected, "correct the path")
            raise SpecError("nhi discover", [problem])

    def at(self, repository: str, commit: str) -> Checkout:
        """Find a commit of a repository.

        Args:
            repository: such as `github.com/shop/orders`.
            commit: its name, in full or shortened.

        Raises:
            NotSeen: no checkout of it is there, or none has the commit.
        """
        if not _COMMIT.fullmatch(commit):
            raise NotSeen(f"{repository}: got what is no commit, expected its hexadecimal name; fix: run `pulumi up`")
        folders = self._by_repository.get(repository.casefold(), [])
        for folder in folders:
            if _git(folder, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0:
                return Checkout(folder, commit)
        if folders:
            raise NotSeen(
                f"{repository}: got no commit {commit[:12]} in {folders[0]}, expected it there; "
                "fix: run `git fetch` there, with the whole history"
            )
        refused = f", and {self._refused[0]}, which git refuses to read" if self._refused else ""
        raise NotSeen(
            f"{repository}: got no checkout below {self.folder}{refused}, expected one whose remote it is; "
            "fix: clone it there as the same user, or leave --repositories out"
        )

    @cached_property
    def _by_repository(self) -> Mapping[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for folder in _repositories(self.folder):
            told = _git(folder, "config", "--local", "--null", "--get-regexp", r"^remote\..*\.url$")
            if told.returncode not in (0, _NONE_FITS):
                self._refused.append(folder)
            urls = [line.partition("\n")[2] for line in told.stdout.decode(errors="replace").split("\0")]
            for repository in sorted({repository_of(url) for url in urls} - {""}):
                found.setdefault(repository.casefold(), []).append(folder)
        return found


def repository_of(url: str) -> str:
    """Name the repository of a remote's URL, without scheme, user, port and `.git`; empty for a local path.

    `git@github.com:shop/orders.git` and `https://github.com/shop/orders` are both `github.com/shop/orders`.
    """
    if "://" in url:
        try:
            split = urlsplit(url)
            host, path = split.hostname or "", split.path
        except ValueError:
            return ""
    elif like := _LIKE_SCP.fullmatch(url):
        host, path = like["host"], like["path"]
    else:
        return ""
    path = path.strip("/").removesuffix(".git").strip("/")
    return f"{host}/{path}" if host and path else ""


def _repositories(folder: Path) -> Iterator[Path]:
    """Yield checkouts and bare repositories; what lies in one of them is not looked through."""
    for here, folders, files in os.walk(folder):
        if ".git" in folders or ".git" in files or ("HEAD" in files and {"objects", "refs"} <= {*folders}):
            yield Path(here)
            folders.clear()
        folders.sort()


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # What the process's environment says of a repository is of another one.
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", *_SAFE, "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            command, env={**own, **_QUIET}, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise NotSeen("git: got no such program, expected it on the path; fix: install git") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        got = f"{type(error).__name__} from git {arguments[0]} in {folder}"
        raise NotSeen(f"git: got {got}, expected an answer within {SECONDS:g} s; fix: look at that checkout") from None
