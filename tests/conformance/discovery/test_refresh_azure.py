"""Refreshing the inventory of the double of Azure by its activity log, Entra's audits, and files with both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from nhi_components.core.connection import AzureConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.azure.activity_log import LATE, REMEMBERED, ActivityLog, TenantLog
from nhi_components.lifecycle.adapters.azure.directory_audits import DirectoryAudits
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from nhi_components.lifecycle.events.journal import Journal
from nhi_components.lifecycle.events.ports import EVERYTHING, NOT_UNDERSTOOD, Event, EventSource
from tests.conformance.discovery.azure_world import ROOT, SCOPE, AzureDiscoveryWorld, trusted
from tests.conformance.discovery.test_killed import nhi
from tests.conformance.discovery.test_refresh_systems import Followed
from tests.conformance.world import now
from tests.unit.events.samples import entered, exported
from tools.doubles.azure.activity_log import READ
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S

NOWHERE = "5f0c3f7e-60a1-4f4c-9f1c-6a5b1a7d2c02"
AUDITS = "AuditLog.Read.All"
WRITE_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/write"
WRITE_FEDERATED = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"

Reader = Callable[..., EventSource]


class AzureFollowed(Followed):
    """A scanned tenant, and the readers of its logs; waits are noted and take no time."""

    def __init__(self, world: AzureDiscoveryWorld, folder: Path) -> None:
        super().__init__(world.discovery(), folder)
        self.world, self.waits = world, list[float]()

    def reader(self, kind: Reader, *subscriptions: str, at: datetime | None = None) -> EventSource:
        url = self.world.double.url
        settings = AzureConnection(endpoint=url, authority=url, subscriptions=subscriptions or (S,))
        clock = (lambda: at) if at else self.scanner.clock
        return kind("default", settings, clock, self.waits.append)


@pytest.fixture
def followed(azure_discovery_world: AzureDiscoveryWorld, tmp_path: Path) -> AzureFollowed:
    azure_discovery_world.plant()
    return AzureFollowed(azure_discovery_world, tmp_path)


def events_of(reader: EventSource, cursor: str | None = None, since: datetime | None = None) -> list[Event]:
    since = since or now() - timedelta(hours=1)
    return [event for batch in reader.read(cursor, since) for event in batch.told.events]


def cursor_of(reader: EventSource, since: datetime) -> str | None:
    return [batch.cursor for batch in reader.read(None, since)][-1]


def filters(world: AzureDiscoveryWorld, pattern: str) -> list[str]:
    return [parse_qs(urlsplit(each.target).query)["$filter"][0] for each in world.double.asked("GET", pattern)]


def test_a_subscription_is_followed_by_its_activity_log(followed: AzureFollowed, tmp_path: Path) -> None:
    world, reader = followed.world, followed.reader(ActivityLog)
    with world.double.lock:
        made = world.double.identities.make("fresh-dev", team="payments")
        world.double.activity_log.note(now(), WRITE_IDENTITY, made["id"], status="Started")
        world.double.activity_log.note(now(), WRITE_IDENTITY, made["id"])
    done = followed.refresh(reader)
    assert (done.complete, done.kept, followed.sections(done)) == (True, 1, {f"identities/{S}"})
    (fresh,) = followed.named("fresh-dev")
    assert fresh.use.at is None
    assert followed.refresh(reader).sections == ()

    claims = {"idtyp": "app", "xms_mirid": made["id"], OBJECT_ID: made["properties"]["principalId"]}
    with world.double.lock:
        world.double.federation.put(made["id"].lower(), "main", trusted("repo:shop/fresh"))
        where = f"{made['id']}/federatedIdentityCredentials/main"
        world.double.activity_log.note(now(), WRITE_FEDERATED, where, claims=claims)
    done = followed.refresh(reader)
    assert (done.complete, followed.sections(done)) == (True, {f"federation/{S}"})
    assert followed.named("fresh-dev")[0].use.at is not None

    with world.double.lock:
        world.double.identities.remove(made["id"])
        world.double.activity_log.note(now(), WRITE_IDENTITY.replace("write", "delete"), made["id"])
    assert followed.refresh(reader).complete
    assert followed.named("fresh-dev") == []
    whole = b"".join(file.read_bytes() for file in tmp_path.rglob("inventory.db*"))
    assert [value for value in world.secrets if value.encode() in whole] == []


def test_what_is_assigned_above_subscriptions_is_told_by_the_log_of_the_tenant(followed: AzureFollowed) -> None:
    assigned = f"{ROOT}/providers/Microsoft.Authorization/roleAssignments/a1"
    followed.world.double.activity_log.note(now(), "Microsoft.Authorization/roleAssignments/write", assigned)
    assert followed.refresh(followed.reader(ActivityLog)).sections == ()
    done = followed.refresh(followed.reader(TenantLog))
    # What grants a role that is found there is read with it.
    assert (done.complete, {each.partition("/")[0] for each in followed.sections(done)} - {"role"}) == (
        True,
        {"group-assignments"},
    )


def test_a_directory_is_followed_by_its_audits(followed: AzureFollowed) -> None:
    world, reader = followed.world, followed.reader(DirectoryAudits)
    with world.double.lock:
        application = world.double.applications.make("fresh-app")
        world.double.directory_audits.note(now(), "ApplicationManagement", "Add application")
    done = followed.refresh(reader)
    assert (done.complete, followed.sections(done)) == (
        True,
        {"directory/applications", "directory/application-owners", "directory/application-federation"},
    )
    (fresh,) = followed.named("fresh-app")
    with world.double.lock:
        world.secret(application)
        activity = "Update application \N{EN DASH} Certificates and secrets management "
        target = ("Application", application["id"])
        world.double.directory_audits.note(now(), "ApplicationManagement", activity, target)
    done = followed.refresh(reader)
    assert followed.sections(done) == {"directory/applications"}
    assert followed.named("fresh-app")[0].credentials == fresh.credentials + 1
    # A role of a person's is none of what is read.
    world.double.directory_audits.note(now(), "RoleManagement", "Add member to role", ("User", "dana"))
    assert followed.refresh(reader).sections == ()


def test_files_of_both_logs_are_followed(followed: AzureFollowed, tmp_path: Path) -> None:
    at = {"time": now().isoformat()}
    audit = {**entered("Add owner to application"), "activityDateTime": now().isoformat()}
    records = [
        exported(WRITE_FEDERATED, f"{SCOPE}/providers/x".upper(), **at),
        {**at, "category": "AuditLogs", "tenantId": TENANT, "properties": audit},
    ]
    log = tmp_path / "PT1H.json"
    log.write_text("".join(json.dumps(each) + "\n" for each in records))
    done = followed.refresh(followed.log(log, System.AZURE))
    assert (done.complete, followed.sections(done)) == (True, {f"federation/{S}", "directory/application-owners"})


@pytest.mark.parametrize("kind", [ActivityLog, TenantLog, DirectoryAudits])
def test_all_pages_are_read_and_whoever_is_busy_is_waited_for(followed: AzureFollowed, kind: Reader) -> None:
    double, reader = followed.world.double, followed.reader(kind)
    double.activity_log.page_size = double.directory_audits.page_size = 2
    scope = SCOPE if kind is ActivityLog else ROOT
    with double.lock:
        operation = "Microsoft.Authorization/roleAssignments/write"
        told = [double.activity_log.note(now() - timedelta(minutes=1), operation, scope) for _ in range(5)]
        if kind is DirectoryAudits:
            told = [double.directory_audits.note(now(), "RoleManagement", "Add member to role") for _ in range(5)]
    target = "eventtypes/management/values|directoryAudits"
    double.fail(429, retry_after=30, times=2, target=target)
    assert sorted(event.id for event in events_of(reader)) == sorted(told)
    assert followed.waits == [30, 30]
    double.fail(429, retry_after=30, target=target)
    with pytest.raises(Busy):
        events_of(reader)
    double.recover()
    double.fail(429, retry_after=3600, target=target)
    before = len(followed.waits)
    done = followed.refresh(reader)
    assert (done.complete, list(done.unread), len(followed.waits)) == (False, [reader.name], before)


def test_what_was_read_is_read_again_for_a_while_and_not_what_the_log_has_forgotten(followed: AzureFollowed) -> None:
    at = now().replace(microsecond=0)
    since, later = at - timedelta(hours=5), at + timedelta(hours=1)
    cursor = cursor_of(followed.reader(ActivityLog, at=at), since)
    assert json.loads(cursor or "") == {S: at.isoformat()}
    list(followed.reader(ActivityLog, at=later).read(cursor, since))
    list(followed.reader(ActivityLog, at=later).read(None, at - timedelta(days=400)))
    begins = [each.partition("'")[2][:19] for each in filters(followed.world, "eventtypes")]
    assert begins == [f"{each:%Y-%m-%dT%H:%M:%S}" for each in (since - LATE, at - LATE, later - REMEMBERED)]
    list(followed.reader(DirectoryAudits, at=at).read(None, since))
    assert filters(followed.world, "directoryAudits") == [f"activityDateTime ge {since - LATE:%Y-%m-%dT%H:%M:%S}Z"]


def test_a_subscription_that_is_not_seen_hides_nothing_of_the_others(followed: AzureFollowed) -> None:
    followed.world.double.activity_log.note(now(), WRITE_FEDERATED, SCOPE)
    reader = followed.reader(ActivityLog, NOWHERE, S)
    done = followed.refresh(reader)
    assert (done.complete, followed.sections(done)) == (False, {f"federation/{S}"})
    assert "SubscriptionNotFound" in done.unread[reader.name]
    assert NOWHERE not in json.loads(Journal(followed.inventory).cursor(reader.name) or "")
    # Nothing of the other subscription is read once more than the margin asks for.
    assert followed.refresh(reader).sections == ()


def test_without_a_name_all_subscriptions_that_are_listed_are_asked(followed: AzureFollowed) -> None:
    world, url = followed.world, followed.world.double.url
    world.double.activity_log.note(now() - timedelta(minutes=1), WRITE_FEDERATED, SCOPE)
    settings = AzureConnection(endpoint=url, authority=url)
    assert [event.what for event in events_of(ActivityLog("default", settings, now, followed.waits.append))] == [
        WRITE_FEDERATED
    ]
    world.double.deny(world.operator, "Microsoft.Resources/subscriptions/read")
    with pytest.raises(NotSeen, match=r"Microsoft\.Resources/subscriptions/read"):
        events_of(ActivityLog("default", settings, now, followed.waits.append))


@pytest.mark.parametrize(
    ("kind", "held", "told"),
    [
        (ActivityLog, [AUDITS], f"grant the connection's principal a role with {READ} at /subscriptions/{S}"),
        # What is assigned at the root management group does not reach the tenant itself.
        (TenantLog, [AUDITS, READ], f"grant the connection's principal a role with {READ} at /$"),
        (DirectoryAudits, ["Application.Read.All", READ], f"grant the connection's principal {AUDITS}"),
    ],
)
def test_without_leave_it_says_which(followed: AzureFollowed, kind: Reader, held: Iterable[str], told: str) -> None:
    followed.world.discovery_of(held)
    with pytest.raises(NotSeen, match=told):
        events_of(followed.reader(kind))


@pytest.mark.parametrize("kind", [ActivityLog, DirectoryAudits])
def test_a_record_that_is_not_understood_makes_everything_stale(followed: AzureFollowed, kind: Reader) -> None:
    double = followed.world.double
    double.activity_log.note(now() - timedelta(minutes=1), WRITE_IDENTITY, SCOPE, operationName={}, eventDataId=None)
    double.directory_audits.note(now(), "RoleManagement", "")
    (event,), (again,) = (events_of(followed.reader(kind)) for _ in range(2))
    assert (event.what, event.sections, event.place) == (NOT_UNDERSTOOD, EVERYTHING, TENANT)
    # Without an id of its own it gets one, which is the same when it is told again.
    assert event.id == again.id != ""


def test_the_command_asks_all_three_and_leaves_out_what_it_is_told_to(
    followed: AzureFollowed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, file = followed.world.double.url, tmp_path / "connections.json"
    followed.world.discovery()
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "of-the-command.db"))
    file.write_text(json.dumps({"azure": {"default": {"endpoint": url, "authority": url, "subscriptions": [S]}}}))

    def run(command: str, *arguments: str, code: int = 0) -> Any:
        ended = nhi(command, "--system", "azure", "--connections", str(file), "--output", "json", *arguments)
        told, errors = ended.communicate()
        assert ended.returncode == code, told + errors
        assert [value for value in followed.world.secrets if value in told + errors] == []
        return json.loads(told) if code != 2 else errors

    run("discover")
    followed.world.double.activity_log.note(now() - timedelta(minutes=1), WRITE_FEDERATED, SCOPE)
    followed.world.double.directory_audits.note(
        now() - timedelta(minutes=1), "ApplicationManagement", "Add owner to application"
    )
    told = run("refresh")
    assert told["stale"] == {f"azure/{TENANT}": ["directory/application-owners", f"federation/{S}"]}
    followed.world.double.fail(403, target="GET /providers/Microsoft.Insights")
    assert list(run("refresh", code=3)["unread"]) == ["tenant-log azure.default"]
    assert run("refresh", "--leave-out", "tenant-log")["complete"]
    assert run("refresh", "--leave-out", "tenant-log.default")["complete"]
    assert "--leave-out got: tenant expected: one of activity-log" in " ".join(
        run("refresh", "--leave-out", "tenant", code=2).split()
    )
