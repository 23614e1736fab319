"""What is GitHub's own: seconds, sizes, visibility, rotated public keys, rate limits, Apps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nhi_components.core.credential.places import GitHubSecretPlace
from nhi_components.core.credential.sources import CommandSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.credentials.ports import Material, NoSuchKind, Place
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.github_world import ENVIRONMENT, REPOSITORY, VARIABLES, GitHubSecretWorld

USER = "octo-deployer"


@pytest.fixture
def world(setting: Setting) -> GitHubSecretWorld:
    return GitHubSecretWorld(setting)


@pytest.fixture
def place(world: GitHubSecretWorld, tags: LeaseTags) -> Place:
    return world.open().place(world.place(tags))


def test_two_writes_within_a_second_have_different_versions(
    world: GitHubSecretWorld, place: Place, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen, waited = world.double.now().replace(microsecond=300_000), []
    monkeypatch.setattr(world.double, "now", lambda: frozen + timedelta(seconds=sum(waited)))
    monkeypatch.setattr("time.sleep", waited.append)
    held = [place.write(tags, world.material(f"KEY{number}")).version for number in range(3)]
    assert len(set(held)) == 3
    assert [each for each in waited if each] == [1, 1]


def test_a_clock_that_stands_still_is_told(
    world: GitHubSecretWorld, place: Place, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = world.double.now()
    monkeypatch.setattr(world.double, "now", lambda: frozen)
    monkeypatch.setattr("time.sleep", lambda _: None)
    place.write(tags, world.material("KEY1"))
    with pytest.raises(NhiError, match=r"ahead of GitHub's clock.*fix: "):
        place.write(tags, world.material("KEY2"))


def test_only_the_secrets_that_are_named_are_touched(world: GitHubSecretWorld, place: Place, tags: LeaseTags) -> None:
    for number in range(120):
        world.double.api.write(world.repository, f"AAA_{number}", "other")
    place.write(tags, world.material("KEY1"))
    assert len(world.repository.secrets) == 122
    place.remove(tags.lease)
    assert len(world.repository.secrets) == 120


def test_half_of_them_is_another_version(world: GitHubSecretWorld, place: Place, tags: LeaseTags) -> None:
    held = place.write(tags, world.material("KEY1"))
    del world.repository.secrets["AWS_ACCESS_KEY_ID"]
    found = place.find()
    assert found is not None
    assert found.version != held.version
    assert found.version.startswith("AWS_ACCESS_KEY_ID=-,AWS_SECRET_ACCESS_KEY=")


@pytest.mark.parametrize("environment", [None, "prod"])
def test_a_repository_that_is_not_seen_is_not_called_empty(
    world: GitHubSecretWorld, tags: LeaseTags, environment: str | None
) -> None:
    spec = GitHubSecretPlace(repository="acme/hidden", environment=environment, variables=VARIABLES)
    place = world.open().place(spec)
    for use in (place.find, lambda: place.write(tags, world.material("KEY1")), lambda: place.remove(tags.lease)):
        with pytest.raises(SystemUnreachable, match="acme/hidden"):
            use()


def test_an_environment_that_is_gone_holds_nothing(world: GitHubSecretWorld, tags: LeaseTags) -> None:
    gone = world.open().place(GitHubSecretPlace(repository=REPOSITORY, environment="gone", variables=VARIABLES))
    assert gone.find() is None
    gone.remove(tags.lease)
    with pytest.raises(SystemUnreachable, match="environment gone"):
        gone.write(tags, world.material("KEY1"))


def test_an_environment_whose_secrets_are_not_shown_is_not_called_empty(
    setting: Setting, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = GitHubSecretWorld(setting, ENVIRONMENT)
    place = world.open().place(world.place(tags))
    place.write(tags, world.material("KEY1"))
    monkeypatch.setattr(world.double, "busy", lambda request, _: world.double.absent(request))
    world.double.fail(404, target="/secrets")
    for use in (place.find, lambda: place.remove(tags.lease)):
        with pytest.raises(SystemUnreachable, match="environment prod/eu"):
            use()


def test_values_that_are_too_large_are_refused_before_anything_is_written(
    world: GitHubSecretWorld, place: Place, tags: LeaseTags
) -> None:
    large = Material("KEY1", {"access_key_id": "KEY1", "secret_access_key": "x" * (48 * 1024 + 1)})
    with pytest.raises(NhiError, match=r"Aws_Secret_Access_Key.*fix: "):
        place.write(tags, large)
    assert world.repository.secrets == {}


def test_a_field_that_is_none_of_the_credential_s_is_told(
    world: GitHubSecretWorld, place: Place, tags: LeaseTags
) -> None:
    with pytest.raises(NhiError, match="secret_access_key"):
        place.write(tags, Material("KEY1", {"access_key_id": "KEY1"}))


def test_a_name_that_github_keeps_for_itself_is_told(world: GitHubSecretWorld, tags: LeaseTags) -> None:
    spec = GitHubSecretPlace(repository=REPOSITORY, variables={"access_key_id": "GITHUB_KEY"})
    with pytest.raises(NhiError, match=r"422.*fix: "):
        world.open().place(spec).write(tags, world.material("KEY1"))


def test_what_the_token_may_not_do_is_told(world: GitHubSecretWorld, place: Place) -> None:
    world.double.deny(USER, "secrets")
    with pytest.raises(SystemUnreachable, match=r"Resource not accessible") as caught:
        place.find()
    assert "Secrets" in caught.value.problem.fix


def test_a_rate_limit_is_told_and_not_sat_out(world: GitHubSecretWorld, place: Place) -> None:
    world.double.remaining = 0
    with pytest.raises(SystemUnreachable, match="rate limit") as caught:
        place.find()
    assert "resets" in caught.value.problem.fix


def test_an_app_s_installation_is_no_user(world: GitHubSecretWorld) -> None:
    world.double.installations.add(USER)
    assert world.open().caller().principal == "the installation of a GitHub App"


def test_a_missing_token_is_told(world: GitHubSecretWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    with pytest.raises(SystemUnreachable, match="GITHUB_TOKEN is not set"):
        world.open().caller()


def test_it_is_no_source(world: GitHubSecretWorld) -> None:
    with pytest.raises(NoSuchKind):
        world.open().source(CommandSource(command=("true",), account="orders"))
