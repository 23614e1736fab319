"""Certificates: revoked on a real OpenBao, and seen on the CRL that their issuer signs."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nhi_components.core.errors import NhiError, SpecError
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags, organization_mark
from nhi_components.lifecycle.ports import CutOff, Ownership, SystemAdapter
from tests.conformance.issuers import Pki, role_name
from tests.conformance.test_vault import limited_adapter, of_kind
from tests.conformance.vault_world import VaultWorld
from tests.conformance.world import new_tags, now


@pytest.fixture
def pki(vault_world: VaultWorld) -> Pki:
    return Pki(vault_world)


def cut_off_certificates(adapter: SystemAdapter, tags: LeaseTags, links: list[Link]) -> list[CutOff]:
    return [c for c in adapter.cut_off(tags.lease, links, now()) if c.link.kind is LinkKind.VAULT_CERTIFICATE]


class TestRole:
    def test_it_is_admitted_by_the_mark_in_its_organization(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        (admitted,) = adapter.admit(tags, [link], now())
        assert admitted.key == link.key
        with pytest.raises(NhiError, match="somebody else's of the same name"):
            adapter.admit(replace(tags, lease=new_tags(os.urandom(16)).lease), [link], now())

    def test_without_the_mark_it_is_refused_and_left_alone(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags, organizations=("sales",))
        serial = pki.issue(tags)
        with pytest.raises(NhiError, match=f"expected '{organization_mark(tags.lease)}'"):
            adapter.admit(tags, [link], now())
        (sighting,) = adapter.survey(tags.lease, [link])
        assert (sighting.link.kind, sighting.ownership) == (LinkKind.VAULT_PKI_ROLE, Ownership.NAMESAKE)
        assert adapter.cut_off(tags.lease, [link], now()) == []
        assert not pki.revoked(serial)

    def test_the_sweep_leaves_neither_role_nor_certificates(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        serials = [pki.issue(tags) for _ in range(2)]
        sightings = adapter.survey(tags.lease, [link])
        for _ in range(2):
            for sighting in sightings:
                adapter.sweep(sighting)
        assert all(pki.revoked(serial) for serial in serials)
        assert pki.world.root.read(f"{pki.mount}/roles/{role_name(tags)}") is None
        assert adapter.survey(tags.lease, [link]) == []


class TestCertificates:
    def test_they_are_found_from_the_lease_id_alone_when_their_role_is_gone(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        serial = pki.issue(tags)
        pki.world.root.delete(f"{pki.mount}/roles/{role_name(tags)}")
        for known in ([link], []):
            (sighting,) = of_kind(adapter.survey(tags.lease, known), LinkKind.VAULT_CERTIFICATE)
            assert (sighting.link.name, sighting.link.unique_id, sighting.ownership) == (serial, serial, Ownership.OURS)
        assert adapter.survey(new_tags(os.urandom(16)).lease, []) == []

    def test_who_may_not_list_them_can_not_call_them_revoked(self, pki: Pki, tags: LeaseTags) -> None:
        link = pki.create(tags)
        serial = pki.issue(tags)
        rules = f'path "{pki.mount}/roles/*" {{ capabilities = ["read"] }}'
        with pytest.raises(NhiError, match=f"may not use {pki.mount}/certs; fix: grant it list there"):
            limited_adapter(pki.world, rules).revoke_live(tags.lease, [link], now())
        assert not pki.revoked(serial)

    def test_a_linked_one_keeps_its_link(self, pki: Pki, tags: LeaseTags) -> None:
        pki.create(tags)
        serial = pki.issue(tags)
        where = {"mount": pki.mount}
        link = Link(System.VAULT, LinkKind.VAULT_CERTIFICATE, role_name(tags), unique_id=serial, attributes=where)
        (sighting,) = of_kind(pki.world.adapter().survey(tags.lease, [link]), LinkKind.VAULT_CERTIFICATE)
        assert sighting.link == link

    def test_the_cut_off_revokes_them_and_sees_it_on_the_crl(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        serial, start = pki.issue(tags), now()
        (done,) = cut_off_certificates(adapter, tags, [link])
        assert pki.revoked(serial)
        assert isinstance(done.disabled_at, datetime)
        assert start <= done.disabled_at <= now()
        assert done.canary is not None
        assert isinstance(adapter.try_canary(done.canary, now()), datetime)
        assert isinstance(adapter.try_canary(done.canary, now() + timedelta(hours=2)), NotChecked)
        assert of_kind(adapter.survey(tags.lease, [link]), LinkKind.VAULT_CERTIFICATE) == []

    def test_who_holds_the_former_crl_may_go_on_accepting_them_and_that_is_told(
        self, pki: Pki, tags: LeaseTags
    ) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        pki.issue(tags)
        (done,) = cut_off_certificates(adapter, tags, [link])
        assert isinstance(done.sessions_refused_at, NotChecked)
        ends = datetime.fromisoformat(done.sessions_refused_at.reason.rsplit(" ", 1)[1])
        assert now() < ends <= now() + timedelta(hours=1)  # their own end: it comes before the CRL's of 72 h

    def test_one_that_is_not_revoked_is_not_called_refused(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        pki.issue(tags)
        (done,) = cut_off_certificates(adapter, tags, [link])
        assert done.canary is not None
        held = done.canary.credential
        living = held.certificates.find(pki.mount, pki.issue(tags))
        assert adapter.try_canary(replace(done.canary, credential=replace(held, certificate=living)), now()) is None

    def test_a_crl_that_is_rebuilt_later_is_rebuilt_at_once(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        pki = Pki(vault_world, auto_rebuild=True)
        adapter, link = vault_world.adapter(), pki.create(tags)
        pki.issue(tags)
        (done,) = cut_off_certificates(adapter, tags, [link])
        assert isinstance(adapter.try_canary(done.canary, now()), datetime) if done.canary else False

    def test_an_engine_without_a_crl_is_told(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        pki = Pki(vault_world, disable=True)
        adapter, link = vault_world.adapter(), pki.create(tags)
        serial = pki.issue(tags)
        (done,) = cut_off_certificates(adapter, tags, [link])
        assert pki.revoked(serial)
        assert done.canary is None
        assert "publishes no CRL" in done.without_canary
        assert isinstance(done.sessions_refused_at, NotChecked)

    def test_a_crl_that_does_not_name_them_keeps_the_cut_off_from_succeeding(
        self, pki: Pki, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        serial = pki.issue(tags)
        monkeypatch.setattr("nhi_components.lifecycle.adapters.vault.pki.Certificates.on_list", lambda *_: False)
        for use in (adapter.cut_off, adapter.cut_off, adapter.revoke_live):  # also what an earlier run has revoked
            with pytest.raises(NhiError, match=f"certificate {serial} .* the CRL of its issuer does not say so"):
                use(tags.lease, [link], now())

    def test_those_of_another_issuer_are_looked_for_on_its_own_crl(self, pki: Pki, tags: LeaseTags) -> None:
        root, link = pki.world.root, pki.create(tags)
        first = root.list(f"{pki.mount}/issuers")["data"]["keys"][0]
        serial = pki.issue(tags)
        root.secrets.pki.generate_root("internal", "second", mount_point=pki.mount)
        (second,) = set(root.list(f"{pki.mount}/issuers")["data"]["keys"]) - {first}
        root.write(f"{pki.mount}/config/issuers", default=second)
        (done,) = cut_off_certificates(pki.world.adapter(), tags, [link])
        assert pki.revoked(serial)
        assert done.canary is not None
        assert not done.canary.credential.works()

    def test_a_suspended_identity_s_are_revoked(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        serial = pki.issue(tags)
        assert [revoked.name for revoked in adapter.revoke_live(tags.lease, [link], now())] == [serial]
        assert pki.revoked(serial)
        assert adapter.revoke_live(tags.lease, [link], now()) == []

    def test_those_revoked_before_are_told_with_their_own_time(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link = pki.world.adapter(), pki.create(tags)
        early, late = pki.issue(tags), pki.issue(tags)
        pki.world.root.write(f"{pki.mount}/revoke", serial_number=early)
        start = now()
        for _ in range(2):
            told = {done.link.unique_id: done for done in cut_off_certificates(adapter, tags, [link])}
            assert told.keys() == {early, late}
            revoked_at = told[early].disabled_at
            assert isinstance(revoked_at, datetime)
            assert int(revoked_at.timestamp()) == pki.revoked_at(early)
            assert revoked_at <= start
            assert isinstance(told[early].sessions_refused_at, NotChecked)
            for done in told.values():
                assert done.canary is not None
                assert isinstance(adapter.try_canary(done.canary, now()), datetime)
        revoked_at = told[late].disabled_at
        assert isinstance(revoked_at, datetime)
        assert int(revoked_at.timestamp()) == pki.revoked_at(late)

    def test_one_revoked_before_the_crl_of_then_had_ended_is_refused_everywhere(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        pki = Pki(vault_world, expiry="1s")
        adapter, link = vault_world.adapter(), pki.create(tags)
        pki.world.root.write(f"{pki.mount}/revoke", serial_number=pki.issue(tags))
        time.sleep(2)
        (done,) = cut_off_certificates(adapter, tags, [link])
        assert isinstance(done.sessions_refused_at, datetime)

    def test_one_revoked_before_without_a_crl_is_told(self, vault_world: VaultWorld, tags: LeaseTags) -> None:
        pki = Pki(vault_world, disable=True)
        adapter, link = vault_world.adapter(), pki.create(tags)
        pki.world.root.write(f"{pki.mount}/revoke", serial_number=pki.issue(tags))
        (done,) = cut_off_certificates(adapter, tags, [link])
        assert done.canary is None
        assert "publishes no CRL" in done.without_canary

    def test_expired_and_another_lease_s_are_left(self, pki: Pki, tags: LeaseTags) -> None:
        adapter, link, other = pki.world.adapter(), pki.create(tags), new_tags(os.urandom(16))
        pki.create(other)
        kept = pki.issue(other)
        past = (now() - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        expired = pki.issue(tags, not_after=past)
        assert of_kind(adapter.survey(tags.lease, [link]), LinkKind.VAULT_CERTIFICATE) == []
        adapter.cut_off(tags.lease, [link], now())
        assert not pki.revoked(kept)
        assert not pki.revoked(expired)

    def test_who_may_not_list_them_is_blind_but_finds_the_linked(self, pki: Pki, tags: LeaseTags) -> None:
        pki.create(tags)
        serial = pki.issue(tags)
        where = {"mount": pki.mount}
        link = Link(System.VAULT, LinkKind.VAULT_CERTIFICATE, role_name(tags), unique_id=serial, attributes=where)
        adapter = limited_adapter(pki.world, f'path "{pki.mount}/revoke" {{ capabilities = ["update"] }}')
        spots = {s.kind: s.reason.reason for s in adapter.blind_spots([link]) if pki.mount in s.reason.reason}
        assert set(spots) == {LinkKind.VAULT_PKI_ROLE, LinkKind.VAULT_CERTIFICATE}
        assert f"{pki.mount}/certs" in spots[LinkKind.VAULT_CERTIFICATE]
        assert [s.link for s in of_kind(adapter.survey(tags.lease, [link]), LinkKind.VAULT_CERTIFICATE)] == [link]
        assert len(cut_off_certificates(adapter, tags, [link])) == 1
        assert pki.revoked(serial)


def test_a_role_needs_an_engine_that_can_issue(vault_world: VaultWorld, tags: LeaseTags) -> None:
    pki = Pki(vault_world)
    link = pki.create(tags)
    vault_world.adapter().require([link])
    empty = f"pki-{os.urandom(4).hex()}"
    vault_world.root.sys.enable_secrets_engine("pki", path=empty)
    with pytest.raises(SpecError, match="a PKI engine with a CA"):
        vault_world.adapter().require([replace(link, attributes={"mount": empty})])
