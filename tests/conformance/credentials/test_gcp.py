"""What is Google Cloud's own: etags, limits, states of versions, its ways to refuse."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nhi_components.core.connection import GcpConnection
from nhi_components.core.credential.places import GcpSecretPlace
from nhi_components.core.credential.sources import GcpServiceAccountKeySource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.tags import LeaseTags, description_mark, lease_of_description
from nhi_components.lifecycle.adapters.gcp.credentials import Credentials
from nhi_components.lifecycle.adapters.gcp.place import SecretHome
from nhi_components.lifecycle.adapters.gcp.secrets import Secrets
from nhi_components.lifecycle.credentials.ports import (
    Claim,
    LimitReached,
    Material,
    NoSuchKind,
    NotSearchable,
    Overtaken,
)
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.gcp_world import GcpKeyWorld, GcpSecretWorld
from tests.conformance.world import now
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.secrets import Secret
from tools.doubles.messages import Answer

OPERATOR = f"operator@{PROJECT}.iam.gserviceaccount.com"


@pytest.fixture
def world(setting: Setting) -> GcpSecretWorld:
    return GcpSecretWorld(setting)


@pytest.fixture
def keys(setting: Setting) -> GcpKeyWorld:
    return GcpKeyWorld(setting)


def home_of(world: GcpSecretWorld, tags: LeaseTags) -> SecretHome:
    place = world.open().place(world.place(tags))
    assert isinstance(place, SecretHome)
    return place


def held_by(world: GcpSecretWorld, home: SecretHome) -> Secret:
    found = world.double.secrets.find(PROJECT, str(home.spec.secret))
    assert found is not None
    return found


def test_key_id_and_fields_are_of_one_version_and_the_lease_is_in_the_labels(
    world: GcpSecretWorld, tags: LeaseTags
) -> None:
    home = home_of(world, tags)
    material = world.material("key-1")
    home.write(tags, material)
    home.note(tags, {"key": "key-1"})
    assert json.loads(world.client.latest(home.spec.address) or b"") == {**material.fields, "key_id": "key-1"}
    secret = world.client.get(home.spec.address)
    assert secret["labels"] == {"nhi_lease": tags.lease, "nhi_managed-by": "nhi_components"}
    assert secret["annotations"]["nhi_owner"] == tags.owner
    assert secret["annotations"]["nhi-note.key"] == "key-1"


def test_of_many_runs_at_once_one_gets_the_claim(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home, moment = home_of(world, tags), now()
    home.note(tags, {})
    world.double.latency_ms = 5
    told: list[Claim] = []

    def run(number: int) -> None:
        wanted = Claim(f"run-{number}", "ops@host", moment + timedelta(minutes=1))
        told.append(home_of(world, tags).claim(tags, wanted, moment))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 6
    assert len({claim.run for claim in told}) == 1


def test_notes_and_a_claim_of_others_survive_each_other(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home, moment = home_of(world, tags), now()
    claim = Claim("run-1", "ops@host", moment + timedelta(minutes=1))
    home.claim(tags, claim, moment)
    home.note(tags, {"key": "one"})
    assert home.claim(tags, replace(claim, run="run-2"), moment) == claim
    home.release("run-1")
    assert home.notes() == {"key": "one"}


def test_a_claim_that_people_have_garbled_is_told(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home, moment = home_of(world, tags), now()
    claim = Claim("run-1", "ops@host", moment + timedelta(minutes=1))
    home.claim(tags, claim, moment)
    held_by(world, home).facts["annotations"]["nhi-claim"] = "somebody"
    for use in (lambda: home.claim(tags, claim, moment), lambda: home.release("run-1")):
        with pytest.raises(NhiError, match=r"found a claim without run.*fix: "):
            use()


def test_what_is_added_at_the_same_moment_is_put_back(
    world: GcpSecretWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of(world, tags)
    before = home.write(tags, world.material("key-1"))
    real = Secrets.add

    def add_after_somebody_else(self: Secrets, path: str, value: bytes) -> int:
        monkeypatch.setattr(Secrets, "add", real)
        world.change_by_hand(home.spec)
        return real(self, path, value)

    monkeypatch.setattr(Secrets, "add", add_after_somebody_else)
    with pytest.raises(Overtaken, match="at the same moment"):
        home.write(tags, world.material("key-2"), before.version)
    assert world.values(home.spec) == {"by": "hand"}
    assert held_by(world, home).versions[3].state == "DESTROYED"


def test_a_version_that_the_list_lags_behind_is_found(
    world: GcpSecretWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    lagging = world.double.secrets.versions
    stale = lagging(_request(home))
    home.write(tags, world.material("key-2"))
    for route in world.double._routes:
        if route.pattern.endswith("/versions"):
            object.__setattr__(route, "handler", lambda _: stale)
    found = home.find()
    assert found is not None
    assert (found.version, found.key_id, found.older) == ("2", "key-2", 1)


def test_a_version_that_is_disabled_by_hand_is_not_what_is_held(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    first = home.write(tags, world.material("key-1"))
    second = home.write(tags, world.material("key-2"))
    world.client.disable(f"{home.spec.address}/versions/{second.version}")
    found = home.find()
    assert found == replace(first, older=1)
    home.prune()
    assert held_by(world, home).versions[2].state == "DESTROYED"


def test_what_is_no_credential_is_not_read_as_one(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    world.client.add(home.spec.address, b"no JSON")
    assert home.read() is None
    found = home.find()
    assert found is not None
    assert found.key_id is None


def test_a_secret_that_keeps_destroyed_values_is_told_of(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    home.write(tags, world.material("key-2"))
    held_by(world, home).facts["versionDestroyTtl"] = "86400s"
    with pytest.raises(NhiError, match="version destroy TTL"):
        home.prune()


def test_an_empty_secret_without_a_lease_may_be_taken(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    world.client.create(PROJECT, home.spec.secret, team="orders")
    assert home.write(tags, world.material("key-1"), "").lease == tags.lease
    assert world.client.get(home.spec.address)["labels"]["team"] == "orders"


def test_a_field_that_is_named_like_the_key_id_is_refused(world: GcpSecretWorld, tags: LeaseTags) -> None:
    with pytest.raises(NhiError, match="fix: rename"):
        home_of(world, tags).write(tags, Material("key-1", {"key_id": "another", "secret": "x"}))


@pytest.mark.parametrize(
    ("permission", "use"),
    [
        ("secretmanager.secrets.get", "find"),
        ("secretmanager.versions.access", "find"),
        ("secretmanager.versions.add", "write"),
        ("secretmanager.versions.destroy", "prune"),
        ("secretmanager.secrets.delete", "remove"),
    ],
)
def test_a_permission_that_is_missing_is_named(
    world: GcpSecretWorld, tags: LeaseTags, permission: str, use: str
) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    home.write(tags, world.material("key-2"))
    world.double.deny(OPERATOR, permission)
    calls = {
        "find": home.find,
        "write": lambda: home.write(tags, world.material("key-3")),
        "prune": home.prune,
        "remove": lambda: home.remove(tags.lease),
    }
    with pytest.raises(SystemUnreachable) as caught:
        calls[use]()
    assert caught.value.problem.expected == f"the permission {permission}"
    assert permission in caught.value.problem.fix


def test_a_short_pause_is_waited_for_and_a_long_one_told(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    home.write(tags, world.material("key-1"))
    world.double.fail(429, retry_after=0, times=2)
    assert home.find() is not None
    world.double.fail(429, retry_after=600, target="/secrets/")
    before = len(world.double.log)
    with pytest.raises(SystemUnreachable, match="600 seconds"):
        home.find()
    assert len(world.double.log) == before + 1


def test_a_write_that_may_have_been_carried_out_is_not_repeated(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    world.double.fail(503, target=":addVersion")
    with pytest.raises(SystemUnreachable, match="503"):
        home.write(tags, world.material("key-1"))
    assert len(world.double.asked("POST", ":addVersion")) == 1


def test_time_is_the_server_s_own(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home = home_of(world, tags)
    # A token first: none is given to somebody whose clock is so wrong.
    assert home.find() is None
    world.double.ahead = timedelta(hours=-2)
    told = home.time()
    assert abs(told - now() + timedelta(hours=2)) < timedelta(seconds=30)


def test_search_finds_accounts_with_keys_too(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    system, spec = keys.open(), keys.source(tags)
    assert system.search(tags.lease) == []
    material = system.source(spec).create(tags)
    assert system.search(tags.lease) == [spec.link()]
    system.source(spec).delete(material.key_id)
    assert system.search(tags.lease) == []


def test_without_any_project_nothing_can_be_searched(
    world: GcpSecretWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = world.open()
    monkeypatch.setattr("google.auth.default", lambda **_: (object(), None))
    with pytest.raises(NotSearchable, match="GOOGLE_CLOUD_PROJECT"):
        system.search(tags.lease)


def test_without_credentials_it_says_how_to_log_in(world: GcpSecretWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/at/all.json")
    with pytest.raises(SystemUnreachable, match="gcloud auth application-default login"):
        world.open().caller()


def test_it_acts_as_another_account_when_it_is_told_to(world: GcpSecretWorld) -> None:
    target = world.double.accounts.make(PROJECT, "deployer")["email"]
    acting = Credentials("default", GcpConnection(endpoint=world.double.url, impersonate=target))
    assert acting.caller().principal == target
    assert (world.open().caller().principal, world.open().caller().account) == (OPERATOR, PROJECT)


@pytest.mark.parametrize("says_exhausted", [False, True])
def test_the_limit_is_told_however_google_words_it(keys: GcpKeyWorld, tags: LeaseTags, says_exhausted: bool) -> None:
    keys.double.keys.says_exhausted = says_exhausted
    spec = keys.source(tags)
    for _ in range(10):
        keys.create_by_hand(spec)
    with pytest.raises(LimitReached, match="10 keys live"):
        keys.open().source(spec).create(tags)


def test_a_policy_against_keys_is_not_taken_for_the_limit(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    keys.double.keys.forbidden_by_policy = True
    with pytest.raises(NhiError, match="disableServiceAccountKeyCreation") as caught:
        keys.open().source(keys.source(tags)).create(tags)
    assert not isinstance(caught.value, LimitReached)


def test_a_key_of_a_disabled_account_does_not_work(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    spec = keys.source(tags)
    source = keys.open().source(spec)
    material = source.create(tags)
    assert source.works(material)
    keys.double.accounts.by_email[spec.account]["disabled"] = True  # type: ignore[attr-defined] # a GCP source
    assert not source.works(material)


@pytest.mark.parametrize("body", ["<html>blocked</html>", {"error": {"code": 403, "message": "blocked"}}])
def test_what_stands_before_the_token_endpoint_does_not_refuse_a_key(
    keys: GcpKeyWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    source = keys.open().source(keys.source(tags))
    material = source.create(tags)
    monkeypatch.setattr(keys.double, "busy", lambda *_: Answer(403, body))
    keys.double.fail(403, target="/token$")
    with pytest.raises(SystemUnreachable, match="fix: "):
        source.works(material)
    keys.double.recover()
    assert source.works(material)


def test_a_key_that_has_ended_is_not_listed(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    spec = keys.source(tags)
    assert isinstance(spec, GcpServiceAccountKeySource)
    ended, living = keys.create_by_hand(spec), keys.create_by_hand(spec)
    of_account = keys.double.keys.of(keys.double.accounts.by_email[spec.account])
    of_account[ended].ends, of_account[living].ends = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    (key,) = keys.open().source(spec).keys(tags)
    assert key.id == living
    assert key.ends is not None
    assert key.ends.year == 2099


def test_a_key_file_that_asks_for_tokens_elsewhere_is_never_used(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    source = keys.open().source(keys.source(tags))
    material = source.create(tags)
    altered = json.loads(material.fields["key_file"]) | {"token_uri": "https://collector.example.com/token"}
    with pytest.raises(NhiError, match=r"collector\.example\.com"):
        source.works(Material(material.key_id, {"key_file": json.dumps(altered)}))


def test_a_key_of_another_account_does_not_count_as_this_one_s(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    source = keys.open().source(keys.source(tags))
    other = keys.double.accounts.make(PROJECT, "payments-dev")["email"]
    key, file = keys.double.keys.make(other)
    assert not source.works(Material(key.id, {"key_file": json.dumps(file)}))


def test_an_account_that_is_not_there_has_no_keys_and_gets_none(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    spec = GcpServiceAccountKeySource(account=f"nobody@{PROJECT}.iam.gserviceaccount.com")
    source = keys.open().source(spec)
    assert source.keys(tags) == []
    source.delete("0123")
    with pytest.raises(NhiError, match=description_mark(tags.lease)):
        source.create(tags)


def test_other_systems_kinds_are_refused(keys: GcpKeyWorld, tags: LeaseTags) -> None:
    from tests.conformance.credentials.azure_world import KeyVaultPlace

    with pytest.raises(NoSuchKind):
        keys.open().place(KeyVaultPlace(vault="team-orders").resolved(tags))
    assert isinstance(keys.open().place(GcpSecretPlace(project=PROJECT, secret="x")), SecretHome)


def test_a_description_bears_one_lease_or_none() -> None:
    assert lease_of_description(f"orders, {description_mark('lease-a')} since May") == "lease-a"
    assert lease_of_description("orders") is None
    assert lease_of_description(f"{description_mark('lease-a')} {description_mark('lease-b')}") is None
    assert lease_of_description(f"x{description_mark('lease-a')}") is None


def _request(home: SecretHome) -> Any:
    from tools.doubles.messages import Request

    params = {"project": PROJECT, "secret": str(home.spec.secret)}
    return Request("GET", "", params, {}, {}, b"", OPERATOR)


def test_a_lease_is_found_in_the_projects_that_the_connection_names(world: GcpSecretWorld, tags: LeaseTags) -> None:
    home_of(world, tags).write(tags, world.material("k"))
    named, elsewhere = (
        Credentials("default", world.connection.model_copy(update={"projects": (project,)}))
        for project in (PROJECT, "another-project")
    )
    assert [link.name for link in named.search(tags.lease)] == [world.place(tags).address]
    assert elsewhere.search(tags.lease) == []
