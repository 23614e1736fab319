"""What is the own of retirements on GitHub: what people do by hand, namesakes, repositories that are not seen."""

from __future__ import annotations

import pytest

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.lifecycle.adapters.github.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence
from tests.conformance.decommission.github_world import GitHubRetirementWorld
from tests.conformance.discovery.github_world import ACME, USED


@pytest.fixture
def world(github_retirement_world: GitHubRetirementWorld) -> GitHubRetirementWorld:
    return github_retirement_world


@pytest.mark.parametrize(
    ("kind", "advice"),
    [("github-app-installation", "settings, at 'GitHub Apps'"), ("repository-workflows", "actions/permissions")],
)
def test_what_an_organisation_cannot_do_by_its_api_is_told_and_not_done(
    world: GitHubRetirementWorld, kind: str, advice: str
) -> None:
    planted = world.plant(kind)
    before = planted.documents()
    retirement = world.retirement()
    assert retirement.look(planted.target).presence is Presence.ALIVE
    with pytest.raises(CannotDisable, match=advice):
        retirement.undo_of(planted.target)
    with pytest.raises(NhiError, match=advice):
        retirement.delete(planted.target)
    assert planted.documents() == before


def test_a_secret_that_was_made_anew_under_its_name_is_another(world: GitHubRetirementWorld) -> None:
    planted = world.plant("dependabot-secret")
    repository = planted.target.name.partition(" ")[0]
    (held,) = world.double.organizations.details[repository].dependabot
    held["created_at"] = "2026-01-01T00:00:00Z"
    retirement = world.retirement()
    assert retirement.look(planted.target).presence is Presence.OTHER
    assert list(retirement.delete(planted.target)) == []
    assert world.double.organizations.details[repository].dependabot == [held]
    with pytest.raises(NhiError, match="got none with the unique id"):
        retirement.mark(planted.target, "dc-1", "noticed")


@pytest.mark.parametrize("kind", ["deploy-key", "actions-secret"])
def test_what_is_in_a_repository_that_is_not_seen_is_not_called_gone(world: GitHubRetirementWorld, kind: str) -> None:
    target = world.plant(kind).target
    world.double.api.repositories[target.name.partition(" ")[0]].readers.clear()
    for ask in (world.retirement().look, world.retirement().delete):
        with pytest.raises(SystemUnreachable, match="not there, or not for this token"):
            ask(target)


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        ("deploy-key", "administration:write"),
        ("dependabot-secret", "dependabot_secrets:write"),
        ("organization-actions-secret", "organization_secrets:write"),
        ("personal-access-token", "organization_personal_access_tokens:write"),
    ],
)
def test_a_missing_permission_is_named_and_nothing_is_removed(
    world: GitHubRetirementWorld, kind: str, permission: str
) -> None:
    planted = world.plant(kind)
    before = planted.documents()
    world.double.deny("reader-of-all", permission)
    with pytest.raises(SystemUnreachable, match=permission):
        world.retirement().delete(planted.target)
    assert planted.documents() == before


def test_users_are_told_that_only_apps_see_tokens(world: GitHubRetirementWorld) -> None:
    target = world.plant("personal-access-token").target
    retirement = world.retirement_with(world.found.user("dana"))
    with pytest.raises(SystemUnreachable, match="organization_personal_access_tokens:read"):
        retirement.look(target)


def test_a_rate_limit_is_told_so(world: GitHubRetirementWorld) -> None:
    target = world.plant("deploy-key").target
    world.double.remaining = 0
    with pytest.raises(SystemUnreachable, match="rate limit"):
        world.retirement().look(target)


def test_last_uses_and_ends_are_told(world: GitHubRetirementWorld) -> None:
    key, token = world.plant("deploy-key").target, world.plant("personal-access-token").target
    for target in (key, token):
        standing = world.retirement().look(target)
        assert (standing.presence, standing.used_at, standing.dependents) == (Presence.ALIVE, USED, ())
    world.double.organizations.details[key.name.partition(" ")[0]].keys[0]["enabled"] = False
    for each in world.double.organizations.named[ACME].tokens:
        each["token_expired"] = True
    for target in (key, token):
        assert world.retirement().look(target).presence is Presence.DISABLED


def test_whose_workflows_may_read_a_secret_is_told(world: GitHubRetirementWorld) -> None:
    target = world.plant("environment-secret").target
    (told,) = world.retirement().look(target).dependents
    assert told == f"repository {world.found.key('repos/' + target.name.partition(' ')[0])}"


def test_a_connection_reaches_the_organisations_that_it_names_or_all_of_that_github(
    world: GitHubRetirementWorld,
) -> None:
    host, retirement = world.found.key("").rstrip("/"), world.retirement()
    assert [retirement.reaches(f"{host}/{each}") for each in (ACME, "other")] == [True, False]
    unnamed = Retirement("default", GitHubConnection(endpoint=world.double.url))
    assert [unnamed.reaches(each) for each in (f"{host}/other", "api.github.com/other")] == [True, False]
