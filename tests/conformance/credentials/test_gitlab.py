"""What is GitLab's own: masking, hiding, descriptions, scopes, roles, what a change by hand does not show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nhi_components.core.connection import GitLabConnection
from nhi_components.core.credential.places import GitLabVariablePlace
from nhi_components.core.credential.sources import CommandSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gitlab.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import Material, NoSuchKind, NotSearchable, Place
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.gitlab_world import PROJECT, SCOPE, VARIABLES, GitLabVariableWorld
from tools.doubles.gitlab import MAINTAINER
from tools.doubles.messages import Answer

BOT = "project_1_bot"


@pytest.fixture
def world(setting: Setting) -> GitLabVariableWorld:
    return GitLabVariableWorld(setting)


@pytest.fixture
def place(world: GitLabVariableWorld, tags: LeaseTags) -> Place:
    return world.open().place(world.place(tags))


def test_variables_are_hidden_masked_raw_and_protected(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags
) -> None:
    place.write(tags, world.material("KEY 1%"))
    for variable in world.project.variables.values():
        assert [variable[flag] for flag in ("hidden", "masked", "raw", "protected")] == [True] * 4
        assert (variable["variable_type"], variable["environment_scope"]) == ("env_var", SCOPE)
        assert tags.lease in variable["description"]
        assert len(variable["description"]) <= 255
    held = place.find()
    assert held is not None
    assert held.key_id == "KEY 1%"


@pytest.mark.parametrize("value", ["short", "-----BEGIN KEY-----\nMIIB\n-----END KEY-----", "with a space in it", ""])
def test_what_can_not_be_masked_is_refused_before_anything_is_written(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags, value: str
) -> None:
    with pytest.raises(NhiError, match=r"can't mask for secret_id.*fix: ") as caught:
        place.write(tags, Material("KEY1", {"role_id": "long-enough", "secret_id": value}))
    assert not value or value not in str(caught.value)
    assert world.project.variables == {}


def test_a_flag_or_a_variable_made_anew_by_hand_shows(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags
) -> None:
    held = place.write(tags, world.material("KEY1"))
    variable = world.project.variables["VAULT_ROLE_ID", SCOPE]
    variable["protected"] = False
    unprotected = place.find()
    variable |= {"protected": True, "description": "made anew"}
    anew = place.find()
    del world.project.variables["VAULT_ROLE_ID", SCOPE]
    gone = place.find()
    assert unprotected is not None
    assert anew is not None
    assert gone is not None
    assert len({held.version, unprotected.version, anew.version, gone.version}) == 4
    assert (anew.key_id, gone.key_id) == (None, None)


def test_a_value_written_over_by_hand_does_not_show_but_the_next_write_mends_it(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags
) -> None:
    """The limit that the place's documentation states; this test tells when GitLab lifts it."""
    material = world.material("KEY1")
    held = place.write(tags, material)
    world.project.variables["VAULT_SECRET_ID", SCOPE]["value"] = "written-over-by-hand"
    assert place.find() == held
    place.write(tags, material)
    assert world.values(world.place(tags)) == material.fields


def test_scopes_are_kept_apart(world: GitLabVariableWorld, place: Place, tags: LeaseTags) -> None:
    other = GitLabVariablePlace(project=PROJECT, environment_scope="test", variables=VARIABLES, protected=False)
    first, second = world.material("KEY1"), world.material("KEY2")
    place.write(tags, first)
    world.open().place(other).write(tags, second)
    found = world.open().search(tags.lease)
    assert {link.name for link in found} == {place.spec.address, other.address}
    assert {link.attributes["spec"] for link in found} == {
        each.link().attributes["spec"] for each in (world.place(tags), other)
    }
    place.remove(tags.lease)
    assert {scope for _, scope in world.project.variables} == {"test"}


def test_ours_beside_somebody_else_s_is_removed_and_theirs_is_not(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags
) -> None:
    place.write(tags, world.material("KEY1"))
    del world.project.variables["VAULT_SECRET_ID", SCOPE]
    world.put_namesake(world.place(tags))
    held = place.find()
    assert held is not None
    assert held.lease == tags.lease
    with pytest.raises(NhiError, match=r"VAULT_SECRET_ID, which bears no lease.*fix: "):
        place.remove(tags.lease)
    assert [key for key, _ in world.project.variables] == ["VAULT_SECRET_ID"]


def test_an_empty_variable_without_a_lease_may_be_taken(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags
) -> None:
    world._put("VAULT_ROLE_ID", "")
    held = place.find()
    assert held is not None
    assert held.version == ""
    assert place.write(tags, world.material("KEY1"), "").lease == tags.lease


def test_a_gitlab_that_keeps_no_descriptions_is_refused_and_nothing_stays(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags
) -> None:
    world.double.keeps_descriptions = False
    with pytest.raises(NhiError, match=r"GitLab 16\.2"):
        place.write(tags, world.material("KEY1"))
    assert world.project.variables == {}


def test_ids_that_are_too_long_for_a_description_are_told(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags
) -> None:
    with pytest.raises(NhiError, match=r"255.*fix: "):
        place.write(tags, replace(world.material("KEY1"), key_id="k" * 200))
    assert world.project.variables == {}


def test_a_refusal_that_quotes_a_value_is_not_shown(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = world.material("KEY1")
    for why, shown in ((f"blocked: {material.fields['role_id']}", False), ("the quota is used up", True)):
        monkeypatch.setattr(world.double, "busy", lambda *_, why=why: Answer(400, {"message": why}))
        world.double.fail(400, target="POST ", times=1)
        with pytest.raises(NhiError, match=r"400, POST .*fix: ") as caught:
            place.write(tags, material)
        assert (why in str(caught.value)) is shown


def test_a_project_that_is_not_seen_is_not_called_empty(world: GitLabVariableWorld, tags: LeaseTags) -> None:
    place = world.open().place(GitLabVariablePlace(project="acme/hidden", variables=VARIABLES))
    for use in (place.find, lambda: place.write(tags, world.material("KEY1")), lambda: place.remove(tags.lease)):
        with pytest.raises(SystemUnreachable, match="404 Project Not Found"):
            use()


def test_the_role_must_be_enough(world: GitLabVariableWorld, place: Place) -> None:
    world.project.members[BOT] = 30
    with pytest.raises(SystemUnreachable, match="403") as caught:
        place.find()
    assert "Maintainer" in caught.value.problem.fix


def test_projects_whose_variables_may_not_be_listed_make_a_search_incomplete(
    world: GitLabVariableWorld, place: Place, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(tags, world.material("KEY1"))
    for number in range(25):
        world.double.api.add_project(f"acme/p{number}", **{BOT: MAINTAINER})
    world.double.api.add_project("acme/guest", **{BOT: 10})
    assert [link.name for link in world.open().search(tags.lease)] == [place.spec.address]
    monkeypatch.setattr("tools.doubles.gitlab.MAINTAINER", 50)
    with pytest.raises(NotSearchable, match="fix: "):
        world.open().search(tags.lease)


def test_a_job_s_token_speaks_for_its_user(world: GitLabVariableWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.double.jobs.add("dana")
    monkeypatch.setenv("CI_JOB_TOKEN", world.double.grant("a-job-s", "dana"))
    system = Credentials("default", GitLabConnection(endpoint=world.double.url, token_variable="CI_JOB_TOKEN"))
    assert system.caller().principal == "a job of dana"


def test_a_missing_token_is_told(world: GitLabVariableWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITLAB_TOKEN")
    with pytest.raises(SystemUnreachable, match="GITLAB_TOKEN is not set"):
        world.open().caller()


def test_it_is_no_source(world: GitLabVariableWorld) -> None:
    with pytest.raises(NoSuchKind):
        world.open().source(CommandSource(command=("true",), account="orders"))
