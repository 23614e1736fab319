"""What is the own of discovery on GitHub: pages, rate limits, what is hidden by a 404, and who may list what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.inventory.records import FoundCredential, FoundGrant, Knowledge, Record
from nhi_components.lifecycle.adapters.github import found_lists, found_repositories
from nhi_components.lifecycle.adapters.github.found_owners import owners_of_everything
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.conformance.discovery.github_world import ACME, GitHubDiscoveryWorld
from tests.conformance.discovery.world import identities_in, read_all
from tests.conformance.world import now

ONE_OBJECT = {"organization-subject"}
"""Sections that are no lists."""


@pytest.fixture
def world(github_discovery_world: GitHubDiscoveryWorld) -> GitHubDiscoveryWorld:
    return github_discovery_world


def read(world: GitHubDiscoveryWorld, part: str) -> list[Record]:
    return list(world.discovery().section(f"{part}/{ACME}").read(None).records)


def test_pages_are_read_on_by_another_process(world: GitHubDiscoveryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        world.plant()
    names = world.discovery().beginnings()
    whole = {name: list(world.discovery().section(name).read(None).records) for name in names}
    for module, name in ((found_lists, "PAGE"), (found_lists, "REPOSITORIES_AT_ONCE"), (found_repositories, "PAGE")):
        monkeypatch.setattr(module, name, 1)
    for name in names:
        pages, cursor = list[Sequence[Record]](), None
        while not pages or cursor is not None:
            page = world.discovery().section(name).read(cursor)
            pages.append(page.records)
            cursor = page.next
            assert cursor is None or not any(value in cursor for value in world.secrets)
        assert len(pages) > 2 or name.partition("/")[0] in ONE_OBJECT, name
        assert [record for page in pages for record in page] == whole[name]


def test_a_rate_limit_is_told_with_how_long_to_wait_and_waited_for(world: GitHubDiscoveryWorld, tmp_path: Path) -> None:
    world.plant()
    section = world.discovery().section(f"repositories/{ACME}")
    waits = {}
    for status, after in ((429, 7), (403, 9), (403, None)):
        world.double.fail(status, retry_after=after, times=1, target="/repos$")
        with pytest.raises(Busy, match=r"github\.default: the rate limit was reached") as busy:
            section.read(None)
        waits[status, after] = busy.value.after
    assert waits == {(429, 7): 7, (403, 9): 9, (403, None): 60}
    world.double.remaining = 0
    with pytest.raises(Busy) as spent:
        section.read(None)
    assert spent.value.after is not None
    assert 3590 < spent.value.after <= 3600

    world.double.remaining = 5000
    world.double.fail(429, retry_after=11, times=1, target="/keys$")
    slept = list[float]()
    inventory = open_inventory(tmp_path / "inventory.db")
    try:
        assert Scanner(inventory, now, slept.append, workers=1).scan([world.discovery()]).complete
    finally:
        inventory.close()
    assert slept == [11]


def test_without_an_answer_it_is_told_as_unreachable(world: GitHubDiscoveryWorld) -> None:
    section = world.discovery().section(f"tokens/{ACME}")
    section.read(None)
    world.double.stop()
    with pytest.raises(SystemUnreachable, match="personal-access-tokens"):
        section.read(None)


def test_what_a_404_hides_is_not_seen_and_what_is_gone_since_is_gone(
    world: GitHubDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.plant()
    (kept, *_) = identities_in(read(world, "deploy-keys"))
    world.double.fail(404, target="/keys$")
    with pytest.raises(NotSeen, match=r"expected the permission administration:read"):
        read(world, "deploy-keys")
    # The repository answers 404 as well: it was deleted after it had been listed.
    world.double.fail(404, target=r"^GET /repos/acme/[^/]+$")
    assert read(world, "deploy-keys") == []
    world.double.recover()
    assert [*identities_in(read(world, "deploy-keys"))] == [kept]
    unknown = world.discovery_with(world.operator, ("nobody",))
    with pytest.raises(NotSeen, match="404"):
        unknown.section("repositories/nobody").read(None)


def test_what_is_hidden_of_a_few_repositories_hides_no_other(world: GitHubDiscoveryWorld, tmp_path: Path) -> None:
    for _ in range(2):
        world.plant()
    names = sorted(world.double.organizations.details)
    hidden, seen = [name for name in names if "orders" in name]
    world.double.fail(404, target=f"/repos/{hidden}/keys$")
    inventory = open_inventory(tmp_path / "inventory.db")
    try:
        scan = Scanner(inventory, now, lambda _: None).scan([world.discovery()])
    finally:
        inventory.close()
    assert [(each.section, "administration:read" in each.reason) for each in scan.unseen] == [
        (f"deploy-keys/{hidden}", True)
    ]
    found = identities_in(read(world, "deploy-keys"))
    assert [key.partition("/repos/")[2].rpartition("/keys/")[0] for key in found] == [seen]
    world.double.recover()
    one = world.discovery().section(f"deploy-keys/{hidden}").read(None)
    assert len(identities_in(one.records)) == 1


def test_without_leave_to_read_owners_all_else_is_told(world: GitHubDiscoveryWorld) -> None:
    world.plant()
    (permissions,) = [{*world.discovery().section(f"{part}/{ACME}").permissions} for part in ("deploy-keys",)]
    limited = world.discovery_of(permissions)
    with pytest.raises(NotSeen, match="contents:read"):
        limited.section(f"owners/{ACME}").read(None)
    records = limited.section(f"deploy-keys/{ACME}").read(None).records
    assert len(identities_in(records)) == 1
    said = {record.source.partition(" of ")[0] for record in records if isinstance(record, Knowledge)}
    assert said == {"topic team-shop", "who added the deploy key"}


def test_a_user_reads_all_organizations_but_no_tokens_of_others(world: GitHubDiscoveryWorld) -> None:
    world.plant()
    discovery = world.discovery_with(world.user("dana"), ())
    assert discovery.place().endswith("/dana")
    assert discovery.beginnings() == ("organizations",)
    opened = discovery.section("organizations").read(None).opens
    assert {name.partition("/")[2] for name in opened} == {ACME}
    assert identities_in(discovery.section(f"installations/{ACME}").read(None).records)
    with pytest.raises(NotSeen, match="organization_personal_access_tokens:read"):
        discovery.section(f"tokens/{ACME}").read(None)
    world.organization.members.discard("dana")
    with pytest.raises(NotSeen, match="name the connection's `organizations`"):
        discovery.section("organizations").read(None)


def test_what_cannot_be_used_is_told_as_such(world: GitHubDiscoveryWorld) -> None:
    world.plant()
    (token,), (app,) = world.organization.tokens, world.organization.installations
    token |= {"token_expired": True, "repository_selection": "none", "token_expires_at": None}
    app |= {"suspended_at": "2024-05-01T00:00:00Z", "repository_selection": "selected"}
    (full,) = [name for name, each in world.double.organizations.details.items() if each.keys]
    details = world.double.organizations.details[full]
    details.facts["archived"] = True
    details.keys[0] |= {"enabled": False, "read_only": True, "last_used": None}
    records, _ = read_all(world.discovery())
    disabled = {each.kind for each in identities_in(records).values() if each.disabled}
    assert disabled == {"repository-workflows", "deploy-key", "personal-access-token", "github-app-installation"}
    told = [record for record in records if isinstance(record, FoundCredential) and record.disabled]
    assert {record.kind for record in told} == {"deploy-key", "fine-grained-token"}
    held = {(each.privilege, each.target) for each in records if isinstance(each, FoundGrant)}
    assert ("contents:read", "selected repositories of acme") in held
    assert ("contents:write", world.key(f"repos/{full}")) not in held
    (used,) = [each.use for each in told if each.kind == "deploy-key"]
    assert (used.at, used.watched_since is None) == (None, False)


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("", ()),
        ("* @a\n*  @b c@example.com # not @d\n/docs @e", ("@b", "c@example.com")),
        ("* @a\n*\n", ()),
        ("*.py @a", ()),
    ],
)
def test_the_last_line_for_everything_tells_who_owns_it(text: str, owners: tuple[str, ...]) -> None:
    assert owners_of_everything(text) == owners
