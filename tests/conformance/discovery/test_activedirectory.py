"""What is the own of discovery in Active Directory: what is hidden, lasting cursors, guards, times, and its people."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.inventory.records import (
    UNWATCHED,
    FoundCarrier,
    FoundCredential,
    FoundGrant,
    FoundPerson,
    FoundStep,
    Guard,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters import open_credentials, open_discovery
from nhi_components.lifecycle.adapters.activedirectory import paging
from nhi_components.lifecycle.adapters.activedirectory.discovery import Discovery
from nhi_components.lifecycle.adapters.activedirectory.entries import let_in, sid_text
from nhi_components.lifecycle.adapters.ambient import is_worth_a_scan
from nhi_components.lifecycle.discovery.ports import CursorLapsed, NotSeen
from nhi_components.lifecycle.inventory.store import SectionState
from nhi_components.lifecycle.people.directory import DirectoryPeople
from tests.conformance.directory import MANAGED, ace, descriptor, new_password
from tests.conformance.discovery.activedirectory_world import (
    ACCOUNTS,
    BUILT_IN,
    ENDS,
    USERS,
    ActiveDirectoryDiscoveryWorld,
    filetime,
)
from tests.conformance.discovery.world import identities_in, read_all, records_of, scan
from tests.conformance.world import now
from tools.lab.sandbox.samba import BASE, DOMAIN, ActiveDirectory

RESTRICTIONS, LOGONS, MEMBERSHIP = (
    UUID(text).bytes_le
    for text in (
        "4c164200-20c0-11d0-a768-00aa006e0529",
        "5f202010-79a5-11d0-9020-00c04fc2d4cf",
        "bc0ac240-79a9-11d0-9020-00c04fc2d4cf",
    )
)
"""[MS-ADTS] 3.1.1.2.3.3: the sets of attributes that rights are given on."""
EVERYONE = bytes.fromhex("010100000000000100000000")


@pytest.fixture
def world(activedirectory_discovery_world: ActiveDirectoryDiscoveryWorld) -> ActiveDirectoryDiscoveryWorld:
    return activedirectory_discovery_world


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[ActiveDirectoryDiscoveryWorld]:
    """A domain of its own, for what is hidden from everybody."""
    with ActiveDirectory() as server:
        yield ActiveDirectoryDiscoveryWorld(server, monkeypatch)


def section_of(discovery: Discovery, name: str) -> list[str]:
    """Read a section to its end, and tell the names of what was shown and what was said of the rest."""
    shown, cursor = list[str](), None
    while True:
        try:
            page = discovery.section(name).read(cursor)
        except NotSeen as hidden:
            return [*shown, f"hidden: {hidden}"]
        shown += [each.name for each in identities_in(page.records).values()]
        cursor = page.next
        if cursor is None:
            return shown


@pytest.mark.parametrize(
    ("attributes", "name", "told"),
    [
        (RESTRICTIONS, "Guest", "userAccountControl, pwdLastSet, accountExpires"),
        (LOGONS, "Guest", "shows logons"),
        (MEMBERSHIP, "Guest", "shows memberOf"),
        (MEMBERSHIP, "Domain Guests", "shows memberOf"),
    ],
)
def test_attributes_that_a_hardened_domain_hides_are_told_as_unseen(
    fresh: ActiveDirectoryDiscoveryWorld, attributes: bytes, name: str, told: str
) -> None:
    of_groups = name != "Guest"
    (reader,) = fresh.admin.find(f"(sAMAccountName={fresh.operator[0]})", "cn")
    whom = fresh.admin.sid_bytes(reader)
    for dn in fresh.admin.find("(objectClass=group)" if of_groups else "(objectCategory=person)", "cn"):
        if dn != reader:
            fresh.admin.deny(dn, whom, of=attributes)
    with pytest.raises(NotSeen, match=told) as hidden:
        fresh.discovery().section("groups" if of_groups else "accounts").read(None)
    assert f"let {fresh.operator[0]}@{DOMAIN} read it (RP;;{'group' if of_groups else 'user'})" in str(hidden.value)


def test_what_is_hidden_of_one_account_is_told_once_the_others_are_read(
    world: ActiveDirectoryDiscoveryWorld, tmp_path: Path
) -> None:
    planted = world.plant()
    name = f"hidden-{secrets.token_hex(3)}"
    dn = world.admin.add_user(name, new_password(), ACCOUNTS)
    account = world.admin.add(
        f"CN={name}-g,{MANAGED}",
        "msDS-GroupManagedServiceAccount",
        sAMAccountName=f"{name}-g$",
        dNSHostName=name,
        msDS_ManagedPasswordInterval=7,
    )
    whom = world.admin.sid_bytes(dn)
    reader = (name, new_password())
    world.admin.modify(dn, unicodePwd=f'"{reader[1]}"'.encode("utf-16-le"))
    partly = world.admin.add_user(f"{name}-p", new_password(), ACCOUNTS)
    world.admin.deny(partly, whom, of=RESTRICTIONS)
    world.admin.deny(account, whom)
    discovery = world.discovery_by(reader)
    *shown, hidden = section_of(discovery, f"accounts-below/{ACCOUNTS}")
    assert f"{name}-p" in shown
    assert f"{partly} shows no userAccountControl, pwdLastSet, accountExpires" in hidden
    *shown, hidden = section_of(discovery, "group-managed-accounts")
    assert {f"{DOMAIN}/{each}" for each in shown} >= {key for key in planted.identities if key.endswith("-g$")}
    assert f"{account} shows nothing" in hidden
    seen = scan(discovery, tmp_path)
    assert not seen.complete
    assert {each.section: each.records > 0 for each in seen.unseen if each.state is SectionState.UNSEEN} == {
        f"accounts-below/{ACCOUNTS}": True,
        "group-managed-accounts": True,
        "managed-accounts": True,
    }


def test_another_process_goes_on_where_one_was_killed_and_another_server_begins_anew(
    world: ActiveDirectoryDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        world.plant()
    monkeypatch.setattr(paging, "_MOST", 3)
    monkeypatch.setattr(paging, "_FIRST_RANGE", 8)
    whole = section_of(world.discovery(), "accounts")
    pages, cursor = list[list[str]](), None
    while not pages or cursor is not None:
        # Each page by a new connection, as after a kill.
        page = world.discovery().section("accounts").read(cursor)
        pages.append([each.name for each in identities_in(page.records).values()])
        cursor = page.next
        if len(pages) == 1:
            name = f"late-{secrets.token_hex(3)}"
            world.admin.add_user(name, new_password(), servicePrincipalName=f"HTTP/{name}")
    told = [name for page in pages for name in page]
    assert sorted(told) == sorted(whole)
    assert len(pages) > 3
    assert max(map(len, pages)) < 3
    assert name not in told
    first = paging.cursor_at(world.discovery()._directory, None)
    for other in (replace(first, server="CN=NTDS Settings,CN=DC2").written(), "not of ours"):
        with pytest.raises(CursorLapsed, match="another domain controller answers"):
            world.discovery().section("accounts").read(other)


def test_what_no_tool_may_remove_is_guarded(world: ActiveDirectoryDiscoveryWorld) -> None:
    word = secrets.token_hex(3)
    inner, group = (
        world.admin.add(f"CN={name}-{word},{USERS}", "group", sAMAccountName=f"{name}-{word}")
        for name in ("glass", "break")
    )
    member = world.admin.add_user(f"rescue-{word}", new_password())
    world.admin.join(member, inner)
    world.admin.join(inner, group)
    discovery = world.discovery_by(world.operator, break_glass_group=group)
    found = identities_in(read_all(discovery)[0])
    guards = {each.name: each.guard for each in found.values() if each.guard}
    assert guards == {
        "krbtgt": Guard.SERVICE_LINKED,
        "Administrator": Guard.BREAK_GLASS,
        f"rescue-{word}": Guard.BREAK_GLASS,
        world.operator[0]: Guard.CALLER,
    }
    wrong = world.discovery_by(world.operator, break_glass_group=f"CN=nobody,{USERS}")
    with pytest.raises(SpecError, match="break_glass_group"):
        wrong.section("accounts").read(None)


def test_times_say_since_when_and_until_when_logons_are_told(world: ActiveDirectoryDiscoveryWorld) -> None:
    name, password = f"used-{secrets.token_hex(3)}", new_password()
    dn = world.admin.add_user(name, password, ACCOUNTS, accountExpires=filetime(ENDS), description="ships")
    unused, key = f"{DOMAIN}/{name}-u", f"{DOMAIN}/{name}"
    world.admin.add_user(f"{name}-u", new_password(), ACCOUNTS, userAccountControl=514)
    assert world.admin.lets_in(name, password)
    records = records_of(world.discovery(), f"accounts-below/{ACCOUNTS}")
    found = identities_in(records)
    use, created = found[key].use, found[key].created_at
    assert use.at is not None
    assert created is not None
    assert (use.watched_since, use.as_of) == (created, world.moment - timedelta(days=14))
    assert abs(use.at - now()) < timedelta(minutes=5)
    assert (found[unused].use.at, found[unused].disabled, found[key].disabled) == (None, True, False)
    assert found[key].marks == {"description": "ships", "accountExpires": ENDS.isoformat()}
    (credential,) = (each for each in records if isinstance(each, FoundCredential) and each.identity == key)
    changed, expires = credential.created_at, credential.expires_at
    assert changed is not None
    # The domain's policy: a password lasts 42 days.
    assert expires == changed + timedelta(days=42)
    world.admin.modify(dn, userAccountControl=0x10200, accountExpires=filetime(now() - timedelta(days=1)))
    again = records_of(world.discovery(), f"accounts-below/{ACCOUNTS}")
    assert identities_in(again)[key].disabled
    (credential,) = (each for each in again if isinstance(each, FoundCredential) and each.identity == key)
    assert credential.expires_at is not None
    assert credential.expires_at < now()


def test_where_the_domain_keeps_no_times_of_logons_nothing_is_called_unused(
    fresh: ActiveDirectoryDiscoveryWorld,
) -> None:
    fresh.admin.modify(BASE, msDS_LogonTimeSyncInterval=0)
    found = identities_in(records_of(fresh.discovery(), "accounts"))
    assert {each.use for each in found.values()} == {UNWATCHED}


def test_a_primary_group_makes_an_administrator_too(world: ActiveDirectoryDiscoveryWorld) -> None:
    name = f"primary-{secrets.token_hex(3)}"
    dn = world.admin.add_user(name, new_password(), ACCOUNTS)
    admins = f"CN=Domain Admins,{USERS}"
    world.admin.join(dn, admins)
    world.admin.modify(dn, primaryGroupID=512)
    world.admin.leave(dn, f"CN=Domain Users,{USERS}")
    records = [*records_of(world.discovery(), f"accounts-below/{ACCOUNTS}"), *records_of(world.discovery(), "groups")]
    carrier = f"{DOMAIN}/{admins}"
    assert FoundCarrier(f"{DOMAIN}/{name}", carrier, "group") in records
    assert FoundCarrier(carrier, f"{DOMAIN}/CN=Administrators,{BUILT_IN}", "group") in records
    grants = {(each.privilege, each.target) for each in records if isinstance(each, FoundGrant)}
    assert grants >= {("Domain Admins", DOMAIN), ("Administrators", DOMAIN), ("Enterprise Admins", DOMAIN)}
    assert "Domain Users" not in {privilege for privilege, _ in grants}


def test_a_filter_says_what_else_is_a_service_account(world: ActiveDirectoryDiscoveryWorld) -> None:
    name = f"batch-{secrets.token_hex(3)}"
    world.admin.add_user(name, new_password(), altSecurityIdentities="X509:<I>CN=ca<S>CN=batch")
    key = f"{DOMAIN}/{name}"
    world.plant()
    found = identities_in(read_all(world.discovery())[0])
    # Neither persons nor computers.
    assert not [each for each in found if each == key or each.endswith(("-owner", "-host$"))]
    records, _ = read_all(world.discovery_by(world.operator, service_account_filter="(sAMAccountName=batch-*)"))
    assert key in identities_in(records)
    assert FoundStep("X509:<I>CN=ca<S>CN=batch", key, "certificate-mapping") in records
    for query, text in (("(|(cn=x)(sAMAcountName=batch-*))", "sAMAcountName"), ("(sAMAccountName=b", "parentheses")):
        with pytest.raises(SpecError, match=text):
            world.discovery_by(world.operator, service_account_filter=query).section("accounts").read(None)


def test_an_unwritten_base_is_told(world: ActiveDirectoryDiscoveryWorld) -> None:
    nowhere = f"OU=Nowhere,{BASE}"
    discovery = world.discovery_by(world.operator, service_account_bases=(nowhere,))
    with pytest.raises(NotSeen, match=f"{nowhere} is not shown"):
        discovery.section(f"accounts-below/{nowhere}").read(None)


def test_descriptors_let_in_whom_they_name_and_do_not_refuse() -> None:
    one, other = (EVERYONE[:-4] + number.to_bytes(4, "little") for number in (7, 8))
    entries = [ace(one, 1, allowed=True), ace(other, 1, allowed=True, of=LOGONS), ace(one, 1, allowed=False)]
    assert let_in(descriptor(*entries)) == [sid_text(other)] == ["S-1-1-8"]
    assert let_in(descriptor()) == []
    assert let_in(bytes.fromhex("01000080") + bytes(16)) == ["S-1-1-0"]


def test_what_cannot_be_asked_is_told_without_the_password(
    world: ActiveDirectoryDiscoveryWorld, tmp_path: Path
) -> None:
    name, password = world.operator
    wrong = tmp_path / "wrong.pem"
    with ActiveDirectory() as other:
        wrong.write_bytes(other.ca_file.read_bytes())
        closed = other.url
    empty = tmp_path / "empty"
    empty.write_text("\n")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"ca_file": str(wrong)}, "certificate"),
        ({"servers": (closed,)}, "a domain controller that answers over TLS"),
        ({"password_file": str(empty)}, "no password in the first line"),
        ({"password_file": str(tmp_path / "none")}, "FileNotFoundError"),
        ({"base": f"DC=elsewhere,{BASE}"}, "shows no objectSid"),
    ]
    for settings, text in cases:
        with pytest.raises(SystemUnreachable, match=f"(?i){text}") as refused:
            world.discovery_by((name, password), **settings).place()
        assert password not in str(refused.value)
    with pytest.raises(SystemUnreachable, match="refuses"):
        world.discovery_by((name, "wrong")).place()
    file = tmp_path / "password"
    file.write_text(f"{password}\n")
    servers = (closed, world.server.plain_url)
    assert world.discovery_by((name, "x"), password_file=str(file), servers=servers).place() == DOMAIN
    assert not is_worth_a_scan(System.ACTIVE_DIRECTORY)


def test_a_controller_that_was_away_is_asked_again(world: ActiveDirectoryDiscoveryWorld) -> None:
    with ActiveDirectory() as server:
        discovery = Discovery("corp", world.settings(("Administrator", server.password), server=server), now)
        assert discovery.place() == DOMAIN
        server.stop()
        with pytest.raises(SystemUnreachable):
            discovery.section("groups").read(None)
        server.start()
        assert discovery.section("groups").read(None).records
        # As an idle connection is: ended by the controller, and noticed by the next question only.
        server.stop()
        server.start()
        assert discovery.section("groups").read(None).records


def test_a_connection_says_all_that_is_wrong_at_once() -> None:
    with pytest.raises(SpecError) as wrong:
        ActiveDirectoryConnection(
            servers=("https://dc1",), user="", base="corp", password_variable="a b", service_account_filter="x"
        )
    assert {problem.path for problem in wrong.value.problems} == {
        "servers[0]",
        "user",
        "base",
        "password_variable",
        "service_account_filter",
    }
    with pytest.raises(SpecError, match="name a domain controller"):
        ActiveDirectoryConnection(servers=(), user="nhi@corp.example.com")


def test_it_holds_no_credentials_of_leases(world: ActiveDirectoryDiscoveryWorld) -> None:
    from nhi_components.core.credential.places import FilePlace

    settings = world.settings(world.operator)
    credentials = open_credentials(System.ACTIVE_DIRECTORY, "corp", settings)
    caller = credentials.caller()
    assert (caller.principal, caller.account) == (f"{world.operator[0]}@{DOMAIN}", DOMAIN)
    with pytest.raises(NhiError, match="found and retired"):
        credentials.place(FilePlace(path="/tmp/x"))
    assert credentials.search("nhi-aaaaaaaaaaaaaaaa") == []
    assert open_discovery(System.ACTIVE_DIRECTORY, "corp", settings, now).place() == DOMAIN


def test_persons_and_teams_are_told_with_all_their_names(world: ActiveDirectoryDiscoveryWorld) -> None:
    word = secrets.token_hex(3)
    planted = world.plant()
    dana = world.admin.add_user(
        f"Dana-{word}",
        new_password(),
        mail=f"Dana.{word}@Example.com",
        userPrincipalName=f"dana.{word}@corp.example.com",
        proxyAddresses=[f"SMTP:Dana.{word}@example.com", f"smtp:d{word}@example.com", f"x500:/o=corp/cn={word}"],
    )
    gone = world.admin.add_user(f"gone-{word}", new_password(), userAccountControl=514)
    since = now().replace(microsecond=0) - timedelta(days=3)
    world.admin.add_user(f"ended-{word}", new_password(), accountExpires=filetime(since))
    team = world.admin.add(f"CN=Payments-{word},{USERS}", "group", sAMAccountName=f"pay-{word}", mail=f"p{word}@x.org")
    people = DirectoryPeople("corp", world.settings(world.operator), now)
    assert (people.system, people.place()) == ("activedirectory-people", DOMAIN)
    records, sections = read_all(people)  # type: ignore[arg-type]
    assert sections == ["persons", "teams"]
    persons = {name: each for each in records if isinstance(each, FoundPerson) for name in each.names}
    assert persons[dana.lower()].active
    assert set(persons[dana.lower()].names) == {
        f"dana-{word}",
        f"dana-{word}@{DOMAIN}",
        f"dana.{word}@corp.example.com",
        f"dana.{word}@example.com",
        f"d{word}@example.com",
        dana.lower(),
    }
    assert (persons[gone.lower()].active, persons[gone.lower()].since) == (False, None)
    assert (persons[f"ended-{word}"].active, persons[f"ended-{word}"].since) == (False, since)
    assert persons[team.lower()].names == (f"pay-{word}", f"p{word}@x.org", team.lower())
    assert persons[team.lower()].id.startswith("team ")
    services = {key.rpartition("/")[2].lower() for key in planted.identities} | {world.operator[0], "guest", "krbtgt"}
    assert not services & set(persons)
    world.admin.delete(dana)
    assert dana.lower() not in {name for each in read_all(people)[0] for name in each.names}  # type: ignore[arg-type, union-attr]
