"""What Lease and Seal keep in the state, and what changes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.revocation import Revocation
from nhi_components.provider import lease, seal
from nhi_components.provider.known import UNKNOWN
from nhi_components.provider.schema import SCHEMA_VERSION, StateTooNew, readable

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
SEED = b"engine's seed"
IDENTITY: dict[str, Any] = {
    "name": "orders",
    "environment": "prod",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "sends order events",
    "expires": {"after_days": 30},
}
ROLE = {"system": "aws", "connection": "default", "kind": "iam-role", "attributes": {}}
SECRET = {"system": "aws", "connection": "default", "kind": "secrets-manager-secret", "attributes": {}}


def inputs(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"identity": {**IDENTITY, **changes}, "stack": "shop/prod", "parts": list(parts or (ROLE, SECRET))}


def stamped(*parts: dict[str, Any], now: datetime = NOW) -> dict[str, Any]:
    return lease.check(inputs(*parts), {}, SEED, now.date())


class TestCheck:
    def test_it_stamps_issue_day_end_and_id(self) -> None:
        checked = stamped()
        assert (checked["issued"], checked["ends"]) == ("2026-03-01", "2026-03-31")
        assert checked["leaseId"] == stamped()["leaseId"]
        assert checked["leaseId"] != lease.check(inputs(), {}, b"another", NOW.date())["leaseId"]

    def test_an_identity_is_suspended_from_its_end_on_or_when_it_is_declared_so(self) -> None:
        last_day, end = date(2026, 3, 30), date(2026, 3, 31)
        assert [lease.check(inputs(), stamped(), SEED, day)["state"] for day in (last_day, end)] == [
            "active",
            "suspended",
        ]
        assert lease.check(inputs(state="suspended"), {}, SEED, NOW.date())["state"] == "suspended"

    def test_what_was_stamped_is_kept(self) -> None:
        first = stamped()
        again = lease.check(inputs(purpose="sends other events"), first, b"another", (NOW + timedelta(days=20)).date())
        assert {name: again[name] for name in ("leaseId", "issued", "ends")} == {
            name: first[name] for name in ("leaseId", "issued", "ends")
        }

    def test_a_renewal_counts_from_the_issue_day(self) -> None:
        renewed = lease.check(inputs(expires={"after_days": 90}), stamped(), SEED, (NOW + timedelta(days=20)).date())
        assert renewed["ends"] == "2026-05-30"

    def test_an_end_that_has_come_does_not_keep_a_lease_from_being_checked(self) -> None:
        late = NOW + timedelta(days=60)
        assert lease.check(inputs(), stamped(), SEED, late.date())["ends"] == "2026-03-31"

    def test_a_new_end_in_the_past_is_refused(self) -> None:
        with pytest.raises(SpecError, match="2026-02-01"):
            lease.check(inputs(expires={"on": "2026-02-01"}), {}, SEED, NOW.date())

    def test_unknown_values_are_refused(self) -> None:
        with pytest.raises(SpecError, match="only at deployment"):
            lease.check(inputs(purpose=UNKNOWN), {}, SEED, NOW.date())

    def test_every_problem_of_the_identity_is_told(self) -> None:
        with pytest.raises(SpecError) as raised:
            lease.check(inputs(name="Not Good", purpose="short"), {}, SEED, NOW.date())
        assert {problem.path for problem in raised.value.problems} == {"name", "purpose"}

    def test_a_revocation_that_is_none_is_refused(self) -> None:
        with pytest.raises(SpecError, match="at-expiry"):
            lease.check({**inputs(), "revocation": "soon"}, {}, SEED, NOW.date())

    def test_a_state_without_a_revocation_asks_for_minutes(self) -> None:
        held = lease.LeaseInputs.from_state({**stamped(), "revocation": "immediate"})
        assert held.terms.revocation is Revocation.IMMEDIATE
        assert lease.LeaseInputs.from_state(stamped()).terms.revocation is Revocation.MINUTES
        assert seal.SealInputs.from_state(SEAL).terms.revocation is Revocation.MINUTES


class TestLedger:
    def test_names_follow_from_the_lease_id(self) -> None:
        held = lease.LeaseInputs.from_state(stamped())
        assert {part.name for part in held.parts} == {
            f"orders-prod-{held.lease_id[6:12]}",
            f"nhi/prod/orders-{held.lease_id[6:12]}",
        }
        assert held.tags.lease == held.lease_id

    def test_what_leaves_stays_on_it_until_it_is_confirmed_gone(self) -> None:
        first = lease.outputs(stamped())
        assert lease.changed(first, stamped()) == []
        fewer = lease.check(inputs(ROLE), first, SEED, NOW.date())
        assert lease.changed(first, fewer) == ["parts"]
        second = lease.outputs(fewer, first)
        (left,) = lease.departed(lease.ledger_of(second))
        assert left.kind is LinkKind.SECRETS_MANAGER_SECRET
        assert lease.changed(second, fewer) == ["ledger"]
        entries = lease.confirm(lease.ledger_of(second), {left.key}, NOW)
        third = lease.with_ledger(second, entries)
        assert lease.departed(lease.ledger_of(third)) == []
        assert len(lease.ledger_of(third)) == 2
        assert lease.changed(third, fewer) == []

    def test_what_comes_back_is_linked_again(self) -> None:
        first = lease.outputs(stamped())
        second = lease.outputs(lease.check(inputs(ROLE), first, SEED, NOW.date()), first)
        third = lease.outputs(stamped(), second)
        assert lease.departed(lease.ledger_of(third)) == []


LINKS: list[dict[str, Any]] = [
    {"system": "aws", "connection": "default", "kind": "iam-role", "name": "orders-prod-abcdef", "uniqueId": "AROA"},
    {"system": "aws", "connection": "default", "kind": "secrets-manager-secret", "name": "nhi/prod/orders-abcdef"},
]
SEAL: dict[str, Any] = {
    "leaseId": "lease-abcdefghijklmnop",
    "identity": "orders",
    "environment": "prod",
    "owner": "payments@example.com",
    "purpose": "sends order events",
    "issued": "2026-03-01",
    "ends": "2026-03-31",
    "stack": "shop/prod",
    "links": LINKS,
}


class TestSeal:
    def sealed(self, *, cut_off: bool = False) -> dict[str, Any]:
        return seal.outputs(SEAL, list(seal.SealInputs.from_state(SEAL).links), cut_off=cut_off)

    def test_what_is_admitted_as_declared_does_not_change(self) -> None:
        assert seal.changed(self.sealed(), SEAL, NOW) == []
        assert seal.admitted_of(self.sealed()) == list(seal.SealInputs.from_state(SEAL).links)
        assert self.sealed()["schemaVersion"] == SCHEMA_VERSION

    def test_a_changed_input_is_named(self) -> None:
        assert seal.changed(self.sealed(), {**SEAL, "ends": "2026-05-01"}, NOW) == ["ends"]

    def test_what_is_no_longer_admitted_is_admitted_anew(self) -> None:
        fewer = seal.outputs(self.sealed(), seal.admitted_of(self.sealed())[:1])
        assert seal.changed(fewer, SEAL, NOW) == ["admitted"]

    def test_what_an_unfinished_teardown_cut_off_is_admitted_anew(self) -> None:
        cut_off = self.sealed(cut_off=True)
        assert seal.changed(cut_off, SEAL, NOW) == ["admitted"]
        assert seal.admitted_of(cut_off) == seal.admitted_of(self.sealed())
        assert seal.outputs(cut_off, seal.admitted_of(cut_off)) == self.sealed()

    def test_what_a_system_wants_to_be_asked_again_is_admitted_anew_on_that_day(self) -> None:
        link = Link(System.VAULT, LinkKind.VAULT_CERTIFICATE, "orders", attributes={"due": "2026-03-02T00:00:00+00:00"})
        sealed = seal.outputs(SEAL, [*seal.SealInputs.from_state(SEAL).links, link])
        due = datetime(2026, 3, 2, tzinfo=UTC)
        assert seal.changed(sealed, SEAL, due - timedelta(seconds=1)) == []
        assert seal.changed(sealed, SEAL, due) == ["admitted"]

    def test_changes_of_state_are_counted_and_a_refresh_keeps_their_number(self) -> None:
        suspended = seal.SealInputs.from_state({**SEAL, "state": "suspended"})
        assert seal.changes_of(self.sealed()) == 0
        assert seal.has_turned(self.sealed(), suspended)
        after = seal.outputs({**SEAL, "state": "suspended"}, list(suspended.links), changes=1)
        assert seal.changes_of(seal.outputs(after, seal.admitted_of(after))) == 1
        assert not seal.has_turned(after, suspended)
        assert seal.has_turned(seal.outputs(after, [], cut_off=True), suspended)
        assert seal.has_turned(after, seal.SealInputs.from_state(SEAL))

    def test_what_left_the_program_is_known(self) -> None:
        fewer = {**SEAL, "links": LINKS[:1]}
        (left,) = seal.departed(self.sealed(), fewer)
        assert left == Link(System.AWS, LinkKind.SECRETS_MANAGER_SECRET, "nhi/prod/orders-abcdef")

    def test_a_principal_that_leaves_roles_behind_is_known_until_the_next_update(self) -> None:
        kind = LinkKind.AZURE_MANAGED_IDENTITY
        old, new, unknown = (Link(System.AZURE, kind, "orders", unique_id=each) for each in ("1", "2", None))
        role = Link(System.AWS, LinkKind.IAM_ROLE, "orders", unique_id="AROA")
        sealed = seal.outputs(SEAL, [old, unknown, role])
        assert seal.former_of(sealed, [new]) == [old]
        assert seal.former_of(sealed, [new, old]) == []
        refreshed = seal.outputs(sealed, [new], former=seal.former_of(sealed, [new]))
        assert seal.former_of(refreshed, [new]) == [old]
        assert seal.former_of(seal.outputs(SEAL, [new]), [new]) == []
        assert seal.changed({**SEAL, **refreshed}, SEAL, NOW) == seal.changed(seal.outputs(SEAL, [new]), SEAL, NOW)


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 0, "1", None])
def test_a_schema_that_is_not_known_is_refused(version: object) -> None:
    with pytest.raises(StateTooNew, match="nhi plugin install"):
        readable({"leaseId": "lease-abcdefghijklmnop", "schemaVersion": version})


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_every_earlier_schema_is_read(version: int) -> None:
    assert SCHEMA_VERSION == 3
    assert readable({"schemaVersion": version}) == {"schemaVersion": version}


def test_this_schema_and_what_has_no_version_yet_are_read() -> None:
    assert readable({"schemaVersion": SCHEMA_VERSION}) == {"schemaVersion": SCHEMA_VERSION}
    assert readable({}) == {}
