"""What is the own of retirements in Active Directory: bits, texts that are shared, what can be brought back, rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters import open_retirement
from nhi_components.lifecycle.adapters.activedirectory.session import Changed
from nhi_components.lifecycle.decommission.ports import Presence, Removed, Target
from tests.conformance.decommission.activedirectory_world import (
    MANAGED_ACCOUNT,
    USER,
    USERS,
    ActiveDirectoryRetirementWorld,
)
from tests.conformance.decommission.test_documented import documented, goes_through
from tests.conformance.directory import new_password
from tests.conformance.world import now
from tools.lab.sandbox.samba import ADMINISTRATOR, BASE, DOMAIN

CASE = "dc-0123456789ab"
EVERYONE = bytes.fromhex("010100000000000100000000")
SERVICES = f"CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,{BASE}"
_DELETE = 0x1_0040
_RIGHTS = {"WP": 0x20, "SD": 0x1_0000}


@pytest.fixture
def world(activedirectory_retirement_world: ActiveDirectoryRetirementWorld) -> ActiveDirectoryRetirementWorld:
    return activedirectory_retirement_world


def reader(world: ActiveDirectoryRetirementWorld) -> tuple[str, str]:
    """Somebody who may read all and change nothing."""
    name, password = f"reader-{new_password()[:6]}".replace("_", "x"), new_password()
    world.secrets.append(password)
    world.admin.add_user(name, password)
    return f"{name}@{DOMAIN}", password


def text_of(world: ActiveDirectoryRetirementWorld, dn: str, attribute: str) -> str:
    (found,) = world.admin.find("(objectClass=*)", attribute, base=dn).values()
    return found[attribute][0].decode() if found else ""


@pytest.mark.parametrize("attribute", ["info", "description", "comment", "adminDescription"])
def test_a_mark_stands_beside_what_people_have_written(world: ActiveDirectoryRetirementWorld, attribute: str) -> None:
    planted = world.plant(USER)
    dn = world.dn_of(planted.target.name)
    world.admin.modify(dn, **{attribute: "Dana's\r\nask first: ü"})
    before = planted.documents()
    retirement = world.retirement_by(ADMINISTRATOR, world.server.password, mark_attribute=attribute)
    for stage in ("noticed", "disabled"):
        assert retirement.mark(planted.target, CASE, stage)
        assert text_of(world, dn, attribute) == f"Dana's\r\nask first: ü nhi:case={CASE}/{stage}"
        standing = retirement.look(planted.target)
        assert (standing.case, standing.stage) == (CASE, stage)
    retirement.mark(planted.target, "", "")
    assert planted.documents() == before


def test_a_text_that_is_full_takes_no_mark_and_loses_nothing(world: ActiveDirectoryRetirementWorld) -> None:
    planted = world.plant(USER)
    dn = world.dn_of(planted.target.name)
    world.admin.modify(dn, info="x" * 1000)
    assert not world.retirement().mark(planted.target, CASE, "disabled")
    assert text_of(world, dn, "info") == "x" * 1000


def test_restoring_gives_back_one_bit_and_leaves_the_others(world: ActiveDirectoryRetirementWorld) -> None:
    planted = world.plant(USER)
    dn, retirement = world.dn_of(planted.target.name), world.retirement()
    undo = retirement.undo_of(planted.target)
    assert undo == {"userAccountControl": 512}
    retirement.disable(planted.target, undo)
    assert text_of(world, dn, "userAccountControl") == "514"
    # Meanwhile somebody has said that its password never expires.
    world.admin.modify(dn, userAccountControl=514 | 0x1_0000)
    retirement.restore(planted.target, undo)
    assert text_of(world, dn, "userAccountControl") == str(512 | 0x1_0000)
    retirement.disable(planted.target, undo)
    retirement.restore(planted.target, {"userAccountControl": 514})
    assert retirement.look(planted.target).presence is Presence.DISABLED
    assert not planted.works()


def test_what_somebody_else_changed_meanwhile_is_not_written_over(
    world: ActiveDirectoryRetirementWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = world.plant(USER)
    dn, retirement = world.dn_of(planted.target.name), world.retirement()
    stale = retirement._find(planted.target)
    world.admin.modify(dn, info="written by Dana just now")
    monkeypatch.setattr(retirement, "_find", lambda _: stale)
    with pytest.raises(Changed, match="run it again"):
        retirement.mark(planted.target, CASE, "disabled")
    assert text_of(world, dn, "info") == "written by Dana just now"


@pytest.mark.parametrize(("lifetime", "days"), [(None, 180), (30, 30)])
def test_deleted_it_is_told_until_when_it_can_be_brought_back(
    world: ActiveDirectoryRetirementWorld, lifetime: int | None, days: int
) -> None:
    planted = world.plant(MANAGED_ACCOUNT)
    dn = world.dn_of(planted.target.name)
    below = world.admin.add(f"CN=point,{dn}", "serviceConnectionPoint")
    world.admin.modify(SERVICES, msDS_DeletedObjectLifetime=lifetime if lifetime else [])
    try:
        removed = world.retirement().delete(planted.target)
    finally:
        world.admin.modify(SERVICES, msDS_DeletedObjectLifetime=[])
    assert [(each.kind, each.name) for each in removed] == [("object", below), (MANAGED_ACCOUNT, planted.target.name)]
    for each in removed:
        assert isinstance(each, Removed)
        assert each.recoverable_until is not None
        assert abs(each.recoverable_until - now() - timedelta(days=days)) < timedelta(minutes=5)
    assert world.admin.find(f"(sAMAccountName={planted.target.name})", "cn") == {}


def test_use_and_what_must_stay_are_told(world: ActiveDirectoryRetirementWorld) -> None:
    planted = world.plant(USER)
    group = world.admin.add(
        f"CN=glass-{planted.target.name},{USERS}", "group", sAMAccountName=f"g{planted.target.name}"
    )
    world.admin.join(world.dn_of(planted.target.name), group)
    careful = world.retirement_by(ADMINISTRATOR, world.server.password, break_glass_group=group)
    assert careful.look(planted.target).guarded == "it is for emergencies"
    assert world.retirement().look(planted.target).guarded == ""
    assert world.retirement().look(planted.target).used_at is None
    assert planted.works()
    used_at = world.retirement().look(planted.target).used_at
    assert used_at is not None
    assert abs(used_at - now()) < timedelta(minutes=5)
    reasons = {"krbtgt": "tickets", "Administrator": "own account", "Guest": "critical"}
    for name, reason in reasons.items():
        sid = world.admin.sid(f"CN={name},{USERS}")
        standing = world.retirement().look(replace(planted.target, name=name, unique_id=sid))
        assert reason in standing.guarded


def test_what_may_not_be_read_is_not_called_gone(world: ActiveDirectoryRetirementWorld) -> None:
    user, password = reader(world)
    whom = world.admin.sid_bytes(world.dn_of(user.partition("@")[0]))
    for kind in (USER, MANAGED_ACCOUNT):
        planted = world.plant(kind)
        world.admin.deny(world.dn_of(planted.target.name), whom)
        with pytest.raises(SystemUnreachable, match="shows no objectClass"):
            world.retirement_by(user, password).look(planted.target)


def test_without_the_right_to_change_it_is_told_what_is_missing(world: ActiveDirectoryRetirementWorld) -> None:
    planted = world.plant(USER)
    before = planted.documents()
    user, password = reader(world)
    retirement = world.retirement_by(user, password)
    undo = retirement.undo_of(planted.target)
    for step in (
        lambda: retirement.mark(planted.target, CASE, "disabled"),
        lambda: retirement.disable(planted.target, undo),
        lambda: retirement.delete(planted.target),
    ):
        with pytest.raises(SystemUnreachable, match=f"let {user} do so") as refused:
            step()
        assert password not in str(refused.value)
    assert planted.documents() == before


def test_the_documented_permissions_are_enough(world: ActiveDirectoryRetirementWorld) -> None:
    planted = world.plant(USER)
    dn = world.dn_of(planted.target.name)
    user, password = reader(world)
    whom = world.admin.sid_bytes(world.dn_of(user.partition("@")[0]))
    named = documented("activedirectory") - {"DC", "DT"}
    assert named == {"WP;info", "WP;userAccountControl", "SD"}
    for right, _, attribute in (each.partition(";") for each in named):
        world.admin.allow(dn, whom, _RIGHTS[right], attribute)
    goes_through(world.retirement_by(user, password), planted)


def test_one_that_is_protected_from_deletion_stays(world: ActiveDirectoryRetirementWorld) -> None:
    planted = world.plant(USER)
    unit = world.admin.add(f"OU=kept-{planted.target.name},{BASE}", "organizationalUnit")
    kept = f"kept-{planted.target.name[-6:]}"
    dn = world.admin.add_user(kept, new_password(), unit)
    world.admin.deny(dn, EVERYONE, _DELETE)
    world.admin.deny(unit, EVERYONE, 0x2)
    target = replace(planted.target, name=kept, unique_id=world.admin.sid(dn))
    with pytest.raises(SystemUnreachable, match="take the protection against deletion off it"):
        world.retirement().delete(target)
    assert world.retirement().look(target).presence is Presence.ALIVE


def test_of_another_domain_or_kind_nothing_is_touched(world: ActiveDirectoryRetirementWorld) -> None:
    planted = world.plant(USER)
    for other in (replace(planted.target, place="other.example.com"), replace(planted.target, kind="computer")):
        with pytest.raises(NhiError, match="expected one of"):
            world.retirement().delete(other)
    assert planted.works()


def test_it_is_opened_by_its_system(world: ActiveDirectoryRetirementWorld) -> None:
    settings = world.retirement()._directory.settings
    opened = open_retirement(System.ACTIVE_DIRECTORY, "corp", settings)
    assert (opened.system, opened.connection, opened.place()) == (System.ACTIVE_DIRECTORY, "corp", DOMAIN)
    nobody = Target(f"{DOMAIN}/x", "S-1-5-21-1-2-3-4", System.ACTIVE_DIRECTORY, DOMAIN, USER, "x")
    assert opened.look(nobody).presence is Presence.GONE
