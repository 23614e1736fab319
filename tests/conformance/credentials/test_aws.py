"""What is AWS's own about sources and places: races, resumed writes, scheduled deletions, tags, limits."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.connection import AwsConnection
from nhi_components.core.credential.places import FilePlace, SecretsManagerPlace
from nhi_components.core.credential.sources import AwsAccessKeySource, VaultSecretIdSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_credentials
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.adapters.aws import secret_notes, secret_place
from nhi_components.lifecycle.adapters.aws.access_keys import AccessKeys
from nhi_components.lifecycle.adapters.aws.secret_notes import CLAIM, NOTE
from nhi_components.lifecycle.adapters.aws.secret_place import SecretPlace
from nhi_components.lifecycle.adapters.aws.secret_versions import DELIVERED
from nhi_components.lifecycle.adapters.aws.users import AccessKey, Users
from nhi_components.lifecycle.credentials.ports import Claim, LimitReached, Material, NoSuchKind, Overtaken
from tests.conformance.conftest import Servers
from tests.conformance.credentials.aws_world import AccessKeyWorld, AwsAccount, SecretWorld, operator_key
from tests.conformance.world import new_tags, now
from tools.lab.sandbox import aws as lab
from tools.lab.sandbox.moto import Moto

KEY, NEXT = "AKIAEXAMPLEFIRST0001", "AKIAEXAMPLESECOND002"
BY_HAND = '{"password": "by hand"}'


@pytest.fixture
def kept(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> SecretWorld:
    return SecretWorld(servers.aws, monkeypatch, (lab.ACCOUNT, servers.aws.secret_key))


@pytest.fixture
def issued(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AccessKeyWorld:
    return AccessKeyWorld(servers.aws, monkeypatch, operator_key(servers.aws), tells_use=False)


@pytest.fixture
def limited(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> AccessKeyWorld:
    return AccessKeyWorld(moto, monkeypatch, (moto.access_key, moto.secret_key), tells_use=True)


def place_of(world: AwsAccount, tags: LeaseTags) -> SecretPlace:
    opened = world.open().place(SecretsManagerPlace().resolved(tags))
    assert isinstance(opened, SecretPlace)
    return opened


def source_of(world: AccessKeyWorld, tags: LeaseTags) -> AccessKeys:
    opened = world.open().source(world.source(tags))
    assert isinstance(opened, AccessKeys)
    return opened


def tags_of(world: AwsAccount, place: SecretPlace) -> dict[str, str]:
    listed = world.secrets.describe_secret(SecretId=place.spec.address)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def stages(world: AwsAccount, place: SecretPlace) -> dict[str, list[str]]:
    found: dict[str, list[str]] = world.secrets.describe_secret(SecretId=place.spec.address)["VersionIdsToStages"]
    return found


def after(place: SecretPlace, call: str, event: Callable[[], Any]) -> None:
    """Let something happen once, after the place's own first call of that name."""
    pending = [event]
    events = place._session.secrets.meta.events
    events.register(f"after-call.secrets-manager.{call}", lambda **_: pending and pending.pop()())


def before(place: SecretPlace, call: str, event: Callable[[], Any]) -> None:
    """Let something happen once, before the place's own first call of that name."""
    pending = [event]
    events = place._session.secrets.meta.events
    events.register(f"before-call.secrets-manager.{call}", lambda **_: pending and pending.pop()() and None)


class TestWriting:
    def test_a_secret_that_somebody_else_was_first_to_make_is_theirs(self, kept: SecretWorld, tags: LeaseTags) -> None:
        claim = Claim("run-1", "dana@laptop", now() + timedelta(minutes=1))
        for use in (
            lambda place: place.write(tags, kept.material(KEY), ""),
            lambda place: place.note(tags, {"key": KEY}),
            lambda place: place.claim(tags, claim, now()),
        ):
            place = place_of(kept, tags)
            before(place, "CreateSecret", partial(kept.put_namesake, place.spec))
            with pytest.raises(NhiError, match=r"bears no lease.*(.|\n)*fix: "):
                use(place)
            assert kept.values(place.spec) == {"password": "theirs"}
            assert tags_of(kept, place) == {}
            kept.secrets.delete_secret(SecretId=place.spec.address, ForceDeleteWithoutRecovery=True)

    def test_a_version_that_became_current_although_the_answer_was_lost_is_delivered(
        self, kept: SecretWorld, tags: LeaseTags
    ) -> None:
        place, material = place_of(kept, tags), kept.material(NEXT)
        place.write(tags, kept.material(KEY), "")

        def refused() -> None:
            told = {"Error": {"Code": "InvalidParameterException", "Message": "it is another version's"}}
            raise ClientError(told, "UpdateSecretVersionStage")  # type: ignore[arg-type] # as AWS words it

        after(place, "UpdateSecretVersionStage", refused)
        assert place.write(tags, material).key_id == NEXT
        assert kept.values(place.spec) == material.fields

    def test_who_writes_between_our_version_and_its_becoming_current_is_not_overwritten(
        self, kept: SecretWorld, tags: LeaseTags
    ) -> None:
        place = place_of(kept, tags)
        first = place.write(tags, kept.material(KEY), "")
        after(place, "PutSecretValue", lambda: kept.change_by_hand(place.spec))
        for over in (first.version, None):
            with pytest.raises(Overtaken, match="fix: "):
                place.write(tags, kept.material(NEXT), over)
            current = kept.secrets.get_secret_value(SecretId=place.spec.address)
            assert current["SecretString"] == BY_HAND
            assert DELIVERED not in [label for labels in stages(kept, place).values() for label in labels]
            after(place, "PutSecretValue", lambda: kept.change_by_hand(place.spec))

    def test_of_two_runs_that_write_at_once_one_is_told(self, kept: SecretWorld, tags: LeaseTags) -> None:
        both, put = [place_of(kept, tags), place_of(kept, tags)], Barrier(2)
        first = both[0].write(tags, kept.material(KEY), "")
        for place in both:
            after(place, "PutSecretValue", put.wait)
        wanted = [kept.material(NEXT), kept.material("AKIAEXAMPLETHIRD0003")]

        def write(place: SecretPlace, material: Material) -> str | None:
            try:
                return place.write(tags, material, first.version).key_id
            except Overtaken:
                return None

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(write, both, wanted))
        (winner,) = [material for material, key in zip(wanted, done, strict=True) if key]
        assert done.count(None) == 1
        assert both[0].read() == both[1].read() == winner

    def test_killed_before_its_version_became_current_it_goes_on_with_that(
        self, kept: SecretWorld, tags: LeaseTags
    ) -> None:
        place, wanted = place_of(kept, tags), kept.material(NEXT)
        place.write(tags, kept.material(KEY), "")

        def killed() -> None:
            raise KeyboardInterrupt

        after(place, "PutSecretValue", killed)
        with pytest.raises(KeyboardInterrupt):
            place.write(tags, wanted)
        (orphan,) = [version for version, labels in stages(kept, place).items() if labels == [DELIVERED]]
        fresh = place_of(kept, tags)
        assert fresh.read() != wanted
        assert fresh.write(tags, wanted).version == orphan
        assert fresh.read() == wanted
        assert len(stages(kept, place)) == 2

    def test_the_very_first_version_is_current_at_once(
        self, moto: Moto, monkeypatch: pytest.MonkeyPatch, tags: LeaseTags
    ) -> None:
        world = SecretWorld(moto, monkeypatch, (moto.access_key, moto.secret_key))
        place, material = place_of(world, tags), world.material(KEY)
        held = place.write(tags, material, "")
        assert (held.key_id, held.older) == (KEY, 0)
        assert world.values(place.spec) == material.fields
        after_it = place.write(tags, world.material(NEXT), held.version)
        assert (after_it.key_id, after_it.older) == (NEXT, 1)
        with pytest.raises(Overtaken):
            place.write(tags, material, held.version)

    def test_a_field_that_would_hide_the_key_is_refused(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place = place_of(kept, tags)
        with pytest.raises(NhiError, match="a field `key_id`") as caught:
            place.write(tags, Material(KEY, {"key_id": "something", "password": "a-password"}))
        assert "a-password" not in str(caught.value)
        assert place.find() is None

    @pytest.mark.parametrize("text", ["no json", '["a"]', '{"key_id": "AKIA", "more": {"a": 1}}', BY_HAND])
    def test_what_people_wrote_is_held_but_names_no_key(self, kept: SecretWorld, tags: LeaseTags, text: str) -> None:
        place = place_of(kept, tags)
        place.write(tags, kept.material(KEY))
        version = kept.secrets.put_secret_value(SecretId=place.spec.address, SecretString=text)["VersionId"]
        held = place.find()
        assert held is not None
        assert (held.version, held.key_id, place.read()) == (version, None, None)

    def test_pruned_versions_have_no_label_and_can_be_read_by_their_id_only(
        self, kept: SecretWorld, tags: LeaseTags
    ) -> None:
        place, first = place_of(kept, tags), kept.material(KEY)
        old = place.write(tags, first).version
        new = place.write(tags, kept.material(NEXT)).version
        place.prune()
        assert set(stages(kept, place)) == {new}
        # Nothing can delete a version; see the module's text.
        found = kept.secrets.get_secret_value(SecretId=place.spec.address, VersionId=old)
        assert json.loads(found["SecretString"])["key_id"] == KEY
        assert found["VersionStages"] == []

    def test_a_secret_that_nobody_has_marked_nor_filled_is_taken(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place = place_of(kept, tags)
        marks = [{"Key": "team", "Value": "shop"}]
        arn = kept.secrets.create_secret(Name=place.spec.address, Tags=marks)["ARN"]
        place.write(tags, kept.material(KEY), "")
        assert kept.secrets.describe_secret(SecretId=place.spec.address)["ARN"] == arn
        assert tags_of(kept, place) == {"team": "shop", **tags.to_tags()}

    def test_its_tags_follow_the_lease(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place, material = place_of(kept, tags), kept.material(KEY)
        held = place.write(tags, material)
        renewed = replace(tags, ends=date(2031, 2, 3), owner="others@example.com")
        assert place.write(renewed, material) == held
        assert tags_of(kept, place) == renewed.to_tags()
        described = kept.secrets.describe_secret(SecretId=place.spec.address)
        assert described["Description"] == tags.purpose


class TestScheduledForDeletion:
    def test_it_is_told_and_written_over_after_it_was_restored(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place, second = place_of(kept, tags), kept.material(NEXT)
        held = place.write(tags, kept.material(KEY))
        kept.secrets.delete_secret(SecretId=place.spec.address, RecoveryWindowInDays=7)
        found = place.find()
        assert found == replace(held, key_id=None)
        assert place.read() is None
        place.prune()
        assert place.write(tags, second, held.version).key_id == NEXT
        assert kept.values(place.spec) == second.fields

    def test_it_is_removed_for_good_and_somebody_else_s_is_not(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place = place_of(kept, tags)
        place.write(tags, kept.material(KEY))
        kept.secrets.delete_secret(SecretId=place.spec.address, RecoveryWindowInDays=7)
        with pytest.raises(NhiError, match=tags.lease):
            place.remove(new_tags(os.urandom(16)).lease)
        place.remove(tags.lease)
        assert kept.everything(place.spec) == []


class TestNotesAndClaims:
    def test_notes_are_replaced_in_one_step(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place = place_of(kept, tags)
        place.note(tags, {"key": KEY, "retiring": "x", "same": "s"})

        def killed() -> None:
            raise KeyboardInterrupt

        after(place, "TagResource", killed)
        with pytest.raises(KeyboardInterrupt):
            place.note(tags, {"key": NEXT, "same": "s"})
        assert place_of(kept, tags).notes() == {"key": NEXT, "same": "s"}
        place_of(kept, tags).note(tags, {"key": NEXT, "same": "s"})
        assert f"{NOTE}retiring" not in tags_of(kept, place)

    def test_of_two_that_claim_at_the_same_instant_one_has_it(
        self, kept: SecretWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both, moment = [place_of(kept, tags), place_of(kept, tags)], now()
        both[0].note(tags, {})
        looked, read = Barrier(2), secret_place.claim_of
        waits = [looked.wait, looked.wait]

        def slow(found: Mapping[str, str]) -> Claim | None:
            claim = read(found)
            if waits:
                waits.pop()()
            return claim

        monkeypatch.setattr(secret_place, "claim_of", slow)
        wanted = [Claim(f"run-{number}", f"user-{number}@host", moment + timedelta(minutes=1)) for number in range(2)]
        with ThreadPoolExecutor(2) as pool:
            holders = list(pool.map(lambda place, claim: place.claim(tags, claim, moment), both, wanted))
        assert holders[0] == holders[1]
        assert holders[0] in wanted

    def test_a_claim_of_our_own_that_has_lapsed_is_claimed_anew(
        self, kept: SecretWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place, moment = place_of(kept, tags), now()
        lapsed = Claim("run-1", "dana@laptop", moment)
        place.claim(tags, lapsed, moment - timedelta(minutes=1))
        other = Claim("run-2", "lee@runner", moment + timedelta(minutes=1))
        told = {"Key": CLAIM, "Value": secret_notes.write_claim(other)}
        monkeypatch.setattr(
            secret_place.time, "sleep", lambda _: kept.secrets.tag_resource(SecretId=place.spec.address, Tags=[told])
        )
        assert place.claim(tags, replace(lapsed, until=other.until), moment) == other

    def test_a_claim_that_people_have_garbled_holds_nobody_up(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place, moment = place_of(kept, tags), now()
        place.note(tags, {})
        for value in ("", "somebody", "run-1 dana@laptop tomorrow"):
            kept.secrets.tag_resource(SecretId=place.spec.address, Tags=[{"Key": CLAIM, "Value": value}])
            wanted = Claim("run-2", "lee@runner", moment + timedelta(minutes=1))
            assert place.claim(tags, wanted, moment) == wanted
        place.release("run-2")
        assert CLAIM not in tags_of(kept, place)

    def test_a_claim_that_is_taken_away_at_once_is_an_error(
        self, kept: SecretWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = place_of(kept, tags)
        away = lambda _: kept.secrets.untag_resource(SecretId=place.spec.address, TagKeys=[CLAIM])  # noqa: E731
        monkeypatch.setattr(secret_place.time, "sleep", away)
        with pytest.raises(NhiError, match="no claim, once it was written"):
            place.claim(tags, Claim("run-1", "dana@laptop", now() + timedelta(minutes=1)), now())

    def test_somebody_else_s_is_neither_noted_on_nor_claimed(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place = place_of(kept, tags)
        kept.put_namesake(place.spec)
        with pytest.raises(NhiError, match="bears no lease"):
            place.note(tags, {"key": KEY})
        with pytest.raises(NhiError, match="bears no lease"):
            place.claim(tags, Claim("run-1", "dana@laptop", now() + timedelta(minutes=1)), now())
        place.prune()
        place.release("run-1")
        assert tags_of(kept, place) == {}


class TestAccessKeys:
    def test_without_the_user_there_is_no_key_and_none_is_made(self, issued: AccessKeyWorld, tags: LeaseTags) -> None:
        source = issued.open().source(AwsAccessKeySource().resolved(tags))
        assert source.keys(tags) == []
        with pytest.raises(NhiError, match="no such IAM user"):
            source.create(tags)
        source.delete(KEY)
        source.disable(KEY)

    def test_aws_s_own_limit_is_told_as_one(
        self, limited: AccessKeyWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = source_of(limited, tags)
        for _ in range(2):
            source.create(tags)
        monkeypatch.setattr(AccessKeys, "_listed", lambda self: [])
        with pytest.raises(LimitReached, match="2 access keys, disabled ones included"):
            source.create(tags)

    def test_a_disabled_key_counts(self, issued: AccessKeyWorld, tags: LeaseTags) -> None:
        source = source_of(issued, tags)
        source.disable(source.create(tags).key_id)
        source.create(tags)
        with pytest.raises(LimitReached):
            source.create(tags)

    def test_whether_a_key_works_depends_on_no_policy(self, issued: AccessKeyWorld, tags: LeaseTags) -> None:
        source = source_of(issued, tags)
        material = source.create(tags)
        nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
        issued.iam.put_user_policy(UserName=source.spec.user, PolicyName="nothing", PolicyDocument=json.dumps(nothing))
        assert source.works(material)

    def test_half_a_key_does_not_work(self, issued: AccessKeyWorld, tags: LeaseTags) -> None:
        source = source_of(issued, tags)
        material = source.create(tags)
        for name in material.fields:
            assert not source.works(Material(material.key_id, {**material.fields, name: ""}))
            assert not source.works(Material(material.key_id, {name: material.fields[name]}))

    def test_aws_that_does_not_answer_is_not_a_refusal(self, issued: AccessKeyWorld, tags: LeaseTags) -> None:
        source = source_of(issued, tags)
        material = source.create(tags)
        issued.stop()
        try:
            with pytest.raises(SystemUnreachable) as caught:
                source.works(material)
        finally:
            issued.start()
        assert material.fields["secret_access_key"] not in str(caught.value)

    def test_deleting_waits_until_the_key_is_no_longer_listed(
        self, issued: AccessKeyWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = source_of(issued, tags)
        doomed = AccessKey(source.create(tags).key_id, active=True, created_at=now())
        read, late = Users.keys, [[doomed], [doomed]]
        monkeypatch.setattr(Users, "keys", lambda self, name: late.pop() if late else read(self, name))
        source.delete(doomed.id)
        assert late == []
        monkeypatch.setattr(Users, "keys", lambda self, name: [doomed])
        monkeypatch.setitem(APPEARANCE_SECONDS, System.AWS, 0.3)
        with pytest.raises(NhiError, match="is still listed"):
            source.delete(doomed.id)

    def test_when_a_deleted_key_was_used_is_not_known(self, limited: AccessKeyWorld, tags: LeaseTags) -> None:
        source = source_of(limited, tags)
        key = source.create(tags).key_id
        source.delete(key)
        assert source.last_used(key) == NotChecked(f"IAM has no key {key} any more")

    def test_a_missing_permission_to_ask_for_the_last_use_is_named(
        self, issued: AccessKeyWorld, tags: LeaseTags
    ) -> None:
        source = source_of(issued, tags)
        told = source.last_used(source.create(tags).key_id)
        assert isinstance(told, NotChecked)
        assert "iam:GetAccessKeyLastUsed" in told.reason


class TestKinds:
    def test_other_systems_sources_and_places_are_refused(self, kept: SecretWorld) -> None:
        system = kept.open()
        with pytest.raises(NoSuchKind, match="got vault-secret-id, expected aws-access-key"):
            system.source(VaultSecretIdSource(role="orders"))
        with pytest.raises(NoSuchKind, match="got file, expected secrets-manager"):
            system.place(FilePlace(path="/run/secrets/orders.json"))

    def test_a_search_names_the_connection(self, kept: SecretWorld, tags: LeaseTags) -> None:
        place_of(kept, tags).note(tags, {})
        (link,) = open_credentials(System.AWS, "main", AwsConnection()).search(tags.lease)
        assert link == SecretsManagerPlace(connection="main").resolved(tags).link()
