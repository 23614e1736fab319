"""What Google Cloud keeps of what was deleted, and the pools that identities rest on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.gcp_links import POOL
from nhi_components.core.gcp_names import pool_name, provider_name
from nhi_components.core.links import Link, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp.adapter import GcpAdapter
from nhi_components.lifecycle.cutting_off import CutOffOutcome
from nhi_components.lifecycle.teardown import close, removal_facts
from nhi_components.lifecycle.verification import verify
from tests.conformance.gcp_steps import (
    ACCOUNT,
    POOLS,
    PROVIDER,
    ROLE,
    adapter_of,
    admitted,
    disabled_keys,
    sweep_all,
)
from tests.conformance.gcp_world import GcpWorld, email_of, mark, pool_of
from tests.conformance.world import by_kind, now
from tools.doubles.gcp.double import PROJECT as P


@pytest.fixture
def world(gcp_world: GcpWorld) -> GcpWorld:
    return gcp_world


@pytest.fixture
def adapter(world: GcpWorld) -> GcpAdapter:
    return adapter_of(world)


class TestSoftDelete:
    def test_what_is_deleted_softly_is_told_with_its_date_and_not_as_alive(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        sweep_all(adapter, tags.lease, links)
        found = {each.link.kind: each for each in adapter.survey(tags.lease, links)}
        assert set(found) == {ROLE, PROVIDER, POOLS}
        for kind, days in ((ROLE, 7), (PROVIDER, 30), (POOLS, 30)):
            until = found[kind].retained_until
            assert until is not None
            assert abs(until - now() - timedelta(days=days)) < timedelta(minutes=1)
            assert found[kind].detail == f"deleted; can be brought back until {until:%Y-%m-%d}"
            assert not found[kind].lives
        assert {each.link.kind for each in adapter.survey(tags.lease, [])} == set(found)
        assert verify([adapter], tags.lease, links).confirmed_gone
        world.double.ahead += timedelta(days=38)
        assert adapter.survey(tags.lease, links) == []

    def test_evidence_tells_until_when_each_can_be_brought_back(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        done = adapter.cut_off(tags.lease, links, now())
        removal = close(
            [adapter], tags.lease, links, patience=timedelta(seconds=30), clock=now, sleep=lambda seconds: None
        )
        assert removal.closed_at is not None
        outcome = CutOffOutcome(now(), tuple(done), {}, ())
        facts = {row.link.kind: row for row in removal_facts(links, removal, outcome, {})}
        days = {ACCOUNT: 30, ROLE: 7, POOLS: 30, PROVIDER: 30}
        for kind, row in facts.items():
            assert isinstance(row.absent_at, datetime)
            if kind not in days:
                assert row.recoverable_until is None
                continue
            assert isinstance(row.recoverable_until, datetime)
            assert abs(row.recoverable_until - now() - timedelta(days=days[kind])) < timedelta(minutes=1)

    def test_an_undeleted_account_has_no_key_that_works(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        world.add_extras(tags)
        adapter.cut_off(tags.lease, links, now())
        uid = by_kind(links, ACCOUNT).unique_id
        path = f"/v1/projects/{P}/serviceAccounts/{uid}"
        world.ask("DELETE", path)
        world.ask("POST", f"{path}:undelete", {})
        account = world.double.accounts.by_email[email_of(tags)]
        assert account["disabled"] is True
        assert disabled_keys(world, tags) == [True]

    def test_a_reserved_id_is_told_before_anything_is_made(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = world.create(tags)
        adapter.require(links)
        world.ask("DELETE", f"/v1/{pool_of(tags)}")
        with pytest.raises(SpecError) as caught:
            adapter.require(links)
        (problem,) = caught.value.problems
        day = (now() + timedelta(days=30)).date().isoformat()
        assert pool_of(tags) in problem.path
        assert problem.got == f"deleted, and its id is reserved until {day}"
        assert "undelete" in problem.fix


class TestPools:
    @pytest.mark.parametrize(
        ("change", "got"),
        [
            (None, "no such workload identity pool"),
            ("disable", "disabled: nobody comes in through it"),
            ("delete", "deleted, for good on "),
        ],
    )
    def test_a_pool_of_others_has_to_be_there_and_to_let_in(
        self, world: GcpWorld, adapter: GcpAdapter, change: str | None, got: str
    ) -> None:
        pool = pool_name(P, "company-pool")
        link = Link(System.GCP, PROVIDER, provider_name(pool, "orders"), attributes={POOL: pool})
        if change:
            pools = f"/v1/projects/{P}/locations/global/workloadIdentityPools"
            world.ask("POST", f"{pools}?workloadIdentityPoolId=company-pool", {})
            adapter.require([link])
        if change == "disable":
            world.ask("PATCH", f"/v1/{pool}?updateMask=disabled", {"disabled": True})
        elif change == "delete":
            world.ask("DELETE", f"/v1/{pool}")
        with pytest.raises(SpecError) as caught:
            adapter.require([link])
        (problem,) = caught.value.problems
        assert problem.got.startswith(got)
        assert problem.fix

    def test_a_provider_in_a_pool_of_others_is_found_from_the_lease_id_alone(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        pools, pool = f"/v1/projects/{P}/locations/global/workloadIdentityPools", pool_name(P, "company-pool")
        world.ask("POST", f"{pools}?workloadIdentityPoolId=company-pool", {"description": "everybody's"})
        provider = {
            "description": mark(tags),
            "oidc": {"issuerUri": "https://issuer.example.com"},
            "attributeMapping": {"google.subject": "assertion.sub"},
        }
        world.ask("POST", f"/v1/{pool}/providers?workloadIdentityPoolProviderId=orders", provider)
        (found,) = adapter.survey(tags.lease, [])
        assert (found.link.kind, found.link.name) == (PROVIDER, provider_name(pool, "orders"))
        adapter.sweep(found)
        assert world.double.pools.providers.by_name.popitem()[1].deleted
        assert not world.double.pools.pools.by_name.popitem()[1].deleted
