"""What belongs to an organisation as records: installed Apps, fine-grained tokens, secrets, its subject template.

Sources: GitHub REST API, 'List app installations for an organization', 'Personal access tokens' (told to GitHub Apps
alone), 'List organization secrets' of Actions and Dependabot, 'Get the customization template for an OIDC subject claim
for an organization'. Of another App's installation GitHub does not tell which repositories were selected for it, nor
which installation or token it is that asks. Classic tokens, and people, whatever they do, are not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from nhi_components.core.inventory.records import (
    FoundCredential,
    FoundDependent,
    FoundGrant,
    FoundIdentity,
    Knowledge,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.github.discovery_policy import ORGANIZATION, TOKENS
from nhi_components.lifecycle.adapters.github.found_lists import Lists, Told, time_of
from nhi_components.lifecycle.adapters.github.found_repositories import secret, subject_template
from nhi_components.lifecycle.discovery.ports import Page, Section

_OF_ORGANIZATIONS: Final = ("organization_", "members", "team_discussions")
"""How permissions begin that are held on an organisation ('Permissions required for GitHub Apps')."""


@dataclass(frozen=True, slots=True)
class Organization:
    """What one organisation holds.

    Attributes:
        lists: of that GitHub.
        login: its name.
    """

    lists: Lists
    login: str

    def installations(self, name: str) -> Section:
        """Give the section of installed Apps."""
        read = self._read("installations", ORGANIZATION, self._installation, "installations")
        return Section(name, f"Apps installed in {self.login}", ORGANIZATION, read)

    def tokens(self, name: str) -> Section:
        """Give the section of fine-grained personal access tokens."""
        # Oldest first, so that one that is made meanwhile moves no other to another page.
        read = self._read("personal-access-tokens", TOKENS, self._token, query="sort=created_at&direction=asc")
        return Section(name, f"fine-grained tokens for {self.login}", TOKENS, read)

    def secrets(self, name: str, of: str, permissions: tuple[str, ...]) -> Section:
        """Give the section of the organisation's secrets of `actions` or `dependabot`."""

        def records(found: Told) -> Iterator[Record]:
            return self._secret(f"{of}/secrets", f"organization-{of}-secret", permissions[0], found)

        read = self._read(f"{of}/secrets", permissions, records, "secrets")
        return Section(name, f"secrets of {of} of {self.login}", permissions, read)

    def subject(self, name: str) -> Section:
        """Give the section of the template for subjects of workflows' tokens."""

        def read(_: str | None) -> Page:
            path = f"{self._path}/actions/oidc/customization/sub"
            found = self.lists.object(path, needs=ORGANIZATION[0])
            return Page([subject_template(self._key, self.login, found)] if found is not None else ())

        return Section(name, f"subjects of workflows of {self.login}", ORGANIZATION, read)

    def _read(
        self,
        part: str,
        permissions: tuple[str, ...],
        records: Callable[[Told], Iterator[Record]],
        field: str = "",
        query: str = "",
    ) -> Callable[[str | None], Page]:
        def read(cursor: str | None) -> Page:
            found = self.lists.page(f"{self._path}/{part}", cursor, needs=permissions[0], field=field, query=query)
            return Page([record for each in found.items for record in records(each)], found.next)

        return read

    def _installation(self, found: Told) -> Iterator[Record]:
        key = self.lists.key(f"{self._path}/installations/{found['id']}")
        yield FoundIdentity(
            key=key,
            system=System.GITHUB,
            place=self.lists.place(self.login),
            kind="github-app-installation",
            name=found["app_slug"],
            unique_id=str(found["id"]),
            created_at=time_of(found["created_at"]),
            disabled=found.get("suspended_at") is not None,
            marks={"app-id": str(found["app_id"])},
        )
        repositories = [f"{found['repository_selection']} repositories of {self.login}"]
        for permission, level in found["permissions"].items():
            yield from self._grants(key, {permission: level}, self._targets(permission, repositories), "installation")

    def _token(self, found: Told) -> Iterator[Record]:
        path = f"{self._path}/personal-access-tokens/{found['id']}"
        key, since = self.lists.key(path), time_of(found["access_granted_at"])
        expired = bool(found.get("token_expired"))
        use = Use(time_of(found.get("token_last_used_at")), watched_since=since)
        login = found["owner"]["login"]
        yield FoundIdentity(
            key=key,
            system=System.GITHUB,
            place=self.lists.place(self.login),
            kind="personal-access-token",
            name=f"{login} {found.get('token_name') or found['id']}",
            unique_id=str(found["id"]),
            created_at=since,
            disabled=expired,
            use=use,
            marks={},
        )
        # When the token itself was made is not told, only since when it may do something here.
        ends, id_ = time_of(found.get("token_expires_at")), str(found.get("token_id") or found["id"])
        yield FoundCredential(key, "fine-grained-token", id_, None, ends, disabled=expired, use=use)
        yield Knowledge(key, Subject.OWNER, f"@{login}", "whose token it is")
        held: Mapping[str, Mapping[str, str]] = found["permissions"]
        yield from self._grants(key, held.get("organization") or {}, [self._key], "token")
        yield from self._grants(key, held.get("other") or {}, [f"account of {login}"], "token")
        if repository := held.get("repository") or {}:
            yield from self._grants(key, repository, self._reached(found, path), "token")

    def _reached(self, found: Told, path: str) -> list[str]:
        match found["repository_selection"]:
            case "subset":
                seen = self.lists.whole(f"{path}/repositories", needs=TOKENS[0])
                return [self.lists.key(f"repos/{each['full_name']}") for each in seen]
            case "all":
                return [f"all repositories of {self.login}"]
            case _:
                return []

    def _secret(self, part: str, kind: str, permission: str, found: Told) -> Iterator[Record]:
        path = f"{self._path}/{part}/{found['name']}"
        key = self.lists.key(path)
        yield from secret(key, self.lists.place(self.login), kind, self.login, found)
        if found["visibility"] != "selected":
            yield FoundDependent(key, "repositories", f"{found['visibility']} repositories of {self.login}")
            return
        for each in self.lists.whole(f"{path}/repositories", needs=permission, field="repositories"):
            yield FoundDependent(key, "repository", self.lists.key(f"repos/{each['full_name']}"))

    def _targets(self, permission: str, repositories: list[str]) -> list[str]:
        return [self._key] if permission.startswith(_OF_ORGANIZATIONS) else repositories

    def _grants(self, holder: str, held: Mapping[str, str], targets: list[str], via: str) -> Iterator[FoundGrant]:
        for permission, level in sorted(held.items()):
            for target in targets:
                yield FoundGrant(holder, f"{permission}:{level}", target, via=via)

    @property
    def _path(self) -> str:
        return f"/orgs/{quote(self.login)}"

    @property
    def _key(self) -> str:
        return self.lists.key(self._path)
