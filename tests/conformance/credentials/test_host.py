"""What is a file's own: modes, links, folders, what a killed run leaves behind, another machine."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from nhi_components.core.connection import HostConnection
from nhi_components.core.credential.sources import CommandSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.host.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import Material, NoSuchKind, Place
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.host_world import FileWorld


@pytest.fixture
def world(setting: Setting) -> FileWorld:
    return FileWorld(setting)


@pytest.fixture
def place(world: FileWorld, tags: LeaseTags) -> Place:
    return world.open().place(world.place(tags))


def path_of(place: Place) -> Path:
    return Path(place.spec.address)


def test_only_its_user_may_read_it_and_nothing_else_is_left(world: FileWorld, place: Place, tags: LeaseTags) -> None:
    before = os.umask(0)
    try:
        place.write(tags, world.material("KEY1"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path_of(place).stat().st_mode) == 0o600
    assert [path.name for path in world.folder.iterdir()] == [path_of(place).name]
    assert json.loads(path_of(place).read_text())["key_id"] == "KEY1"


def test_a_file_that_others_may_read_is_another_version(world: FileWorld, place: Place, tags: LeaseTags) -> None:
    material = world.material("KEY1")
    held = place.write(tags, material)
    path_of(place).chmod(0o644)
    found = place.find()
    assert found is not None
    assert found.version != held.version
    place.write(tags, material)
    assert stat.S_IMODE(path_of(place).stat().st_mode) == 0o600


def test_a_reader_never_sees_half_of_it(world: FileWorld, place: Place, tags: LeaseTags) -> None:
    first = world.material("KEY1")
    place.write(tags, first)
    with path_of(place).open() as reader:
        place.write(tags, world.material("KEY2"))
        assert json.load(reader)["client_secret"] == first.fields["client_secret"]


def test_symbolic_links_are_not_followed(world: FileWorld, place: Place, tags: LeaseTags) -> None:
    elsewhere = world.folder.parent / "elsewhere"
    elsewhere.write_text("{}")
    path_of(place).symlink_to(elsewhere)
    held = place.find()
    assert held is not None
    assert held.lease is None
    for use in (lambda: place.write(tags, world.material("KEY1")), lambda: place.remove(tags.lease)):
        with pytest.raises(NhiError, match="fix: "):
            use()
    assert elsewhere.read_text() == "{}"
    assert path_of(place).is_symlink()


@pytest.mark.parametrize(("mode", "allowed"), [(0o770, False), (0o707, False), (0o1777, True), (0o750, True)])
def test_a_folder_that_others_may_write_to_is_refused(
    world: FileWorld, place: Place, tags: LeaseTags, mode: int, allowed: bool
) -> None:
    world.folder.chmod(mode)
    if allowed:
        assert place.write(tags, world.material("KEY1")).version
        return
    with pytest.raises(NhiError, match=r"chmod go-w"):
        place.write(tags, world.material("KEY1"))
    assert list(world.folder.iterdir()) == []


def test_a_file_of_another_user_is_not_ours_whatever_it_says(
    world: FileWorld, place: Place, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(tags, world.material("KEY1"))
    owner = path_of(place).stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    held = place.find()
    assert held is not None
    assert held.lease is None
    with pytest.raises(NhiError, match="bears no lease"):
        place.write(tags, world.material("KEY2"))


def test_what_a_killed_run_leaves_is_found_and_removed(world: FileWorld, place: Place, tags: LeaseTags) -> None:
    left = world.folder / f".{path_of(place).name}.{tags.lease}.new"
    left.write_text('{"client_secret": "hal')
    held = place.find()
    assert held is not None
    assert (held.lease, held.version) == (tags.lease, "")
    place.remove("lease-aaaaaaaaaaaaaaaa")
    assert left.exists()
    place.write(tags, world.material("KEY1"), "")
    assert not left.exists()
    left.write_text('{"client_secret": "hal')
    place.remove(tags.lease)
    assert list(world.folder.iterdir()) == []


def test_a_write_that_fails_leaves_what_was_there(
    world: FileWorld, place: Place, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.material("KEY1")
    place.write(tags, first)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NhiError, match=r"No space left.*fix: "):
        place.write(tags, world.material("KEY2"))
    assert world.values(world.place(tags)) == first.fields
    assert len(list(world.folder.iterdir())) == 1


def test_a_missing_folder_holds_nothing_and_is_not_made(world: FileWorld, place: Place, tags: LeaseTags) -> None:
    world.folder.rmdir()
    assert place.find() is None
    place.remove(tags.lease)
    with pytest.raises(NhiError, match="make the folder"):
        place.write(tags, world.material("KEY1"))
    assert not world.folder.exists()


def test_what_may_not_be_used_is_told(
    world: FileWorld, place: Place, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "lstat", denied)
    with pytest.raises(SystemUnreachable, match="Permission denied"):
        place.find()


def test_fields_that_would_hide_the_marks_are_refused(place: Place, tags: LeaseTags) -> None:
    with pytest.raises(NhiError, match="nhi_lease"):
        place.write(tags, Material("KEY1", {"nhi_lease": "lease-aaaaaaaaaaaaaaaa"}))
    assert place.find() is None


def test_it_asks_for_the_machine_that_was_named(monkeypatch: pytest.MonkeyPatch, world: FileWorld) -> None:
    monkeypatch.setattr("platform.node", lambda: "runner-7")
    caller = Credentials("default", HostConnection(host="runner-7")).caller()
    assert caller.account == "runner-7"
    assert caller.principal.endswith("@runner-7")
    assert world.open().caller().account == ""
    with pytest.raises(SystemUnreachable, match="runner-8"):
        Credentials("default", HostConnection(host="runner-8")).caller()


def test_a_user_without_a_name_is_told_by_its_number(world: FileWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1000680000")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert world.open().caller().principal.startswith(f"user {os.getuid()}@")


def test_it_is_no_source(world: FileWorld) -> None:
    with pytest.raises(NoSuchKind):
        world.open().source(CommandSource(command=("true",), account="orders"))
