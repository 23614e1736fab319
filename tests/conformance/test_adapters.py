"""What every adapter must do, run against every connected system."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.ports import Ownership, Room, Sighting, SystemAdapter
from tests.conformance.world import World, by_kind, new_tags, now, unknown

SOON = timedelta(seconds=60)
A_FEW_SECONDS = 12

WITHOUT_UNIQUE_ID = {
    LinkKind.IAM_ROLE_POLICY,
    LinkKind.SECRETS_MANAGER_POLICY,
    LinkKind.VAULT_POLICY,
    LinkKind.VAULT_KV_PATH,
    LinkKind.GCP_CUSTOM_ROLE,
    LinkKind.GCP_BINDING,
    LinkKind.GCP_SECRET,
    LinkKind.GCP_WORKLOAD_IDENTITY_POOL,
    LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER,
    LinkKind.AZURE_FEDERATED_CREDENTIAL,
    LinkKind.AZURE_ROLE_DEFINITION,
    LinkKind.AZURE_ROLE_ASSIGNMENT,
    LinkKind.KEY_VAULT_SECRET,
}


ISSUED = {
    LinkKind.VAULT_TOKEN,
    LinkKind.VAULT_SECRET_ID,
    LinkKind.KUBERNETES_SUBJECT,
    LinkKind.KUBERNETES_SECRET,
    LinkKind.AZURE_ROLE_ASSIGNMENT,
    LinkKind.AZURE_FEDERATED_CREDENTIAL,
}
"""What works on its own, whatever the program denies the identity: on Kubernetes and Azure what was bound or assigned
by hand as well, as neither knows a deny of a whole principal."""

WITHOUT_CANARY = {System.AZURE}
"""Systems on which nobody but its workload can open a session of an identity, so that nothing can be tried."""


def living(sightings: Sequence[Sighting]) -> list[Sighting]:
    """What counts as alive: not what was deleted, and is kept by its system for a while."""
    return [sighting for sighting in sightings if not sighting.retained_until]


def sweep_all(adapter: SystemAdapter, lease_id: str) -> None:
    for sighting in adapter.survey(lease_id, []):
        if sighting.ownership is Ownership.OURS:
            adapter.sweep(sighting)


def test_caller_tells_principal_and_account(world: World) -> None:
    caller = world.adapter().caller()
    assert (caller.system, caller.connection) == (world.system, "default")
    assert caller.principal
    assert caller.account


def test_what_the_links_rest_on_is_there(world: World, tags: LeaseTags) -> None:
    world.adapter().require(world.create(tags))


def test_admit_tells_the_unique_ids_and_can_be_repeated(world: World, tags: LeaseTags) -> None:
    adapter, links = world.adapter(), world.create(tags)
    admitted = adapter.admit(tags, links, now())
    assert [link.key for link in admitted] == [link.key for link in links]
    assert {link.kind for link in admitted if not link.unique_id} <= WITHOUT_UNIQUE_ID
    assert adapter.admit(tags, links, now()) == admitted
    assert adapter.admit(tags, admitted, now()) == admitted


def test_admit_refuses_what_belongs_to_another_lease(world: World, tags: LeaseTags) -> None:
    links = world.create(tags)
    other = replace(tags, lease=new_tags(os.urandom(16)).lease)
    kinds = {LinkKind.IAM_ROLE, LinkKind.VAULT_ENTITY, LinkKind.GCP_SERVICE_ACCOUNT, LinkKind.AZURE_MANAGED_IDENTITY}
    kinds.add(LinkKind.ENTRA_SERVICE_PRINCIPAL)
    principal = next(link for link in links if link.kind in {*kinds, LinkKind.KUBERNETES_SERVICE_ACCOUNT})
    with pytest.raises(NhiError, match=f"it bears {tags.lease}"):
        world.adapter().admit(other, [principal], now())


def test_admit_refuses_a_namesake(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    world.replace_principal(tags)
    with pytest.raises(NhiError, match="somebody else's of the same name"):
        adapter.admit(tags, [by_kind(admitted, world.principal)], now())


def test_admit_misses_what_is_not_there(world: World, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch) -> None:
    for system in APPEARANCE_SECONDS:
        monkeypatch.setitem(APPEARANCE_SECONDS, system, 0.3)
    links = world.create(tags)
    missing = [replace(by_kind(links, world.principal), name="nobody-dev-aaaaaa")]
    with pytest.raises(NhiError, match="found nothing of that name"):
        world.adapter().admit(tags, missing, now())


def test_survey_finds_the_same_from_the_lease_id_alone(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    with_links, without = adapter.survey(tags.lease, admitted), adapter.survey(tags.lease, [])
    assert {s.link.key for s in with_links} >= {link.key for link in admitted}
    assert {s.ownership for s in [*with_links, *without]} == {Ownership.OURS}
    parts = {LinkKind.IAM_ROLE_POLICY, LinkKind.SECRETS_MANAGER_POLICY}
    whole = {s.link.key: s.link.unique_id for s in with_links if s.link.kind not in parts}
    assert {s.link.key: s.link.unique_id for s in without} == whole


def test_survey_of_another_lease_finds_nothing(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    adapter.admit(tags, world.create(tags), now())
    assert adapter.survey(new_tags(os.urandom(16)).lease, []) == []


def test_nothing_was_ever_created(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    links = world.create(tags)
    sweep_all(adapter, tags.lease)
    assert living(adapter.survey(tags.lease, links)) == []
    done = adapter.cut_off(tags.lease, links, now())
    assert world.principal in {cut_off.link.kind for cut_off in done}
    assert {type(cut_off.disabled_at) for cut_off in done} == {NeverCreated}


def test_cut_off_refuses_open_sessions_and_new_ones(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    session = world.open_session(tags)
    assert session()
    start = now()
    done = adapter.cut_off(tags.lease, admitted, start)
    assert not session()
    with pytest.raises(Exception, match=r"(?i)denied"):
        world.open_session(tags)
    cut_off = next(c for c in done if c.link.kind is world.principal)
    assert isinstance(cut_off.disabled_at, datetime)
    assert start <= cut_off.disabled_at <= now()
    if world.system in WITHOUT_CANARY:
        assert isinstance(cut_off.sessions_refused_at, NotChecked)
    else:
        assert isinstance(cut_off.sessions_refused_at, datetime)
        assert cut_off.disabled_at <= cut_off.sessions_refused_at <= now()
    assert cut_off.link.unique_id == by_kind(admitted, world.principal).unique_id


def test_the_canary_is_refused_after_the_cut_off_and_after_the_removal(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    done = adapter.cut_off(tags.lease, admitted, now())
    canary, without = next((c.canary, c.without_canary) for c in done if c.link.kind is world.principal)
    assert bool(without) is (canary is None) is (world.system in WITHOUT_CANARY)
    if canary is None:
        return
    assert isinstance(adapter.try_canary(canary, now()), datetime)
    sweep_all(adapter, tags.lease)
    refused_at = adapter.try_canary(canary, now())
    assert isinstance(refused_at, datetime)
    assert now() - refused_at < SOON


def test_a_canary_that_works_is_not_called_refused(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    canary = world.open_canary(tags, by_kind(admitted, world.principal))
    told = adapter.try_canary(canary, now())
    assert isinstance(told, NotChecked) if world.system in WITHOUT_CANARY else told is None


def test_a_canary_that_ended_by_itself_proves_nothing(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    given = world.open_canary(tags, by_kind(admitted, world.principal)) if world.system in WITHOUT_CANARY else None
    canary = next((c.canary for c in adapter.cut_off(tags.lease, admitted, now()) if c.canary), given)
    assert canary is not None
    assert isinstance(adapter.try_canary(canary, now() + timedelta(hours=2)), NotChecked)


def test_cut_off_again_keeps_its_time(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    first = next(c for c in adapter.cut_off(tags.lease, admitted, now()) if c.link.kind is world.principal)
    later = now() + timedelta(minutes=5)
    again = next(c for c in adapter.cut_off(tags.lease, admitted, later) if c.link.kind is world.principal)
    assert isinstance(first.disabled_at, datetime)
    assert isinstance(again.disabled_at, datetime)
    assert abs(again.disabled_at - first.disabled_at) < timedelta(seconds=2)
    assert (first.extras, again.extras) == ((), ())
    assert again.canary is None
    assert "an earlier run" in again.without_canary


def test_admit_undoes_a_cut_off(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    assert not any(s.cut_off for s in adapter.survey(tags.lease, admitted))
    adapter.cut_off(tags.lease, admitted, now())
    assert any(s.cut_off for s in adapter.survey(tags.lease, admitted))
    assert adapter.admit(tags, admitted, now()) == admitted
    assert not any(s.cut_off for s in adapter.survey(tags.lease, admitted))
    assert world.open_session(tags)()
    again = next(c for c in adapter.cut_off(tags.lease, admitted, now()) if c.link.kind is world.principal)
    assert (again.canary is None) is (world.system in WITHOUT_CANARY)
    assert "an earlier run" not in again.without_canary


def test_what_a_suspended_identity_was_issued_is_revoked(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    issued = world.add_extras(tags) & ISSUED
    revoked = adapter.revoke_live(tags.lease, admitted, now())
    assert {link.kind for link in revoked} == issued
    assert adapter.revoke_live(tags.lease, admitted, now()) == []
    alive = [sighting.link for sighting in adapter.survey(tags.lease, admitted)]
    assert {link.key for link in alive} >= {link.key for link in admitted}
    assert {link.key for link in alive}.isdisjoint(link.key for link in revoked)
    assert (issued - {link.kind for link in admitted}).isdisjoint(link.kind for link in alive)
    assert world.open_session(tags)()


def test_sweep_leaves_nothing_and_can_be_repeated(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    world.open_session(tags)
    world.add_extras(tags)
    sightings = adapter.survey(tags.lease, admitted)
    assert world.alive(tags)
    for _ in range(2):
        for sighting in sightings:
            adapter.sweep(sighting)
    assert world.alive(tags) == []
    assert living(adapter.survey(tags.lease, admitted)) == []
    assert living(adapter.survey(tags.lease, [])) == []
    assert adapter.cut_off(tags.lease, admitted, now()) == []


def test_extras_are_told_and_swept_one_by_one(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    expected = world.add_extras(tags)
    before = [s for s in adapter.survey(tags.lease, admitted) if s.ownership is Ownership.OURS]
    extras = [extra for cut_off in adapter.cut_off(tags.lease, admitted, now()) for extra in cut_off.extras]
    assert {extra.kind for extra in extras} == expected
    assert before
    for sighting in adapter.survey(tags.lease, extras):
        if sighting.link.key in {extra.key for extra in extras}:
            adapter.sweep(sighting)
    assert {s.link.key for s in adapter.survey(tags.lease, extras)}.isdisjoint(extra.key for extra in extras)
    assert world.principal in {s.link.kind for s in adapter.survey(tags.lease, [])}


def test_a_namesake_is_left_alone(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    world.replace_principal(tags)
    found = by_kind([s.link for s in adapter.survey(tags.lease, admitted)], world.principal)
    sighting = next(s for s in adapter.survey(tags.lease, admitted) if s.link == found)
    assert sighting.ownership is Ownership.NAMESAKE
    assert sighting.link.unique_id != by_kind(admitted, world.principal).unique_id
    assert world.principal not in {c.link.kind for c in adapter.cut_off(tags.lease, admitted, now())}
    with pytest.raises(NhiError, match="refused to delete a namesake"):
        adapter.sweep(sighting)
    sweep_all(adapter, tags.lease)
    assert world.principal_untouched(tags)


def test_a_principal_made_anew_since_the_survey_is_not_swept(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    sightings = adapter.survey(tags.lease, admitted)
    sighting = next(s for s in sightings if s.link.kind is world.principal)
    world.replace_principal(tags)
    adapter.sweep(sighting)
    assert world.principal_untouched(tags)


def test_two_leases_of_one_identity_do_not_touch_each_other(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    other = new_tags(os.urandom(16))
    adapter.admit(tags, world.create(tags), now())
    kept = adapter.admit(other, world.create(other), now())
    session = world.open_session(other)
    adapter.cut_off(tags.lease, adapter.admit(tags, [], now()), now())
    sweep_all(adapter, tags.lease)
    assert session()
    assert {s.link.key for s in adapter.survey(other.lease, kept)} >= {link.key for link in kept}


def test_links_of_another_account_are_not_called_gone(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    elsewhere = [replace(link, attributes={**link.attributes, "account": "another place"}) for link in admitted]
    for use in (lambda: adapter.survey(tags.lease, elsewhere), lambda: adapter.cut_off(tags.lease, elsewhere, now())):
        with pytest.raises(SystemUnreachable, match="another place"):
            use()
    assert world.open_session(tags)()


def test_a_link_of_another_system_is_refused(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    kind = LinkKind.VAULT_POLICY if world.system is System.AWS else LinkKind.IAM_ROLE
    foreign = replace(world.create(tags)[0], kind=kind)
    with pytest.raises(NhiError, match="not of"):
        adapter.admit(tags, [foreign], now())


def test_a_system_that_is_down_is_an_error_within_seconds(world: World, tags: LeaseTags) -> None:
    used, fresh = world.adapter(), world.adapter()
    admitted = used.admit(tags, world.create(tags), now())
    canary = next((c.canary for c in used.cut_off(tags.lease, admitted, now()) if c.canary), None)
    assert (canary is None) is (world.system in WITHOUT_CANARY)
    sighting = used.survey(tags.lease, admitted)[0]
    world.stop()
    try:
        for use in (
            fresh.caller,
            lambda: used.survey(tags.lease, admitted),
            lambda: used.cut_off(tags.lease, admitted, now()),
            lambda: used.admit(tags, admitted, now()),
            *([lambda: used.try_canary(canary, now())] if canary else []),
            lambda: used.sweep(sighting),
        ):
            started = time.monotonic()
            with pytest.raises(SystemUnreachable, match=r"no answer from (?:[A-Z]+ )?https?://127\.0\.0\.1"):
                use()
            assert time.monotonic() - started < A_FEW_SECONDS
    finally:
        world.start()
    assert used.survey(tags.lease, admitted)


def test_wrong_credentials_are_an_error_that_tells_how_to_mend_it(world: World, tags: LeaseTags) -> None:
    links = world.create(tags)
    wrong = world.wrong_adapter()
    for use in (wrong.caller, lambda: wrong.survey(tags.lease, links), lambda: wrong.cut_off(tags.lease, links, now())):
        with pytest.raises(SystemUnreachable) as caught:
            use()
        assert caught.value.problem.path == f"{world.system}.default"
        assert caught.value.problem.fix
        assert not any(credential in str(caught.value) for credential in world.credentials)


def test_no_credential_is_ever_shown(world: World, tags: LeaseTags) -> None:
    adapter = world.adapter()
    admitted = adapter.admit(tags, unknown(world.create(tags)), now())
    world.open_session(tags)
    world.add_extras(tags)
    done = adapter.cut_off(tags.lease, admitted, now())
    canaries = [cut_off.canary for cut_off in done if cut_off.canary]
    told = [admitted, done, adapter.survey(tags.lease, admitted), adapter.caller(), adapter.blind_spots(admitted)]
    shown = repr([*told, *canaries, *(canary.credential for canary in canaries), adapter, vars(adapter)])
    assert bool(canaries) is (world.system not in WITHOUT_CANARY)
    assert len(world.credentials) > 1
    assert not [credential for credential in world.credentials if credential in shown]


def test_threads_may_share_an_adapter(world: World, tags: LeaseTags) -> None:
    admitted = world.adapter().admit(tags, world.create(tags), now())
    fresh = world.adapter()
    with ThreadPoolExecutor(8) as pool:
        surveys = list(pool.map(lambda _: fresh.survey(tags.lease, admitted), range(8)))
    assert {s.link.key for s in surveys[0]} >= {link.key for link in admitted}
    assert all(survey == surveys[0] for survey in surveys)


def test_root_sees_everything(world: World) -> None:
    assert world.adapter().blind_spots([]) == []


def test_there_is_room_for_a_bundle(world: World, tags: LeaseTags) -> None:
    links = unknown(world.create(tags))
    assert world.adapter().room_for(links) == Room()
