"""What names an identity elsewhere, on the emulated AWS, which evaluates the policies of all six kinds of resource."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from nhi_components.core.delegation import ResourceKind, delegation_sid
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.aws.delegations import holders
from nhi_components.lifecycle.ports import CutOff, Ownership, Sighting, SystemAdapter
from tests.conformance.aws_world import AwsWorld, names
from tests.conformance.delegating import Resource, listed
from tests.conformance.test_aws import as_user
from tests.conformance.world import by_kind, new_tags, now
from tools.lab.sandbox import aws as lab

KINDS = list(ResourceKind)
STRANGER = f"arn:aws:iam::{lab.OTHER_ACCOUNT}:root"
PATHS = (LinkKind.DELEGATED_PATH, LinkKind.KMS_GRANT)


def extras_of(done: Sequence[CutOff]) -> list[Link]:
    told = [cut_off for cut_off in done if not isinstance(cut_off.sessions_refused_at, NotChecked)]
    return [extra for cut_off in told for extra in (*cut_off.extras, cut_off.link) if extra.kind in PATHS]


def paths(sightings: Sequence[Sighting], ownership: Ownership = Ownership.OURS) -> list[Sighting]:
    return [s for s in sightings if s.link.kind in PATHS and s.ownership is ownership]


def sweep_all(adapter: SystemAdapter, lease_id: str, links: Sequence[Link]) -> None:
    for sighting in adapter.survey(lease_id, links):
        if sighting.ownership is Ownership.OURS:
            adapter.sweep(sighting)


class TestDeclared:
    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_it_opens_the_resource_until_it_is_removed_or_the_role_is_cut_off(
        self, aws_world: AwsWorld, tags: LeaseTags, kind: ResourceKind
    ) -> None:
        adapter, bundle, resource = aws_world.adapter(), aws_world.create(tags), Resource(aws_world, kind)
        adapter.admit(tags, bundle, now())
        before, works = resource.policy, resource.use(tags)
        assert not works()
        link = resource.declared(aws_world, tags)
        admitted = adapter.admit(tags, [*bundle, link], now())
        assert works()
        (seen,) = paths(adapter.survey(tags.lease, admitted))
        assert seen.link.key == link.key
        adapter.sweep(seen)
        assert not works()
        assert resource.policy == before or resource.statements == listed((before or {}).get("Statement", []))

        adapter.admit(tags, admitted, now())
        assert works()
        done = adapter.cut_off(tags.lease, admitted, now())
        assert not works()
        assert extras_of(done) == []
        sweep_all(adapter, tags.lease, admitted)
        assert adapter.survey(tags.lease, admitted) == adapter.survey(tags.lease, []) == []
        assert not works()
        assert not [s for s in resource.statements if names(tags)[0] in str(s)]

    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_twice_is_once_and_what_others_wrote_stays_in_its_order(
        self, aws_world: AwsWorld, tags: LeaseTags, kind: ResourceKind
    ) -> None:
        adapter, bundle, resource = aws_world.adapter(), aws_world.create(tags), Resource(aws_world, kind)
        resource.add(resource.statement(STRANGER, "First"), resource.statement(STRANGER, "Second"))
        theirs = resource.statements
        links = [*bundle, resource.declared(aws_world, tags)]
        admitted = adapter.admit(tags, links, now())
        once = resource.policy
        assert resource.statements[:-1] == theirs
        assert adapter.admit(tags, admitted, now()) == admitted
        assert resource.policy == once
        sweep_all(adapter, tags.lease, [admitted[-1]])
        assert resource.statements == theirs

    def test_a_changed_delegation_takes_the_place_of_the_one_before(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, bundle, queue = aws_world.adapter(), aws_world.create(tags), Resource(aws_world, ResourceKind.QUEUE)
        adapter.admit(tags, [*bundle, queue.declared(aws_world, tags)], now())
        only_tls = {"Bool": {"aws:SecureTransport": ["true"]}}
        adapter.admit(tags, [*bundle, queue.declared(aws_world, tags, conditions=only_tls)], now())
        (statement,) = queue.statements
        assert statement["Condition"] == only_tls
        assert not queue.use(tags)()  # the emulator is spoken to in the clear

    def test_a_prefix_of_a_bucket_is_held_by_the_bucket(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, bundle, bucket = aws_world.adapter(), aws_world.create(tags), Resource(aws_world, ResourceKind.BUCKET)
        whole, works = bucket.arn, bucket.use(tags)
        for prefix, expected in (("out/*", False), ("in/*", True)):
            bucket.arn = f"{whole}/{prefix}"
            link = bucket.declared(aws_world, tags, actions=["s3:PutObject"])
            assert link.name.startswith(f"{whole}#")
            adapter.admit(tags, [*bundle, link], now())
            assert works() is expected

    def test_two_on_one_resource_are_written_together_and_removed_apart(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, bundle, queue = aws_world.adapter(), aws_world.create(tags), Resource(aws_world, ResourceKind.QUEUE)
        first = queue.declared(aws_world, tags, 0)
        second = queue.declared(aws_world, tags, 1, actions=["sqs:ReceiveMessage"])
        adapter.admit(tags, [*bundle, first, second], now())
        assert [s["Sid"] for s in queue.statements] == [delegation_sid(tags.lease, i) for i in (0, 1)]
        sightings = adapter.survey(tags.lease, [first])
        adapter.sweep(next(s for s in sightings if s.link.key == first.key))
        assert [s["Sid"] for s in queue.statements] == [delegation_sid(tags.lease, 1)]

    def test_nothing_is_written_when_one_policy_would_become_too_large(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, bundle = aws_world.adapter(), aws_world.create(tags)
        fine, full = Resource(aws_world, ResourceKind.TOPIC), Resource(aws_world, ResourceKind.QUEUE)
        full.add(*(full.statement(STRANGER, f"S{i}") for i in range(20)))
        before = fine.policy
        links = [*bundle, fine.declared(aws_world, tags, 0), full.declared(aws_world, tags, 1)]
        with pytest.raises(SpecError, match=r"21 statements[^$]*at most 20[^$]*SQS developer guide"):
            adapter.admit(tags, links, now())
        assert fine.policy == before

    def test_a_statement_of_its_sid_that_names_somebody_else_is_not_overwritten(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, bundle, queue = aws_world.adapter(), aws_world.create(tags), Resource(aws_world, ResourceKind.QUEUE)
        queue.add(queue.statement(STRANGER, delegation_sid(tags.lease, 0)))
        theirs = queue.policy
        with pytest.raises(NhiError, match="names somebody else"):
            adapter.admit(tags, [*bundle, queue.declared(aws_world, tags)], now())
        assert paths(adapter.survey(tags.lease, [queue.declared(aws_world, tags)])) == []
        assert paths(adapter.survey(tags.lease, [])) == []
        assert queue.policy == theirs

    def test_an_admission_killed_between_two_resources_is_completed_by_the_next(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter, bundle = aws_world.adapter(), aws_world.create(tags)
        topic, queue = Resource(aws_world, ResourceKind.TOPIC), Resource(aws_world, ResourceKind.QUEUE)
        links = [*bundle, topic.declared(aws_world, tags, 0), queue.declared(aws_world, tags, 1)]
        with monkeypatch.context() as killed:
            killed.setattr(holders.Queue, "write", interrupt)
            with pytest.raises(KeyboardInterrupt):
                adapter.admit(tags, links, now())
        assert topic.use(tags)()
        # No state knows of the topic's statement yet; it is found from the lease id, and by the cut-off.
        assert [s.link.key for s in paths(adapter.survey(tags.lease, []))] == [links[-2].key]
        adapter.admit(tags, links, now())
        assert queue.use(tags)()
        assert len(topic.statements) == len({s["Sid"] for s in topic.statements})

    def test_a_resource_that_is_gone_takes_the_path_with_it(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, bundle, bucket = aws_world.adapter(), aws_world.create(tags), Resource(aws_world, ResourceKind.BUCKET)
        admitted = adapter.admit(tags, [*bundle, bucket.declared(aws_world, tags)], now())
        (seen,) = paths(adapter.survey(tags.lease, admitted))
        aws_world.server.client("s3").delete_bucket(Bucket=bucket.arn.rsplit(":", 1)[1])
        adapter.sweep(seen)
        assert paths(adapter.survey(tags.lease, admitted)) == []
        with pytest.raises(NhiError, match="NoSuchBucket"):
            adapter.admit(tags, admitted, now())

    def test_sessions_that_it_opened_in_another_role_are_told(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, role = aws_world.adapter(), Resource(aws_world, ResourceKind.ROLE)
        queue = Resource(aws_world, ResourceKind.QUEUE)
        links = [*aws_world.create(tags), role.declared(aws_world, tags, 0), queue.declared(aws_world, tags, 1)]
        done = adapter.cut_off(tags.lease, adapter.admit(tags, links, now()), now())
        (told,) = [cut_off for cut_off in done if cut_off.link.kind is LinkKind.DELEGATED_PATH]
        assert told.link.name.startswith(role.arn)
        assert isinstance(told.sessions_refused_at, NotChecked)
        assert "up to 1 h" in told.sessions_refused_at.reason

    def test_a_role_of_another_account_is_refused(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        bundle, role = aws_world.create(tags), Resource(aws_world, ResourceKind.ROLE)
        role.arn = role.arn.replace(lab.ACCOUNT, lab.OTHER_ACCOUNT)
        with pytest.raises(NhiError, match=f"expected one to account {lab.OTHER_ACCOUNT}"):
            aws_world.adapter().admit(tags, [*bundle, role.declared(aws_world, tags)], now())


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


class TestFound:
    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_what_was_added_by_hand_is_told_by_the_cut_off_and_swept(
        self, aws_world: AwsWorld, tags: LeaseTags, kind: ResourceKind
    ) -> None:
        adapter, resource = aws_world.adapter(), Resource(aws_world, kind)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        theirs = resource.statements
        arn = aws_world.role_arn(tags)
        resource.add(resource.statement(arn), resource.statement([STRANGER, arn], None))
        works = resource.use(tags)
        assert works()
        assert paths(adapter.survey(tags.lease, admitted)) == []
        extras = extras_of(adapter.cut_off(tags.lease, admitted, now()))
        assert not works()
        assert [extra.name.split("#")[0] for extra in extras] == [resource.arn] * 2
        assert extras[0].name.endswith("#ByHand")
        sweep_all(adapter, tags.lease, [*admitted, *(replace(extra, unique_id=None) for extra in extras)])
        assert resource.statements == [*theirs, resource.statement([STRANGER], None)]
        assert adapter.survey(tags.lease, [*admitted, *extras]) == adapter.survey(tags.lease, []) == []

    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_it_is_found_from_the_lease_id_alone_also_when_the_role_is_gone(
        self, aws_world: AwsWorld, tags: LeaseTags, kind: ResourceKind
    ) -> None:
        adapter, resource = aws_world.adapter(), Resource(aws_world, kind)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        resource.add(resource.statement(aws_world.role_arn(tags)))
        (found,) = paths(adapter.survey(tags.lease, []))
        assert found.link.unique_id == by_kind(admitted, LinkKind.IAM_ROLE).unique_id
        sweep_all(adapter, tags.lease, admitted)
        (left,) = adapter.survey(tags.lease, [])
        assert (left.link.key, left.ownership) == (found.link.key, Ownership.OURS)
        adapter.sweep(left)
        assert adapter.survey(tags.lease, []) == []

    def test_the_unique_id_that_a_deleted_role_leaves_behind_is_known(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        """The emulator keeps the ARN, so the id is put in its place as AWS does it."""
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        unique_id = by_kind(admitted, LinkKind.IAM_ROLE).unique_id
        sid = delegation_sid(tags.lease, 0)
        sweep_all(adapter, tags.lease, admitted)
        queue.add(queue.statement(unique_id), queue.statement(unique_id, sid), queue.statement("AROAOFANOTHER", "Left"))
        (alone,) = paths(adapter.survey(tags.lease, []))
        assert alone.link.name == f"{queue.arn}#{sid}"
        extras = extras_of(adapter.cut_off(tags.lease, admitted, now()))
        assert {extra.name for extra in extras} == {f"{queue.arn}#ByHand", f"{queue.arn}#{sid}"}
        sweep_all(adapter, tags.lease, [*admitted, *extras])
        assert [s["Sid"] for s in queue.statements] == ["Left"]

    def test_a_session_of_the_role_is_named_as_well(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        queue.add(queue.statement(f"arn:aws:sts::{lab.ACCOUNT}:assumed-role/{names(tags)[0]}/workload"))
        (extra,) = extras_of(adapter.cut_off(tags.lease, admitted, now()))
        sweep_all(adapter, tags.lease, [*admitted, extra])
        assert queue.statements == []

    def test_a_policy_that_held_nothing_else_is_removed(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, bundle = aws_world.adapter(), aws_world.create(tags)
        resources = [Resource(aws_world, k) for k in (ResourceKind.BUCKET, ResourceKind.QUEUE, ResourceKind.SECRET)]
        links = [*bundle, *(resource.declared(aws_world, tags) for resource in resources)]
        sweep_all(adapter, tags.lease, adapter.admit(tags, links, now()))
        assert [resource.policy for resource in resources] == [None, None, None]

    def test_a_trust_or_topic_that_must_have_a_policy_keeps_one_that_admits_nobody(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, bundle = aws_world.adapter(), aws_world.create(tags)
        role, topic = Resource(aws_world, ResourceKind.ROLE), Resource(aws_world, ResourceKind.TOPIC)
        for resource in (role, topic):
            resource.policy = {
                "Version": "2012-10-17",
                "Statement": [resource.statement(aws_world.role_arn(tags))],
            }
        admitted = adapter.admit(tags, bundle, now())
        extras = extras_of(adapter.cut_off(tags.lease, admitted, now()))
        sweep_all(adapter, tags.lease, [*admitted, *extras])
        assert [s["Effect"] for resource in (role, topic) for s in resource.statements] == ["Deny", "Deny"]

    def test_other_leases_and_roles_are_not_taken_for_it(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        other = new_tags(os.urandom(16))
        adapter.admit(other, [*aws_world.create(other), queue.declared(aws_world, other)], now())
        elsewhere = aws_world.role_arn(tags).replace(lab.ACCOUNT, lab.OTHER_ACCOUNT)
        queue.add(queue.statement(elsewhere, "OtherAccount"))
        before = queue.policy
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        assert extras_of(adapter.cut_off(tags.lease, admitted, now())) == []
        sweep_all(adapter, tags.lease, [])
        assert queue.policy == before
        assert queue.use(other)()


class TestLeftAlone:
    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"NotPrincipal": "ours", "Effect": "Deny"}, "NotPrincipal"),
            ({"Condition": {"ArnEquals": {"aws:PrincipalArn": "ours"}}}, "aws:principalarn"),
            ({"Condition": {"ArnLike": {"aws:PrincipalArn": "orders-*"}}}, "aws:principalarn"),
            ({"Condition": {"StringLike": {"aws:userid": "unique"}}}, "aws:userid"),
        ],
        ids=["exception", "condition", "pattern", "user id"],
    )
    def test_what_names_it_in_another_way_is_told_and_does_not_keep_the_lease_open(
        self, aws_world: AwsWorld, tags: LeaseTags, changes: dict[str, Any], told: str
    ) -> None:
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        queue.add(self.statement(queue, aws_world, tags, admitted, changes))
        before = queue.policy
        assert extras_of(adapter.cut_off(tags.lease, admitted, now())) == []
        for links in (admitted, []):
            (sighting,) = paths(adapter.survey(tags.lease, links), Ownership.NAMESAKE)
            assert told in sighting.detail
            assert sighting.link.unique_id
            with pytest.raises(NhiError, match="refused"):
                adapter.sweep(sighting)
        sweep_all(adapter, tags.lease, admitted)
        assert all(s.ownership is Ownership.NAMESAKE for s in adapter.survey(tags.lease, admitted))
        assert queue.policy == before

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"Condition": {"ArnLike": {"aws:PrincipalArn": "*"}}},
            {"Condition": {"StringEquals": {"aws:PrincipalAccount": lab.ACCOUNT}}},
        ],
        ids=["everybody", "every role of the folder", "the account"],
    )
    def test_what_fits_everybody_is_not_told(
        self, aws_world: AwsWorld, tags: LeaseTags, changes: dict[str, Any]
    ) -> None:
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        queue.add(self.statement(queue, aws_world, tags, admitted, changes))
        assert extras_of(adapter.cut_off(tags.lease, admitted, now())) == []
        assert not [s for s in adapter.survey(tags.lease, []) if s.link.kind in PATHS]

    @staticmethod
    def statement(
        queue: Resource, world: AwsWorld, tags: LeaseTags, admitted: Sequence[Link], changes: dict[str, Any]
    ) -> dict[str, Any]:
        folder = f"arn:aws:iam::{lab.ACCOUNT}:role{IAM_PATH}"
        unique_id = by_kind(admitted, LinkKind.IAM_ROLE).unique_id
        values = {
            "ours": world.role_arn(tags),
            "unique": f"{unique_id}:*",
            "orders-*": f"{folder}{names(tags)[0][:-1]}*",
        } | {"*": f"{folder}*"}
        made = queue.statement("*")
        if "NotPrincipal" in changes:
            del made["Principal"]
            return made | {"Effect": "Deny", "NotPrincipal": {"AWS": [values["ours"]]}}
        conditions = {
            operator: {key: values.get(value, value) for key, value in tests.items()}
            for operator, tests in changes.get("Condition", {}).items()
        }
        return made | ({"Condition": conditions} if conditions else {})

    def test_the_entries_of_a_later_role_of_the_same_name_stay(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        ours = by_kind(admitted, LinkKind.IAM_ROLE).unique_id
        (seen,) = self.seen_before(adapter, tags, queue, aws_world, admitted)
        aws_world.replace_principal(tags)
        adapter.sweep(seen)
        queue.add(queue.statement([ours, aws_world.role_arn(tags)], "Both"))
        extras = extras_of(adapter.cut_off(tags.lease, admitted, now()))
        assert [extra.name for extra in extras] == [f"{queue.arn}#Both"]
        sweep_all(adapter, tags.lease, [*admitted, *extras])
        assert [(s["Sid"], s["Principal"]["AWS"]) for s in queue.statements] == [
            ("ByHand", aws_world.role_arn(tags)),
            ("Both", [aws_world.role_arn(tags)]),
        ]
        for links in ([], [*admitted, *extras]):
            assert paths(adapter.survey(tags.lease, links)) == []
        assert paths(adapter.survey(tags.lease, []), Ownership.NAMESAKE)

    @staticmethod
    def seen_before(
        adapter: SystemAdapter, tags: LeaseTags, queue: Resource, world: AwsWorld, admitted: Sequence[Link]
    ) -> list[Sighting]:
        queue.add(queue.statement(world.role_arn(tags)))
        return paths(adapter.survey(tags.lease, []))


class TestGrants:
    """Grants are kept and listed by the emulator, which does not judge by them."""

    def test_a_grant_to_the_role_is_told_and_revoked_and_others_stay(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, key = aws_world.adapter(), Resource(aws_world, ResourceKind.KEY)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        kms, ours = aws_world.server.client("kms"), aws_world.role_arn(tags)
        made = [
            kms.create_grant(KeyId=key.arn, Operations=["Decrypt"], **who)["GrantId"]
            for who in (
                {"GranteePrincipal": ours},
                {"GranteePrincipal": STRANGER},
                {"GranteePrincipal": STRANGER, "RetiringPrincipal": ours},
            )
        ]
        (extra,) = extras_of(adapter.cut_off(tags.lease, admitted, now()))
        assert (extra.kind, extra.name) == (LinkKind.KMS_GRANT, f"{key.arn}#{made[0]}")
        (retirable,) = paths(adapter.survey(tags.lease, admitted), Ownership.NAMESAKE)
        assert retirable.link.name.endswith(made[2])
        assert "retired" in retirable.detail
        links = [*admitted, replace(extra, unique_id=None)]
        assert extra.key in {s.link.key for s in paths(adapter.survey(tags.lease, links))}
        sweep_all(adapter, tags.lease, links)
        assert {grant["GrantId"] for grant in kms.list_grants(KeyId=key.arn)["Grants"]} == set(made[1:])
        adapter.sweep(Sighting(extra, Ownership.OURS))
        assert paths(adapter.survey(tags.lease, links)) == []


class TestSight:
    def test_what_may_not_be_read_is_a_blind_spot_and_the_rest_is_found(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        admitted = aws_world.adapter().admit(tags, aws_world.create(tags), now())
        queue, bucket = Resource(aws_world, ResourceKind.QUEUE), Resource(aws_world, ResourceKind.BUCKET)
        for resource in (queue, bucket):
            resource.add(resource.statement(aws_world.role_arn(tags)))
        as_user(aws_world, monkeypatch, deny="s3:GetBucketPolicy")
        adapter = aws_world.adapter()
        done = adapter.cut_off(tags.lease, admitted, now())
        assert [extra.name for extra in extras_of(done)] == [f"{queue.arn}#ByHand"]
        (spot,) = [spot for spot in adapter.blind_spots(admitted) if spot.kind in PATHS]
        assert spot.kind is LinkKind.DELEGATED_PATH
        assert "GetBucketPolicy denied on arn:aws:s3:::" in spot.reason.reason
        assert spot in aws_world.adapter().blind_spots([])

    @pytest.mark.parametrize("operation", ["s3:ListAllMyBuckets", "sqs:ListQueues", "sns:ListTopics", "kms:ListKeys"])
    def test_a_listing_that_is_denied_is_a_blind_spot(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch, operation: str
    ) -> None:
        as_user(aws_world, monkeypatch, deny=operation)
        adapter = aws_world.adapter()
        assert adapter.survey(tags.lease, []) == []
        (spot,) = [spot for spot in adapter.blind_spots([]) if spot.kind in PATHS]
        assert operation.split(":")[1].replace("AllMy", "") in spot.reason.reason

    def test_a_declared_path_that_may_not_be_read_is_an_error(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queue = Resource(aws_world, ResourceKind.QUEUE)
        links = [*aws_world.create(tags), queue.declared(aws_world, tags)]
        admitted = aws_world.adapter().admit(tags, links, now())
        as_user(aws_world, monkeypatch, deny="sqs:GetQueueAttributes")
        with pytest.raises(SystemUnreachable, match="GetQueueAttributes"):
            aws_world.adapter().survey(tags.lease, admitted)

    def test_the_role_is_cut_off_before_anything_else_is_looked_at(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        session = aws_world.open_session(tags)
        looked: list[bool] = []
        client = adapter._session.client("sqs")  # type: ignore[attr-defined] # of the AWS adapter
        client.meta.events.register("before-call.sqs.ListQueues", lambda **_: looked.append(session()))
        adapter.cut_off(tags.lease, admitted, now())
        assert looked == [False]

    def test_a_survey_with_links_looks_only_at_them(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        links = [*aws_world.create(tags), queue.declared(aws_world, tags)]
        admitted = adapter.admit(tags, links, now())
        calls: list[str] = []
        for service in ("s3", "sqs", "sns", "kms"):
            client = adapter._session.client(service)  # type: ignore[attr-defined] # of the AWS adapter
            client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        adapter.survey(tags.lease, admitted)
        assert calls == ["GetQueueUrl", "GetQueueAttributes"]

    def test_a_role_that_was_never_made_is_not_looked_for(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, queue = aws_world.adapter(), Resource(aws_world, ResourceKind.QUEUE)
        queue.add(queue.statement(aws_world.role_arn(tags)))
        role = Link(System.AWS, LinkKind.IAM_ROLE, names(tags)[0])
        (done,) = adapter.cut_off(tags.lease, [role], now())
        assert done.extras == ()
