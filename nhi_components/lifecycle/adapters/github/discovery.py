"""Reading the non-human identities of GitHub's organisations: workflows, Apps, deploy keys, tokens, secrets.

Sections are parts of an organisation, not of a repository: an organisation has thousands of those, and each page holds
some. Source: GitHub REST API, 'List organizations for the authenticated user'; and the pages that each part names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.github import discovery_policy as needs
from nhi_components.lifecycle.adapters.github.found_lists import Lists
from nhi_components.lifecycle.adapters.github.found_organization import Organization
from nhi_components.lifecycle.adapters.github.found_owners import Owners
from nhi_components.lifecycle.adapters.github.found_repositories import Repositories
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

_PARTS: Final = (
    *("repositories", "deploy-keys", "actions-secrets", "dependabot-secrets", "environment-secrets"),
    *("subjects", "owners", "installations", "tokens"),
    *("organization-actions-secrets", "organization-dependabot-secrets", "organization-subject"),
)
"""What is read of each organisation."""
_FIX: Final = "name the connection's `organizations`"


class Discovery:
    """The organisations of one connection.

    Args:
        connection: its name.
        settings: how they are reached; `organizations` are those that are read.
        clock: as every discovery is given it; what is told here bears GitHub's own times.
    """

    system = System.GITHUB

    def __init__(self, connection: str, settings: GitHubConnection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self._organizations = settings.organizations
        self._lists = Lists(connection, settings)
        self._owners = Owners(self._lists)

    def place(self) -> str:
        """Tell the GitHub with the first organisation that the connection names, or with whom it speaks for.

        Raises:
            SystemUnreachable: GitHub can't be reached, or refuses the token.
        """
        caller = self._lists.caller
        return self._lists.place(self._organizations[0] if self._organizations else caller.login)

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads."""
        return _of_organizations(self._organizations) if self._organizations else ("organizations",)

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        match name.split("/"):
            case ["organizations"]:
                return Section(name, "which organisations there are", needs.REPOSITORIES, self._listed)
            case [part, login, _] if found := self._of_repositories(name, part, login):
                return found
            case [part, login] if part in _PARTS:
                return self._of_repositories(name, part, login) or self._of_organization(name, part, login)
            case _:
                raise ValueError(name)

    def _of_repositories(self, name: str, part: str, login: str) -> Section | None:
        held = Repositories(self._lists, self._owners, login)
        match part:
            case "repositories":
                return held.workflows(name)
            case "deploy-keys":
                return held.deploy_keys(name)
            case "actions-secrets":
                return held.secrets(name, "actions", needs.ACTIONS_SECRETS)
            case "dependabot-secrets":
                return held.secrets(name, "dependabot", needs.DEPENDABOT_SECRETS)
            case "environment-secrets":
                return held.environments(name)
            case "subjects":
                return held.subjects(name)
            case "owners":
                return self._owners.section(name, login)
            case _:
                return None

    def _of_organization(self, name: str, part: str, login: str) -> Section:
        held = Organization(self._lists, login)
        match part:
            case "installations":
                return held.installations(name)
            case "tokens":
                return held.tokens(name)
            case "organization-actions-secrets":
                return held.secrets(name, "actions", needs.ORGANIZATION_ACTIONS_SECRETS)
            case "organization-dependabot-secrets":
                return held.secrets(name, "dependabot", needs.ORGANIZATION_DEPENDABOT_SECRETS)
            case _:
                return held.subject(name)

    def _listed(self, cursor: str | None) -> Page:
        """An installation is in one organisation; to fine-grained tokens GitHub lists none."""
        caller = self._lists.caller
        if caller.installation:
            logins, more = [caller.login] if caller.login else [], None
        else:
            found = self._lists.page("/user/orgs", cursor, needs=needs.REPOSITORIES[0])
            logins, more = [str(each["login"]) for each in found.items], found.next
        if not logins and cursor is None:
            raise NotSeen(
                f"github.{self.connection}: got no organisation that this token lists, expected one; fix: {_FIX}"
            )
        return Page((), more, _of_organizations(logins))


def _of_organizations(logins: Iterable[str]) -> list[str]:
    return [f"{part}/{login}" for login in dict.fromkeys(logins) for part in _PARTS]
