"""What belongs to repositories as records: workflows, deploy keys, secrets of Actions, Dependabot and environments.

A repository's workflows are an identity: their tokens' subject names the repository. Sources: GitHub REST API, 'List
organization repositories', 'Deploy keys' (`last_used`, `read_only`, `enabled`), 'Actions secrets', 'Dependabot
secrets', 'Deployment environments', 'GitHub Actions OIDC'. GitHub tells no use of a secret or a workflow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from nhi_components.core.inventory.records import (
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    Knowledge,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.github import discovery_policy as needs
from nhi_components.lifecycle.adapters.github.found_lists import PAGE, Lists, Told, time_of
from nhi_components.lifecycle.adapters.github.found_owners import Owners, path_of
from nhi_components.lifecycle.discovery.ports import Page, Section

SUBJECT: Final = "OIDC subject template"
"""The kind of the document that tells of which claims the subject of a workflow's token is made."""


@dataclass(frozen=True, slots=True)
class Repositories:
    """What the repositories of one organisation hold.

    Attributes:
        lists: of that GitHub.
        owners: of its repositories.
        organization: its login.
    """

    lists: Lists
    owners: Owners
    organization: str

    def workflows(self, name: str) -> Section:
        """Give the section of the repositories themselves."""

        def read(cursor: str | None) -> Page:
            found = self.lists.repositories(self.organization, cursor, PAGE)
            return Page([record for each in found.items for record in self._workflows(each)], found.next)

        return Section(name, f"repositories of {self.organization}", needs.REPOSITORIES, read)

    def deploy_keys(self, name: str) -> Section:
        """Give the section of deploy keys."""
        return self._each(name, "deploy keys", needs.DEPLOY_KEYS, self._deploy_keys)

    def secrets(self, name: str, of: str, permissions: tuple[str, ...]) -> Section:
        """Give the section of the secrets of `actions` or `dependabot`."""

        def records(repository: Told) -> Iterator[Record]:
            return self._secrets(repository, f"{of}/secrets", f"{of}-secret", permissions[0])

        return self._each(name, f"secrets of {of}", permissions, records)

    def environments(self, name: str) -> Section:
        """Give the section of the secrets of environments."""
        return self._each(name, "secrets of environments", needs.ENVIRONMENT_SECRETS, self._environments)

    def subjects(self, name: str) -> Section:
        """Give the section of what tokens of workflows say they are."""
        return self._each(name, "subjects of workflows", needs.SUBJECTS, self._subject)

    def _each(
        self, name: str, what: str, permissions: tuple[str, ...], records: Callable[[Told], Iterator[Record]]
    ) -> Section:
        return self.lists.of_repositories(name, what, permissions, self.organization, records)

    def _workflows(self, repository: Told) -> Iterator[Record]:
        key = self._key(repository)
        topics = " ".join(repository.get("topics", ()))
        yield FoundIdentity(
            key=key,
            system=System.GITHUB,
            place=self.lists.place(self.organization),
            kind="repository-workflows",
            name=repository["full_name"],
            unique_id=str(repository["id"]),
            created_at=time_of(repository.get("created_at")),
            disabled=bool(repository.get("archived") or repository.get("disabled")),
            marks={"topics": topics} if topics else {},
        )
        if description := (repository.get("description") or "").strip():
            source = f"description of {repository['full_name']}"
            yield Knowledge(key, Subject.PURPOSE, description, source)

    def _deploy_keys(self, repository: Told) -> Iterator[Record]:
        for found in self.lists.whole(path_of(repository, "keys"), needs=needs.DEPLOY_KEYS[0], of=repository):
            key, id_ = self.lists.key(f"repos/{repository['full_name']}/keys/{found['id']}"), str(found["id"])
            made, disabled = time_of(found.get("created_at")), found.get("enabled") is False
            use = Use(time_of(found["last_used"]), watched_since=made) if "last_used" in found else Use()
            yield FoundIdentity(
                key=key,
                system=System.GITHUB,
                place=self.lists.place(self.organization),
                kind="deploy-key",
                name=f"{repository['full_name']} {found['title']}",
                unique_id=id_,
                created_at=made,
                disabled=disabled,
                use=use,
                marks={},
            )
            yield FoundCredential(key, "deploy-key", id_, made, disabled=disabled, use=use)
            privilege = "contents:read" if found["read_only"] else "contents:write"
            yield FoundGrant(key, privilege, self._key(repository), via="deploy key")
            if who := found.get("added_by"):
                yield Knowledge(key, Subject.OWNER, f"@{who}", "who added the deploy key")
            yield from self.owners.told_of(key, repository)

    def _environments(self, repository: Told) -> Iterator[Record]:
        path, (listed, read, _) = path_of(repository, "environments"), needs.ENVIRONMENT_SECRETS
        for each in self.lists.whole(path, needs=listed, field="environments", of=repository):
            rest = f"environments/{quote(each['name'], safe='')}/secrets"
            yield from self._secrets(repository, rest, "environment-secret", read, each["name"])

    def _secrets(
        self, repository: Told, rest: str, kind: str, permission: str, environment: str = ""
    ) -> Iterator[Record]:
        path, where = path_of(repository, rest), f"{repository['full_name']} {environment}".strip()
        for found in self.lists.whole(path, needs=permission, field="secrets", of=repository):
            key = self.lists.key(f"repos/{repository['full_name']}/{rest}/{found['name']}")
            yield from secret(key, self.lists.place(self.organization), kind, where, found)
            yield FoundDependent(key, "repository", self._key(repository))
            yield from self.owners.told_of(key, repository)

    def _subject(self, repository: Told) -> Iterator[Record]:
        path = path_of(repository, "actions/oidc/customization/sub")
        found = self.lists.object(path, needs=needs.SUBJECTS[0])
        if found is not None:
            yield subject_template(self._key(repository), repository["full_name"], found)

    def _key(self, repository: Told) -> str:
        return self.lists.key(f"repos/{repository['full_name']}")


def secret(key: str, place: str, kind: str, where: str, found: Told) -> Iterable[Record]:
    """Give a secret as an identity whose one credential is what was last written; GitHub shows its value to nobody.

    GitHub gives secrets no ids: one that is made anew is told by when it was made.
    """
    name, made = str(found["name"]), found["created_at"]
    unique_id = hashlib.sha256(f"{key}\n{made}".encode()).hexdigest()[:32]
    marks = {"visibility": found["visibility"]} if "visibility" in found else {}
    full = f"{where} {name}"
    return (
        FoundIdentity(key, System.GITHUB, place, kind, full, unique_id, time_of(made), marks=marks),
        FoundCredential(key, kind, name, time_of(found["updated_at"])),
    )


def subject_template(holder: str, name: str, found: Told) -> FoundDocument:
    """Keep what tells of which claims subjects are made, as GitHub answers it."""
    # PyGithub adds where it was read.
    content = {field: value for field, value in found.items() if field != "url"}
    return FoundDocument(holder, SUBJECT, name, json.dumps(content, sort_keys=True))
