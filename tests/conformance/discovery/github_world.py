"""GitHub for the suite of discoveries: its double, asked as an App's installation."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import timedelta

import pytest

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.inventory.records import (
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    Knowledge,
    Record,
    Subject,
    Use,
)
from nhi_components.lifecycle.adapters.github.discovery import Discovery
from nhi_components.lifecycle.adapters.github.discovery_policy import policy
from tests.conformance.discovery.world import Planted
from tests.conformance.world import now
from tools.doubles.github import GitHubDouble
from tools.doubles.github_answers import written
from tools.doubles.github_organizations import MADE

ACME = "acme"
CODEOWNERS = "# who reviews\n* @acme/payments dana@example.com\n/docs/ @acme/writers\n"
USED = MADE + timedelta(days=30)
ENDS = MADE + timedelta(days=365)


class GitHubDiscoveryWorld:
    """An organisation that the suite owns."""

    def __init__(self, double: GitHubDouble, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double, self._environment = double, monkeypatch
        self.organization = double.organizations.named[ACME]
        self.secrets: list[str] = []
        # An installation tells in which organisation it is by the first repository that it sees.
        double.api.add_repository(f"{ACME}/.github", environments=("pages",))
        self.operator = self._caller("reader-of-all")

    def key(self, path: str) -> str:
        return f"{self.double.url.removeprefix('http://')}/{path}"

    def plant(self) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        full, details = f"{ACME}/{name}", self.double.organizations.details[f"{ACME}/{name}"]
        principals = tuple(self.organization.members)
        made = self.double.api.add_repository(full, *principals, environments=("prod/eu", "Stage"))
        details.facts = {"topics": ["team-shop", "python"], "description": "ships orders"}
        details.files = {".github/CODEOWNERS": CODEOWNERS, "CODEOWNERS": "* @acme/nobody\n"}
        details.teams = [{"slug": "platform", "permission": "admin"}, {"slug": "readers", "permission": "pull"}]
        details.subject = {"use_default": False, "include_claim_keys": ["repo", "environment"]}
        repository = self.key(f"repos/{full}")
        identities, records = {repository: str(made.id)}, self._owned(repository, full)
        records += [
            Knowledge(repository, Subject.PURPOSE, "ships orders", f"description of {full}"),
            FoundDocument(repository, "OIDC subject template", full, json.dumps(details.subject, sort_keys=True)),
        ]
        for each, told in (self._deploy_key(full), self._app(), self._token(full)):
            identities |= each
            records += told
        records += self._secrets(full)
        return Planted(identities, records)

    def _owned(self, key: str, full: str) -> list[Record]:
        file = f".github/CODEOWNERS of {full}"
        said = {
            ("@acme/payments", file),
            ("dana@example.com", file),
            ("@acme/platform", f"administering team of {full}"),
            ("shop", f"topic team-shop of {full}"),
        }
        return [Knowledge(key, Subject.OWNER, who, source) for who, source in said]

    def _deploy_key(self, full: str) -> tuple[dict[str, str], list[Record]]:
        number, keys = secrets.randbelow(10**9), self.double.organizations.details[full].keys
        facts = {"id": number, "title": "deployer", "key": "ssh-ed25519 AAAA", "read_only": False, "enabled": True}
        keys.append({**facts, "created_at": written(MADE), "last_used": written(USED), "added_by": "dana"})
        key = self.key(f"repos/{full}/keys/{number}")
        use = Use(USED, watched_since=MADE)
        return {key: str(number)}, [
            FoundCredential(key, "deploy-key", str(number), MADE, use=use),
            FoundGrant(key, "contents:write", self.key(f"repos/{full}"), via="deploy key"),
            Knowledge(key, Subject.OWNER, "@dana", "who added the deploy key"),
            *self._owned(key, full),
        ]

    def _app(self) -> tuple[dict[str, str], list[Record]]:
        number = secrets.randbelow(10**9)
        permissions = {"contents": "read", "organization_secrets": "write"}
        facts = {"id": number, "app_id": 7, "app_slug": f"releaser-{number}", "repository_selection": "all"}
        made = {"created_at": written(MADE), "suspended_at": None, "permissions": permissions}
        self.organization.installations.append({**facts, **made})
        key = self.key(f"orgs/{ACME}/installations/{number}")
        return {key: str(number)}, [
            FoundGrant(key, "contents:read", "all repositories of acme", via="installation"),
            FoundGrant(key, "organization_secrets:write", self.key(f"orgs/{ACME}"), via="installation"),
        ]

    def _token(self, full: str) -> tuple[dict[str, str], list[Record]]:
        number = secrets.randbelow(10**9)
        held = {"repository": {"contents": "write"}, "organization": {"members": "read"}}
        facts = {"id": number, "owner": {"login": "dana"}, "token_id": number + 1, "token_name": f"ci {number}"}
        dates = {
            "access_granted_at": written(MADE),
            "token_expires_at": written(ENDS),
            "token_last_used_at": written(USED),
        }
        limits = {"repository_selection": "subset", "permissions": held, "token_expired": False}
        self.organization.tokens.append({**facts, **dates, **limits})
        self.organization.selected[f"personal-access-tokens/{number}"] = [full]
        key = self.key(f"orgs/{ACME}/personal-access-tokens/{number}")
        use = Use(USED, watched_since=MADE)
        return {key: str(number)}, [
            FoundCredential(key, "fine-grained-token", str(number + 1), None, ENDS, use=use),
            FoundGrant(key, "contents:write", self.key(f"repos/{full}"), via="token"),
            FoundGrant(key, "members:read", self.key(f"orgs/{ACME}"), via="token"),
            Knowledge(key, Subject.OWNER, "@dana", "whose token it is"),
        ]

    def _secrets(self, full: str) -> list[Record]:
        """One of each kind; the organisation's once for all repositories, once for one of them."""
        organizations, repository = self.double.organizations, self.double.api.repositories[full]
        value, name = secrets.token_urlsafe(16), f"KEY_{secrets.token_hex(3)}".upper()
        self.secrets.append(value)
        for holder in (repository, repository.environments["prod/eu"]):
            self.double.api.write(holder, name, value)
        organizations.details[full].dependabot.append(organizations.secret(name))
        of_organization = self.organization.secrets
        of_organization["actions"].append(organizations.secret(name, visibility="selected"))
        of_organization["dependabot"].append(organizations.secret(name, visibility="private"))
        self.organization.selected[f"actions/secrets/{name}"] = [full]
        known, at = self.key(f"repos/{full}"), MADE.replace(day=2)
        key, low = self.key(f"orgs/{ACME}"), name.lower()
        paths = ("actions/secrets", "dependabot/secrets", "environments/prod%2feu/secrets")
        held = [f"{known}/{path}/{low}" for path in paths]
        written_at = repository.secrets[name].updated_at
        return [
            *(FoundDependent(each, "repository", known) for each in held),
            *(record for each in held for record in self._owned(each, full)),
            FoundCredential(held[0], "actions-secret", name, written_at),
            FoundCredential(held[1], "dependabot-secret", name, at),
            FoundCredential(f"{key}/actions/secrets/{low}", "organization-actions-secret", name, at),
            FoundDependent(f"{key}/actions/secrets/{low}", "repository", known),
            FoundDependent(f"{key}/dependabot/secrets/{low}", "repositories", "private repositories of acme"),
            FoundDocument(key, "OIDC subject template", ACME, '{"include_claim_keys": ["repo", "context"]}'),
        ]

    def changed(self) -> list[str]:
        return [f"{each.method} {each.target}" for each in self.double.log if each.method != "GET"]

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self.discovery_with(self.operator, () if everywhere else (ACME,))

    def permissions_in(self, policy: str) -> set[str]:
        (permissions,) = json.loads(policy).values()
        return {f"{name}:{level}" for name, level in permissions.items()}

    def discovery_of(self, permissions: Iterable[str]) -> Discovery:
        name = f"reader-{secrets.token_hex(3)}"
        token = self._caller(name)
        for missing in self.permissions_in(policy()) - {*permissions}:
            self.double.deny(name, missing.removesuffix(":read"))
        return self.discovery_with(token, (ACME,))

    def discovery_of_nobody(self) -> Discovery:
        return self.discovery_with("a-token-of-nobody", (ACME,))

    def discovery_with(self, token: str, organizations: tuple[str, ...]) -> Discovery:
        """A discovery by whoever has a token, which is read from a variable of its own."""
        variable = f"GITHUB_TOKEN_{secrets.token_hex(4)}".upper()
        self.secrets.append(token)
        self._environment.setenv(variable, token)
        settings = GitHubConnection(endpoint=self.double.url, token_variable=variable, organizations=organizations)
        return Discovery("default", settings, now)

    def _caller(self, name: str, *, installation: bool = True) -> str:
        """Let somebody in, and give the token."""
        token = secrets.token_urlsafe(24)
        if installation:
            self.double.installations.add(name)
        self.organization.members.add(name)
        for repository in self.double.api.repositories.values():
            repository.readers.add(name)
        return self.double.grant(token, name)

    def user(self, name: str) -> str:
        """Let a user in, and give the token."""
        return self._caller(name, installation=False)
