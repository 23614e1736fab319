"""Certificates delivered into KV entries: issued, delivered and read back before the one before is revoked."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.ports import SystemAdapter
from tests.conformance.issuers import NAMES, Pki, role_name
from tests.conformance.test_vault import of_kind
from tests.conformance.vault_world import KV, VaultWorld, names
from tests.conformance.world import new_tags, now

TTL = timedelta(hours=1)


class Killed(BaseException):
    """Stands for the end of the process: nothing handles it."""


class Slot:
    """A lease's KV entry, and the link that asks for a certificate in it."""

    def __init__(self, pki: Pki, tags: LeaseTags) -> None:
        self.pki, self.tags, self.path = pki, tags, names(tags)[1]
        self._role = pki.create(tags)
        self._entry = Link(System.VAULT, LinkKind.VAULT_KV_PATH, self.path, attributes={"mount": KV})

    def links(self, **changes: str) -> list[Link]:
        asked = {
            "mount": self.pki.mount,
            "role": role_name(self.tags),
            "names": ",".join(NAMES),
            "ttl_seconds": str(int(TTL.total_seconds())),
            "generation": "1",
            "overlap_seconds": "0",
            "entry_mount": KV,
            "entry": self.path,
        }
        certificate = Link(
            System.VAULT, LinkKind.VAULT_CERTIFICATE, role_name(self.tags), attributes={**asked, **changes}
        )
        return [self._role, self._entry, certificate]

    def admit(self, at: datetime | None = None, **changes: str) -> Link:
        """Admit all of it through a new adapter; the certificate's link."""
        return self.adapter().admit(self.tags, self.links(**changes), at or now())[-1]

    def adapter(self) -> SystemAdapter:
        return self.pki.world.adapter()

    def content(self, version: int | None = None) -> dict[str, str]:
        found: dict[str, str] = self.pki.world.root.secrets.kv.v2.read_secret_version(
            path=self.path, version=version, raise_on_deleted_version=True
        )["data"]["data"]
        self.pki.world.credentials.append(found["private_key"])
        return found

    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self.pki.world.root.secrets.kv.v2.read_secret_metadata(path=self.path)["data"]
        return found

    def live(self) -> set[str]:
        """The serial numbers of the lease's certificates that are valid, by reading all of the engine's."""
        root, mount = self.pki.world.root, self.pki.mount
        serials = root.list(f"{mount}/certs")["data"]["keys"]
        read = {serial: root.read(f"{mount}/cert/{serial}")["data"] for serial in serials}
        return {serial for serial, c in read.items() if not c["revocation_time"] and self._ours(c["certificate"])}

    def _ours(self, certificate: str) -> bool:
        return self.tags.lease in x509.load_pem_x509_certificate(certificate.encode()).subject.rfc4514_string()


@pytest.fixture
def slot(vault_world: VaultWorld, tags: LeaseTags) -> Slot:
    return Slot(Pki(vault_world), tags)


class TestFirst:
    def test_it_is_delivered_with_its_key_and_names_and_bears_the_lease(self, slot: Slot) -> None:
        link = slot.admit()
        content = slot.content()
        certificate = x509.load_pem_x509_certificate(content["certificate"].encode())
        key = serialization.load_pem_private_key(content["private_key"].encode(), None)
        assert certificate.public_key() == key.public_key()
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert tuple(alternative.get_values_for_type(x509.DNSName)) == NAMES
        assert content["ca_chain"].startswith("-----BEGIN CERTIFICATE-----")
        assert {link.unique_id} == {content["serial_number"]} == slot.live()
        assert link.attributes["version"] == "1"
        assert content["private_key"].splitlines()[1] not in repr(link)

    def test_a_second_admission_changes_nothing(self, slot: Slot) -> None:
        link = slot.admit()
        assert slot.admit() == link
        assert slot.metadata()["current_version"] == 1

    def test_it_is_due_when_a_third_of_its_life_remains(self, slot: Slot) -> None:
        due = datetime.fromisoformat(slot.admit().attributes["due"])
        assert abs(due - (now() + TTL * 2 / 3)) < timedelta(minutes=1)

    def test_it_never_lives_beyond_the_lease(self, slot: Slot) -> None:
        tomorrow = (now() + timedelta(days=1)).date()
        slot.tags = replace(slot.tags, ends=tomorrow)
        link = slot.admit(ttl_seconds=str(30 * 86_400))
        certificate = x509.load_pem_x509_certificate(slot.content()["certificate"].encode())
        assert (
            certificate.not_valid_after_utc.timestamp() <= datetime.combine(tomorrow, datetime.min.time()).timestamp()
        )
        assert "due" not in link.attributes  # a later one could live no longer

    def test_none_is_issued_to_a_suspended_identity(self, slot: Slot) -> None:
        assert slot.admit(suspended="true").unique_id is None
        assert slot.live() == set()
        active = slot.admit()
        suspended = slot.admit(suspended="true")
        assert suspended.unique_id == active.unique_id
        assert suspended.attributes["version"] == active.attributes["version"]

    def test_in_the_last_moment_of_the_lease_it_is_no_longer_one_than_at_any_other(self, slot: Slot) -> None:
        end = datetime.combine((now() + timedelta(days=1)).date(), datetime.min.time(), UTC)
        slot.tags = replace(slot.tags, ends=end.date())
        slot.admit(end - timedelta(milliseconds=500))
        certificate = x509.load_pem_x509_certificate(slot.content()["certificate"].encode())
        assert certificate.not_valid_after_utc < now() + timedelta(minutes=1)


class TestRotation:
    def test_without_overlap_the_one_before_is_revoked_in_the_same_run(self, slot: Slot) -> None:
        first = slot.admit()
        second = slot.admit(generation="2")
        assert first.unique_id
        assert slot.pki.revoked(first.unique_id)
        assert {second.unique_id} == slot.live() == {slot.content()["serial_number"]}
        assert second.attributes["version"] == "2"
        assert slot.metadata()["versions"]["1"]["destroyed"]

    def test_with_an_overlap_both_are_valid_until_it_has_passed(self, slot: Slot) -> None:
        first = slot.admit()
        second = slot.admit(generation="2", overlap_seconds="600")
        assert slot.live() == {first.unique_id, second.unique_id}
        assert slot.content(version=1)["serial_number"] == first.unique_id
        due = datetime.fromisoformat(second.attributes["due"])
        assert abs(due - (now() + timedelta(minutes=10))) < timedelta(minutes=1)
        slot.admit(generation="2", overlap_seconds="600")
        assert slot.live() == {first.unique_id, second.unique_id}
        later = slot.admit(due, generation="2", overlap_seconds="600")
        assert later.unique_id == second.unique_id
        assert slot.live() == {second.unique_id}
        assert slot.metadata()["versions"]["1"]["destroyed"]
        assert datetime.fromisoformat(later.attributes["due"]) > due

    def test_it_is_renewed_when_it_is_due(self, slot: Slot) -> None:
        first = slot.admit()
        due = datetime.fromisoformat(first.attributes["due"])
        assert slot.admit(due - timedelta(seconds=1)).unique_id == first.unique_id
        second = slot.admit(due)
        assert slot.live() == {second.unique_id} != {first.unique_id}

    def test_other_names_need_another_one(self, slot: Slot) -> None:
        first = slot.admit()
        second = slot.admit(names=NAMES[0])
        assert slot.live() == {second.unique_id} != {first.unique_id}

    def test_one_that_somebody_revoked_is_replaced(self, slot: Slot) -> None:
        first = slot.admit()
        slot.pki.world.root.write(f"{slot.pki.mount}/revoke", serial_number=first.unique_id)
        second = slot.admit()
        assert slot.live() == {second.unique_id} != {first.unique_id}

    def test_one_that_was_revoked_and_is_not_on_the_crl_yet_is_not_called_done(
        self, vault_world: VaultWorld, tags: LeaseTags
    ) -> None:
        slot = Slot(Pki(vault_world, auto_rebuild=True), tags)
        first = slot.admit()
        second = slot.admit(generation="2", overlap_seconds="600")
        root, mount = vault_world.root, slot.pki.mount
        root.write(f"{mount}/revoke", serial_number=first.unique_id)
        slot.admit(datetime.fromisoformat(second.attributes["due"]), generation="2", overlap_seconds="600")
        crl = x509.load_pem_x509_crl(root.read(f"{mount}/issuer/default/crl")["data"]["crl"].encode())
        assert [f"{revoked.serial_number:x}" for revoked in crl] == [str(first.unique_id).replace(":", "").lstrip("0")]

    def test_what_others_note_as_retiring_is_not_revoked(self, slot: Slot) -> None:
        slot.admit()
        other = new_tags(os.urandom(16))
        slot.pki.create(other)
        serial = slot.pki.issue(other)
        noted = {**slot.metadata()["custom_metadata"], f"nhi_retiring_{serial.replace(':', '-')}": now().isoformat()}
        slot.pki.world.root.secrets.kv.v2.update_metadata(path=slot.path, custom_metadata=noted)
        slot.admit()
        assert not slot.pki.revoked(serial)


class TestFailure:
    def test_what_was_delivered_must_be_read_back_the_same(self, slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
        first = slot.admit()
        read = VaultHttp.read

        def altered(http: VaultHttp, path: str, **query: str) -> Any:
            found = read(http, path, **query)
            return {**found, "data": {}} if found and "/data/" in path else found

        with monkeypatch.context() as patched:
            patched.setattr(VaultHttp, "read", altered)
            with pytest.raises(NhiError, match="read back another content") as caught:
                slot.admit(generation="2")
        assert "PRIVATE KEY" not in str(caught.value)
        assert first.unique_id in slot.live()  # it was not cut over
        second = slot.admit(generation="2")
        assert slot.live() == {second.unique_id}

    @pytest.mark.parametrize("overlap", ["0", "600"])
    def test_killed_at_any_step_the_next_run_completes_it(
        self, vault_world: VaultWorld, monkeypatch: pytest.MonkeyPatch, overlap: str
    ) -> None:
        pki, steps = Pki(vault_world), 0
        while True:
            slot = Slot(pki, new_tags(os.urandom(16)))
            first = slot.admit()
            if self._killed(slot, monkeypatch, steps, overlap):
                link = slot.admit(generation="2", overlap_seconds=overlap)
                assert slot.content()["serial_number"] == link.unique_id
                assert link.attributes["version"] == str(slot.metadata()["current_version"])
                assert slot.live() - {link.unique_id} == ({first.unique_id} if overlap != "0" else set()), steps
                assert "nhi_issuing" not in slot.metadata()["custom_metadata"]
                assert slot.admit(generation="2", overlap_seconds=overlap) == link
                steps += 1
            else:
                break
        assert steps >= 4

    def _killed(self, slot: Slot, monkeypatch: pytest.MonkeyPatch, steps: int, overlap: str) -> bool:
        """Rotate, and end the process after so many writes; tell whether it came to that."""
        write, done = VaultHttp.write, []

        def counted(http: VaultHttp, path: str, body: Any) -> Any:
            answer = write(http, path, body)
            if path.startswith("sys/capabilities"):
                return answer
            done.append(path)
            if len(done) > steps:
                raise Killed
            return answer

        with monkeypatch.context() as patched:
            patched.setattr(VaultHttp, "write", counted)
            try:
                slot.admit(generation="2", overlap_seconds=overlap)
            except Killed:
                return True
        return False

    def test_a_teardown_revokes_all_of_them(self, slot: Slot) -> None:
        slot.admit()
        slot.admit(generation="2", overlap_seconds="600")
        adapter, links = slot.adapter(), slot.links(generation="2", overlap_seconds="600")
        assert len(of_kind(adapter.survey(slot.tags.lease, links), LinkKind.VAULT_CERTIFICATE)) == 2
        done = adapter.cut_off(slot.tags.lease, links, now())
        assert slot.live() == set()
        assert [extra for cut_off in done for extra in cut_off.extras] == []  # both versions are of our making
