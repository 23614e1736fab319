"""GitHub: repositories, deploy keys, Apps, tokens and secrets of one organisation on the double.

No stack or state declares any of these, and none bears a lease: all are shadows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from tools.doubles.github import GitHubDouble
from tools.doubles.github_answers import written
from tools.estate.truth import (
    ADMINISTRATOR,
    ANN,
    DUPLICATE,
    ENDLESS,
    ESCALATING,
    OLD_90,
    OLD_180,
    OLD_365,
    OWNER_LEFT,
    PAYMENTS,
    SHADOW,
    UNOWNED,
    UNUSED_30,
    UNUSED_60,
    UNUSED_90,
    WILDCARD,
    Ledger,
    Told,
)

ACME: Final = "acme"


class GitHubEstate:
    """Plants one organisation.

    Args:
        double: the double.
        ledger: takes what is planted.
    """

    def __init__(self, double: GitHubDouble, ledger: Ledger) -> None:
        self.double, self._ledger, self._numbers = double, ledger, count(1)
        self.organization = double.organizations.named[ACME]
        self.token = double.grant("the-readers-token", "reader")
        double.installations.add("reader")
        self.organization.members.add("reader")

    def key(self, path: str) -> str:
        """Give the key of what is at a path of the API."""
        return f"{self.double.url.removeprefix('http://')}/{path}"

    def repository(self, name: str, *told: Told, owners: str = f"* {PAYMENTS}\n", **about: Any) -> str:
        """Make a repository, whose workflows are an identity; give its key."""
        full = f"{ACME}/{name}"
        self.double.api.add_repository(full, "reader")
        if owners:
            self.double.organizations.details[full].files = {"CODEOWNERS": owners}
        return self._plant(f"repos/{full}", *told, **about)

    def deploy_key(self, name: str, *told: Told, made: int, used: int | None, write: bool = True, **about: Any) -> str:
        """Make a deploy key of a repository, so many days ago."""
        number = next(self._numbers)
        dates = {"created_at": written(_ago(made)), "last_used": written(_ago(used)) if used else None}
        facts = {"id": number, "title": f"key {number}", "key": "ssh-ed25519 AAAA", "read_only": not write}
        keys = self.double.organizations.details[f"{ACME}/{name}"].keys
        keys.append({**facts, **dates, "enabled": True, "added_by": "ann"})
        return self._plant(f"repos/{ACME}/{name}/keys/{number}", *told, **about)

    def app(self, name: str, *told: Told, suspended: bool = False, **permissions: str) -> str:
        """Install an App in all repositories."""
        number = next(self._numbers)
        facts = {"id": number, "app_id": number, "app_slug": name, "repository_selection": "all"}
        dates = {"created_at": written(_ago(400)), "suspended_at": written(_ago(3)) if suspended else None}
        self.organization.installations.append({**facts, **dates, "permissions": permissions})
        return self._plant(f"orgs/{ACME}/installations/{number}", *told, owners=(ANN,))

    def personal(self, login: str, *told: Told, used: int | None, ends: int | None, **permissions: str) -> str:
        """Let a fine-grained token of somebody in, a year ago."""
        number = next(self._numbers)
        facts = {"id": number, "owner": {"login": login}, "token_id": number + 9000, "token_name": f"ci {number}"}
        dates = {
            "access_granted_at": written(_ago(365)),
            "token_expires_at": None if ends is None else written(_ago(-ends)),
            "token_last_used_at": None if used is None else written(_ago(used)),
        }
        held = {"repository": permissions}
        self.organization.tokens.append(
            {**facts, **dates, "repository_selection": "all", "permissions": held, "token_expired": False}
        )
        return self._plant(f"orgs/{ACME}/personal-access-tokens/{number}", *told)

    def secret(self, name: str, *told: Told, written_ago: int) -> str:
        """Write a secret of the organisation, so many days ago."""
        at = written(_ago(written_ago))
        made: Mapping[str, Any] = {"name": name, "created_at": at, "updated_at": at, "visibility": "private"}
        self.organization.secrets["actions"].append(dict(made))
        return self._plant(f"orgs/{ACME}/actions/secrets/{name.lower()}", *told, owners=(ANN,))

    def plant(self) -> None:
        """Plant all that lives in this organisation alone."""
        for number in range(10):
            self.repository(f"library-{number}", SHADOW)
        self.repository("nobodys", SHADOW, UNOWNED, owners="", why="nobody is said to own it")
        self.repository("left", SHADOW, OWNER_LEFT, owners="* @eve\n", why="its code owner has left")
        old, ended = (SHADOW, ENDLESS, OLD_365), (SHADOW, ENDLESS)
        # Two keys that read the same repository do the same.
        self.deploy_key("library-0", *old, DUPLICATE, UNUSED_90, made=500, used=200, write=False, why="old and unused")
        self.deploy_key(
            "library-0", *old, DUPLICATE, UNUSED_60, made=500, used=65, write=False, why="unused for two months"
        )
        self.deploy_key("library-1", *old, UNUSED_30, made=500, used=35, why="unused for a month")
        self.deploy_key("library-1", *ended, OLD_90, made=100, used=1, write=False, why="of a hundred days")
        self.deploy_key("library-2", *ended, OLD_180, made=200, used=1, why="of two hundred days")
        self.deploy_key("library-2", *ended, made=20, used=None, write=False, why="new, and not used yet")
        self.deploy_key("library-3", *ended, made=80, used=29, why="not old, and used not long ago")
        self.app("owns-acme", SHADOW, ADMINISTRATOR, organization_administration="write")
        self.app("makes-owners", SHADOW, ESCALATING, members="write")
        self.app("sets-all", SHADOW, WILDCARD, administration="write")
        self.app("reads-all", SHADOW, contents="read", organization_administration="read", members="read")
        self.personal("ann", SHADOW, used=3, ends=20, metadata="read")
        self.personal("ann", SHADOW, ENDLESS, used=3, ends=None, issues="read")
        self.personal("eve", SHADOW, OWNER_LEFT, used=10, ends=20, metadata="read")
        self.personal("ann", SHADOW, UNUSED_90, used=100, ends=20, actions="read")
        self.secret("NPM_TOKEN", SHADOW, ENDLESS, OLD_365, written_ago=400)
        self.secret("PYPI_TOKEN", SHADOW, ENDLESS, OLD_180, written_ago=180)
        self.secret("NEW_TOKEN", SHADOW, ENDLESS, written_ago=3)

    def _plant(self, path: str, *told: Told, owners: tuple[str, ...] = (), **about: Any) -> str:
        return self._ledger.plant("github", self.key(path), *told, owners=owners, **about)


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
