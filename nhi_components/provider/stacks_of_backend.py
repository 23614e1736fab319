"""All stacks of one of Pulumi's backends as a source of a scan, through the user's own engine, which only reads.

It speaks to every backend, with the credentials that the user has for it: `PULUMI_ACCESS_TOKEN`, or those of a cloud.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from nhi_components.core.errors import NhiError, Problem, SpecError, SystemUnreachable
from nhi_components.core.inventory.records import Manager
from nhi_components.lifecycle.declared.deployments import declarations_in, deployment_of, origin_of
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section
from nhi_components.provider.engine import Engine, EngineFailed

_EVERY: Final = "stacks"
_ONE: Final = "stack/"
SCHEMES: Final = ("https", "http", "file", "s3", "gs", "azblob")
"""Of the backends that the engine knows; `postgres` would have a password in its URL."""
_CREDENTIAL: Final = re.compile(r"(?i)(key|secret|token|password|sig)[^=&]*=")


class BackendStacks:
    """One backend, as `discovery.ports.Source`.

    Args:
        url: the backend's, as `pulumi login` takes it; nothing in it is a credential.

    Raises:
        SpecError: it is no such URL, or holds what looks like a credential.
    """

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        if split.scheme not in SCHEMES or split.username or split.password or _CREDENTIAL.search(split.query):
            got = f"a URL of {split.scheme or 'nothing'}" + (" with a credential" if split.scheme in SCHEMES else "")
            expected = f"a folder, or a backend's URL of {', '.join(SCHEMES)} without credentials"
            fix = "give the credentials by the environment, as `pulumi login` takes them"
            raise SpecError("nhi discover", [Problem("--stacks", got, expected, fix)])
        self.system: str = Manager.PULUMI
        self.connection = url
        # Outside of any project, whose settings would choose the backend.
        self._engine = Engine(Path(Path.home().anchor), backend=url)

    def place(self) -> str:
        """Tell the backend's URL, and prove that it lets the user in.

        Raises:
            SystemUnreachable: it does not answer, or refuses the user; or there is no engine.
        """
        try:
            self._engine.who()
        except EngineFailed as failure:
            fix = "log in with `pulumi login`, or correct the URL"
            problem = Problem(f"{self.system}.{self.connection}", str(failure), "a backend that lets you in", fix)
            raise SystemUnreachable(self.system, problem) from None
        return self.connection

    def beginnings(self) -> Sequence[str]:
        """Name the section that lists the stacks."""
        return (_EVERY,)

    def section(self, name: str) -> Section:
        """Give a section by its name; of a stack, its full name is the rest of it."""
        if name == _EVERY:
            return Section(name, f"which stacks there are in {self.connection}", (), self._every)
        if name.startswith(_ONE):
            stack = name.removeprefix(_ONE)
            return Section(name, f"what {stack} declares", (), lambda _: self._one(stack))
        raise ValueError(name)

    def _every(self, _: str | None) -> Page:
        return Page((), opens=[f"{_ONE}{stack}" for stack in sorted(self._engine.every_stack())])

    def _one(self, stack: str) -> Page:
        engine = replace(self._engine, stack=stack)
        try:
            state = engine.export()
        except ValueError:
            raise NotSeen(f"{stack}: got what is no JSON, expected an export; fix: upgrade the Pulumi CLI") from None
        try:
            origin = origin_of(engine.last_update())
        except (NhiError, ValueError):
            # Some backends keep no history.
            origin = origin_of({})
        return Page(list(declarations_in(stack, deployment_of(state), origin)))
