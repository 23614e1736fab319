"""Who owns what programs declare, by their repositories: a source of declarations that tells owners as well.

For each section with declarations that know their commit, one more is read: from the checkout of the repository, who
owns the program's folder by CODEOWNERS at that commit, else who wrote the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Final, NamedTuple

from nhi_components.core.inventory.owning import code_owners_source, commit_source
from nhi_components.core.inventory.records import Claim, Declaration, Naming, Record, Subject
from nhi_components.lifecycle.declared.checkouts import Checkouts
from nhi_components.lifecycle.declared.codeowners import FILES, owners_of_folder
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section, Source

_OWNERS: Final = "owners of "


class _Owner(NamedTuple):
    who: str
    source: str


class WithOwners:
    """A source of declarations, with the owners that their repositories tell.

    Args:
        source: of declarations.
        checkouts: of repositories.
    """

    def __init__(self, source: Source, checkouts: Checkouts) -> None:
        self.system, self.connection = str(source.system), source.connection
        self._source, self._checkouts = source, checkouts
        self._read: dict[tuple[str, str | None], Page] = {}
        self._lock = Lock()
        self._owners = cache(self._owners_of)

    def place(self) -> str:
        """Tell the place of the source; see the port."""
        return self._source.place()

    def beginnings(self) -> Sequence[str]:
        """Name the sections of the source; see the port."""
        return self._source.beginnings()

    def section(self, name: str) -> Section:
        """Give a section of the source, or the one with the owners of what it declares."""
        if name.startswith(_OWNERS):
            of = name.removeprefix(_OWNERS)
            return Section(name, f"who owns {self._source.section(of).what}", (), lambda at: self._owned(of, at))
        inner = self._source.section(name)
        return replace(inner, read=lambda at: self._declared(inner, at))

    def _declared(self, section: Section, cursor: str | None) -> Page:
        page = section.read(cursor)
        if not any(_comes_from(page.records)):
            return page
        with self._lock:
            self._read[section.name, cursor] = page
        return replace(page, opens=[*page.opens, f"{_OWNERS}{section.name}"])

    def _owned(self, name: str, cursor: str | None) -> Page:
        with self._lock:
            read = self._read.pop((name, cursor), None)
        # After a kill the declarations have been read in another process.
        page = read or self._source.section(name).read(cursor)
        return Page(list(self._claims(page.records)), page.next)

    def _claims(self, records: Iterable[Record]) -> Iterator[Claim]:
        for each in _comes_from(records):
            for owner in self._owners(each.repository, each.commit, each.folder):
                yield Claim(
                    Naming.DECLARED,
                    each.identity,
                    Subject.OWNER,
                    owner.who,
                    owner.source,
                    each.system,
                    unique_id=each.unique_id,
                )

    def _owners_of(self, repository: str, commit: str, folder: str) -> tuple[_Owner, ...]:
        checkout = self._checkouts.at(repository, commit)
        text = next((text for file in FILES if (text := checkout.text(file)) is not None), "")
        if owners := owners_of_folder(text, folder):
            return tuple(_Owner(who, code_owners_source(repository)) for who in owners)
        author = checkout.author()
        if not author:
            got = f"{repository}: got commit {commit[:12]} without an author's address"
            raise NotSeen(f"{got}, expected one; fix: name the owner in CODEOWNERS")
        return (_Owner(author, commit_source(commit, repository)),)


def _comes_from(records: Iterable[Record]) -> Iterator[Declaration]:
    return (each for each in records if isinstance(each, Declaration) and each.repository and each.commit)
