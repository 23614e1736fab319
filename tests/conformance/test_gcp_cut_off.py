"""Cutting an account of Google Cloud off, with a canary where one can be opened, and letting it in again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.core.gcp_links import SUSPENDED
from nhi_components.core.links import Link, LinkKind, NotChecked, StillWorked, System
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.gcp import canary
from nhi_components.lifecycle.adapters.gcp.adapter import GcpAdapter
from nhi_components.lifecycle.adapters.gcp.marks import canary_title
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.ports import Ownership
from tests.conformance.gcp_steps import (
    ACCOUNT,
    DOCUMENTED,
    POOLS,
    PROVIDER,
    ROLE,
    adapter_of,
    admitted,
    cut_off_of,
    named,
)
from tests.conformance.gcp_world import DANA, GcpWorld, email_of, mark, role_of
from tests.conformance.world import by_kind, now
from tools.doubles.gcp.double import PROJECT as P


@pytest.fixture
def world(gcp_world: GcpWorld) -> GcpWorld:
    return gcp_world


@pytest.fixture
def adapter(world: GcpWorld) -> GcpAdapter:
    return adapter_of(world)


@pytest.fixture
def limited(world: GcpWorld) -> Callable[[], GcpAdapter]:
    """An adapter whose connection has just the permissions that are documented."""

    def opened() -> GcpAdapter:
        world.become(DOCUMENTED)
        return adapter_of(world)

    return opened


class TestCutOff:
    def test_a_canary_that_outlives_the_cut_off_is_tried_until_it_is_refused(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(canary, "PROPAGATION_SECONDS", 0.3)
        links = admitted(world, adapter, tags)
        world.double.propagation = timedelta(minutes=2)
        done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
        assert done.sessions_refused_at == StillWorked("the canary still worked 0.3 s after the account was disabled")
        assert done.canary is not None
        assert adapter.try_canary(done.canary, now()) is None
        world.double.ahead += timedelta(minutes=3)
        assert isinstance(adapter.try_canary(done.canary, now()), datetime)

    def test_what_was_seen_refused_is_remembered_by_the_account(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        first = cut_off_of(adapter.cut_off(tags.lease, links, now()))
        again = cut_off_of(adapter_of(world).cut_off(tags.lease, links, now() + timedelta(hours=1)))
        assert isinstance(first.sessions_refused_at, datetime)
        assert isinstance(again.sessions_refused_at, datetime)
        assert abs(again.sessions_refused_at - first.sessions_refused_at) < timedelta(seconds=2)

    def test_whoever_may_not_become_the_account_may_for_a_moment(
        self, world: GcpWorld, tags: LeaseTags, limited: Callable[[], GcpAdapter]
    ) -> None:
        links = admitted(world, adapter_of(world), tags)
        account = account_resource(email_of(tags))
        before = world.bound(account)
        done = cut_off_of(limited().cut_off(tags.lease, links, now()))
        assert done.canary is not None
        assert isinstance(done.sessions_refused_at, datetime)
        sets = world.double.asked("POST", f"{email_of(tags).replace('@', '.*')}:setIamPolicy")
        assert [each.status for each in sets] == [200, 200]
        assert world.bound(account) == before

    def test_a_way_in_that_a_killed_run_has_left_is_closed(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        account = account_resource(email_of(tags))
        for use in (lambda: adapter.admit(tags, links, now()), lambda: adapter.cut_off(tags.lease, links, now())):
            leave_open(world, account, tags)
            assert "nhi-canary" in str(world.double.policies.get(account, 3))
            use()
            assert "nhi-canary" not in str(world.double.policies.get(account, 3))

    def test_whoever_has_no_address_goes_on_without_a_canary(
        self, world: GcpWorld, tags: LeaseTags, limited: Callable[[], GcpAdapter], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        links = admitted(world, adapter_of(world), tags)
        monkeypatch.setattr(GcpSession, "principal", lambda _: "principal-without-address")
        done = cut_off_of(limited().cut_off(tags.lease, links, now()))
        assert "has no address to which a right could be given" in done.without_canary
        assert isinstance(done.disabled_at, datetime)

    def test_the_accounts_of_an_agent_do_not_wait_for_each_other(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(canary, "PROPAGATION_SECONDS", 2)
        accounts = []
        for name in ("search", "mail", "files", "plan"):
            email = world.double.accounts.make(P, f"agent-{name}", mark(tags))["email"]
            accounts.append(Link(System.GCP, ACCOUNT, email))
        kept = adapter.admit(tags, accounts, now())
        world.double.propagation = timedelta(hours=1)
        started = time.monotonic()
        done = adapter.cut_off(tags.lease, kept, now())
        assert time.monotonic() - started < 2 * len(accounts)
        assert [each.link.name for each in done] == [link.name for link in kept]
        assert all(each.canary for each in done)

    def test_without_a_canary_the_account_is_cut_off_all_the_same(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        links = admitted(world, adapter, tags)
        world.double.disable_api(P, "iamcredentials.googleapis.com")
        monkeypatch.setattr(canary, "OPENING_SECONDS", 0.2)
        done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
        assert done.canary is None
        assert "IAM Service Account Credentials API" in done.without_canary
        assert isinstance(done.disabled_at, datetime)
        assert isinstance(done.sessions_refused_at, NotChecked)
        assert world.double.accounts.by_email[email_of(tags)]["disabled"] is True

    def test_a_suspended_identity_has_no_canary_and_is_not_let_in_again(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = [suspended(link) for link in admitted(world, adapter, tags)]
        world.ask("POST", f"/v1/{account_resource(email_of(tags))}:disable", {})
        done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
        assert (done.canary, done.without_canary[:10]) == (None, "suspended:")
        assert not any(each.cut_off for each in adapter.survey(tags.lease, links))
        adapter.admit(tags, links, now())
        account = world.double.accounts.by_email[email_of(tags)]
        assert (account["disabled"], account["description"]) == (True, mark(tags))

    def test_an_identity_that_begins_suspended_is_disabled_by_us(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = [suspended(link) for link in world.create(tags)]
        assert not world.double.accounts.by_email[email_of(tags)].get("disabled")
        adapter.admit(tags, links, now())
        assert world.double.accounts.by_email[email_of(tags)]["disabled"] is True

    def test_an_account_that_somebody_else_has_disabled_stays_so(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        world.ask("POST", f"/v1/{account_resource(email_of(tags))}:disable", {})
        adapter.admit(tags, links, now())
        assert world.double.accounts.by_email[email_of(tags)]["disabled"] is True
        (account,) = named(adapter.survey(tags.lease, links), ACCOUNT)
        assert account.cut_off

    def test_a_long_description_keeps_the_lease_when_it_is_marked(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        lease = description_mark(tags.lease)
        told = f"{'é' * 110} {lease}"
        links = world.create(tags)
        world.double.accounts.by_email[email_of(tags)]["description"] = told
        adapter.cut_off(tags.lease, adapter.admit(tags, links, now()), now())
        marked = world.double.accounts.by_email[email_of(tags)]["description"]
        assert len(marked.encode()) <= 256
        assert lease in marked
        assert "nhi:cut-off=" in marked
        assert [each.ownership for each in named(adapter.survey(tags.lease, []), ACCOUNT)] == [Ownership.OURS]


class TestAdmission:
    def test_the_secret_s_first_value_is_made_once(self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags) -> None:
        links = admitted(world, adapter, tags)
        value = world.secret_value(tags)
        assert len(value) > 32
        adapter.admit(tags, links, now())
        assert world.secret_value(tags) == value
        assert value not in repr(links)

    def test_a_mark_that_somebody_has_taken_away_is_written_again(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        account = world.double.accounts.by_email[email_of(tags)]
        account["description"] = "orders"
        adapter.admit(tags, links, now())
        assert account["description"] == f"orders {description_mark(tags.lease)}"

    @pytest.mark.parametrize("kind", [ACCOUNT, ROLE, POOLS, PROVIDER])
    def test_what_bears_no_lease_is_not_taken_for_what_was_just_made(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, kind: LinkKind
    ) -> None:
        links = world.create(tags)
        with world.double.lock:
            pools = world.double.pools
            told = {
                ACCOUNT: [world.double.accounts.by_email[email_of(tags)]],
                ROLE: [world.double.roles.by_name[role_of(tags)].facts],
                POOLS: [each.facts for each in pools.pools.by_name.values()],
                PROVIDER: [each.facts for each in pools.providers.by_name.values()],
            }
            for facts in told[kind]:
                facts["description"] = "made by hand"
        with pytest.raises(NhiError, match=r"mark of the lease.*fix: declare"):
            adapter.admit(tags, [by_kind(links, kind)], now())


def suspended(link: Link) -> Link:
    return replace(link, attributes={**link.attributes, SUSPENDED: "true"}) if link.kind is ACCOUNT else link


def leave_open(world: GcpWorld, account: str, tags: LeaseTags) -> None:
    opened = {
        "role": "roles/iam.serviceAccountTokenCreator",
        "members": [DANA],
        "condition": {
            "title": canary_title(tags.lease),
            "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")',
        },
    }
    with world.double.lock:
        policy = world.double.policies.get(account, 3)
        changed = {**policy, "version": 3, "bindings": [*policy.get("bindings", []), opened]}
        world.double.policies.set(account, changed)
