"""Refreshing the inventory of the double of GitHub by the audit logs of its organisations."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from nhi_components.core.connection import GitHubConnection
from nhi_components.lifecycle.adapters.github.audit_log import LATE, AuditLog
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from nhi_components.lifecycle.events.journal import Journal
from nhi_components.lifecycle.events.ports import NOT_UNDERSTOOD, Event
from tests.conformance.discovery.github_world import ACME, GitHubDiscoveryWorld
from tests.conformance.discovery.test_killed import nhi
from tests.conformance.discovery.test_refresh_systems import Followed
from tests.conformance.world import now

LOG = "/audit-log"
EVERYTHING = (f"*/{ACME}", f"*/{ACME}/*")


class GitHubFollowed(Followed):
    """A scanned organisation, and the reader of its log; waits are noted and take no time."""

    def __init__(self, world: GitHubDiscoveryWorld, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(world.discovery(), folder)
        self.world, self.waits = world, list[float]()
        self._environment = monkeypatch

    def reader(self, *organizations: str, token: str = "", clock: Callable[[], datetime] | None = None) -> AuditLog:
        self._environment.setenv("GITHUB_TOKEN_OF_READER", token or self.world.operator)
        settings = GitHubConnection(
            endpoint=self.world.double.url, token_variable="GITHUB_TOKEN_OF_READER", organizations=organizations
        )
        return AuditLog("default", settings, clock or self.scanner.clock, self.waits.append)


@pytest.fixture
def followed(
    github_discovery_world: GitHubDiscoveryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> GitHubFollowed:
    github_discovery_world.plant()
    return GitHubFollowed(github_discovery_world, tmp_path, monkeypatch)


def events_of(reader: AuditLog, since: datetime | None = None) -> list[Event]:
    since = since or now() - timedelta(hours=1)
    return [event for batch in reader.read(None, since) for event in batch.told.events]


def test_an_organisation_is_followed_by_its_audit_log(followed: GitHubFollowed, tmp_path: Path) -> None:
    world, reader = followed.world, followed.reader(ACME)
    assert len(followed.named("/keys/")) == 1
    with world.double.lock:
        (held,) = (each.keys for each in world.double.organizations.details.values() if each.keys)
        held.clear()
        world.double.audit_log.note(now(), "public_key.delete", ACME)
        world.double.audit_log.note(now(), "pull_request.create", ACME)
    done = followed.refresh(reader)
    assert (done.complete, done.kept, followed.sections(done)) == (True, 1, {f"deploy-keys/{ACME}"})
    assert followed.named("/keys/") == []
    assert followed.refresh(reader).sections == ()
    # Which secret was written is told by nothing else than this log, and makes all of the organisation stale.
    world.double.audit_log.note(now(), "org.update_actions_secret", ACME)
    assert f"organization-actions-secrets/{ACME}" in followed.sections(followed.refresh(reader))
    whole = b"".join(file.read_bytes() for file in tmp_path.rglob("inventory.db*"))
    assert [value for value in world.secrets if value.encode() in whole] == []


def test_pages_are_read_by_their_cursor_and_no_further_back_than_need_be(followed: GitHubFollowed) -> None:
    log, at = followed.world.double.audit_log, now().replace(microsecond=0)
    since = at - timedelta(hours=1)
    older = [log.note(since - LATE - timedelta(minutes=minute), "team.create", ACME) for minute in range(250, 0, -1)]
    newer = [log.note(since + timedelta(seconds=second), "team.create", ACME) for second in range(150)]
    reader = followed.reader(ACME, clock=lambda: at)
    assert sorted(event.id for event in events_of(reader, since)) == sorted(newer)
    asked = [parse_qs(urlsplit(each.target).query) for each in followed.world.double.asked("GET", LOG)]
    assert [each["order"] for each in asked] == [["desc"]] * len(asked)
    # Of 400 entries the 100 newest, and those after them, of which some are too old.
    assert [("after" in each, each["include"]) for each in asked] == [(False, ["web"]), (True, ["web"])]
    assert not set(older) & {event.id for event in events_of(reader, since)}
    cursor = [batch.cursor for batch in reader.read(None, since)][-1]
    assert json.loads(cursor or "") == {ACME: at.isoformat()}
    assert [event for batch in reader.read(cursor, since) for event in batch.told.events] == []


def test_a_limit_is_waited_for_and_one_that_takes_long_is_told(followed: GitHubFollowed) -> None:
    double, reader = followed.world.double, followed.reader(ACME)
    double.audit_log.note(now(), "team.create", ACME)
    double.fail(429, retry_after=7, times=1, target=LOG)
    double.fail(403, retry_after=9, times=1, target=LOG)
    assert len(events_of(reader)) == 1
    assert followed.waits == [7, 9]
    double.fail(429, retry_after=3600, target=LOG)
    with pytest.raises(Busy, match="rate limit"):
        events_of(reader)
    assert followed.waits == [7, 9]


def test_an_organisation_without_such_a_log_hides_nothing_of_the_others(followed: GitHubFollowed) -> None:
    double = followed.world.double
    double.organizations.named["small"].members |= followed.world.organization.members
    double.audit_log.without.add("small")
    double.audit_log.note(now(), "public_key.create", ACME)
    reader = followed.reader("small", ACME)
    done = followed.refresh(reader)
    assert (done.complete, followed.sections(done)) == (False, {f"deploy-keys/{ACME}"})
    assert "404, GET /orgs/small/audit-log" in done.unread[reader.name]
    assert "organization_administration:read" in done.unread[reader.name]
    assert list(json.loads(Journal(followed.inventory).cursor(reader.name) or "")) == [ACME]


def test_without_a_name_the_organisations_of_the_caller_are_asked(followed: GitHubFollowed) -> None:
    followed.world.double.audit_log.note(now(), "team.create", ACME)
    assert len(events_of(followed.reader())) == 1
    assert len(events_of(followed.reader(token=followed.world.user("dana")))) == 1
    nobody = followed.world.double.grant("a-token-of-lee", "lee")
    with pytest.raises(NotSeen, match="name the connection's `organizations`"):
        events_of(followed.reader(token=nobody))


def test_without_leave_it_says_which(followed: GitHubFollowed) -> None:
    followed.world.double.deny("reader-of-all", "organization_administration")
    with pytest.raises(NotSeen, match="expected the permission organization_administration:read"):
        events_of(followed.reader(ACME))


def test_an_entry_that_is_not_understood_makes_everything_stale_and_none_of_it_is_kept(
    followed: GitHubFollowed,
) -> None:
    log = followed.world.double.audit_log
    log.entries[ACME].append({"action": "team.create", "password": "hunter2"})
    log.entries[ACME].append({"action": "team.create", "@timestamp": int(now().timestamp() * 1000)})
    found = events_of(followed.reader(ACME))
    assert [(event.what, event.sections) for event in found] == [(NOT_UNDERSTOOD, ("*",))] * 2
    assert len({event.id for event in found}) == 2
    assert "hunter2" not in str(found)


def test_the_command_asks_organisations_of_a_connection(
    followed: GitHubFollowed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "of-the-command.db"))
    monkeypatch.setenv("GITHUB_TOKEN_OF_COMMAND", followed.world.operator)
    settings = {"endpoint": followed.world.double.url, "token_variable": "GITHUB_TOKEN_OF_COMMAND"}
    file = tmp_path / "connections.json"
    file.write_text(json.dumps({"github": {"default": {**settings, "organizations": [ACME]}}}))
    for command in ("discover", "refresh"):
        ended = nhi(command, "--system", "github", "--connections", str(file), "--output", "json")
        told, errors = ended.communicate()
        assert ended.returncode == 0, told + errors
        followed.world.double.audit_log.note(now() - timedelta(minutes=1), "public_key.create", ACME)
    (stale,) = json.loads(told)["stale"].values()
    assert stale == [f"deploy-keys/{ACME}"]
