"""What is the own of discovery on Google Cloud: page tokens, guards, projects, disabled APIs, uses told late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.inventory.records import (
    UNWATCHED,
    FoundCredential,
    FoundDocument,
    FoundGrant,
    FoundStep,
    Guard,
    Record,
)
from nhi_components.lifecycle.adapters import discovery_policy
from nhi_components.lifecycle.adapters.gcp import discovery as gcp_discovery
from nhi_components.lifecycle.adapters.gcp import (
    found_accounts,
    found_dependents,
    found_grants,
    found_pools,
    found_uses,
)
from nhi_components.lifecycle.adapters.gcp.discovery import Discovery
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen
from tests.conformance.discovery.gcp_world import ABOVE, GcpDiscoveryWorld
from tests.conformance.discovery.world import identities_in, read_all, records_of, scan
from tools.doubles.gcp.double import PROJECT as P
from tools.doubles.gcp.names import number_of
from tools.doubles.gcp.projects import ORGANIZATION

PAGED = [
    *(f"{part}/{P}" for part in ("accounts", "keys", "ways-in", "roles", "pools", "grants", "dependents")),
    f"organization/grants/{ORGANIZATION}",
]
OTHER = "shop-other"


@pytest.fixture
def world(gcp_discovery_world: GcpDiscoveryWorld) -> GcpDiscoveryWorld:
    return gcp_discovery_world


def test_pages_are_read_on_by_another_process_and_a_token_that_lapsed_is_told(
    world: GcpDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        world.plant()
    whole = {section: records_of(world.discovery(), section) for section in PAGED}
    for module in (found_grants, found_pools):
        monkeypatch.setattr(module, "_AT_ONCE", "1")
    monkeypatch.setattr(found_grants, "_ROLES_AT_ONCE", "1")
    monkeypatch.setattr(found_uses, "_AT_ONCE", 1)
    monkeypatch.setattr(found_dependents, "_QUERY", {**found_dependents._QUERY, "pageSize": "1"})
    for name in ("AT_ONCE", "ACCOUNTS_AT_ONCE"):
        monkeypatch.setattr(found_accounts, name, 1)
    for section in PAGED:
        found, cursors, cursor = list[Record](), list[str](), None
        while not found or cursor is not None:
            page = world.discovery().section(section).read(cursor)
            found += page.records
            cursor = page.next
            cursors += [cursor] if cursor else []
        assert found == whole[section], section
        assert cursors, section
        with pytest.raises(CursorLapsed, match="a page token has lapsed"):
            world.discovery().section(section).read("of-yesterday")
    world.double.accounts.make(OTHER, "orders-dev")
    monkeypatch.setattr(gcp_discovery, "_AT_ONCE", "1")
    first = world.discovery(everywhere=True).section("projects").read(None)
    second = world.discovery(everywhere=True).section("projects").read(first.next)
    assert [page.opens[0] for page in (first, second)] == [f"accounts/{P}", f"accounts/{OTHER}"]
    assert second.next is None


def test_the_printed_role_is_enough_for_a_whole_scan_of_all_projects_and_what_is_google_s_or_the_caller_s_is_guarded(
    world: GcpDiscoveryWorld, tmp_path: Path
) -> None:
    (planted,) = world.plant().identities
    with world.double.lock:
        default = world.double.accounts.make_default(OTHER)
        default["disabled"] = True
    discovery = world.discovery_of(yaml.safe_load(discovery_policy(Discovery.system))["includedPermissions"], ())
    done = scan(discovery, tmp_path)
    assert (done.complete, {each.reason for each in done.sections}) == (True, {""})
    assert {each.section for each in done.sections} >= {f"accounts/{OTHER}", f"organization/roles/{ORGANIZATION}"}
    records, _ = read_all(discovery)
    found = identities_in(records)
    caller = f"serviceAccount:{discovery.place()}"
    assert {key: each.guard for key, each in found.items() if each.guard} == {
        caller: Guard.CALLER,
        f"serviceAccount:{default['email']}": Guard.SERVICE_LINKED,
    }
    assert {key: (each.place, each.disabled) for key, each in found.items() if each.guard or key == planted} == {
        caller: (P, False),
        planted: (P, False),
        f"serviceAccount:{default['email']}": (OTHER, True),
    }


def test_a_disabled_api_or_a_missing_permission_hides_nothing_else_and_what_is_not_watched_is_not_called_unused(
    world: GcpDiscoveryWorld, tmp_path: Path
) -> None:
    (key,) = world.plant().identities
    world.double.disable_api(P, "policyanalyzer.googleapis.com")
    world.double.deny(world.operator, "iam.serviceAccountKeys.list")
    done = scan(world.discovery(), tmp_path)
    unseen = {each.section: each.reason for each in done.unseen}
    assert (done.complete, set(unseen)) == (False, {f"{part}/{P}" for part in ("account-uses", "key-uses", "keys")})
    enable = f"fix: run `gcloud services enable policyanalyzer.googleapis.com --project={number_of(P)}`"
    assert enable in unseen[f"account-uses/{P}"]
    assert enable in unseen[f"key-uses/{P}"]
    assert "fix: grant the connection's principal a role with iam.serviceAccountKeys.list" in unseen[f"keys/{P}"]
    assert identities_in(records_of(world.discovery(), f"accounts/{P}"))[key].use == UNWATCHED


def test_projects_that_nobody_lets_see_are_told(world: GcpDiscoveryWorld) -> None:
    with pytest.raises(NotSeen, match=r"gcp\.default: no project can be seen.*resourcemanager\.projects\.get"):
        world.discovery_of(["iam.serviceAccounts.list"], ()).section("projects").read(None)
    world.double.only_projects([P])
    with pytest.raises(NotSeen, match="correct the project's id, or let the connection's principal see shop-gone"):
        world.discovery().section("accounts/shop-gone").read(None)


def test_google_that_asks_to_wait_or_does_not_answer(world: GcpDiscoveryWorld) -> None:
    section = world.discovery().section(f"grants/{P}")
    section.read(None)
    world.double.fail(429, retry_after=30)
    with pytest.raises(Busy, match=r"gcp\.default: 429") as refused:
        section.read(None)
    assert refused.value.after == 30
    world.double.recover()
    world.double.stop()
    with pytest.raises(SystemUnreachable):
        section.read(None)
    world.double.start()


def test_a_use_is_told_late_and_one_before_an_account_was_made_anew_is_not_its_own(world: GcpDiscoveryWorld) -> None:
    account = world.double.accounts.make(P, "orders-dev")
    planted = [world.key(account["email"]), world.key(account["email"], used=True)]
    used, unused = (datetime.now(UTC) - timedelta(days=days) for days in (10, 1))
    world.double.activities.used |= {account["uniqueId"]: used}
    key = f"serviceAccount:{account['email']}"
    use = identities_in(records_of(world.discovery(), f"accounts/{P}"))[key].use
    assert use.at is not None
    assert use.watched_since is not None
    assert use.as_of is not None
    assert use.at <= used < use.at + timedelta(days=1)
    assert use.watched_since < use.at
    assert use.as_of < datetime.now(UTC) - timedelta(days=2)
    own = [each for each in records_of(world.discovery(), f"keys/{P}") if isinstance(each, FoundCredential)]
    assert [each for each in own if each.identity == key] == planted[::-1]

    world.ask("DELETE", f"/v1/projects/{P}/serviceAccounts/{account['email']}")
    anew = world.double.accounts.make(P, "orders-dev")
    world.double.activities.used |= {anew["uniqueId"]: unused}
    fresh = identities_in(records_of(world.discovery(), f"accounts/{P}"))[key]
    assert (fresh.unique_id, fresh.use.at, fresh.use.watched_since) == (anew["uniqueId"], None, use.watched_since)


def test_keys_end_and_are_disabled_and_google_s_own_are_left_out(world: GcpDiscoveryWorld) -> None:
    account = world.double.accounts.make(P, "orders-dev")
    ended, disabled = world.key(account["email"]), world.key(account["email"])
    kept = world.double.keys.of(account)
    kept[ended.id].ends, kept[disabled.id].disabled = "2026-01-01T00:00:00Z", True
    found = records_of(world.discovery(), f"keys/{P}")
    told = {
        each.id: (each.expires_at, each.disabled)
        for each in found
        if isinstance(each, FoundCredential) and account["email"] in each.identity
    }
    assert len(kept) == 3
    assert told == {ended.id: (datetime(2026, 1, 1, tzinfo=UTC), False), disabled.id: (None, True)}


def test_who_gets_in_by_which_role_and_who_does_not(world: GcpDiscoveryWorld) -> None:
    email = world.double.accounts.make(P, "orders-dev")["email"]
    gone = world.double.accounts.make(P, "gone-dev")["email"]
    role = f"projects/{P}/roles/token_maker"
    world.role(role, ["iam.serviceAccounts.getAccessToken"])
    resource = f"projects/{P}/serviceAccounts/{email}"
    tokens, ann = "roles/iam.serviceAccountTokenCreator", "user:ann@example.com"
    world.bind(BindingName(resource, tokens, ann), "nhi-abc")
    world.bind(BindingName(resource, "roles/iam.serviceAccountUser", "group:ops@example.com"))
    world.bind(BindingName(resource, "roles/iam.serviceAccountKeyAdmin", "group:keys@example.com"))
    world.bind(BindingName(resource, "roles/iam.serviceAccountAdmin", "group:admins@example.com"))
    world.bind(BindingName(resource, "roles/iam.serviceAccountOpenIdTokenCreator", "group:web@example.com"))
    world.bind(BindingName(resource, "roles/iam.serviceAccountViewer", "group:auditors@example.com"))
    world.bind(BindingName(resource, role, "group:makers@example.com"))
    world.bind(BindingName(resource, tokens, f"serviceAccount:{gone}"))
    world.ask("DELETE", f"/v1/projects/{P}/serviceAccounts/{gone}")
    records = records_of(world.discovery(), f"ways-in/{P}")
    steps = {each.source: each for each in records if isinstance(each, FoundStep)}
    assert {source: each.how for source, each in steps.items()} == {
        ann: "impersonate",
        "group:ops@example.com": "attach",
        "group:keys@example.com": "make-key",
        "group:admins@example.com": "let-in",
        "group:web@example.com": "identity-token",
        "group:makers@example.com": "custom-role",
    }
    assert {each.target for each in steps.values()} == {f"serviceAccount:{email}"}
    assert json.loads(steps[ann].condition)["title"] == "nhi nhi-abc"
    left = [each.holder for each in records if isinstance(each, FoundGrant) and each.holder.startswith("deleted:")]
    assert len(left) == 1
    (document,) = [each for each in records if isinstance(each, FoundDocument)]
    assert ann in document.content


def test_pools_and_roles_that_are_disabled_or_deleted_let_nobody_do_anything(world: GcpDiscoveryWorld) -> None:
    pools = f"/v1/projects/{P}/locations/global/workloadIdentityPools"
    open_, off, gone, closed = (world.provider(f"pool-{each}") for each in ("open", "off", "gone", "closed"))
    world.ask("PATCH", f"{pools}/pool-off?updateMask=disabled", {"disabled": True})
    world.ask("DELETE", f"{pools}/pool-gone")
    world.ask("PATCH", f"{pools}/pool-closed/providers/main?updateMask=disabled", {"disabled": True})
    found = records_of(world.discovery(), f"pools/{P}")
    assert [each for each in found if isinstance(each, FoundStep)] == [open_]
    documents = {each.holder for each in found if isinstance(each, FoundDocument)}
    assert documents == {each.target for each in (open_, off, closed)}
    assert gone.target not in documents

    for name, stage in (("in_use", "GA"), ("put_away", "DISABLED"), ("gone", "GA")):
        world.role(f"{ABOVE}/roles/{name}", ["pubsub.topics.get"], stage)
    world.double.roles.by_name[f"{ABOVE}/roles/gone"].deleted = datetime.now(UTC)
    told = records_of(world.discovery(), f"organization/roles/{ORGANIZATION}")
    assert [each.holder for each in told if isinstance(each, FoundGrant)] == [f"{ABOVE}/roles/in_use"]
    kept = {each.holder for each in told if isinstance(each, FoundDocument)}
    assert kept == {f"{ABOVE}/roles/in_use", f"{ABOVE}/roles/put_away"}
