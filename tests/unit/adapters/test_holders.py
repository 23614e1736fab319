"""The adapter of systems that hold credentials only, over a source and places in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from nhi_components.core.credential.places import GcpSecretPlace, GitHubSecretPlace, PlaceSpec
from nhi_components.core.credential.sources import GcpServiceAccountKeySource, SourceSpec
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.holders import HolderAdapter
from nhi_components.lifecycle.adapters.ownership import ACCOUNT
from nhi_components.lifecycle.credentials.ports import Held, Key, Material, NotSearchable
from nhi_components.lifecycle.ports import Caller, Canary, Ownership

LEASE, OTHER = "lease-bbbbbbbbbbbbbbbb", "lease-cccccccccccccccc"
TAGS = LeaseTags(LEASE, "orders", "dev", "team@example.com", "tests", date(2030, 1, 1), "tests/dev")
NOW = datetime(2027, 1, 31, 10, tzinfo=UTC)
SOURCE = GcpServiceAccountKeySource(account="orders@acme.iam.gserviceaccount.com")
SECRET = GcpSecretPlace(project="acme-prod", secret="orders")
GITHUB = GitHubSecretPlace(repository="acme/orders", variables={"key": "KEY"})


@dataclass
class FakeSource:
    """A source whose principal is ours, unless it bears another lease."""

    spec: SourceSpec
    keys_held: dict[str, Key] = field(default_factory=dict)
    can_disable: bool = True
    most: int | None = None
    lease: str = LEASE
    deleted: list[str] = field(default_factory=list)
    failure: NhiError | None = None

    def keys(self, lease: LeaseTags) -> list[Key]:
        if lease.lease != self.lease:
            raise NhiError(f"{self.spec.kind}: it bears {self.lease}; fix: name another")
        return list(self.keys_held.values())

    def disable(self, key_id: str) -> None:
        if self.failure:
            raise self.failure
        self.keys_held[key_id] = replace(self.keys_held[key_id], enabled=False)

    def delete(self, key_id: str) -> None:
        self.deleted.append(key_id)
        self.keys_held.pop(key_id, None)

    def create(self, lease: LeaseTags) -> Material:
        raise AssertionError("an adapter creates no keys")

    def enable(self, key_id: str) -> None:
        raise AssertionError("an adapter enables no keys")

    def works(self, material: Material) -> bool:
        raise AssertionError("an adapter uses no keys")

    def last_used(self, key_id: str) -> None:
        return None


@dataclass
class FakePlace:
    spec: PlaceSpec
    held: Held | None = None
    removed: list[str] = field(default_factory=list)

    def find(self) -> Held | None:
        return self.held

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        raise AssertionError("an adapter writes no credentials")

    def prune(self) -> None:
        raise AssertionError("an adapter prunes nothing")

    def remove(self, lease_id: str) -> None:
        self.removed.append(lease_id)
        self.held = None


class DeletedPlace(FakePlace):
    def recoverable_until(self) -> datetime:
        return NOW


@dataclass
class FakeCredentials:
    system: System
    sources: Mapping[str, FakeSource] = field(default_factory=dict)
    places: Mapping[str, FakePlace] = field(default_factory=dict)
    found: Sequence[Link] | None = ()
    account: str = "acme"
    searches: list[str] = field(default_factory=list)

    def caller(self) -> Caller:
        return Caller(self.system, "default", "ops", self.account)

    def source(self, spec: SourceSpec) -> FakeSource:
        link = spec.link()
        assert link is not None
        return self.sources[link.name]

    def place(self, spec: PlaceSpec) -> FakePlace:
        return self.places[spec.address]

    def search(self, lease_id: str) -> list[Link]:
        self.searches.append(lease_id)
        if self.found is None:
            raise NotSearchable("no marks are kept; fix: name each place")
        return list(self.found)


class Setting:
    """GCP with a source of two keys and a place, as a credential leaves it."""

    def __init__(self, system: System = System.GCP, **more: Any) -> None:
        self.source = FakeSource(SOURCE, {"k1": Key("k1"), "k2": Key("k2", enabled=False)})
        self.place = FakePlace(SECRET, Held(LEASE, "2", "k1", older=1))
        self.github = FakePlace(GITHUB, Held(None, "KEY=now", None))
        places = {place.spec.address: place for place in (self.place, self.github)}
        self.credentials = FakeCredentials(system, {SOURCE.account: self.source}, places, **more)
        self.adapter = HolderAdapter(system, "default", self.credentials)


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_keys_and_places_are_seen_from_their_links(setting: Setting) -> None:
    seen = setting.adapter.survey(LEASE, [SECRET.link(), SOURCE.link()])
    assert [(each.link.name, each.ownership, each.detail, each.cut_off) for each in seen] == [
        (f"{SOURCE.account}/k1", Ownership.OURS, "", False),
        (f"{SOURCE.account}/k2", Ownership.OURS, "disabled", False),
        (SOURCE.account, Ownership.OURS, "2 keys", False),
        (SECRET.address, Ownership.OURS, "1 older version", False),
    ]
    assert [each.link.unique_id for each in seen] == ["k1", "k2", None, None]
    assert {each.link.kind for each in seen} == {LinkKind.GCP_SERVICE_ACCOUNT_KEY, LinkKind.GCP_SECRET}


def test_they_are_seen_from_the_lease_id_alone() -> None:
    setting = Setting(found=[SECRET.link(), SOURCE.link()])
    assert len(setting.adapter.survey(LEASE, [])) == 4
    assert setting.credentials.searches == [LEASE]
    assert len(setting.adapter.survey(LEASE, [SECRET.link(), SOURCE.link(), SOURCE.key_link("k1")])) == 4


def test_a_key_alone_leads_to_its_source(setting: Setting) -> None:
    seen = setting.adapter.survey(LEASE, [SOURCE.key_link("k1")])
    assert [each.link.name for each in seen][-1] == SOURCE.account


def test_what_is_not_there_is_not_seen(setting: Setting) -> None:
    setting.source.keys_held, setting.place.held = {}, None
    assert setting.adapter.survey(LEASE, [SECRET.link(), SOURCE.link()]) == []


def test_a_namesake_is_told_and_never_swept(setting: Setting) -> None:
    setting.place.held = Held(OTHER, "1", None)
    (seen,) = setting.adapter.survey(LEASE, [SECRET.link()])
    assert (seen.ownership, OTHER in seen.detail) == (Ownership.NAMESAKE, True)
    with pytest.raises(NhiError, match="namesake"):
        setting.adapter.sweep(seen)
    assert setting.place.removed == []


def test_somebody_else_s_principal_stops_the_survey(setting: Setting) -> None:
    setting.source.lease = OTHER
    with pytest.raises(NhiError, match=OTHER):
        setting.adapter.survey(LEASE, [SOURCE.link()])


def test_where_no_marks_are_kept_the_name_decides_and_that_is_said() -> None:
    setting = Setting(System.GITHUB, found=None)
    assert setting.adapter.survey(LEASE, [GITHUB.link()]) == []
    (seen,) = setting.adapter.survey(LEASE, setting.adapter.admit(TAGS, [GITHUB.link()], NOW))
    assert (seen.ownership, "name only" in seen.detail) == (Ownership.OURS, True)
    (spot,) = setting.adapter.blind_spots([GITHUB.link()])
    assert (spot.kind, spot.connection) == (LinkKind.GITHUB_SECRET, "default")
    assert "no marks" in spot.reason.reason
    setting.adapter.sweep(seen)
    assert setting.github.removed == [LEASE]


def test_blind_spots_are_told_without_a_survey_before() -> None:
    assert Setting().adapter.blind_spots([]) == []
    kinds = [spot.kind for spot in Setting(found=None).adapter.blind_spots([])]
    assert kinds == [LinkKind.GCP_SERVICE_ACCOUNT_KEY, LinkKind.GCP_SECRET]


def test_what_could_be_brought_back_is_told(setting: Setting) -> None:
    places = {SECRET.address: DeletedPlace(SECRET, Held(LEASE, "", None))}
    adapter = HolderAdapter(System.GCP, "default", replace(setting.credentials, places=places))
    assert [each.recoverable_until for each in adapter.survey(LEASE, [SECRET.link()])] == [NOW]
    assert setting.adapter.survey(LEASE, [SECRET.link()])[0].recoverable_until is None


def test_admitting_creates_nothing_and_notes_where_it_is(setting: Setting) -> None:
    admitted = setting.adapter.admit(TAGS, [SECRET.link(), SOURCE.link()], NOW)
    assert [link.key for link in admitted] == [SECRET.link().key, SOURCE.link().key]
    assert {link.attributes[ACCOUNT] for link in admitted} == {""}
    (github,) = Setting(System.GITHUB).adapter.admit(TAGS, [GITHUB.link()], NOW)
    assert github.attributes[ACCOUNT] == "acme"
    setting.place.held = None
    assert len(setting.adapter.admit(TAGS, admitted, NOW)) == 2


@pytest.mark.parametrize("held", [Held(OTHER, "1", None), Held(OTHER, "", None), Held(None, "1", None)])
def test_what_is_somebody_else_s_is_not_admitted(setting: Setting, held: Held) -> None:
    setting.place.held = held
    with pytest.raises(NhiError, match=r"somebody else's.*fix: "):
        setting.adapter.admit(TAGS, [SECRET.link()], NOW)


def test_what_is_empty_or_bears_no_marks_is_admitted(setting: Setting) -> None:
    setting.place.held = Held(None, "", None)
    assert setting.adapter.admit(TAGS, [SECRET.link()], NOW)
    assert Setting(System.GITHUB).adapter.admit(TAGS, [GITHUB.link()], NOW)


def test_a_foreign_principal_is_not_admitted(setting: Setting) -> None:
    setting.source.lease = OTHER
    with pytest.raises(NhiError, match=OTHER):
        setting.adapter.admit(TAGS, [SOURCE.link()], NOW)


def test_elsewhere_nothing_is_looked_for() -> None:
    setting = Setting(System.GITHUB)
    links = setting.adapter.admit(TAGS, [GITHUB.link()], NOW)
    elsewhere = HolderAdapter(System.GITHUB, "default", replace(setting.credentials, account="another"))
    for use in (
        lambda: elsewhere.survey(LEASE, links),
        lambda: elsewhere.cut_off(LEASE, links, NOW),
        lambda: elsewhere.revoke_live(LEASE, links, NOW),
        lambda: elsewhere.admit(TAGS, links, NOW),
    ):
        with pytest.raises(SystemUnreachable, match="another"):
            use()


def test_gcp_is_one_place_whatever_project_the_ambient_credentials_have(setting: Setting) -> None:
    links = setting.adapter.admit(TAGS, [SECRET.link(), SOURCE.link()], NOW)
    for project in ("", "another"):
        elsewhere = HolderAdapter(System.GCP, "default", replace(setting.credentials, account=project))
        assert elsewhere.survey(LEASE, links) == setting.adapter.survey(LEASE, links)


def test_where_any_account_will_do_none_is_held_against_it(setting: Setting) -> None:
    anywhere = HolderAdapter(System.GCP, "default", replace(setting.credentials, account=""))
    links = anywhere.admit(TAGS, [SECRET.link()], NOW)
    assert setting.adapter.survey(LEASE, links)


def test_cutting_off_disables_every_key_once(setting: Setting) -> None:
    for _ in range(2):
        rows = setting.adapter.cut_off(LEASE, [SECRET.link(), SOURCE.link(), SOURCE.key_link("k1")], NOW)
        assert [row.link.unique_id for row in rows] == ["k1", "k2"]
        assert all(isinstance(row.disabled_at, datetime) and row.without_canary and not row.canary for row in rows)
        assert all(isinstance(row.sessions_refused_at, NotChecked) for row in rows)
    assert [key.enabled for key in setting.source.keys_held.values()] == [False, False]
    seen = setting.adapter.survey(LEASE, [SOURCE.link()])
    assert [each.cut_off for each in seen] == [False, False, True]


def test_where_a_key_is_all_there_is_its_end_ends_everything() -> None:
    setting = Setting(System.HOOK)
    rows = setting.adapter.cut_off(LEASE, [SOURCE.link()], NOW)
    assert all(row.sessions_refused_at == row.disabled_at for row in rows)


def test_keys_that_can_not_be_disabled_are_deleted(setting: Setting) -> None:
    setting.source.can_disable = False
    assert len(setting.adapter.cut_off(LEASE, [SOURCE.link()], NOW)) == 2
    assert setting.source.deleted == ["k1", "k2"]


def test_a_source_that_never_had_a_key_is_told_once(setting: Setting) -> None:
    setting.source.keys_held = {}
    (row,) = setting.adapter.cut_off(LEASE, [SOURCE.link()], NOW)
    assert row.disabled_at == NeverCreated()
    assert setting.adapter.cut_off(LEASE, setting.adapter.admit(TAGS, [SOURCE.link()], NOW), NOW) == []


def test_one_source_that_fails_does_not_keep_others_from_being_cut_off() -> None:
    setting = Setting()
    other = GcpServiceAccountKeySource(account="billing@acme.iam.gserviceaccount.com")
    failing = FakeSource(other, {"k9": Key("k9")}, failure=NhiError("refused; fix: allow it"))
    sources = {other.account: failing, SOURCE.account: setting.source}
    adapter = HolderAdapter(System.GCP, "default", replace(setting.credentials, sources=sources))
    with pytest.raises(NhiError, match="refused"):
        adapter.cut_off(LEASE, [other.link(), SOURCE.link()], NOW)
    assert [key.enabled for key in setting.source.keys_held.values()] == [False, False]
    setting.source.failure = NhiError("down; fix: wait")
    setting.source.keys_held["k1"] = Key("k1")
    with pytest.raises(NhiError, match=r"refused(.|\n)*down"):
        adapter.cut_off(LEASE, [other.link(), SOURCE.link()], NOW)


def test_revoking_tells_what_still_worked(setting: Setting) -> None:
    links = [SOURCE.link(), SECRET.link()]
    assert [link.unique_id for link in setting.adapter.revoke_live(LEASE, links, NOW)] == ["k1"]
    assert setting.adapter.revoke_live(LEASE, links, NOW) == []


def test_a_key_or_all_keys_are_swept(setting: Setting) -> None:
    seen = setting.adapter.survey(LEASE, [SOURCE.link(), SECRET.link()])
    setting.adapter.sweep(seen[1])
    assert setting.source.deleted == ["k2"]
    setting.adapter.sweep(seen[1])
    setting.adapter.sweep(seen[2])
    assert setting.source.deleted == ["k2", "k1"]
    setting.adapter.sweep(seen[3])
    assert setting.place.removed == [LEASE]


def test_a_principal_that_became_somebody_else_s_is_not_swept(setting: Setting) -> None:
    seen = setting.adapter.survey(LEASE, [SOURCE.link()])
    setting.source.lease = OTHER
    for each in seen:
        with pytest.raises(NhiError, match=OTHER):
            setting.adapter.sweep(each)
    assert setting.source.deleted == []


def test_it_has_no_canaries_and_no_quotas(setting: Setting) -> None:
    canary = Canary(SOURCE.link(), NOW, object())
    assert isinstance(setting.adapter.try_canary(canary, NOW), NotChecked)
    room = setting.adapter.room_for([SOURCE.link()])
    assert (room.problems, room.not_checked) == ((), None)


def test_requiring_looks_at_every_place(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(setting.place, "find", lambda: looked.append("place"))
    setting.adapter.require([SECRET.link(), SOURCE.link()])
    assert looked == ["place"]


def test_a_link_without_a_specification_is_told(setting: Setting) -> None:
    bare = Link(System.GCP, LinkKind.GCP_SECRET, "projects/acme-prod/secrets/orders")
    with pytest.raises(NhiError, match=r"without the specification.*fix: "):
        setting.adapter.survey(LEASE, [bare])
