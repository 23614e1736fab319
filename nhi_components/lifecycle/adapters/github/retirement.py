"""Deleting single identities of GitHub's organisations; none can be disabled by an organisation's token or App.

A deploy key, a secret and the approval of a fine-grained token can be removed, and not given back: GitHub shows no
value of a secret. An App's installation is suspended by the App itself, or by hand. Nothing has a place for marks.
Sources: GitHub REST API, 'Deploy keys', 'Actions secrets', 'Dependabot secrets', 'Update the access a fine-grained
personal access token has to organization resources' (Apps alone), 'Suspend an app installation' (the App's own JWT),
'Set GitHub Actions permissions for a repository'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.github import discovery_policy as needs
from nhi_components.lifecycle.adapters.github.found_lists import Lists, Told, time_of
from nhi_components.lifecycle.adapters.github.found_repositories import secret
from nhi_components.lifecycle.adapters.github.session import Denied, GitHubSession
from nhi_components.lifecycle.adapters.retiring import not_there, seen, unknown_kind
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Standing, Target, Undo

_LATER: Final = "delete it after the notice and the grace period, which gives time to notice all the same"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How identities of a kind are found and removed.

    Attributes:
        listed: the path of the list that it is on, with what its name tells in braces.
        reads: the permission that the list takes.
        writes: the permission that removing it takes; empty when it can't be removed here.
        field: of the answer that holds the list; empty when the answer is the list.
        why: it can't be disabled, and what to do.
    """

    listed: str
    reads: str
    writes: str
    why: str
    field: str = ""


def _of_secret(listed: str, reads: str) -> _Kind:
    why = f"GitHub shows nobody its value, so that it could not be given back; fix: {_LATER}"
    return _Kind(listed, reads, f"{reads.partition(':')[0]}:write", why, "secrets")


_KINDS: Final[Mapping[str, _Kind]] = {
    "deploy-key": _Kind(
        "/repos/{where}/keys",
        needs.DEPLOY_KEYS[0],
        "administration:write",
        f"GitHub knows no disabled deploy key; fix: {_LATER}",
    ),
    "actions-secret": _of_secret("/repos/{where}/actions/secrets", needs.ACTIONS_SECRETS[0]),
    "dependabot-secret": _of_secret("/repos/{where}/dependabot/secrets", needs.DEPENDABOT_SECRETS[0]),
    "environment-secret": _of_secret("/repos/{where}/environments/{environment}/secrets", needs.ENVIRONMENT_SECRETS[1]),
    "organization-actions-secret": _of_secret("/orgs/{where}/actions/secrets", needs.ORGANIZATION_ACTIONS_SECRETS[0]),
    "organization-dependabot-secret": _of_secret(
        "/orgs/{where}/dependabot/secrets", needs.ORGANIZATION_DEPENDABOT_SECRETS[0]
    ),
    "personal-access-token": _Kind(
        "/orgs/{where}/personal-access-tokens",
        needs.TOKENS[0],
        "organization_personal_access_tokens:write",
        f"who has lost the organisation's leave has to ask for it anew; fix: {_LATER}",
    ),
    "github-app-installation": _Kind(
        "/orgs/{where}/installations",
        needs.ORGANIZATION[0],
        "",
        "only the App itself, by its own JWT, or an owner of the organisation suspends it; fix: suspend or uninstall "
        "it in the organisation's settings, at 'GitHub Apps'",
        "installations",
    ),
    "repository-workflows": _Kind(
        "",
        needs.REPOSITORIES[0],
        "",
        "a repository is more than an identity; fix: turn its workflows off with `gh api -X PUT "
        "repos/OWNER/NAME/actions/permissions -F enabled=false`, or archive it",
    ),
}
_TOKEN, _WORKFLOWS = "personal-access-token", "repository-workflows"


class Retirement:
    """The organisations that one connection reaches.

    Args:
        connection: its name.
        settings: how they are reached.
        clock: as every retirement is given it; what is told here bears GitHub's own times.
    """

    system = System.GITHUB

    def __init__(
        self, connection: str, settings: GitHubConnection, clock: Callable[[], datetime] = system_clock
    ) -> None:
        self.connection = connection
        self._organizations = settings.organizations
        self._lists, self._session = Lists(connection, settings), GitHubSession(connection, settings)

    def place(self) -> str:
        """Tell the GitHub with the first organisation that the connection names, or with whom it speaks for."""
        with seen(self.system, self.connection):
            caller = self._lists.caller
            return self._lists.place(self._organizations[0] if self._organizations else caller.login)

    def reaches(self, place: str) -> bool:
        """Tell whether those of an organisation are within reach; of any there, where the connection names none."""
        named = {self._lists.place(each) for each in self._organizations}
        return place in named if named else place.startswith(self._lists.place(""))

    def look(self, target: Target) -> Standing:
        """Tell how an identity stands; what is not there for this token is told as not seen, never as gone."""
        with seen(self.system, self.connection):
            found = self._find(target)
            if found is None:
                return Standing(Presence.GONE)
            if self._unique_id(target, found) != target.unique_id:
                return Standing(Presence.OTHER)
        presence = Presence.DISABLED if _is_off(found) else Presence.ALIVE
        used = time_of(found.get("last_used") or found.get("token_last_used_at"))
        return Standing(presence, dependents=self._dependents(target), used_at=used)

    def undo_of(self, target: Target) -> Undo:
        """Refuse.

        Raises:
            CannotDisable: always, with what to do instead.
        """
        raise self._cannot(target)

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Nothing: there is no place for marks."""
        self._own(target)
        return False

    def disable(self, target: Target, undo: Undo) -> None:
        """Refuse."""
        self._own(target)
        raise self._cannot(target)

    def restore(self, target: Target, undo: Undo) -> None:
        """Nothing: it was never disabled."""
        self._own(target)

    def delete(self, target: Target) -> Sequence[Removed]:
        """Remove it; nothing brings it back.

        Raises:
            NhiError: an App's installation, or a repository, which are removed by hand.
        """
        kind = self._kind(target)
        if not kind.writes:
            raise NhiError(str(self._cannot(target)))
        with seen(self.system, self.connection):
            found = self._find(target)
            if found is None or self._unique_id(target, found) != target.unique_id:
                return ()
        path = f"{self._listed(target)}/{found.get('id') or found['name']}"
        try:
            if target.kind == _TOKEN:
                self._session.post(path, {"action": "revoke"})
            else:
                self._session.delete(path)
        except Denied as denied:
            fix = "give it to the connection's App or token"
            problem = Problem(denied.problem.path, denied.problem.got, f"the permission {kind.writes}", fix)
            raise SystemUnreachable(self.system, problem) from None
        return [Removed(target.kind, target.name)]

    def _own(self, target: Target) -> None:
        with seen(self.system, self.connection):
            found = self._find(target)
            if found is None or self._unique_id(target, found) != target.unique_id:
                raise not_there(self.connection, target)

    def _kind(self, target: Target) -> _Kind:
        if target.kind not in _KINDS:
            raise unknown_kind(self.connection, target, _KINDS)
        return _KINDS[target.kind]

    def _cannot(self, target: Target) -> CannotDisable:
        why = self._kind(target).why
        return CannotDisable(f"github.{self.connection}: {target.kind} {target.name} can't be disabled: {why}")

    def _find(self, target: Target) -> Told | None:
        """Find what stands at its key, also another one; None when nothing does."""
        if target.kind == _WORKFLOWS:
            return self._repository(target.name)
        return next((each for each in self._on_list(target) if self._key(target, each) == target.key), None)

    def _on_list(self, target: Target) -> Iterator[Told]:
        kind, path = self._kind(target), self._listed(target)
        if path.startswith("/repos/"):
            repository = self._repository(_where(target))
            yield from self._lists.whole(path, needs=kind.reads, field=kind.field, of=repository)
            return
        cursor = None
        while True:
            part = self._lists.page(path, cursor, needs=kind.reads, field=kind.field)
            yield from part.items
            cursor = part.next
            if cursor is None:
                return

    def _repository(self, full_name: str) -> Told:
        found: Told | None = self._lists.object(f"/repos/{full_name}", needs=needs.REPOSITORIES[0])
        if found is None:
            got = f"404, GET /repos/{full_name}: not there, or not for this token"
            fix = "let the connection's App or token see it; if it was deleted, close the case by `nhi restore`"
            problem = Problem(f"github.{self.connection}", got, f"the permission {needs.REPOSITORIES[0]}", fix)
            raise SystemUnreachable(self.system, problem)
        return found

    def _listed(self, target: Target) -> str:
        kind, words = self._kind(target), target.name.split(" ")
        where = target.key.split("/")[2] if "/orgs/{" in kind.listed else words[0]
        return kind.listed.format(where=where, environment=quote(" ".join(words[1:-1]), safe=""))

    def _key(self, target: Target, found: Told) -> str:
        return self._lists.key(f"{self._listed(target)}/{found.get('id') or found['name']}")

    def _unique_id(self, target: Target, found: Told) -> str:
        if self._kind(target).field != "secrets":
            return str(found["id"])
        records = secret(target.key, target.place, target.kind, "", found)
        return next(each.unique_id for each in records if isinstance(each, FoundIdentity))

    def _dependents(self, target: Target) -> tuple[str, ...]:
        """Tell whose workflows may read a secret; of an organisation's the scan tells which."""
        is_secret = self._kind(target).field == "secrets"
        return (
            (f"repository {self._lists.key(f'repos/{_where(target)}')}",) if is_secret and "/" in _where(target) else ()
        )


def _where(target: Target) -> str:
    """Tell the repository, or the organisation, by the name that discovery gives."""
    return target.name.split(" ")[0]


def _is_off(found: Told) -> bool:
    flags = ("archived", "disabled", "token_expired", "suspended_at")
    return found.get("enabled") is False or any(found.get(each) for each in flags)
