"""Who answers for a repository: its file CODEOWNERS, the teams that administer it, its topics.

Sources: GitHub documentation, 'About code owners' (the three places of the file, of which the first is taken, and that
the last pattern that matches counts); REST API, 'Get repository content', 'List repository teams'.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from threading import Lock
from typing import Final, NamedTuple
from urllib.parse import quote

from nhi_components.core.inventory.records import Knowledge, Subject
from nhi_components.lifecycle.adapters.github.discovery_policy import OWNERS
from nhi_components.lifecycle.adapters.github.found_lists import Lists, Told
from nhi_components.lifecycle.discovery.ports import NotSeen, Section

_FILES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_EVERYTHING: Final = ("*", "**", "/**")
_TOPICS: Final = ("owner-", "team-")
_REMEMBERED: Final = 4096
"""Repositories whose owners are kept in memory: our own figure."""
_CONTENTS, _ADMINISTRATION, _ = OWNERS


class Owner(NamedTuple):
    """Who answers for a repository, and who says so."""

    who: str
    source: str


class Owners:
    """The owners of repositories, each asked for once.

    Args:
        lists: of that GitHub.
    """

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._lock = Lock()
        self._known: dict[str, tuple[Owner, ...]] = {}

    def section(self, name: str, organization: str) -> Section:
        """Give the section of the owners of an organisation's repositories."""

        def records(repository: Told) -> Iterator[Knowledge]:
            return _knowledge(self._lists.key(f"repos/{repository['full_name']}"), self._of(repository))

        return self._lists.of_repositories(name, "owners of repositories", OWNERS, organization, records)

    def told_of(self, identity: str, repository: Told) -> Iterator[Knowledge]:
        """Yield the repository's owners as an identity's; what may not be read of them, their own section tells."""
        try:
            found = self._of(repository)
        except NotSeen:
            found = tuple(_in_topics(repository))
        return _knowledge(identity, found)

    def _of(self, repository: Told) -> tuple[Owner, ...]:
        name = str(repository["full_name"])
        with self._lock:
            if name in self._known:
                return self._known[name]
        found = tuple(
            dict.fromkeys([*self._in_file(name), *self._administering(name, repository), *_in_topics(repository)])
        )
        with self._lock:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = found
        return found

    def _in_file(self, repository: str) -> Iterator[Owner]:
        for file in _FILES:
            found = self._lists.object(f"/repos/{repository}/contents/{file}", needs=_CONTENTS)
            if found is not None:
                # A folder of that name is a list; a file that is too long comes without its text.
                if isinstance(found, dict) and found.get("encoding") == "base64":
                    text = base64.b64decode(found["content"]).decode(errors="replace")
                    yield from (Owner(who, f"{file} of {repository}") for who in owners_of_everything(text))
                return

    def _administering(self, name: str, repository: Told) -> Iterator[Owner]:
        organization = name.partition("/")[0]
        for team in self._lists.whole(f"/repos/{name}/teams", needs=_ADMINISTRATION, of=repository):
            if team["permission"] == "admin":
                yield Owner(f"@{organization}/{team['slug']}", f"administering team of {name}")


def owners_of_everything(text: str) -> tuple[str, ...]:
    """Read from a file CODEOWNERS who owns what no other line names."""
    owners: tuple[str, ...] = ()
    for line in text.splitlines():
        pattern, *named = line.partition("#")[0].split() or [""]
        if pattern in _EVERYTHING:
            owners = tuple(named)
    return owners


def path_of(repository: Told, rest: str) -> str:
    """Give the path of something of a repository."""
    return f"/repos/{quote(repository['full_name'])}/{rest}"


def _in_topics(repository: Told) -> Iterator[Owner]:
    for topic in repository.get("topics", ()):
        for prefix in _TOPICS:
            if topic.startswith(prefix) and topic != prefix:
                yield Owner(topic.removeprefix(prefix), f"topic {topic} of {repository['full_name']}")


def _knowledge(identity: str, owners: tuple[Owner, ...]) -> Iterator[Knowledge]:
    return (Knowledge(identity, Subject.OWNER, each.who, each.source) for each in owners)
