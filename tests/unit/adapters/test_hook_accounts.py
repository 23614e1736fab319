"""Accounts that hooks keep: what every adapter must do, as far as it applies to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nhi_components.core.connection import HookConnection
from nhi_components.core.credential.accounts import HOOK, SaasAccount, account_link
from nhi_components.core.credential.sources import HttpSource
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.killing import Killed, Target, kill
from nhi_components.lifecycle.ports import Canary, CutOff, Ownership, Room, SystemAdapter
from tests.conformance.world import new_tags, now
from tools.doubles.hooked import Service
from tools.doubles.server import HttpDouble, Request

LEASE, OTHER = new_tags(b"ours"), new_tags(b"theirs")


class Vendor(HttpDouble):
    """The service, behind a web hook without a token."""

    def __init__(self) -> None:
        super().__init__()
        self.service = Service()
        self.answers: dict[str, object] = {}
        self.asked_for: list[str] = []
        self.route("POST", "/hook", self._answer, public=True)

    def _answer(self, request: Request) -> object:
        asked = request.json()
        self.asked_for.append(asked["action"])
        return self.answers.get(asked["action"]) or self.service.answer(asked)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor() as double:
        yield double


@pytest.fixture
def adapter() -> SystemAdapter:
    return open_adapter(System.HOOK, "default", HookConnection())


def link_of(vendor: Vendor, *, suspended: bool = False, account: str | None = None, tags: LeaseTags = LEASE) -> Link:
    spec = SaasAccount.parse({"hook": {"kind": "http", "url": f"{vendor.url}/hook"}, "account": account})
    return account_link(spec, tags, suspended=suspended)


def key_link(vendor: Vendor, account: str) -> Link:
    return HttpSource(url=f"{vendor.url}/hook", account=account).link()


def test_the_link_holds_the_hook_and_no_more(vendor: Vendor) -> None:
    link = link_of(vendor)
    assert (link.system, link.kind, link.name) == (
        System.HOOK,
        LinkKind.HOOK_ACCOUNT,
        "orders-dev-" + LEASE.lease[6:12],
    )
    hook = {"kind": "http", "url": f"{vendor.url}/hook", "timeout_seconds": 30}
    assert json.loads(link.attributes[HOOK]) == hook
    assert set(link.attributes) == {HOOK, "suspended"}


def test_an_account_is_made_with_its_lease_and_admitting_can_be_repeated(
    vendor: Vendor, adapter: SystemAdapter
) -> None:
    link = link_of(vendor)
    adapter.require([link])
    admitted = adapter.admit(LEASE, [link], now())
    made = vendor.service.accounts[link.name]
    assert (made["lease"], made["active"]) == (LEASE.lease, True)
    assert admitted == [replace(link, unique_id=made["id"])]
    assert adapter.admit(LEASE, [link], now()) == admitted == adapter.admit(LEASE, admitted, now())
    assert len(vendor.service.accounts) == 1
    assert adapter.room_for(admitted) == Room()


def test_a_suspended_identity_s_account_is_suspended(vendor: Vendor, adapter: SystemAdapter) -> None:
    link, active = link_of(vendor, suspended=True), link_of(vendor)
    for _ in range(2):
        adapter.admit(LEASE, [link], now())
        assert vendor.service.accounts[link.name]["active"] is False
        assert [s.cut_off for s in adapter.survey(LEASE.lease, [link])] == [False]
        adapter.admit(LEASE, [active], now())
        assert vendor.service.accounts[link.name]["active"] is True
    assert vendor.asked_for.count("account.suspend") == 1
    assert vendor.asked_for.count("account.restore") == 2


@pytest.mark.parametrize("lease", [None, OTHER.lease])
def test_somebody_else_s_account_is_neither_taken_nor_touched(
    vendor: Vendor, adapter: SystemAdapter, lease: str | None
) -> None:
    link = link_of(vendor)
    before = dict(vendor.service.make_account(link.name, lease))
    with pytest.raises(NhiError, match="fix: "):
        adapter.admit(LEASE, [link], now())
    (sighting,) = adapter.survey(LEASE.lease, [link])
    assert sighting.ownership is Ownership.NAMESAKE
    assert adapter.cut_off(LEASE.lease, [link], now()) == []
    with pytest.raises(NhiError, match="refused to delete a namesake"):
        adapter.sweep(sighting)
    assert vendor.service.accounts == {link.name: before}


def test_an_account_made_anew_since_the_survey_is_not_deleted(vendor: Vendor, adapter: SystemAdapter) -> None:
    admitted = adapter.admit(LEASE, [link_of(vendor)], now())
    (sighting,) = adapter.survey(LEASE.lease, admitted)
    made = vendor.service.make_account(admitted[0].name, OTHER.lease)
    adapter.sweep(sighting)
    assert vendor.service.accounts == {admitted[0].name: made}


def test_cut_off_suspends_it_and_keeps_its_time_and_admitting_undoes_that(
    vendor: Vendor, adapter: SystemAdapter
) -> None:
    admitted = adapter.admit(LEASE, [link_of(vendor)], now())
    start = now()
    (first,) = adapter.cut_off(LEASE.lease, admitted, start)
    assert vendor.service.accounts[admitted[0].name]["active"] is False
    assert isinstance(first.disabled_at, datetime)
    assert start <= first.disabled_at <= now()
    assert isinstance(first.sessions_refused_at, NotChecked)
    assert (first.link, first.canary, bool(first.without_canary)) == (admitted[0], None, True)
    (again,) = adapter.cut_off(LEASE.lease, admitted, now() + timedelta(minutes=5))
    assert isinstance(again.disabled_at, datetime)
    assert abs(again.disabled_at - first.disabled_at) < timedelta(seconds=2)
    assert [s.cut_off for s in adapter.survey(LEASE.lease, admitted)] == [True]
    assert adapter.admit(LEASE, admitted, now()) == admitted
    assert [s.cut_off for s in adapter.survey(LEASE.lease, admitted)] == [False]
    assert isinstance(adapter.try_canary(Canary(admitted[0], now(), None), now()), NotChecked)


def test_one_that_cannot_be_cut_off_does_not_keep_the_others(vendor: Vendor, adapter: SystemAdapter) -> None:
    with Vendor() as second:
        links = [link_of(vendor, account="first"), link_of(second, account="second")]
        admitted = adapter.admit(LEASE, links, now())
        keys = key_link(second, "second")
        key_id, _ = second.service.make_key("second")
        vendor.stop()
        with pytest.raises(SystemUnreachable, match="no answer from POST"):
            adapter.cut_off(LEASE.lease, [*admitted, keys], now())
        assert second.service.accounts["second"]["active"] is False
        assert second.service.accounts["second"]["keys"][key_id]["enabled"] is False


def killed(adapter: SystemAdapter, links: list[Link]) -> Killed:
    bracket = Bracket(lambda *_: adapter, pytest.fail, lambda *_: (None, None), now)
    (done,) = kill([Target(LEASE.lease, None, links, bracket)], now())
    return done


@pytest.mark.parametrize("suspended", [False, True])
def test_a_kill_reads_back_that_it_is_suspended(vendor: Vendor, adapter: SystemAdapter, *, suspended: bool) -> None:
    admitted = adapter.admit(LEASE, [link_of(vendor, suspended=suspended)], now())
    (row,) = killed(adapter, admitted).refusals
    assert not vendor.service.accounts[admitted[0].name]["active"]
    assert row.proof.startswith("the cut-off was read back")
    assert isinstance(row.refused_at, NotChecked)
    assert "tells nothing of sessions" in row.refused_at.reason


@pytest.mark.parametrize("suspended", [False, True])
def test_a_kill_tells_of_one_that_is_active_all_the_same(
    vendor: Vendor, adapter: SystemAdapter, monkeypatch: pytest.MonkeyPatch, *, suspended: bool
) -> None:
    admitted = adapter.admit(LEASE, [link_of(vendor, suspended=suspended)], now())
    vendor.service.accounts[admitted[0].name]["active"] = True
    monkeypatch.setattr(adapter, "cut_off", lambda *_: [CutOff(admitted[0], now(), now())])
    done = killed(adapter, admitted)
    assert [row.refused_at for row in done.refusals] == [NotChecked("the cut-off is not in force")]
    assert not done.is_complete


def test_nothing_was_ever_created(vendor: Vendor, adapter: SystemAdapter) -> None:
    link = link_of(vendor)
    assert adapter.survey(LEASE.lease, [link]) == []
    (done,) = adapter.cut_off(LEASE.lease, [link], now())
    assert (done.link, done.disabled_at) == (link, NeverCreated())


def test_keys_and_accounts_are_swept_keys_first_and_sweeping_can_be_repeated(
    vendor: Vendor, adapter: SystemAdapter
) -> None:
    account = link_of(vendor)
    (admitted,) = adapter.admit(LEASE, [account], now())
    keys = key_link(vendor, account.name)
    vendor.service.make_key(account.name)
    vendor.service.make_account("another", OTHER.lease)
    both = adapter.admit(LEASE, [admitted, keys], now())
    assert [link.kind for link in both] == [LinkKind.HOOK_ACCOUNT, LinkKind.HOOK_KEY]
    sightings = adapter.survey(LEASE.lease, both)
    assert {s.link.kind for s in sightings[:-1]} == {LinkKind.HOOK_KEY}
    assert sightings[-1].link.kind is LinkKind.HOOK_ACCOUNT
    for _ in range(2):
        for sighting in sightings:
            adapter.sweep(sighting)
    assert list(vendor.service.accounts) == ["another"]
    assert adapter.survey(LEASE.lease, both) == []


def test_keys_of_a_suspended_identity_are_revoked(vendor: Vendor, adapter: SystemAdapter) -> None:
    (account,) = adapter.admit(LEASE, [link_of(vendor, suspended=True)], now())
    key_id, _ = vendor.service.make_key(account.name)
    assert adapter.revoke_live(LEASE.lease, [account, key_link(vendor, account.name)], now())
    assert vendor.service.accounts[account.name]["keys"][key_id]["enabled"] is False


def test_what_only_evidence_names_is_a_blind_spot_and_never_called_gone(vendor: Vendor, adapter: SystemAdapter) -> None:
    (admitted,) = adapter.admit(LEASE, [link_of(vendor)], now())
    slim = replace(admitted, attributes={})

    def unseen(links: list[Link]) -> list[str]:
        spots = adapter.blind_spots(links)
        return [spot.reason.reason for spot in spots if spot.kind is LinkKind.HOOK_ACCOUNT]

    assert unseen([slim]) == [
        f"{slim.name}: only its name is known, not its hook; look with the stack's state, which has them"
    ]
    assert unseen([]) == [
        "nobody but the program's declaration knows which hooks there are; look with the stack's state, which has them"
    ]
    assert unseen([slim, admitted]) == []
    assert [s.link.unique_id for s in adapter.survey(LEASE.lease, [slim, admitted])] == [admitted.unique_id]
    assert adapter.survey(LEASE.lease, [slim]) == []
    with pytest.raises(NhiError, match=r"only its name is known, expected the hook.*fix: "):
        adapter.admit(LEASE, [slim], now())
    assert vendor.service.accounts[slim.name]["active"] is True


def test_a_hook_that_keeps_no_accounts_is_refused_beforehand(vendor: Vendor, adapter: SystemAdapter) -> None:
    vendor.answers["describe"] = {"ok": True}
    with pytest.raises(SpecError, match="says that it keeps no accounts"):
        adapter.require([link_of(vendor)])


@pytest.mark.parametrize(
    ("action", "answer", "use"),
    [
        ("account.ensure", {"ok": True, "account": None}, "admit"),
        ("account.ensure", {"ok": True, "account": {"id": "a", "lease": OTHER.lease, "active": True}}, "admit"),
        ("account.ensure", {"ok": True, "account": {"id": "a", "lease": None, "active": True}}, "admit"),
        ("account.suspend", {"ok": True}, "cut off"),
        ("account.delete", {"ok": True}, "sweep"),
    ],
)
def test_what_a_hook_says_is_held_against_what_it_finds_afterwards(
    vendor: Vendor, adapter: SystemAdapter, action: str, answer: object, use: str
) -> None:
    link = link_of(vendor)
    admitted = adapter.admit(LEASE, [link], now()) if use != "admit" else []
    sightings = adapter.survey(LEASE.lease, admitted)
    vendor.answers[action] = answer
    uses = {
        "admit": lambda: adapter.admit(LEASE, [link], now()),
        "cut off": lambda: adapter.cut_off(LEASE.lease, admitted, now()),
        "sweep": lambda: adapter.sweep(sightings[0]),
    }
    with pytest.raises(NhiError, match=rf"after {action} of {link.name}, web hook .* tells of .*; fix: correct"):
        uses[use]()


def test_a_hook_that_is_down_is_an_error_and_nothing_is_called_gone(vendor: Vendor, adapter: SystemAdapter) -> None:
    admitted = adapter.admit(LEASE, [link_of(vendor)], now())
    (sighting,) = adapter.survey(LEASE.lease, admitted)
    vendor.fail(503)
    for use in (
        lambda: adapter.require(admitted),
        lambda: adapter.survey(LEASE.lease, admitted),
        lambda: adapter.cut_off(LEASE.lease, admitted, now()),
        lambda: adapter.admit(LEASE, admitted, now()),
        lambda: adapter.sweep(sighting),
    ):
        with pytest.raises(SystemUnreachable, match="503 from POST"):
            use()


def test_the_adapter_is_of_hooks(adapter: SystemAdapter) -> None:
    assert (adapter.system, adapter.connection) == (System.HOOK, "default")
    assert adapter.caller().system is System.HOOK


def test_a_key_that_evidence_knows_by_name_is_looked_for_through_its_source(
    vendor: Vendor, adapter: SystemAdapter
) -> None:
    vendor.service.make_account("shop", LEASE.lease)
    key_id, _ = vendor.service.make_key("shop")
    source = key_link(vendor, "shop")
    slim = Link(System.HOOK, LinkKind.HOOK_KEY, f"shop/{key_id}", unique_id=key_id)
    sightings = adapter.survey(LEASE.lease, [source, slim])
    assert slim.key in [sighting.link.key for sighting in sightings]
    for sighting in sightings:
        adapter.sweep(sighting)
    assert adapter.survey(LEASE.lease, [source, slim]) == []
