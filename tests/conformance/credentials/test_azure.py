"""What is Azure's own: soft delete, purge protection, claims without compare-and-set, secrets that take their time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from nhi_components.core.connection import AzureConnection
from nhi_components.core.credential.places import KeyVaultPlace
from nhi_components.core.credential.sources import EntraClientSecretSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.azure.credentials import Credentials
from nhi_components.lifecycle.adapters.azure.journal import Journal
from nhi_components.lifecycle.adapters.azure.place import KeyVaultHome
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.holders import HolderAdapter
from nhi_components.lifecycle.credentials.ports import Claim, NoSuchKind, NotSearchable
from nhi_components.lifecycle.teardown import close, removal_facts
from tests.conformance.credentials.azure_world import EntraWorld, KeyVaultWorld
from tests.conformance.credentials.conftest import Setting
from tests.conformance.world import now
from tools.doubles.messages import Answer

GUID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def world(setting: Setting) -> KeyVaultWorld:
    return KeyVaultWorld(setting)


@pytest.fixture
def entra(setting: Setting) -> EntraWorld:
    return EntraWorld(setting)


def home_of(world: KeyVaultWorld, tags: LeaseTags) -> KeyVaultHome:
    place = world.open().place(world.place(tags))
    assert isinstance(place, KeyVaultHome)
    return place


def name_of(home: KeyVaultHome) -> str:
    return str(home.spec.secret)


def test_the_tags_are_few_enough_and_of_the_version_itself(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    home.write(tags, world.material("key-2"))
    home.claim(tags, Claim("run-1", "ops@host", now() + timedelta(minutes=1)), now())
    home.note(tags, {"key": "key-2"})
    versions = [version for secret in world.double.vaults.by_name.values() for version in secret.versions]
    assert len(versions) == 4
    assert max(len(version.tags) for version in versions) <= 15
    told = [version.tags["nhi-key"] for version in world.double.vaults.by_name[world.vault, name_of(home)].versions]
    assert told == ["key-1", "key-2"]


def test_pruning_disables_because_a_version_cannot_be_deleted(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    home.write(tags, world.material("key-2"))
    home.prune()
    versions = world.double.vaults.by_name[world.vault, name_of(home)].versions
    assert [version.enabled for version in versions] == [False, True]


def test_a_version_set_by_hand_bears_nothing_and_the_secret_stays_ours(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    world.change_by_hand(home.spec)
    found = home.find()
    assert found is not None
    assert (found.lease, found.key_id) == (tags.lease, None)
    assert home.read() is None


def test_a_current_version_that_is_disabled_by_hand_is_not_held(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    held = home.write(tags, world.material("key-1"))
    world.client.update_secret_properties(name_of(home), held.version, enabled=False)
    found = home.find()
    assert found is not None
    assert (found.lease, found.version, found.key_id) == (tags.lease, "", None)
    assert home.read() is None


def test_under_purge_protection_it_stays_recoverable_and_that_is_told(world: KeyVaultWorld, tags: LeaseTags) -> None:
    world.double.vaults.protected.add(world.vault)
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    home.note(tags, {"key": "key-1"})
    assert home.recoverable_until() is None
    home.remove(tags.lease)
    home.remove(tags.lease)
    until = home.recoverable_until()
    assert until is not None
    assert timedelta(days=89) < until - now() < timedelta(days=91)
    found = home.find()
    assert found is not None
    assert (found.lease, found.version, found.older) == (tags.lease, "", 1)
    system = world.open()
    system.place(home.spec)
    assert [link.name for link in system.search(tags.lease)] == [home.spec.address]
    assert world.double.asked("DELETE", "/deletedsecrets/") == []


def test_under_purge_protection_a_teardown_is_complete_and_tells_until_when_it_is_kept(
    world: KeyVaultWorld, tags: LeaseTags
) -> None:
    world.double.vaults.protected.add(world.vault)
    home = home_of(world, tags)
    adapter = HolderAdapter(System.AZURE, "default", world.open())
    home.write(tags, world.material("key-1"))
    links = adapter.admit(tags, [home.spec.link()], now())
    removal = close([adapter], tags.lease, links, patience=timedelta(seconds=20), clock=now, sleep=time.sleep)
    assert removal.closed_at is not None
    (facts,) = removal_facts(links, removal, None, {})
    assert facts.recoverable_until == home.retained_until()
    assert isinstance(facts.recoverable_until, datetime)
    assert isinstance(facts.absent_at, datetime)


def test_a_removed_secret_under_purge_protection_is_recovered_to_be_written(
    world: KeyVaultWorld, tags: LeaseTags
) -> None:
    world.double.vaults.protected.add(world.vault)
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    home.note(tags, {"key": "key-1"})
    home.remove(tags.lease)
    material = world.material("key-2")
    home.write(tags, material, "")
    home.note(tags, {"key": "key-2"})
    assert (home.read(), home.notes()) == (material, {"key": "key-2"})


def test_somebody_else_s_deleted_secret_is_left_deleted(world: KeyVaultWorld, tags: LeaseTags) -> None:
    world.double.vaults.protected.add(world.vault)
    home = home_of(world, tags)
    world.put_namesake(home.spec)
    world.client.begin_delete_secret(name_of(home)).wait()
    with pytest.raises(NhiError, match="somebody else's"):
        home.write(tags, world.material("key-1"))
    home.remove(tags.lease)
    assert [each.name for each in world.client.list_deleted_secrets()] == [name_of(home)]


def test_a_deletion_that_takes_its_time_is_waited_for(world: KeyVaultWorld, tags: LeaseTags) -> None:
    world.double.vaults.slowness = 3
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    home.remove(tags.lease)
    assert home.find() is None
    home.write(tags, world.material("key-2"), "")
    world.client.begin_delete_secret(name_of(home), _polling_interval=0)
    assert home.write(tags, world.material("key-3"), "").key_id == "key-3"


def test_no_purge_permission_is_an_error_that_names_it(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    world.double.deny(world.variables["AZURE_CLIENT_ID"], "purge")
    with pytest.raises(SystemUnreachable, match="secrets/purge"):
        home.remove(tags.lease)
    world.double.allow(world.variables["AZURE_CLIENT_ID"], "purge")
    home.remove(tags.lease)
    assert world.everything(home.spec) == []


def test_of_many_runs_at_once_one_gets_the_claim(world: KeyVaultWorld, tags: LeaseTags) -> None:
    moment = now()
    world.double.latency_ms = 5
    told: list[tuple[str, Claim]] = []

    def run(number: int) -> None:
        wanted = Claim(f"run-{number}", "ops@host", moment + timedelta(minutes=1))
        told.append((wanted.run, home_of(world, tags).claim(tags, wanted, moment)))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 4
    assert len([run for run, claim in told if claim.run == run]) == 1


def test_a_run_that_was_held_up_before_it_wrote_does_not_take_a_claim_away(
    world: KeyVaultWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now()
    quick, slow = (Claim(f"run-{name}", "ops@host", moment + timedelta(minutes=1)) for name in ("quick", "slow"))
    real = Journal._judged

    def looked_and_was_held_up(self: Journal, name: str, lease: LeaseTags) -> list[object]:
        monkeypatch.setattr(Journal, "_judged", real)
        seen = real(self, name, lease)
        assert home_of(world, tags).claim(tags, quick, moment) == quick
        return list(seen)

    monkeypatch.setattr(Journal, "_judged", looked_and_was_held_up)
    assert home_of(world, tags).claim(tags, slow, moment) == quick
    assert home_of(world, tags).claim(tags, quick, moment) == quick


def test_notes_that_are_the_same_make_no_version(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    for _ in range(3):
        home.note(tags, {"key": "key-1"})
    assert len(world.double.vaults.by_name[world.vault, f"{name_of(home)}-nhi-notes"].versions) == 1


def test_a_long_name_has_its_notes_too(world: KeyVaultWorld, tags: LeaseTags) -> None:
    spec = KeyVaultPlace(vault=world.vault, secret="n" * 127)
    system = world.open()
    home = system.place(spec)
    assert isinstance(home, KeyVaultHome)
    home.note(tags, {"key": "key-1"})
    assert home.notes() == {"key": "key-1"}
    assert [link.name for link in system.search(tags.lease)] == [spec.address]
    home.remove(tags.lease)
    assert world.everything(spec) == []


@pytest.mark.parametrize("body", ["<html>no such site</html>", {"title": "not found"}])
def test_a_404_that_is_not_azure_s_own_is_no_absence(
    world: KeyVaultWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    monkeypatch.setattr(world.double, "busy", lambda *_: Answer(404, body))
    world.double.fail(404, target="/vaults/")
    for use in (home.find, home.read, home.notes, home.time, lambda: home.remove(tags.lease)):
        with pytest.raises(NhiError, match="404"):
            use()
    world.double.recover()
    assert home.find() is not None


def test_notes_and_a_claim_that_people_have_garbled_are_told(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home, marks = home_of(world, tags), tags.to_tags()
    wanted = Claim("run-1", "ops@host", now() + timedelta(minutes=1))
    world.client.set_secret(f"{name_of(home)}-nhi-notes", "none", tags=marks)
    world.client.set_secret(f"{name_of(home)}-nhi-claim", "claim", tags={**marks, "nhi:until": "tomorrow"})
    for use in (home.notes, lambda: home.claim(tags, wanted, now()), lambda: home.release("run-1")):
        with pytest.raises(NhiError, match=r"-nhi-(notes|claim): found .*fix: "):
            use()


def test_a_missing_permission_is_named(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    world.double.deny(world.variables["AZURE_CLIENT_ID"], "set")
    with pytest.raises(SystemUnreachable) as caught:
        home.write(tags, world.material("key-1"))
    assert "secrets/set" in caught.value.problem.fix


def test_a_short_pause_is_waited_for_and_a_long_one_told(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    world.double.fail(429, retry_after=1, times=1, target="/vaults/")
    assert home.find() is not None
    world.double.fail(429, retry_after=600, target="/vaults/")
    before = len(world.double.log)
    with pytest.raises(SystemUnreachable, match="600 seconds"):
        home.find()
    assert len(world.double.log) == before + 1


def test_time_is_the_server_s_own(world: KeyVaultWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    assert home.find() is None
    world.double.ahead = timedelta(minutes=-30)
    assert abs(home.time() - now() + timedelta(minutes=30)) < timedelta(seconds=30)


def test_without_a_vault_nothing_can_be_searched(world: KeyVaultWorld, tags: LeaseTags) -> None:
    with pytest.raises(NotSearchable, match="vault"):
        world.open().search(tags.lease)


def test_a_lease_is_found_in_the_vaults_that_the_connection_names(world: KeyVaultWorld, tags: LeaseTags) -> None:
    spec = world.place(tags)
    assert isinstance(spec, KeyVaultPlace)
    world.open().place(spec).write(tags, world.material("k"))
    named = Credentials("default", world.connection.model_copy(update={"vaults": (spec.vault,)}))
    assert [link.name for link in named.search(tags.lease)] == [spec.address]


def test_a_secret_bears_the_lease_and_ends_with_it(entra: EntraWorld, tags: LeaseTags) -> None:
    spec = entra.source(tags)
    source = entra.open().source(spec)
    material = source.create(tags)
    assert set(material.fields) == {"client_id", "client_secret", "tenant_id"}
    assert material.fields["tenant_id"] == entra.double.entra.tenant
    (key,) = source.keys(tags)
    assert key.ends == datetime(tags.ends.year, tags.ends.month, tags.ends.day, tzinfo=UTC)
    (told,) = entra.double.applications.by_id[spec.application]["passwordCredentials"]  # type: ignore[attr-defined] # an Entra source
    assert told["displayName"] == description_mark(tags.lease)


def test_a_new_secret_works_once_it_has_arrived_everywhere(entra: EntraWorld, tags: LeaseTags) -> None:
    source = entra.open().source(entra.source(tags))
    material = source.create(tags)
    entra.double.entra.lag = timedelta(hours=1)
    assert not source.works(material)
    entra.double.entra.lag = timedelta()
    assert source.works(material)


def test_a_token_endpoint_that_is_busy_or_away_is_no_refusal(entra: EntraWorld, tags: LeaseTags) -> None:
    source = entra.open().source(entra.source(tags))
    material = source.create(tags)
    entra.double.fail(503, target="/oauth2/")
    with pytest.raises(SystemUnreachable, match=r"no token .*\(503\)(?s:.*)fix: +try again later"):
        source.works(material)
    entra.double.recover()
    entra.double.fail(429, retry_after=0, target="/oauth2/")
    with pytest.raises(SystemUnreachable, match=r"no token .*no reason of Entra's(?s:.*)fix: +try again later"):
        source.works(material)
    entra.double.recover()
    entra.stop()
    with pytest.raises(SystemUnreachable):
        source.works(material)
    entra.start()
    assert source.works(material)


def test_an_ended_secret_is_not_listed(entra: EntraWorld, tags: LeaseTags) -> None:
    spec = entra.source(tags)
    assert isinstance(spec, EntraClientSecretSource)
    entra.double.applications.add(entra.double.applications.by_id[spec.application], None, "2020-01-01T00:00:00Z")
    assert entra.open().source(spec).keys(tags) == []


def test_notes_bear_the_lease_as_well_as_tags(entra: EntraWorld, tags: LeaseTags) -> None:
    made = entra.double.applications.make("orders", notes=f"ours\n{description_mark(tags.lease)}")
    spec = EntraClientSecretSource(application=made["id"])
    assert entra.open().source(spec).keys(tags) == []


def test_a_secret_that_may_have_been_made_is_not_made_twice(entra: EntraWorld, tags: LeaseTags) -> None:
    source = entra.open().source(entra.source(tags))
    entra.double.fail(503, target="addPassword")
    with pytest.raises(SystemUnreachable, match="503"):
        source.create(tags)
    assert len(entra.double.asked("POST", "addPassword")) == 1


def test_without_a_tenant_no_secret_is_made(
    entra: EntraWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = entra.source(tags)
    source = entra.open().source(spec)
    monkeypatch.setattr(AzureSession, "identity", lambda _: {})
    with pytest.raises(SystemUnreachable, match="no tenant"):
        source.create(tags)
    assert entra.ids(spec) == []


def test_graph_names_no_permission_so_we_do(entra: EntraWorld, tags: LeaseTags) -> None:
    source = entra.open().source(entra.source(tags))
    entra.double.deny(entra.variables["AZURE_CLIENT_ID"], "Application.ReadWrite.OwnedBy")
    with pytest.raises(SystemUnreachable, match=r"Application\.ReadWrite\.OwnedBy"):
        source.create(tags)


def test_entra_cannot_disable(entra: EntraWorld, tags: LeaseTags) -> None:
    source = entra.open().source(entra.source(tags))
    for use in (source.disable, source.enable):
        with pytest.raises(NhiError, match="fix: delete it"):
            use("key-1")


def test_an_application_that_is_not_there_has_no_secrets_and_gets_none(entra: EntraWorld, tags: LeaseTags) -> None:
    source = entra.open().source(EntraClientSecretSource(application=GUID))
    assert source.keys(tags) == []
    source.delete("key-1")
    with pytest.raises(NhiError, match=description_mark(tags.lease)):
        source.create(tags)


def test_search_finds_applications_with_secrets(entra: EntraWorld, tags: LeaseTags) -> None:
    system, spec = entra.open(), entra.source(tags)
    system.place(KeyVaultPlace(vault="team-orders", secret="x"))
    assert system.search(tags.lease) == []
    system.source(spec).create(tags)
    assert system.search(tags.lease) == [spec.link()]


def test_the_caller_is_an_application_of_a_tenant(entra: EntraWorld) -> None:
    caller = entra.open().caller()
    assert (caller.principal, caller.account) == (entra.variables["AZURE_CLIENT_ID"], entra.double.entra.tenant)
    named = Credentials("default", entra.connection.model_copy(update={"tenant": entra.double.entra.tenant}))
    assert named.caller().account == entra.double.entra.tenant


def test_without_credentials_it_says_how_to_log_in(entra: EntraWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in entra.variables:
        monkeypatch.delenv(name)
    # Else the chain asks this machine's metadata service and command lines.
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    with pytest.raises(SystemUnreachable, match="az login"):
        entra.open().caller()


@pytest.mark.parametrize(
    ("authority", "graph"),
    [
        (None, "graph.microsoft.com"),
        ("https://login.microsoftonline.us", "graph.microsoft.us"),
        ("https://login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
        ("https://login.example.com", "graph.microsoft.com"),
    ],
)
def test_each_cloud_has_hosts_of_its_own(authority: str | None, graph: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    assert AzureSession("default", AzureConnection(authority=authority)).cloud.graph == graph
    if authority:
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", authority.removeprefix("https://"))
        assert AzureSession("default", AzureConnection()).cloud.graph == graph


def test_other_systems_kinds_are_refused(entra: EntraWorld) -> None:
    from tests.conformance.credentials.gcp_world import GcpSecretPlace

    with pytest.raises(NoSuchKind):
        entra.open().place(GcpSecretPlace(project="nhi-tests", secret="x"))
