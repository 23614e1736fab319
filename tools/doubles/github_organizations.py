"""What an organisation of the double of GitHub holds: repositories, Apps, fine-grained tokens, deploy keys, secrets.

Shaped as GitHub's REST API documents each list. Everything is put in by tests, as an administrator would; through the
API deploy keys and secrets can be deleted, and tokens revoked, and nothing else of it be changed.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tools.doubles.github_answers import paged, written
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

if TYPE_CHECKING:
    from tools.doubles.github import GitHubDouble

_ORG = "/orgs/{org}"
_REPOSITORY = "/repos/{owner}/{name}"
MADE = datetime(2024, 3, 1, 12, tzinfo=UTC)
"""When everything was made."""


@dataclass
class Organization:
    """One organisation; lists hold what the API answers of each.

    Attributes:
        members: principals, users and installations, that may know it.
        secrets: by `actions` and `dependabot`.
        selected: names of the repositories that were selected for a secret, or a token, by its path below the
            organisation.
        claims: of its subject template.
    """

    members: set[str] = field(default_factory=set)
    installations: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    selected: dict[str, list[str]] = field(default_factory=dict)
    claims: list[str] = field(default_factory=lambda: ["repo", "context"])


@dataclass
class Details:
    """What a repository holds beside secrets of Actions; lists hold what the API answers of each.

    Attributes:
        facts: further fields of the repository itself.
        files: their texts, by path.
        subject: what was customised of the subjects of its workflows.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    dependabot: list[dict[str, Any]] = field(default_factory=list)
    teams: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    subject: dict[str, Any] = field(default_factory=lambda: {"use_default": True})


class Organizations:
    """The routes, and what is kept.

    Attributes:
        named: organisations by login.
        details: of repositories, by `owner/name`.
    """

    def __init__(self, server: GitHubDouble) -> None:
        self._server = server
        self.named: dict[str, Organization] = defaultdict(Organization)
        self.details: dict[str, Details] = defaultdict(Details)

    def secret(self, name: str, **facts: Any) -> dict[str, Any]:
        """Describe a secret that was written a day after it was made."""
        return {"name": name, "created_at": written(MADE), "updated_at": written(MADE.replace(day=2)), **facts}

    @route("GET", "/user/orgs")
    def of_user(self, request: Request) -> Answer:
        if request.principal in self._server.installations:
            raise Refusal(self._server.forbidden(request, "user"))
        logins = sorted(login for login, each in self.named.items() if request.principal in each.members)
        return self._paged(request, [{"login": login} for login in logins])

    @route("GET", _ORG + "/repos", needs="metadata")
    def repositories(self, request: Request) -> Answer:
        self._organization(request)
        known = self._server.api.repositories
        names = sorted(
            name
            for name, each in known.items()
            if name.startswith(f"{request.params['org']}/") and request.principal in each.readers
        )
        return self._paged(request, [self.described(name, known[name].id) for name in names])

    @route("GET", _ORG + "/installations", needs="organization_administration")
    def installations(self, request: Request) -> Answer:
        return self._paged(request, self._organization(request).installations, "installations")

    @route("GET", _ORG + "/personal-access-tokens", needs="organization_personal_access_tokens")
    def tokens(self, request: Request) -> Answer:
        self._refuse_users(request)
        return self._paged(request, self._organization(request).tokens)

    @route("GET", _ORG + "/personal-access-tokens/{id}/repositories", needs="organization_personal_access_tokens")
    def of_token(self, request: Request) -> Answer:
        self._refuse_users(request)
        return self._paged(request, self._selected(request, f"personal-access-tokens/{request.params['id']}"))

    @route("GET", _ORG + "/actions/secrets", needs="organization_secrets")
    def actions_secrets(self, request: Request) -> Answer:
        return self._paged(request, self._organization(request).secrets["actions"], "secrets")

    @route("GET", _ORG + "/dependabot/secrets", needs="organization_dependabot_secrets")
    def dependabot_secrets(self, request: Request) -> Answer:
        return self._paged(request, self._organization(request).secrets["dependabot"], "secrets")

    @route("GET", _ORG + "/actions/secrets/{secret}/repositories", needs="organization_secrets")
    def of_actions_secret(self, request: Request) -> Answer:
        selected = self._selected(request, f"actions/secrets/{request.params['secret']}")
        return self._paged(request, selected, "repositories")

    @route("GET", _ORG + "/dependabot/secrets/{secret}/repositories", needs="organization_dependabot_secrets")
    def of_dependabot_secret(self, request: Request) -> Answer:
        selected = self._selected(request, f"dependabot/secrets/{request.params['secret']}")
        return self._paged(request, selected, "repositories")

    @route("GET", _ORG + "/actions/oidc/customization/sub", needs="organization_administration")
    def subject_of_organization(self, request: Request) -> dict[str, Any]:
        return {"include_claim_keys": self._organization(request).claims}

    @route("GET", _REPOSITORY + "/actions/oidc/customization/sub", needs="actions")
    def subject(self, request: Request) -> dict[str, Any]:
        return self._details(request).subject

    @route("GET", _REPOSITORY + "/keys", needs="administration")
    def keys(self, request: Request) -> Answer:
        return self._paged(request, self._details(request).keys)

    @route("GET", _REPOSITORY + "/dependabot/secrets", needs="dependabot_secrets")
    def dependabot(self, request: Request) -> Answer:
        return self._paged(request, self._details(request).dependabot, "secrets")

    @route("GET", _REPOSITORY + "/teams", needs="administration")
    def teams(self, request: Request) -> Answer:
        return self._paged(request, self._details(request).teams)

    @route("GET", _REPOSITORY + "/contents/{path*}", needs="contents")
    def contents(self, request: Request) -> dict[str, Any]:
        path, files = request.params["path"], self._details(request).files
        if path not in files:
            raise Refusal(self._server.absent(request))
        content = base64.encodebytes(files[path].encode()).decode()
        return {"type": "file", "path": path, "encoding": "base64", "content": content}

    @route("POST", _ORG + "/personal-access-tokens/{id}", needs="organization_personal_access_tokens:write")
    def revoke(self, request: Request) -> Answer:
        self._refuse_users(request)
        tokens = self._organization(request).tokens
        found = [each for each in tokens if str(each["id"]) == request.params["id"]]
        if not found or request.json().get("action") != "revoke":
            raise Refusal(self._server.absent(request))
        tokens.remove(found[0])
        return Answer(HTTPStatus.NO_CONTENT)

    @route("DELETE", _REPOSITORY + "/keys/{id}", needs="administration:write")
    def delete_key(self, request: Request) -> Answer:
        return self._removed(request, self._details(request).keys, "id", request.params["id"])

    @route("DELETE", _REPOSITORY + "/dependabot/secrets/{secret}", needs="dependabot_secrets:write")
    def delete_dependabot(self, request: Request) -> Answer:
        return self._removed(request, self._details(request).dependabot, "name", request.params["secret"])

    @route("DELETE", _ORG + "/actions/secrets/{secret}", needs="organization_secrets:write")
    def delete_actions_secret(self, request: Request) -> Answer:
        held = self._organization(request).secrets["actions"]
        return self._removed(request, held, "name", request.params["secret"])

    @route("DELETE", _ORG + "/dependabot/secrets/{secret}", needs="organization_dependabot_secrets:write")
    def delete_dependabot_secret(self, request: Request) -> Answer:
        held = self._organization(request).secrets["dependabot"]
        return self._removed(request, held, "name", request.params["secret"])

    def _removed(self, request: Request, held: list[dict[str, Any]], field: str, value: str) -> Answer:
        found = [each for each in held if str(each[field]) == value]
        if not found:
            raise Refusal(self._server.absent(request))
        held.remove(found[0])
        return Answer(HTTPStatus.NO_CONTENT)

    def described(self, name: str, number: int) -> dict[str, Any]:
        """Describe a repository, by its full name and id."""
        facts: dict[str, Any] = {"archived": False, "disabled": False, "description": None, "topics": []}
        made = {"id": number, "full_name": name, "created_at": written(MADE)}
        return {**made, **facts, **self.details[name].facts}

    def _paged(self, request: Request, items: list[Any], field: str = "") -> Answer:
        return paged(self._server.url, request, items, field)

    def _details(self, request: Request) -> Details:
        self._server.api.seen(request)
        return self.details[f"{request.params['owner']}/{request.params['name']}"]

    def _organization(self, request: Request) -> Organization:
        found = self.named.get(request.params["org"])
        if found is None or request.principal not in found.members:
            raise Refusal(self._server.absent(request))
        return found

    def _selected(self, request: Request, path: str) -> list[dict[str, Any]]:
        found = self._organization(request).selected.get(path)
        if found is None:
            raise Refusal(self._server.absent(request))
        return [{"full_name": name} for name in found]

    def _refuse_users(self, request: Request) -> None:
        """GitHub tells of tokens to Apps alone."""
        if request.principal not in self._server.installations:
            raise Refusal(self._server.forbidden(request, "organization_personal_access_tokens"))
