"""The double of GitHub, asked by PyGithub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from github import Auth, Github, GithubException, RateLimitExceededException, UnknownObjectException

from tools.doubles.github import GitHubDouble


@pytest.fixture
def double() -> Iterator[GitHubDouble]:
    with GitHubDouble() as double:
        double.grant("a-token", "dana")
        double.api.add_repository("acme/orders", "dana", environments=("prod",))
        double.api.add_repository("acme/hidden")
        yield double


TOKEN = "a-token"


def _github(double: GitHubDouble, token: str = TOKEN) -> Github:
    pauses = {"seconds_between_requests": None, "seconds_between_writes": None}
    return Github(auth=Auth.Token(token), base_url=double.url, retry=None, **pauses)


def test_a_secret_is_written_encrypted_and_never_shown(double: GitHubDouble) -> None:
    repository = _github(double).get_repo("acme/orders")
    repository.create_secret("db_password", "correct horse ü")
    kept = double.api.repositories["acme/orders"].secrets
    assert {name: secret.value for name, secret in kept.items()} == {"DB_PASSWORD": "correct horse ü"}
    told = repository.get_secret("DB_PASSWORD")
    assert (told.name, told.updated_at.microsecond) == ("DB_PASSWORD", 0)
    assert "correct" not in str(told.raw_data)
    assert [secret.name for secret in repository.get_secrets()] == ["DB_PASSWORD"]
    before = told.updated_at
    double.ahead += timedelta(seconds=2)
    repository.create_secret("DB_PASSWORD", "battery")
    after = repository.get_secret("DB_PASSWORD")
    assert after.updated_at > before
    assert after.created_at == told.created_at
    assert repository.delete_secret("DB_PASSWORD")
    with pytest.raises(UnknownObjectException):
        repository.get_secret("DB_PASSWORD")


def test_an_environment_has_secrets_of_its_own(double: GitHubDouble) -> None:
    repository = _github(double).get_repo("acme/orders")
    environment = repository.get_environment("prod")
    environment.create_secret("TOKEN", "value")
    assert [secret.name for secret in environment.get_secrets()] == ["TOKEN"]
    assert list(repository.get_secrets()) == []
    assert [each.name for each in repository.get_environments()] == ["prod"]
    with pytest.raises(UnknownObjectException):
        repository.get_environment("nowhere")


def test_another_key_or_a_forbidden_name_is_refused(double: GitHubDouble) -> None:
    where = f"{double.url}/repos/acme/orders/actions/secrets"
    headers = {"Authorization": "Bearer a-token"}
    body = {"key_id": "1", "encrypted_value": "YQ=="}
    assert requests.put(f"{where}/A", json=body, headers=headers, timeout=5).status_code == 422
    body["key_id"] = double.api.repositories["acme/orders"].key_id
    assert requests.put(f"{where}/A", json=body, headers=headers, timeout=5).status_code == 422
    with pytest.raises(GithubException) as caught:
        _github(double).get_repo("acme/orders").create_secret("GITHUB_TOKEN", "value")
    assert caught.value.status == 422


def test_strangers_and_those_who_may_not_are_refused(double: GitHubDouble) -> None:
    with pytest.raises(GithubException, match="Bad credentials"):
        _github(double, "unknown").get_user().login  # noqa: B018 - it is asked for when it is read
    with pytest.raises(UnknownObjectException):
        _github(double).get_repo("acme/hidden")
    double.deny("dana", "secrets")
    with pytest.raises(GithubException, match="Resource not accessible by personal access token") as caught:
        _github(double).get_repo("acme/orders").get_public_key()
    assert caught.value.status == 403


def test_the_rate_limit_is_told_and_holds(double: GitHubDouble) -> None:
    github = _github(double)
    assert github.get_user().login == "dana"
    assert github.rate_limiting[0] < github.rate_limiting[1] == 5000
    double.remaining = 0
    with pytest.raises(RateLimitExceededException):
        github.get_repo("acme/orders")
