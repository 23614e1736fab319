"""What GitHub's web hooks and audit logs say: which sections of discovery are stale.

Sources: GitHub documentation, 'Webhook events and payloads'; 'Audit log events for your organization'. No event says
which secret was set: of those only the audit log tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from nhi_components.core.links import System
from nhi_components.lifecycle.events.ports import (
    NOTHING,
    Event,
    Told,
    Unreadable,
    listed,
    required,
    text_in,
)

_LISTS: Final = ("organizations",)
_ALL: Final = ("*",)
_OWNERS: Final = ("owners",)
_HOOKS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "deploy_key": ("deploy-keys",),
        "installation": ("installations",),
        "installation_repositories": ("installations",),
        "installation_target": ("installations",),
        "github_app_authorization": ("installations",),
        "personal_access_token_request": ("tokens",),
        "member": _OWNERS,
        "membership": _OWNERS,
        "organization": _OWNERS,
        "team": _OWNERS,
        "team_add": _OWNERS,
        "push": ("repositories", "owners"),
        "repository": _ALL,
        "repository_import": _ALL,
        "public": _ALL,
    }
)
"""Events of web hooks, by the parts of an organisation that they make stale."""
IRRELEVANT: Final = frozenset(
    {
        *("ping", "meta", "star", "watch", "fork", "gollum", "milestone", "label", "sponsorship", "package", "status"),
        *("issues", "issue_comment", "issue_dependencies", "sub_issues", "discussion", "discussion_comment", "release"),
        *("pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread"),
        *("check_run", "check_suite", "workflow_run", "workflow_job", "workflow_dispatch", "repository_dispatch"),
        *("deployment", "deployment_status", "deployment_review", "page_build", "merge_group", "commit_comment"),
        *("code_scanning_alert", "secret_scanning_alert", "secret_scanning_alert_location", "dependabot_alert"),
        *("repository_advisory", "repository_vulnerability_alert", "security_advisory", "security_and_analysis"),
        *("project", "project_card", "project_column", "projects_v2", "projects_v2_item", "branch_protection_rule"),
        *("branch_protection_configuration", "repository_ruleset", "registry_package", "marketplace_purchase"),
        *("create", "delete", "org_block", "custom_property", "custom_property_values", "secret_scanning_scan"),
    }
)
"""Events of web hooks that change nothing that discovery reads; of branches and tags, `push` tells as well."""
_WATCHED: Final = (".github/", "CODEOWNERS", "docs/CODEOWNERS")
"""What of a repository discovery reads."""
_COMMITS_TOLD: Final = 2048
"""Commits of a push that are told; of one with more, not all ('Webhook events and payloads', push)."""
_LOGGED: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("public_key.", ("deploy-keys",)),
    ("deploy_key.", ("deploy-keys",)),
    ("integration_installation", ("installations",)),
    ("integration.", ("installations",)),
    ("personal_access_token.", ("tokens",)),
    ("team.", _OWNERS),
    ("org.add_member", _OWNERS),
    ("org.remove_member", _OWNERS),
    ("org.update_member", _OWNERS),
    ("environment.", ("environment-secrets", "subjects")),
    ("workflows.", ()),
    ("git.", ()),
    ("pull_request", ()),
    ("issue", ()),
    ("protected_branch.", ()),
    ("copilot.", ()),
    ("billing.", ()),
    ("api.", ()),
)
"""Actions of the audit log by how they begin, the first that fits; any other makes all of its organisation stale."""


def of_hook(name: str, delivery: str, body: Mapping[str, Any], now: datetime) -> Told:
    """Tell what a web hook says.

    Args:
        name: of the event, from the header X-GitHub-Event.
        delivery: from the header X-GitHub-Delivery; the same when it is delivered again.
        body: the payload.
        now: when it came, as payloads bear no time of their own.

    Raises:
        Unreadable: it names no organisation.
    """
    parts = _HOOKS.get(name, () if name in IRRELEVANT else _ALL)
    if not parts or (name == "push" and not _touches(body)):
        return NOTHING
    owner = text_in(body, "organization", "login") or text_in(body, "installation", "account", "login")
    owner = owner or required(body, "repository", "owner", "login")
    what = ".".join(filter(None, (name, text_in(body, "action"))))
    return Told((Event(System.GITHUB, "", delivery, now, what, _of(parts, owner), _LISTS),))


def told(record: Mapping[str, Any], _: str = "") -> Told:
    """Tell what an entry of an organisation's audit log says, as the API gives it and streams deliver it.

    Raises:
        Unreadable: it is none.
    """
    action, organization, at = required(record, "action"), text_in(record, "org"), record.get("@timestamp")
    if not isinstance(at, int):
        raise Unreadable("@timestamp: no number, expected milliseconds since 1970")
    parts = next((parts for beginning, parts in _LOGGED if action.startswith(beginning)), _ALL)
    if not parts:
        return NOTHING
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    sections = _of(parts, organization) if organization else _ALL
    return Told((Event(System.GITHUB, "", required(record, "_document_id"), moment, action, sections, _LISTS),))


def _of(parts: tuple[str, ...], organization: str) -> tuple[str, ...]:
    login = organization if organization else "*"
    return tuple(f"{part}/{login}{rest}" for part in parts for rest in ("", "/*"))


def _touches(push: Mapping[str, Any]) -> bool:
    """Tell whether a push changes what discovery reads; one that does not tell all its commits is taken to."""
    commits = listed(push.get("commits"))
    if not commits or len(commits) >= _COMMITS_TOLD:
        return not push.get("deleted", False)
    changed = (
        str(file)
        for commit in commits
        if isinstance(commit, Mapping)
        for kind in ("added", "removed", "modified")
        for file in listed(commit.get(kind))
    )
    return any(file.startswith(_WATCHED) for file in changed)
