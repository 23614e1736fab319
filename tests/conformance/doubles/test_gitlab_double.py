"""The double of GitLab, asked by python-gitlab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gitlab import Gitlab
from gitlab.exceptions import GitlabAuthenticationError, GitlabCreateError, GitlabGetError, GitlabUpdateError

from tools.doubles.gitlab import MAINTAINER, GitLabDouble

PATH = "acme/shop/orders"


@pytest.fixture
def double() -> Iterator[GitLabDouble]:
    with GitLabDouble() as double:
        double.grant("a-token", "dana")
        double.api.add_project(PATH, dana=MAINTAINER)
        double.api.add_project("acme/read-only", dana=20)
        double.api.add_project("acme/hidden")
        yield double


@pytest.fixture
def gitlab(double: GitLabDouble) -> Gitlab:
    return Gitlab(double.url, private_token="a-token")


def test_a_variable_lives_through_its_verbs(gitlab: Gitlab) -> None:
    variables = gitlab.projects.get(PATH).variables
    made = variables.create({"key": "TOKEN", "value": "long-enough", "masked": True, "raw": True, "description": "one"})
    assert (made.value, made.masked, made.hidden, made.description) == ("long-enough", True, False, "one")
    variables.update("TOKEN", {"value": "another-long", "protected": True})
    found = variables.get("TOKEN")
    assert (found.value, found.protected, found.description) == ("another-long", True, "one")
    variables.delete("TOKEN")
    with pytest.raises(GitlabGetError, match="404 Variable Not Found"):
        variables.get("TOKEN")


def test_what_is_hidden_is_never_shown_and_stays_masked(gitlab: Gitlab) -> None:
    variables = gitlab.projects.get(PATH).variables
    made = variables.create({"key": "TOKEN", "value": "long-enough", "masked_and_hidden": True})
    assert (made.value, made.masked, made.hidden) == (None, True, True)
    with pytest.raises(GitlabUpdateError, match="not allowed on updates for hidden"):
        variables.update("TOKEN", {"masked": False})
    assert variables.list(get_all=True)[0].value is None


@pytest.mark.parametrize("value", ["short", "with a space", "two\nlines long", ""])
def test_what_can_not_be_masked_is_refused(gitlab: Gitlab, value: str) -> None:
    asked = {"key": "TOKEN", "value": value, "masked": True, "raw": True}
    with pytest.raises(GitlabCreateError, match="is invalid") as caught:
        gitlab.projects.get(PATH).variables.create(asked)
    assert caught.value.response_code == 400


def test_expanded_values_take_fewer_characters(gitlab: Gitlab) -> None:
    variables = gitlab.projects.get(PATH).variables
    variables.create({"key": "RAW", "value": "has$dollars!", "masked": True, "raw": True})
    with pytest.raises(GitlabCreateError, match="is invalid"):
        variables.create({"key": "EXPANDED", "value": "has$dollars!", "masked": True})


def test_scopes_keep_variables_of_one_key_apart(gitlab: Gitlab) -> None:
    variables = gitlab.projects.get(PATH).variables
    for scope in ("prod/*", "test"):
        variables.create({"key": "TOKEN", "value": scope, "environment_scope": scope})
    with pytest.raises(GitlabGetError, match="multiple variables"):
        variables.get("TOKEN")
    assert variables.get("TOKEN", filter={"environment_scope": "prod/*"}).value == "prod/*"
    with pytest.raises(GitlabCreateError, match="has already been taken"):
        variables.create({"key": "TOKEN", "value": "again", "environment_scope": "test"})


def test_long_descriptions_are_refused(gitlab: Gitlab) -> None:
    with pytest.raises(GitlabCreateError, match="too long"):
        gitlab.projects.get(PATH).variables.create({"key": "A", "value": "b", "description": "d" * 256})


def test_projects_are_listed_by_role_and_page_by_page(double: GitLabDouble, gitlab: Gitlab) -> None:
    assert len(gitlab.projects.list(membership=True, get_all=True)) == 2
    for number in range(30):
        double.api.add_project(f"acme/p{number}", dana=MAINTAINER)
    assert len(gitlab.projects.list(membership=True, min_access_level=40, per_page=10, get_all=True)) == 31


def test_strangers_and_those_who_may_not_are_refused(double: GitLabDouble, gitlab: Gitlab) -> None:
    with pytest.raises(GitlabAuthenticationError):
        Gitlab(double.url, private_token="unknown").auth()
    with pytest.raises(GitlabGetError, match="404 Project Not Found"):
        gitlab.projects.get("acme/hidden")
    with pytest.raises(GitlabGetError, match="403 Forbidden"):
        gitlab.projects.get("acme/read-only").variables.get("TOKEN")


def test_a_job_s_token_has_a_header_of_its_own(double: GitLabDouble) -> None:
    double.jobs.add("runner")
    double.grant("job-token", "runner")
    job = Gitlab(double.url, job_token="job-token")
    assert job.http_get("/job")["user"]["username"] == "runner"  # type: ignore[call-overload,index] # plain data
    with pytest.raises(GitlabAuthenticationError):
        Gitlab(double.url, job_token="a-token").http_get("/job")
