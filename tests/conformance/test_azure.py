"""What is Azure's own: roles that are taken and given back, what a principal leaves assigned, secrets that are kept."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from nhi_components.core.azure_links import GENERATE_BYTES, PRINCIPAL
from nhi_components.core.azure_names import cosmos_assignment_id, cosmos_role_id, credential_id, group_scope
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.adapters.azure.adapter import AzureAdapter
from nhi_components.lifecycle.adapters.azure.marks import mark_of
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.ports import Ownership
from nhi_components.lifecycle.teardown import close, removal_facts
from tests.conformance.azure_steps import (
    ASSIGNMENT,
    COSMOS,
    CREDENTIAL,
    IDENTITY,
    READER,
    ROLE,
    SECRET,
    adapter_of,
    admitted,
    cosmos,
    cut_off_of,
    named,
    suspended,
    sweep_all,
)
from tests.conformance.azure_world import (
    VAULT_NAME,
    AzureWorld,
    credential_of,
    identity_of,
    mark,
    queue_of,
    role_of,
    trusted,
)
from tests.conformance.world import by_kind, now
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.subscriptions import GROUP, LOCATION
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S
from tools.doubles.messages import Answer


@pytest.fixture
def world(azure_world: AzureWorld) -> AzureWorld:
    return azure_world


@pytest.fixture
def adapter(world: AzureWorld) -> AzureAdapter:
    return adapter_of(world)


class TestCutOff:
    def test_what_was_taken_counts_for_a_while_and_the_end_is_not_called_seen(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        session = world.open_session(tags)
        world.double.propagation = timedelta(minutes=10)
        done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
        assert isinstance(done.sessions_refused_at, NotChecked)
        assert "within 24 h" in done.sessions_refused_at.reason
        assert "up to 10 min" in done.sessions_refused_at.reason
        assert "given only to what it is attached to" in done.without_canary
        assert world.assigned(tags) == []
        assert session()
        world.double.ahead += timedelta(minutes=11)
        assert not session()

    def test_a_token_lives_on_after_the_identity_and_permits_nothing(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        client, token = world.principal_of(tags).client_id, world.session_token(tags)
        session = world.open_session(tags)
        assert session()
        sweep_all(adapter, tags.lease, links)
        held = world.double.entra.tokens.find(token)
        assert held is not None
        assert (held.client_id, world.double.entra.tokens.is_good(held)) == (client, True)
        assert not session()

    def test_whom_a_parked_credential_let_in_is_let_in_for_a_while_and_may_do_nothing(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        world.double.entra.lag = timedelta(minutes=5)
        adapter.cut_off(tags.lease, links, now())
        assert not world.open_session(tags)()
        world.double.ahead += timedelta(minutes=6)
        with pytest.raises(PermissionError, match="AADSTS700213"):
            world.session_token(tags)

    def test_credentials_are_parked_before_roles_are_taken(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        before = len(world.double.log)
        adapter.cut_off(tags.lease, links, now())
        changed = [each for each in world.double.log[before:] if each.method in ("PUT", "PATCH", "DELETE")]
        parts = ["userAssignedIdentities/orders", "federatedIdentityCredentials", *["roleAssignments"] * 3]
        assert [part in each.target for part, each in zip(parts, changed, strict=False)] == [True] * 5
        assert changed[0].method == "PATCH"

    def test_what_was_taken_is_told_on_the_identity_and_given_back(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        before = sorted(world.assigned(tags))
        adapter.cut_off(tags.lease, links, now())
        found = mark_of(world.double.identities.by_id[identity_of(tags).lower()]["tags"])
        assert found is not None
        assert sorted(found.taken) == sorted(name.rpartition("/")[2] for name in before)
        again = adapter_of(world)
        assert again.admit(tags, links, now()) == links
        assert sorted(world.assigned(tags)) == before
        with world.double.lock:
            (kept,) = world.double.federation.of(identity_of(tags).lower())
            assigned = world.double.rbac.of_principal(world.principal_of(tags).object_id)
        assert {each.facts["description"] for each in assigned} == {mark(tags)}
        assert kept.subject == trusted(tags)["subject"]
        assert world.double.identities.by_id[identity_of(tags).lower()]["tags"] == tags.to_tags()

    def test_what_was_made_by_hand_is_not_given_back(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        before = sorted(world.assigned(tags))
        world.add_extras(tags)
        adapter.cut_off(tags.lease, links, now())
        adapter.admit(tags, links, now())
        assert sorted(world.assigned(tags)) == before
        with world.double.lock:
            found = {each.name: each.subject for each in world.double.federation.of(identity_of(tags).lower())}
        assert found["by-hand"].startswith("nhi:cut-off:by hand")

    def test_an_assignment_under_a_condition_is_made_anew_by_the_engine_only(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(APPEARANCE_SECONDS, System.AZURE, 0.3)
        links = admitted(world, adapter, tags)
        name = by_kind(links, ASSIGNMENT).name
        with world.double.lock:
            kept = world.double.rbac.assignments.written
            given = {**kept[name.lower()].facts, "condition": "@Resource[x] StringEquals 'y'"}
            kept[name.lower()] = replace(kept[name.lower()], facts=given)
        adapter.cut_off(tags.lease, links, now())
        with pytest.raises(NhiError, match=r"found nothing of that name.*pulumi refresh"):
            adapter.admit(tags, links, now())

    def test_a_tag_that_may_not_be_written_keeps_nothing_from_being_taken(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        world.double.deny(world.operator, "Microsoft.ManagedIdentity/userAssignedIdentities/write")
        with pytest.raises(NhiError, match="userAssignedIdentities/write"):
            adapter.cut_off(tags.lease, links, now())
        assert world.assigned(tags) == []
        with pytest.raises(PermissionError, match="denied"):
            world.open_session(tags)

    def test_another_who_writes_credentials_meanwhile_is_waited_for(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        target = "PUT .*/federatedIdentityCredentials/"
        code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
        world.refuse_once(target, 409, code)
        done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
        assert isinstance(done.disabled_at, datetime)
        with pytest.raises(PermissionError):
            world.session_token(tags)

    def test_a_suspended_identity_is_not_let_in_again_and_what_is_made_by_hand_is_taken(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        for name in world.assigned(tags):
            world.ask("DELETE", name)
        parked = {**trusted(tags), "subject": "nhi:suspended"}
        world.ask("PUT", credential_of(tags), {"properties": parked})
        kept = suspended(links)
        assert adapter.admit(tags, kept, now()) == kept
        world.add_extras(tags)
        assert {link.kind for link in adapter.revoke_live(tags.lease, kept, now())} == {ASSIGNMENT, CREDENTIAL}
        assert world.assigned(tags) == []
        done = cut_off_of(adapter.cut_off(tags.lease, kept, now()))
        assert done.without_canary.startswith("suspended:")
        assert not any(each.cut_off for each in adapter.survey(tags.lease, kept))
        adapter.admit(tags, kept, now())
        with pytest.raises(PermissionError, match="AADSTS700213"):
            world.session_token(tags)


class TestSurvey:
    def test_what_a_deleted_principal_leaves_assigned_is_found_and_removed(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        by_hand = world.assign_by_hand(world.principal_of(tags), "Reader", group_scope(S, GROUP))
        left = {*world.assigned(tags)}
        world.ask("DELETE", identity_of(tags))
        for known in (links, []):
            found = named(adapter.survey(tags.lease, known), ASSIGNMENT)
            # Without the object id that a link knows, only what bears the lease is known to be its.
            assert {each.link.name for each in found} == (left if known else left - {by_hand})
            assert {each.detail for each in found} == {"of a principal that is gone: shown as 'Identity not found'"}
        sweep_all(adapter, tags.lease, links)
        assert world.alive(tags) == []
        assert by_hand.lower() not in world.double.rbac.assignments.written

    def test_of_an_identity_that_nobody_has_admitted_what_bears_the_lease_is_found(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = world.create(tags)
        world.ask("DELETE", identity_of(tags))
        assert len(named(adapter.survey(tags.lease, links), ASSIGNMENT)) == 3

    def test_an_assignment_above_the_subscription_is_found_and_one_elsewhere_where_it_is_looked(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        other = "5f0c6ad0-0d2f-4a53-9a3a-6f0b7c1f2e02"
        with world.double.lock:
            world.double.subscriptions.make(other, "another")
            world.double.subscriptions.make_group(other, "elsewhere")
        principal = world.principal_of(tags)
        above = world.assign_by_hand(principal, "Reader", f"/providers/Microsoft.Management/managementGroups/{TENANT}")
        beside = world.assign_by_hand(principal, "Reader", f"/subscriptions/{other}/resourceGroups/elsewhere")
        world.connection = world.connection.model_copy(update={"subscriptions": (S,)})
        found = {each.link.name for each in named(adapter_of(world).survey(tags.lease, links), ASSIGNMENT)}
        assert (above in found, beside in found) == (True, False)
        world.connection = world.connection.model_copy(update={"subscriptions": ()})
        found = {each.link.name for each in named(adapter_of(world).survey(tags.lease, links), ASSIGNMENT)}
        assert {above, beside} <= found

    def test_long_lists_are_read_to_their_end(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        links = admitted(world, adapter, tags)
        world.double.roles.page_size = 2
        for known in (links, []):
            assert len(named(adapter.survey(tags.lease, known), ASSIGNMENT)) == 4

    def test_a_role_that_somebody_has_assigned_to_others_goes_with_what_they_have_of_it(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        by_hand = world.assign_by_hand(world.dana, role_of(tags).rpartition("/")[2], queue_of(tags))
        sweep_all(adapter, tags.lease, links)
        assert world.alive(tags) == []
        assert by_hand.lower() not in world.double.rbac.assignments.written

    def test_an_account_s_own_roles_are_taken_given_back_and_swept(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        world.double.operations.slowness = 0
        links = [*world.create(tags), *cosmos(world, tags)]
        world.double.operations.slowness = 2
        links = adapter.admit(tags, links, now())
        kept = world.double.cosmos_roles
        before = {key: each.properties for key, each in kept.assignments.written.items()}
        assert len(before) == 2
        assert {each.link.key for each in adapter.survey(tags.lease, [])} >= {link.key for link in links}
        adapter.cut_off(tags.lease, links, now())
        assert kept.assignments.written == {}
        adapter.admit(tags, links, now())
        assert {key: each.properties for key, each in kept.assignments.written.items()} == before
        sweep_all(adapter, tags.lease, [])
        assert (kept.assignments.written, kept.definitions.written) == ({}, {})

    def test_what_is_assigned_by_hand_in_an_account_is_found_and_told_from_what_a_killed_engine_has_made(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = [*world.create(tags), *cosmos(world, tags)]
        by_hand = cosmos_assignment_id(COSMOS, str(uuid4()))
        told = {"roleDefinitionId": cosmos_role_id(COSMOS, READER), "scope": f"{COSMOS}/dbs/shop"}
        world.ask("PUT", by_hand, {"properties": {**told, "principalId": world.principal_of(tags).object_id}})
        links = adapter.admit(tags, [link for link in links if "/sqlRole" not in link.name], now())
        world.add_extras(tags)
        seen = adapter.survey(tags.lease, links)
        assert len([each for each in seen if each.link.name.startswith(f"{COSMOS}/sqlRoleA")]) == 3
        theirs = sorted((each.link.kind for each in seen if each.by_hand and each.link.name != by_hand), key=str)
        assert (theirs, len([each for each in seen if each.by_hand])) == ([CREDENTIAL, ASSIGNMENT], 3)
        done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
        assert [extra.name for extra in done.extras if extra.name.startswith(COSMOS)] == [by_hand]
        assert world.double.cosmos_roles.assignments.written == {}

    def test_what_a_former_principal_leaves_is_cleared_up_and_the_new_one_keeps_its_own(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        former = [link for link in links if link.kind is IDENTITY]
        old = world.principal_of(tags)
        left = world.assign_by_hand(old, "Reader", group_scope(S, GROUP))
        world.ask("DELETE", identity_of(tags))
        world.ask("PUT", identity_of(tags), {"location": LOCATION, "tags": tags.to_tags()})
        own = world.assign_by_hand(world.principal_of(tags), "Reader", group_scope(S, GROUP))
        written = world.double.rbac.assignments.written
        assert {left.lower(), own.lower()} <= written.keys()
        bracket = Bracket(lambda *_: adapter, pytest.fail, lambda *_: (None, None), now)
        bracket.clear_up(tags.lease, former)
        assert [each.id for each in written.values() if each.principal == old.object_id] == []
        assert own.lower() in written

    def test_one_of_an_account_s_own_is_known_by_its_id_when_its_principal_is_gone(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = [*world.create(tags), *cosmos(world, tags)]
        stranger = replace(links[-1], attributes={**links[-1].attributes, PRINCIPAL: identity_of(tags) + "x"})
        world.ask("DELETE", identity_of(tags))
        found = [each for each in adapter.survey(tags.lease, links) if each.link.name.startswith(f"{COSMOS}/sqlRoleA")]
        assert [each.ownership for each in found] == [Ownership.OURS] * 2
        found = [each for each in adapter.survey(tags.lease, [stranger]) if each.link.key == stranger.key]
        assert [each.ownership for each in found] == [Ownership.NAMESAKE]

    def test_what_was_made_anew_for_another_since_the_survey_is_left_alone(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        sightings = named(adapter.survey(tags.lease, links), CREDENTIAL, ASSIGNMENT)
        name = by_kind(links, ASSIGNMENT).name
        world.replace_principal(tags)
        world.ask("PUT", credential_of(tags), {"properties": trusted(tags)})
        with world.double.lock:
            kept = world.double.rbac.assignments.written
            kept[name.lower()] = replace(kept[name.lower()], principal=world.dana.object_id)
        for sighting in sightings:
            adapter.sweep(sighting)
        assert name.lower() in world.double.rbac.assignments.written
        assert len(world.double.federation.of(identity_of(tags).lower())) == 1

    def test_what_azure_has_accepted_and_not_carried_out_is_an_error(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = adapter.admit(tags, [*world.create(tags), *cosmos(world, tags)], now())
        world.answer_once("GET .*/operationStatuses/", Answer(200, {"status": "Failed"}))
        with pytest.raises(NhiError, match=r"was accepted, and then Failed.*activity log"):
            adapter.cut_off(tags.lease, links, now())
        # The others were taken all the same.
        assert world.assigned(tags) == []

    def test_letter_case_counts_for_nothing(self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
        links = admitted(world, adapter, tags)
        with world.double.lock:
            shown = world.double.identities.by_id[identity_of(tags).lower()]
            shown["id"] = shown["id"].replace("resourceGroups", "resourcegroups")
        found = {each.link.key for each in adapter.survey(tags.lease, links)}
        assert found == {link.key for link in links}
        assert len(adapter.cut_off(tags.lease, links, now())) == 1


class TestSecret:
    def test_the_secret_bears_its_end_and_is_given_out_after_it(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        version = world.secret(tags).versions[-1]
        value, ends = world.secret_value(tags), datetime(2030, 1, 1, tzinfo=UTC)
        assert version.times["exp"] == int(ends.timestamp())
        assert len(value) > 32
        assert value not in repr(links)
        token = world.session_token(tags, "https://vault.azure.net")
        assert world.reads_secret(tags, token)
        world.double.ahead = ends - now() + timedelta(days=1)
        assert world.reads_secret(tags, world.session_token(tags, "https://vault.azure.net"))
        adapter.cut_off(tags.lease, links, now())
        assert not world.reads_secret(tags, token)

    def test_its_first_value_is_made_once_and_its_end_follows(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        value = world.secret_value(tags)
        longer = [with_expiry(link, "2031-01-01") for link in links]
        adapter.admit(tags, longer, now())
        assert world.secret_value(tags) == value
        assert world.secret(tags).versions[-1].times["exp"] == int(datetime(2031, 1, 1, tzinfo=UTC).timestamp())

    def test_one_that_somebody_else_has_put_there_is_not_taken(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        for version in world.secret(tags).versions:
            version.tags.clear()
        with pytest.raises(NhiError, match=r"bears no lease.*fix: delete it"):
            adapter.admit(tags, [by_kind(links, SECRET)], now())
        (found,) = named(adapter.survey(tags.lease, links), SECRET)
        assert found.ownership is Ownership.NAMESAKE

    def test_without_a_first_value_none_is_made(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        link = by_kind(world.create(tags), SECRET)
        told = {name: value for name, value in link.attributes.items() if name != GENERATE_BYTES}
        adapter.admit(tags, [replace(link, attributes=told)], now())
        assert world.double.vaults.by_name == {}

    def test_purge_protection_keeps_no_teardown_open(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        world.double.vaults.protected.add(VAULT_NAME)
        world.double.vaults.retention[VAULT_NAME] = timedelta(days=7)
        links = admitted(world, adapter, tags)
        removal = close([adapter], tags.lease, links, patience=timedelta(seconds=30), clock=now, sleep=time.sleep)
        assert removal.closed_at is not None
        fact = next(each for each in removal_facts(links, removal, None, {}) if each.link.kind is SECRET)
        assert isinstance(fact.recoverable_until, datetime)
        assert timedelta(days=6) < fact.recoverable_until - now() < timedelta(days=8)
        (kept,) = adapter.survey(tags.lease, [])
        assert (kept.lives, kept.retained_until, kept.ownership) == (False, fact.recoverable_until, Ownership.OURS)

    def test_one_that_was_deleted_is_recovered_by_its_own_lease(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        world.double.vaults.protected.add(VAULT_NAME)
        links = admitted(world, adapter, tags)
        sweep_all(adapter, tags.lease, links)
        assert world.secret(tags).deleted
        kept = admitted(world, adapter, tags)
        assert world.secret(tags).deleted is None
        assert SECRET in {each.link.kind for each in adapter.survey(tags.lease, kept)}

    def test_a_vault_that_is_gone_has_no_secret(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        with world.double.lock:
            world.double.key_vaults.remove_within(group_scope(S, GROUP))
        assert named(adapter.survey(tags.lease, links), SECRET) == []
        # Under the address of one that is gone nobody answers.
        world.double.fail(503, target=" /vaults/team")
        assert named(adapter.survey(tags.lease, links), SECRET) == []

    def test_a_vault_that_does_not_answer_is_not_called_gone(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        world.double.fail(503, target=" /vaults/team")
        with pytest.raises(SystemUnreachable, match=VAULT_NAME):
            adapter.survey(tags.lease, links)


class TestAdmission:
    @pytest.mark.parametrize("kind", [IDENTITY, ROLE, ASSIGNMENT])
    def test_what_bears_no_lease_is_not_taken_for_what_was_just_made(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags, kind: LinkKind
    ) -> None:
        links = world.create(tags)
        with world.double.lock:
            world.double.identities.by_id[identity_of(tags).lower()]["tags"] = {}
            roles, kept = world.double.rbac.roles.custom.written, world.double.rbac.assignments.written
            for guid, role in list(roles.items()):
                roles[guid] = replace(role, properties={**role.properties, "description": "by hand"})
            for key, each in list(kept.items()):
                kept[key] = replace(each, facts={**each.facts, "description": "by hand"})
        with pytest.raises(NhiError, match=r"mark of the lease.*fix: declare"):
            adapter.admit(tags, [by_kind(links, kind)], now())

    def test_a_mark_that_somebody_has_taken_away_is_written_again(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        shown = world.double.identities.by_id[identity_of(tags).lower()]
        shown["tags"] = {"team": "orders"}
        adapter.admit(tags, links, now())
        assert shown["tags"] == {"team": "orders", **tags.to_tags()}

    def test_a_credential_of_somebody_else_s_identity_is_not_taken(
        self, world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        world.replace_principal(tags)
        world.ask("PUT", credential_id(identity_of(tags), "github"), {"properties": trusted(tags)})
        with pytest.raises(NhiError, match="somebody else's of the same name"):
            adapter.admit(tags, [by_kind(links, CREDENTIAL)], now())


def with_expiry(link: Link, day: str) -> Link:
    return replace(link, attributes={**link.attributes, "expires": day}) if link.kind is SECRET else link
