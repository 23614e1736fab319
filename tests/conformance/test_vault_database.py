"""Dynamic database users: on a real OpenBao and a real PostgreSQL."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from nhi_components.core.database import DatabaseGrant, role_statements
from nhi_components.core.errors import NhiError, SpecError
from nhi_components.core.links import LinkKind, NotChecked
from nhi_components.core.tags import LeaseTags, statement_mark
from nhi_components.lifecycle.ports import Ownership
from tests.conformance.issuers import Database, role_name
from tests.conformance.test_vault import limited_adapter, of_kind
from tests.conformance.vault_world import VaultWorld
from tests.conformance.world import new_tags, now
from tools.lab.sandbox.postgres import Postgres, QueryFailedError

OTHERS = "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}'"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def database(vault_world: VaultWorld, postgres: Postgres) -> Database:
    return Database(vault_world, postgres)


class TestRole:
    def test_it_is_admitted_by_the_mark_in_its_statement(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create(tags)
        (admitted,) = adapter.admit(tags, [link], now())
        assert admitted.key == link.key
        with pytest.raises(NhiError, match="somebody else's of the same name"):
            adapter.admit(replace(tags, lease=new_tags(os.urandom(16)).lease), [link], now())

    def test_without_the_mark_it_is_refused_and_left_alone(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create_marked(tags, OTHERS)
        with pytest.raises(NhiError, match=f"expected '{statement_mark(tags.lease)}'"):
            adapter.admit(tags, [link], now())
        for known in ([link], []):
            (sighting,) = of_kind(adapter.survey(tags.lease, known), LinkKind.VAULT_DATABASE_ROLE)
            assert sighting.ownership is Ownership.NAMESAKE

    def test_users_of_a_namesake_are_not_touched(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create_marked(tags, OTHERS)
        user = database.issue(tags)
        assert of_kind(adapter.survey(tags.lease, [link]), LinkKind.VAULT_LEASE) == []
        assert adapter.cut_off(tags.lease, [link], now()) == []
        assert database.logs_in(user)

    def test_it_must_be_there(self, database: Database, tags: LeaseTags) -> None:
        link = replace(database.create(tags), name="nobody-dev-aaaaaa")
        with pytest.raises(NhiError, match="found nothing of that name"):
            database.world.adapter().admit(tags, [link], now())


class TestUsers:
    def test_they_are_seen_without_showing_their_leases(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create(tags)
        user = database.issue(tags)
        for known in ([link], []):
            sightings = adapter.survey(tags.lease, known)
            (lease,) = of_kind(sightings, LinkKind.VAULT_LEASE)
            assert lease.ownership is Ownership.OURS
            assert lease.link.attributes == {"mount": database.mount, "role": role_name(tags)}
            assert not any(
                credential in repr(sightings) for credential in (user.lease.rsplit("/", 1)[1], user.password)
            )

    def test_the_cut_off_removes_them_from_the_database(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create(tags)
        users = [database.issue(tags) for _ in range(2)]
        assert all(database.logs_in(user) for user in users)
        start = now()
        done = [c for c in adapter.cut_off(tags.lease, [link], start) if c.link.kind is LinkKind.VAULT_LEASE]
        assert len(done) == len(users)
        assert not any(database.knows(user) for user in users)
        assert not any(database.logs_in(user) for user in users)
        for cut_off in done:
            assert isinstance(cut_off.sessions_refused_at, datetime)
            assert start <= cut_off.sessions_refused_at <= now()
        assert database.role_exists(tags)

    def test_those_made_with_the_identity_s_own_token_are_gone_when_the_cut_off_answers(
        self, database: Database, tags: LeaseTags
    ) -> None:
        world, link = database.world, database.create(tags)
        links = world.adapter().admit(tags, [*world.create(tags), link], now())
        world.root.sys.create_or_update_policy(
            f"creds-{database.mount}", f'path "{database.mount}/creds/*" {{ capabilities = ["read"] }}'
        )
        token = world.root.auth.token.create(policies=[role_name(tags), f"creds-{database.mount}"])["auth"]
        world.root, root = world.server.client(token["client_token"]), world.root
        user = database.issue(tags)
        world.root = root
        done = world.adapter().cut_off(tags.lease, links, now())
        assert not database.knows(user)
        assert [c.link.kind for c in done].count(LinkKind.VAULT_LEASE) == 1

    def test_a_suspended_identity_s_are_revoked(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create(tags)
        user = database.issue(tags)
        assert [revoked.kind for revoked in adapter.revoke_live(tags.lease, [link], now())] == [LinkKind.VAULT_LEASE]
        assert not database.knows(user)
        assert adapter.revoke_live(tags.lease, [link], now()) == []
        assert database.role_exists(tags)

    def test_another_lease_s_live_on(self, database: Database, tags: LeaseTags) -> None:
        adapter, other = database.world.adapter(), new_tags(os.urandom(16))
        link, _ = database.create(tags), database.create(other)
        kept, _ = database.issue(other), database.issue(tags)
        adapter.cut_off(tags.lease, [link], now())
        assert database.logs_in(kept)

    def test_the_sweep_leaves_neither_role_nor_users(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create(tags)
        user = database.issue(tags)
        sightings = adapter.survey(tags.lease, [link])
        for _ in range(2):
            for sighting in sightings:
                adapter.sweep(sighting)
        assert not database.knows(user)
        assert not database.role_exists(tags)
        assert adapter.survey(tags.lease, [link]) == []

    def test_they_outlive_their_role_and_are_revoked_without_it(self, database: Database, tags: LeaseTags) -> None:
        adapter, link = database.world.adapter(), database.create(tags)
        user = database.issue(tags)
        database.world.root.delete(f"{database.mount}/roles/{role_name(tags)}")
        assert database.logs_in(user)
        (by_link,) = of_kind(adapter.survey(tags.lease, [link]), LinkKind.VAULT_LEASE)
        (by_ending,) = of_kind(adapter.survey(tags.lease, []), LinkKind.VAULT_LEASE)
        assert (by_link.ownership, by_ending.ownership) == (Ownership.OURS, Ownership.NAMESAKE)
        assert "its role is gone" in by_ending.detail
        adapter.sweep(by_link)
        assert not database.knows(user)

    def test_a_database_that_is_down_keeps_the_cut_off_from_succeeding(
        self, database: Database, tags: LeaseTags
    ) -> None:
        adapter, link = database.world.adapter(), database.create(tags)
        user = database.issue(tags)
        (sighting,) = of_kind(adapter.survey(tags.lease, [link]), LinkKind.VAULT_LEASE)
        database.postgres.stop()
        try:
            for use in (
                lambda: adapter.cut_off(tags.lease, [link], now()),
                lambda: adapter.revoke_live(tags.lease, [link], now()),
                lambda: adapter.sweep(sighting),
            ):
                with pytest.raises(NhiError, match=r"its database user is not gone: .*connection refused") as caught:
                    use()
                assert user.lease not in str(caught.value)
                assert database.postgres.password not in str(caught.value)
            assert of_kind(adapter.survey(tags.lease, [link]), LinkKind.VAULT_LEASE) == [sighting]
        finally:
            database.postgres.start()
        assert database.logs_in(user)
        adapter.cut_off(tags.lease, [link], now())
        assert not database.knows(user)

    def test_who_may_not_list_leases_is_blind(self, database: Database, tags: LeaseTags) -> None:
        link = database.create(tags)
        database.issue(tags)
        adapter = limited_adapter(
            database.world, f'path "{database.mount}/*" {{ capabilities = ["create", "read", "update", "list"] }}'
        )
        spots = {
            spot.reason.reason.split(";")[0]
            for spot in adapter.blind_spots([link])
            if spot.kind is LinkKind.VAULT_LEASE
        }
        expected = {f"sys/leases/lookup/{database.mount}/creds", "sys/leases/revoke"}
        assert {spot.rsplit(" ", 1)[1] for spot in spots} == expected
        assert all(isinstance(spot.reason, NotChecked) for spot in adapter.blind_spots([link]))
        kinds = {sighting.link.kind for sighting in adapter.survey(tags.lease, [link])}
        assert kinds == {LinkKind.VAULT_DATABASE_ROLE}
        with pytest.raises(NhiError, match=f"may not use sys/leases/lookup/{database.mount}/creds; fix: grant it list"):
            adapter.revoke_live(tags.lease, [link], now())


class TestStatements:
    def test_a_user_is_dropped_though_its_role_grants_something_else_by_now(
        self, database: Database, tags: LeaseTags
    ) -> None:
        run = database.postgres.query
        run("CREATE SCHEMA old; CREATE TABLE old.orders (id serial); CREATE TABLE public.events (id serial)")
        before = DatabaseGrant(privileges=("INSERT",), tables=("old.orders",), sequences=("old.orders_id_seq",))
        after = DatabaseGrant(privileges=("SELECT",), tables=("public.events",))
        link = database.create_with(tags, role_statements(tags.lease, [before]))
        user = database.issue(tags)
        run("INSERT INTO old.orders DEFAULT VALUES", user=user.name, password=user.password)
        database.create_with(tags, role_statements(tags.lease, [after]))
        database.world.adapter().revoke_live(tags.lease, [link], now())
        assert not database.knows(user)
        run("DROP SCHEMA old CASCADE; DROP TABLE public.events")


class TestGround:
    def test_the_connection_must_permit_the_role(self, database: Database, tags: LeaseTags) -> None:
        adapter, root = database.world.adapter(), database.world.root
        link = replace(database.create(tags), attributes={"mount": database.mount, "database": "orders"})
        adapter.require([link])
        root.write(f"{database.mount}/config/orders", allowed_roles=["orders-dev-*"], verify_connection=False)
        adapter.require([link])
        root.write(f"{database.mount}/config/orders", allowed_roles=["invoices", "orders-prod-*"])
        with pytest.raises(SpecError, match=r"add `orders-dev-\*` to the connection's allowed_roles") as caught:
            adapter.require([link])
        assert caught.value.problems[0].got == "invoices, orders-prod-*"

    def test_the_connection_must_exist(self, database: Database, tags: LeaseTags) -> None:
        attributes = {"mount": database.mount, "database": "nowhere"}
        with pytest.raises(SpecError, match=f"{database.mount}/config/nowhere\n.* nothing"):
            database.world.adapter().require([replace(database.create(tags), attributes=attributes)])


def test_a_server_ends_with_its_owner_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(tempfile.mkdtemp(prefix="nhi-"))
    folder.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with Postgres() as server:
        assert server.query("SELECT current_user") == ["postgres"]
        with pytest.raises(QueryFailedError, match="password authentication failed"):
            server.query("SELECT 1", password="a-guess")
    assert list(folder.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
    folder.rmdir()
