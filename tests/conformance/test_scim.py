"""What every adapter must do, as far as it applies to users at an identity provider; and what is SCIM's own.

The double was written from the RFCs; the adapter was also run against scim2-server, which others wrote.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nhi_components.core.connection import ScimConnection
from nhi_components.core.credential.accounts import ScimAccount, account_link
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.killing import Killed, Target, kill
from nhi_components.lifecycle.ports import Canary, CutOff, Ownership, Room, SystemAdapter
from tests.conformance.world import new_tags, now
from tools.doubles.scim import ScimDouble

TOKEN = "a-token-of-the-identity-provider"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScimDouble]:
    monkeypatch.setenv("SCIM_TOKEN", TOKEN)
    with ScimDouble() as double:
        double.grant(TOKEN, "provisioner")
        yield double


@pytest.fixture
def adapter(provider: ScimDouble) -> SystemAdapter:
    return opened(provider)


def opened(provider: ScimDouble) -> SystemAdapter:
    return open_adapter(System.SCIM, "default", ScimConnection(endpoint=provider.endpoint))


def link_of(tags: LeaseTags, *, suspended: bool = False, user_name: str | None = None) -> Link:
    return account_link(ScimAccount(user_name=user_name), tags, suspended=suspended)


def other(tags: LeaseTags) -> LeaseTags:
    return replace(tags, lease=new_tags(os.urandom(16)).lease)


def sweep_all(adapter: SystemAdapter, lease_id: str, links: list[Link]) -> None:
    for sighting in adapter.survey(lease_id, links):
        if sighting.ownership is Ownership.OURS:
            adapter.sweep(sighting)


def test_the_caller_is_whom_the_token_speaks_for(adapter: SystemAdapter, provider: ScimDouble) -> None:
    caller = adapter.caller()
    assert (caller.system, caller.connection) == (System.SCIM, "default")
    assert (caller.principal, caller.account) == ("provisioner", provider.endpoint)


def test_without_me_the_caller_is_the_token_that_reads_users(adapter: SystemAdapter, provider: ScimDouble) -> None:
    provider.has_me = False
    assert adapter.caller().principal == "the token in SCIM_TOKEN"
    provider.deny("provisioner", "users.read")
    with pytest.raises(SystemUnreachable, match="403"):
        adapter.caller()


def test_a_user_is_made_with_its_lease_and_admitting_can_be_repeated(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    link = link_of(tags)
    adapter.require([link])
    admitted = adapter.admit(tags, [link], now())
    user = provider.named(link.name)
    assert user is not None
    assert (user["externalId"], user["active"], user["displayName"]) == (tags.lease, True, "orders (dev)")
    assert [(each.key, each.unique_id) for each in admitted] == [(link.key, user["id"])]
    assert admitted[0].attributes["account"] == provider.endpoint
    assert adapter.admit(tags, [link], now()) == admitted == adapter.admit(tags, admitted, now())
    assert len(provider.users) == 1


def test_a_suspended_identity_s_user_is_inactive(adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags) -> None:
    link = link_of(tags, suspended=True)
    adapter.admit(tags, [link], now())
    user = provider.named(link.name)
    assert user is not None
    assert user["active"] is False
    assert [s.cut_off for s in adapter.survey(tags.lease, [link])] == [False]
    adapter.admit(tags, [link_of(tags)], now())
    assert provider.users[user["id"]]["active"] is True
    adapter.admit(tags, [link], now())
    assert provider.users[user["id"]]["active"] is False


@pytest.mark.parametrize("external_id", [None, "hr-4711", new_tags(b"another").lease])
def test_somebody_else_s_user_is_neither_taken_nor_touched(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags, external_id: str | None
) -> None:
    link = link_of(tags)
    before = dict(provider.make(link.name.upper(), external_id))
    with pytest.raises(NhiError, match=r"(?s)found .*; fix: "):
        adapter.admit(tags, [link], now())
    (sighting,) = adapter.survey(tags.lease, [link])
    assert sighting.ownership is Ownership.NAMESAKE
    assert adapter.cut_off(tags.lease, [link], now()) == []
    with pytest.raises(NhiError, match="refused to delete a namesake"):
        adapter.sweep(sighting)
    assert provider.users == {before["id"]: before}


def test_a_user_made_anew_under_our_name_is_a_namesake(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    (seen,) = adapter.survey(tags.lease, admitted)
    provider.users.clear()
    made = provider.make(admitted[0].name)
    with pytest.raises(NhiError, match="bears no lease"):
        adapter.admit(tags, admitted, now())
    assert [s.ownership for s in adapter.survey(tags.lease, admitted)] == [Ownership.NAMESAKE]
    adapter.sweep(seen)
    assert list(provider.users) == [made["id"]]


def test_a_user_whose_mark_was_taken_off_is_ours_by_its_id(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    user = provider.users[admitted[0].unique_id or ""]
    del user["externalId"]
    assert [s.ownership for s in adapter.survey(tags.lease, admitted)] == [Ownership.OURS]
    adapter.admit(tags, admitted, now())
    assert provider.users[user["id"]]["externalId"] == tags.lease


def killed(adapter: SystemAdapter, tags: LeaseTags, links: list[Link]) -> Killed:
    bracket = Bracket(lambda *_: adapter, pytest.fail, lambda *_: (None, None), now)
    (done,) = kill([Target(tags.lease, None, links, bracket)], now())
    return done


@pytest.mark.parametrize("suspended", [False, True])
def test_a_kill_reads_back_that_a_user_is_inactive(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags, *, suspended: bool
) -> None:
    admitted = adapter.admit(tags, [link_of(tags, suspended=suspended)], now())
    (row,) = killed(adapter, tags, admitted).refusals
    assert provider.users[admitted[0].unique_id or ""]["active"] is False
    assert row.proof.startswith("the cut-off was read back")
    assert isinstance(row.refused_at, NotChecked)
    assert "tells nothing of sessions" in row.refused_at.reason


@pytest.mark.parametrize("suspended", [False, True])
def test_a_kill_tells_of_a_user_that_is_active_all_the_same(
    adapter: SystemAdapter,
    provider: ScimDouble,
    tags: LeaseTags,
    monkeypatch: pytest.MonkeyPatch,
    *,
    suspended: bool,
) -> None:
    admitted = adapter.admit(tags, [link_of(tags, suspended=suspended)], now())
    provider.users[admitted[0].unique_id or ""]["active"] = True
    monkeypatch.setattr(adapter, "cut_off", lambda *_: [CutOff(admitted[0], now(), now())])
    done = killed(adapter, tags, admitted)
    assert [row.refused_at for row in done.refusals] == [NotChecked("the cut-off is not in force")]
    assert not done.is_complete


def test_a_user_that_has_another_name_now_keeps_its_id(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    (before,) = adapter.admit(tags, [link_of(tags)], now())
    (after,) = adapter.admit(tags, [link_of(tags, user_name="orders@example.com")], now())
    assert (after.name, after.unique_id) == ("orders@example.com", before.unique_id)
    assert provider.users[after.unique_id or ""]["userName"] == "orders@example.com"
    assert len(provider.users) == 1


def test_a_name_that_the_provider_keeps_hidden_is_told(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    link = link_of(tags)
    provider.keeps_names.add(link.name)
    with pytest.raises(NhiError, match=r"does not show \(409\).*fix: give the account another user_name"):
        adapter.admit(tags, [link], now())


def test_survey_finds_the_same_from_the_lease_id_alone(adapter: SystemAdapter, tags: LeaseTags) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    with_links, without = adapter.survey(tags.lease, admitted), adapter.survey(tags.lease, [])
    assert [(s.link.key, s.link.unique_id) for s in with_links] == [(s.link.key, s.link.unique_id) for s in without]
    assert {s.ownership for s in [*with_links, *without]} == {Ownership.OURS}
    assert adapter.survey(other(tags).lease, []) == []
    assert adapter.blind_spots(admitted) == []


def test_every_page_is_read_and_what_a_filter_left_in_is_left_out(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    provider.heeds_filters, provider.page = False, 4
    for number in range(11):
        provider.make(f"person-{number}")
    admitted = adapter.admit(tags, [link_of(tags)], now())
    assert len(provider.users) == 12
    assert [s.link.unique_id for s in adapter.survey(tags.lease, admitted)] == [admitted[0].unique_id]
    sweep_all(adapter, tags.lease, admitted)
    assert len(provider.users) == 11


def test_a_page_that_comes_again_is_not_taken_for_the_next(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    for number in range(11):
        provider.make(f"person-{number}")
    admitted = adapter.admit(tags, [link_of(tags)], now())
    provider.heeds_filters, provider.heeds_pages, provider.page = False, False, 4
    with pytest.raises(NhiError, match=r"got 4 of 12 users.*fix: "):
        adapter.survey(tags.lease, admitted)


def test_a_service_that_does_not_filter_is_refused_beforehand(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    provider.filters = False
    with pytest.raises(SpecError, match=r"filter.supported true"):
        adapter.require([link_of(tags)])


def test_nothing_was_ever_created(adapter: SystemAdapter, tags: LeaseTags) -> None:
    link = link_of(tags)
    assert adapter.survey(tags.lease, [link]) == []
    (done,) = adapter.cut_off(tags.lease, [link], now())
    assert (done.link, done.disabled_at) == (link, NeverCreated())


@pytest.mark.parametrize("patches", [True, False])
def test_cut_off_makes_it_inactive_and_admitting_undoes_that(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags, patches: bool
) -> None:
    provider.patches = patches
    admitted = adapter.admit(tags, [link_of(tags)], now())
    provider.users[admitted[0].unique_id or ""]["nickName"] = "kept"
    start = now()
    (done,) = adapter.cut_off(tags.lease, admitted, start)
    user = provider.users[admitted[0].unique_id or ""]
    assert (user["active"], user["nickName"]) == (False, "kept")
    assert isinstance(done.disabled_at, datetime)
    assert start <= done.disabled_at <= now()
    assert isinstance(done.sessions_refused_at, NotChecked)
    assert (done.canary, bool(done.without_canary), done.link.unique_id) == (None, True, user["id"])
    assert [s.cut_off for s in adapter.survey(tags.lease, admitted)] == [True]
    assert adapter.admit(tags, admitted, now()) == admitted
    assert provider.users[user["id"]]["active"] is True
    assert [s.cut_off for s in adapter.survey(tags.lease, admitted)] == [False]


def test_cut_off_again_keeps_its_time_and_needs_no_links(adapter: SystemAdapter, tags: LeaseTags) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    (first,) = adapter.cut_off(tags.lease, [], now())
    (again,) = adapter.cut_off(tags.lease, admitted, now() + timedelta(minutes=5))
    assert isinstance(first.disabled_at, datetime)
    assert isinstance(again.disabled_at, datetime)
    assert abs(again.disabled_at - first.disabled_at) < timedelta(seconds=2)


def test_a_change_that_was_not_made_is_not_believed(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    monkeypatch.setattr(provider, "_kept", lambda user_id, body: provider.users[user_id])
    with pytest.raises(NhiError, match="active read back as before"):
        adapter.cut_off(tags.lease, admitted, now())


def test_nothing_is_issued_that_could_be_revoked_or_tried(adapter: SystemAdapter, tags: LeaseTags) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    assert adapter.revoke_live(tags.lease, admitted, now()) == []
    assert isinstance(adapter.try_canary(Canary(admitted[0], now(), None), now()), NotChecked)
    assert adapter.room_for(admitted) == Room()


def test_sweep_leaves_nothing_and_can_be_repeated(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    extra = provider.make("made-by-hand", tags.lease)
    kept = adapter.admit(other(tags), [link_of(other(tags), user_name="another")], now())
    sightings = adapter.survey(tags.lease, admitted)
    assert extra["id"] in [s.link.unique_id for s in sightings]
    for _ in range(2):
        for sighting in sightings:
            adapter.sweep(sighting)
    assert adapter.survey(tags.lease, admitted) == []
    assert adapter.cut_off(tags.lease, admitted, now()) == []
    assert list(provider.users) == [kept[0].unique_id]


def test_users_of_another_provider_are_not_called_gone(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    with ScimDouble() as elsewhere:
        elsewhere.grant(TOKEN, "provisioner")
        moved = opened(elsewhere)
        for use in (lambda: moved.survey(tags.lease, admitted), lambda: moved.cut_off(tags.lease, admitted, now())):
            with pytest.raises(SystemUnreachable, match="where scim scim-user"):
                use()
    assert provider.users[admitted[0].unique_id or ""]["active"] is True


def test_an_endpoint_without_users_is_not_called_empty(provider: ScimDouble, tags: LeaseTags) -> None:
    wrong = open_adapter(System.SCIM, "default", ScimConnection(endpoint=f"{provider.url}/scim"))
    with pytest.raises(SystemUnreachable, match=r"no list of users at http://127\.0\.0\.1:\d+/scim/Users"):
        wrong.survey(tags.lease, [link_of(tags)])


def test_a_link_of_another_system_is_refused(adapter: SystemAdapter, tags: LeaseTags) -> None:
    with pytest.raises(NhiError, match="not of SCIM"):
        adapter.admit(tags, [replace(link_of(tags), kind=LinkKind.IAM_ROLE)], now())


def test_a_provider_that_is_asked_too_often_is_asked_again(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    provider.fail(429, retry_after=0, times=3)
    admitted = adapter.admit(tags, [link_of(tags)], now())
    assert provider.named(admitted[0].name)
    assert len(provider.asked("GET", "Users")) > 3


def test_a_provider_that_stays_busy_is_an_error(adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags) -> None:
    provider.fail(429, retry_after=3600)
    with pytest.raises(SystemUnreachable, match="429"):
        adapter.survey(tags.lease, [])


def test_a_provider_that_is_down_is_an_error_within_seconds(
    adapter: SystemAdapter, provider: ScimDouble, tags: LeaseTags
) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    (sighting,) = adapter.survey(tags.lease, admitted)
    provider.stop()
    for use in (
        adapter.caller,
        lambda: adapter.survey(tags.lease, admitted),
        lambda: adapter.cut_off(tags.lease, admitted, now()),
        lambda: adapter.admit(tags, admitted, now()),
        lambda: adapter.sweep(sighting),
    ):
        started = time.monotonic()
        with pytest.raises(SystemUnreachable, match=r"no answer from \w+ http://127\.0\.0\.1"):
            use()
        assert time.monotonic() - started < 12
    provider.start()
    assert adapter.survey(tags.lease, admitted)


@pytest.mark.parametrize(
    ("token", "got"),
    [("another-token", "401 from"), ("", "SCIM_TOKEN is not set"), ("two tokens", "holds more than a token")],
)
def test_wrong_credentials_are_an_error_that_tells_how_to_mend_it(
    provider: ScimDouble, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch, token: str, got: str
) -> None:
    monkeypatch.setenv("SCIM_TOKEN", token)
    wrong = opened(provider)
    for use in (wrong.caller, lambda: wrong.survey(tags.lease, []), lambda: wrong.cut_off(tags.lease, [], now())):
        with pytest.raises(SystemUnreachable, match=got) as caught:
            use()
        assert caught.value.problem.path == "scim.default"
        assert caught.value.problem.fix
        assert not token or token not in str(caught.value)


def test_no_credential_is_ever_shown(adapter: SystemAdapter, tags: LeaseTags) -> None:
    admitted = adapter.admit(tags, [link_of(tags)], now())
    told = [admitted, adapter.survey(tags.lease, admitted), adapter.cut_off(tags.lease, admitted, now())]
    assert TOKEN not in repr([*told, adapter.caller(), adapter, vars(adapter)])


def test_threads_may_share_an_adapter(provider: ScimDouble, tags: LeaseTags) -> None:
    admitted = opened(provider).admit(tags, [link_of(tags)], now())
    fresh = opened(provider)
    with ThreadPoolExecutor(8) as pool:
        surveys = list(pool.map(lambda _: fresh.survey(tags.lease, admitted), range(8)))
    assert len(surveys[0]) == 1
    assert all(survey == surveys[0] for survey in surveys)
