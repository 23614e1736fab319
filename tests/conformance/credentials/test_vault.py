"""What is Vault's own of places: races, restarts, deleted and destroyed versions, claims, engines of version 1."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.credential.places import FilePlace, VaultKvPlace
from nhi_components.core.credential.sources import CommandSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.lease_id import CLAIM
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.credentials import Credentials
from nhi_components.lifecycle.adapters.vault.kv_place import KvPlace
from nhi_components.lifecycle.adapters.vault.marked_entry import MarkedEntry
from nhi_components.lifecycle.credentials.ports import Claim, Held, NoSuchKind, NotSearchable, Overtaken
from nhi_components.lifecycle.ports import Ownership
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.vault_world import VaultKvElsewhereWorld, VaultKvWorld
from tests.conformance.test_vault import limited_adapter, of_kind
from tests.conformance.vault_world import KV
from tests.conformance.world import new_tags, now

KEY, NEXT = "key-first", "key-second"
RUNS = 8
Answer = TypeVar("Answer")


def at_once(work: Callable[[int], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(RUNS) as pool:
        return list(pool.map(work, range(RUNS)))


def home(world: VaultKvWorld, spec: VaultKvPlace) -> KvPlace:
    place = world.open().place(spec)
    assert isinstance(place, KvPlace)
    return place


@pytest.fixture
def own(setting: Setting) -> VaultKvWorld:
    return VaultKvWorld(setting)


@pytest.fixture
def elsewhere(setting: Setting) -> VaultKvElsewhereWorld:
    return VaultKvElsewhereWorld(setting)


@pytest.fixture(params=[VaultKvWorld, VaultKvElsewhereWorld], ids=["own", "elsewhere"])
def either(request: pytest.FixtureRequest, setting: Setting) -> VaultKvWorld:
    world: VaultKvWorld = request.param(setting)
    return world


class TestRaces:
    def test_of_many_runs_exactly_one_has_the_claim(self, either: VaultKvWorld, tags: LeaseTags) -> None:
        spec, moment = either.place(tags), now()
        claims = [Claim(f"run-{i}", f"ops@host-{i}", moment + timedelta(minutes=1)) for i in range(RUNS)]
        standing = at_once(lambda i: home(either, spec).claim(tags, claims[i], moment))
        assert len({claim.run for claim in standing}) == 1
        assert [claims[i].run for i in range(RUNS) if standing[i] == claims[i]] == [standing[0].run]

    def test_of_many_runs_exactly_one_takes_a_lapsed_claim_over(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        spec, moment = own.place(tags), now()
        home(own, spec).claim(tags, Claim("killed", "ops@gone", moment), moment - timedelta(minutes=1))
        claims = [Claim(f"run-{i}", "ops@host", moment + timedelta(minutes=1)) for i in range(RUNS)]
        standing = at_once(lambda i: home(own, spec).claim(tags, claims[i], moment))
        assert {claim.run for claim in standing} == {standing[0].run}
        assert standing[0].run != "killed"

    def test_of_many_writes_over_nothing_exactly_one_is_done(self, either: VaultKvWorld, tags: LeaseTags) -> None:
        spec = either.place(tags)
        materials = [either.material(f"key-{i}") for i in range(RUNS)]

        def write(i: int) -> Held | None:
            with suppress(Overtaken):
                return home(either, spec).write(tags, materials[i], "")
            return None

        done = [held for held in at_once(write) if held]
        assert [held.version for held in done] == ["1"]
        assert home(either, spec).find() == done[0]
        found = either.metadata(spec.address)
        assert found
        assert tags.to_metadata().items() <= found["custom_metadata"].items()

    def test_writes_over_whatever_is_held_all_end_up_somewhere(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        spec = own.place(tags)
        place, first, second = home(own, spec), own.material(KEY), own.material(NEXT)
        at_first = place.write(tags, first)
        assert home(own, spec).write(tags, second).version == str(int(at_first.version) + 1)

    def test_who_loses_the_first_write_takes_its_mark_off_again(
        self, elsewhere: VaultKvElsewhereWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spec, mark = elsewhere.place(tags), MarkedEntry.mark

        def overtaken(entry: MarkedEntry, *told: object) -> None:
            mark(entry, *told)  # type: ignore[arg-type] # passed on as it came
            elsewhere.put(spec.address, {"password": "somebody else's"})

        monkeypatch.setattr(MarkedEntry, "mark", overtaken)
        with pytest.raises(Overtaken, match="fix: "):
            home(elsewhere, spec).write(tags, elsewhere.material(KEY), "")
        monkeypatch.undo()
        elsewhere.world.environment.setenv("VAULT_TOKEN", elsewhere.world.server.token)
        elsewhere.world.environment.setenv("VAULT_ADDR", elsewhere.world.server.address)
        found = home(elsewhere, spec).find()
        assert found
        assert found.lease is None
        assert elsewhere.content(spec.address) == {"password": "somebody else's"}


class TestRestart:
    def test_a_run_goes_on_after_the_server_came_back(self, either: VaultKvWorld, tags: LeaseTags) -> None:
        spec, moment = either.place(tags), now()
        mine = Claim("run-1", "ops@host", moment + timedelta(minutes=5))
        place, material = home(either, spec), either.material(KEY)
        place.claim(tags, mine, moment)
        held = place.write(tags, material, "")
        either.stop()
        with pytest.raises(SystemUnreachable):
            place.note(tags, {"key": KEY})
        either.start()
        assert place.find() == held
        assert place.claim(tags, replace(mine, run="run-2"), moment) == mine
        place.note(tags, {"key": KEY})
        assert home(either, spec).notes() == {"key": KEY}
        assert home(either, spec).read() == material


class TestVersions:
    def test_what_was_put_there_by_hand_tells_no_key_and_is_not_delivered(
        self, own: VaultKvWorld, tags: LeaseTags
    ) -> None:
        spec = own.place(tags)
        place = home(own, spec)
        place.write(tags, own.material(KEY))
        own.put(spec.address, {"secret_access_key": "by-hand"})
        assert place.find() == Held(tags.lease, "2", None, older=1)
        assert place.read() is None

    def test_a_soft_deleted_newest_version_holds_nothing_and_is_written_over(
        self, either: VaultKvWorld, tags: LeaseTags
    ) -> None:
        spec = either.place(tags)
        place, second = home(either, spec), either.material(NEXT)
        held = place.write(tags, either.material(KEY))
        either.root.secrets.kv.v2.delete_latest_version_of_secret(path=spec.address)
        assert (place.find(), place.read()) == (Held(tags.lease, "", None, older=0), None)
        with pytest.raises(Overtaken, match="found nothing, expected version 1"):
            place.write(tags, second, held.version)
        after = place.write(tags, second, "")
        assert after == place.find() == Held(tags.lease, "2", NEXT, older=1)
        place.prune()
        assert place.find() == replace(after, older=0)
        found = either.metadata(spec.address)
        assert found
        assert found["versions"]["1"]["destroyed"]

    def test_a_destroyed_newest_version_holds_nothing_and_is_written_over(
        self, own: VaultKvWorld, tags: LeaseTags
    ) -> None:
        spec = own.place(tags)
        place = home(own, spec)
        place.write(tags, own.material(KEY))
        own.root.secrets.kv.v2.destroy_secret_versions(path=spec.address, versions=[1])
        assert place.find() == Held(tags.lease, "", None, older=0)
        assert place.write(tags, own.material(NEXT), "") == Held(tags.lease, "2", NEXT, older=0)

    def test_one_that_will_be_deleted_later_is_held(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        spec = own.place(tags)
        own.root.secrets.kv.v2.update_metadata(path=spec.address, delete_version_after="1h", cas_required=True)
        place = home(own, spec)
        assert place.write(tags, own.material(KEY)) == place.find() == Held(tags.lease, "1", KEY, older=0)

    def test_the_same_key_with_other_fields_is_written(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        place = home(own, own.place(tags))
        assert [place.write(tags, own.material(KEY)).version for _ in range(2)] == ["1", "2"]
        assert own.metadata(place.spec.address)["custom_metadata"]["nhi_version"] == "2"  # type: ignore[index]

    def test_what_was_delivered_is_no_extra_of_a_cut_off_and_what_was_not_is(
        self, own: VaultKvWorld, tags: LeaseTags
    ) -> None:
        spec = own.place(tags)
        place, adapter = home(own, spec), own.world.adapter()
        place.write(tags, own.material(KEY))
        place.write(tags, own.material(NEXT))
        place.claim(tags, Claim("run-1", "ops@host", now() + timedelta(minutes=1)), now())
        place.claim(tags, Claim("run-1", "ops@host", now() + timedelta(minutes=2)), now())
        assert adapter.cut_off(tags.lease, [spec.link()], now()) == []
        own.change_by_hand(spec)
        (told,) = adapter.cut_off(tags.lease, [spec.link()], now())
        assert [extra.name for extra in told.extras] == [f"{spec.address}@3"]

    def test_a_write_that_is_read_back_otherwise_is_an_error_without_a_value(
        self, own: VaultKvWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(MarkedEntry, "version", lambda *_: {"secret_access_key": "altered"})
        material = own.material(KEY)
        with pytest.raises(NhiError, match="read back another content from version 1") as caught:
            home(own, own.place(tags)).write(tags, material)
        assert material.fields["secret_access_key"] not in str(caught.value)

    def test_a_field_that_tells_the_key_is_refused(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        material = own.material(KEY)
        with pytest.raises(NhiError, match="'key_id'"):
            home(own, own.place(tags)).write(tags, replace(material, fields={**material.fields, "key_id": "x"}))


class TestOwnership:
    def test_an_empty_entry_without_a_mark_may_be_taken(
        self, elsewhere: VaultKvElsewhereWorld, tags: LeaseTags
    ) -> None:
        spec = elsewhere.place(tags)
        elsewhere.root.secrets.kv.v2.update_metadata(path=spec.address, custom_metadata={"team": "orders"})
        with pytest.raises(NhiError, match="it bears no lease"):
            home(elsewhere, spec).remove(tags.lease)
        held = home(elsewhere, spec).write(tags, elsewhere.material(KEY), "")
        assert held.lease == tags.lease
        found = elsewhere.metadata(spec.address)
        assert found
        assert found["custom_metadata"]["team"] == "orders"

    def test_somebody_else_s_deleted_versions_are_values(
        self, elsewhere: VaultKvElsewhereWorld, tags: LeaseTags
    ) -> None:
        spec = elsewhere.place(tags)
        elsewhere.put_namesake(spec)
        elsewhere.root.secrets.kv.v2.delete_latest_version_of_secret(path=spec.address)
        for use in (
            lambda: home(elsewhere, spec).write(tags, elsewhere.material(KEY)),
            lambda: home(elsewhere, spec).note(tags, {"key": KEY}),
        ):
            with pytest.raises(NhiError, match="it bears no lease; expected nothing there"):
                use()
        assert elsewhere.metadata(spec.address)["custom_metadata"] is None  # type: ignore[index] # it is there

    def test_the_adapter_does_not_admit_somebody_else_s_entry(
        self, elsewhere: VaultKvElsewhereWorld, tags: LeaseTags
    ) -> None:
        spec = elsewhere.place(tags)
        elsewhere.put_namesake(spec)
        with pytest.raises(NhiError, match="found somebody else's"):
            elsewhere.world.adapter().admit(tags, [spec.link()], now())
        assert elsewhere.metadata(spec.address)["custom_metadata"] is None  # type: ignore[index] # it is there

    def test_version_1_of_the_engine_is_refused_before_anything_is_written(
        self, own: VaultKvWorld, tags: LeaseTags
    ) -> None:
        mount = f"kv1-{os.urandom(4).hex()}"
        own.root.sys.enable_secrets_engine("kv", path=mount, options={"version": "1"})
        place = home(own, VaultKvPlace(mount=mount).resolved(tags))
        material, mine = own.material(KEY), Claim("run-1", "ops@host", now())
        for use in (
            lambda: place.write(tags, material),
            lambda: place.note(tags, {"key": KEY}),
            lambda: place.claim(tags, mine, now()),
        ):
            with pytest.raises(NhiError, match=f"no KV v2 engine at {mount}/.*fix: "):
                use()
        assert own.root.list(f"{mount}/") is None

    def test_a_token_without_rights_on_metadata_is_told_where_it_lacks_them(
        self, own: VaultKvWorld, tags: LeaseTags
    ) -> None:
        spec, material = own.place(tags), own.material(KEY)
        limited_adapter(own.world, f'path "{KV}/data/*" {{ capabilities = ["create", "read", "update"] }}')
        for use in (home(own, spec).find, lambda: home(own, spec).write(tags, material)):
            with pytest.raises(SystemUnreachable, match=f"403 from .* {KV}/metadata/{spec.address}") as caught:
                use()
            assert "allow it in a policy" in caught.value.problem.fix
            assert material.fields["secret_access_key"] not in str(caught.value)
        assert own.content(spec.address) is None


class TestClaim:
    def test_it_stands_beside_the_entry_and_bears_the_lease(self, either: VaultKvWorld, tags: LeaseTags) -> None:
        spec = either.place(tags)
        home(either, spec).claim(tags, Claim("run-1", "ops@host", now() + timedelta(minutes=1)), now())
        found = either.content(spec.address + CLAIM)
        assert found
        assert (found["run"], found["who"], found["lease"]) == ("run-1", "ops@host", tags.lease)
        assert either.metadata(spec.address + CLAIM)["custom_metadata"] == tags.to_metadata()  # type: ignore[index]
        assert either.metadata(spec.address) is None

    @pytest.mark.parametrize("lapses", [timedelta(seconds=-5), timedelta(minutes=30)], ids=["lapsed", "not lapsed"])
    def test_a_released_one_is_gone(self, own: VaultKvWorld, tags: LeaseTags, lapses: timedelta) -> None:
        spec = own.place(tags)
        place = home(own, spec)
        place.claim(tags, Claim("run-1", "ops@host", now() + lapses), now())
        place.release("run-2")
        assert own.metadata(spec.address + CLAIM)
        place.release("run-1")
        place.release("run-1")
        assert own.metadata(spec.address + CLAIM) is None

    def test_one_that_a_kill_left_unmarked_is_still_the_lease_s(
        self, elsewhere: VaultKvElsewhereWorld, tags: LeaseTags
    ) -> None:
        spec, moment = elsewhere.place(tags), now()
        place, path = home(elsewhere, spec), spec.address + CLAIM
        mine = Claim("run-1", "ops@host", moment + timedelta(minutes=1))
        place.claim(tags, mine, moment)
        elsewhere.root.secrets.kv.v2.update_metadata(path=path, custom_metadata={})
        (sighting,) = elsewhere.world.adapter().survey(tags.lease, [spec.link()])
        assert (sighting.link.name, sighting.ownership) == (path, Ownership.OURS)
        assert place.claim(tags, replace(mine, run="run-2"), moment) == mine
        assert place.claim(tags, mine, moment) == mine
        assert elsewhere.metadata(path)["custom_metadata"] == tags.to_metadata()  # type: ignore[index] # it is there

    def test_somebody_else_s_entry_at_its_path_is_left_alone(
        self, elsewhere: VaultKvElsewhereWorld, tags: LeaseTags
    ) -> None:
        spec = elsewhere.place(tags)
        elsewhere.put(spec.address + CLAIM, {"run": "marathon", "who": "us", "until": "2030-01-01T00:00:00+00:00"})
        place = home(elsewhere, spec)
        with pytest.raises(NhiError, match="found somebody else's"):
            place.claim(tags, Claim("run-1", "ops@host", now()), now())
        place.remove(tags.lease)
        assert elsewhere.content(spec.address + CLAIM)
        assert elsewhere.world.adapter().survey(tags.lease, [spec.link()]) == []

    def test_what_is_no_claim_is_not_taken_over(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        spec = own.place(tags)
        own.put(spec.address + CLAIM, {"run": "by-hand", "who": "x", "until": "tomorrow"})
        with pytest.raises(NhiError, match="expected a claim; fix: see that no run is under way"):
            home(own, spec).claim(tags, Claim("run-1", "ops@host", now()), now())

    def test_a_deleted_one_is_made_anew(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        spec, moment = own.place(tags), now()
        place = home(own, spec)
        place.claim(tags, Claim("run-1", "ops@host", moment + timedelta(minutes=1)), moment)
        own.root.secrets.kv.v2.delete_latest_version_of_secret(path=spec.address + CLAIM)
        second = Claim("run-2", "ops@host", moment + timedelta(minutes=1))
        assert place.claim(tags, second, moment) == second


class TestSurvey:
    def test_the_adapter_finds_and_sweeps_entries_and_claims(self, either: VaultKvWorld, tags: LeaseTags) -> None:
        spec = either.place(tags)
        place, adapter = home(either, spec), either.world.adapter()
        place.write(tags, either.material(KEY))
        place.claim(tags, Claim("run-1", "ops@host", now() + timedelta(minutes=1)), now())
        found = adapter.survey(tags.lease, [spec.link()])
        assert {s.link.name for s in of_kind(found, LinkKind.VAULT_KV_PATH)} == {spec.address, spec.address + CLAIM}
        assert {s.ownership for s in found} == {Ownership.OURS}
        for sighting in found:
            adapter.sweep(sighting)
        assert either.everything(spec) == []

    def test_it_finds_the_claim_in_our_folder_from_the_lease_id_alone(self, own: VaultKvWorld, tags: LeaseTags) -> None:
        spec = own.place(tags)
        home(own, spec).claim(tags, Claim("run-1", "ops@host", now() + timedelta(minutes=1)), now())
        (sighting,) = own.world.adapter().survey(tags.lease, [])
        assert (sighting.link.kind, sighting.link.name) == (LinkKind.VAULT_KV_PATH, spec.address + CLAIM)
        assert [link.name for link in own.open().search(tags.lease)] == [spec.address + CLAIM]
        assert own.world.adapter().survey(new_tags(os.urandom(16)).lease, []) == []

    def test_a_search_through_a_token_that_may_not_list_everything_says_so(
        self, elsewhere: VaultKvElsewhereWorld, tags: LeaseTags
    ) -> None:
        home(elsewhere, elsewhere.place(tags)).write(tags, elsewhere.material(KEY))
        everything = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'
        denied = f'path "{KV}/metadata/team/*" {{ capabilities = ["deny"] }}'
        limited_adapter(elsewhere.world, f"{everything}\n{denied}")
        with pytest.raises(NotSearchable, match=f"outside our folder of {KV}/ .*fix: "):
            Credentials("default", VaultConnection()).search(tags.lease)
        limited_adapter(elsewhere.world, f'path "{KV}/*" {{ capabilities = ["read", "list"] }}')
        with pytest.raises(NotSearchable, match=tags.lease):
            Credentials("default", VaultConnection()).search(tags.lease)


def test_what_is_not_of_vault_is_refused(own: VaultKvWorld) -> None:
    system = own.open()
    with pytest.raises(NoSuchKind, match="expected vault-kv"):
        system.place(FilePlace(path="/run/orders.json"))
    with pytest.raises(NoSuchKind, match="expected one of Vault"):
        system.source(CommandSource(command=("issue",), account="orders"))


def test_a_link_carries_its_mount(own: VaultKvWorld, tags: LeaseTags) -> None:
    link: Link = own.place(tags).link()
    assert link.attributes["mount"] == KV
