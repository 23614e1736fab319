"""A person's mistakes on Google Cloud, and its quotas: clear errors, with a way out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nhi_components.core.credential.sources import GcpServiceAccountKeySource
from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.gcp_names import account_email
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp.adapter import GcpAdapter
from nhi_components.lifecycle.ports import Room
from tests.conformance.gcp_steps import (
    ACCOUNT,
    POOLS,
    ROLE,
    adapter_of,
    admitted,
)
from tests.conformance.gcp_world import GcpWorld, email_of, topic_of
from tests.conformance.world import now
from tools.doubles.gcp.double import PROJECT as P


@pytest.fixture
def world(gcp_world: GcpWorld) -> GcpWorld:
    return gcp_world


@pytest.fixture
def adapter(world: GcpWorld) -> GcpAdapter:
    return adapter_of(world)


class TestMistakes:
    def test_a_wrong_project(self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags) -> None:
        links = world.create(tags)
        world.double.only_projects([P])
        wrong = Link(System.GCP, ACCOUNT, "orders-dev-abcdef@nhi-tests-typo.iam.gserviceaccount.com")
        with pytest.raises(SystemUnreachable) as caught:
            adapter.require([*links, wrong])
        assert "nhi-tests-typo" in caught.value.problem.got
        assert caught.value.problem.expected == "a project that is there"
        assert "correct the project's id" in caught.value.problem.fix

    def test_an_api_that_is_disabled(self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags) -> None:
        links = world.create(tags)
        world.double.disable_api(P, "iam.googleapis.com")
        for use in (lambda: adapter.require(links), lambda: adapter.admit(tags, links, now())):
            with pytest.raises(SystemUnreachable) as caught:
                use()
            assert caught.value.problem.expected == "iam.googleapis.com enabled"
            assert "gcloud services enable iam.googleapis.com --project=" in caught.value.problem.fix

    def test_a_permission_that_is_missing(self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags) -> None:
        links = admitted(world, adapter, tags)
        world.double.deny(world.operator, "pubsub.topics.getIamPolicy")
        with pytest.raises(SystemUnreachable) as caught:
            adapter.survey(tags.lease, links)
        assert caught.value.problem.expected == "the permission pubsub.topics.getIamPolicy"
        assert topic_of(tags) in caught.value.problem.got

    @pytest.mark.parametrize(
        ("permission", "kind"),
        [
            ("iam.serviceAccounts.list", ACCOUNT),
            ("iam.roles.list", ROLE),
            ("iam.googleapis.com/workloadIdentityPools.list", POOLS),
            ("secretmanager.secrets.list", LinkKind.GCP_SECRET),
        ],
    )
    def test_a_list_that_is_closed_is_a_blind_spot(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, permission: str, kind: LinkKind
    ) -> None:
        admitted(world, adapter, tags)
        world.double.deny(world.operator, permission)
        found = adapter.survey(tags.lease, [])
        spots = {spot.kind: spot.reason.reason for spot in adapter.blind_spots([])}
        assert permission in spots[kind]
        assert found
        # An account is found all the same, by what is bound for it.
        assert (kind in {each.link.kind for each in found}) is (kind is ACCOUNT)


class TestQuotas:
    def test_the_accounts_of_a_project_are_counted_together(self, world: GcpWorld, adapter: GcpAdapter) -> None:
        fill(world, 99)
        assert adapter.room_for([account_link("one")]) == Room()
        (problem,) = adapter.room_for([account_link("two")]).problems
        assert problem.path == f"gcp.default project {P}"
        assert problem.got == "99 of 100, and 2 to be made gcp-service-accounts"
        assert "serviceusage.quotas.get" in problem.fix

    @pytest.mark.parametrize(("limit", "fits"), [("250", True), ("100", False), ("-1", True)])
    def test_a_quota_that_was_raised_counts(
        self, world: GcpWorld, adapter: GcpAdapter, limit: str, *, fits: bool
    ) -> None:
        fill(world, 100)
        bucket = {"effectiveLimit": limit, "defaultLimit": "100"}
        metric = {"displayName": "Service Account Count", "consumerQuotaLimits": [{"quotaBuckets": [bucket]}]}
        path = "/v1beta1/projects/{project}/services/iam.googleapis.com/consumerQuotaMetrics"
        world.double.route("GET", path, lambda _: {"metrics": [metric]})
        assert (adapter.room_for([account_link("one")]) == Room()) is fits

    def test_more_accounts_than_the_usual_quota_mean_that_it_is_not_known(
        self, world: GcpWorld, adapter: GcpAdapter
    ) -> None:
        world.double.accounts.most = 200
        fill(world, 120)
        room = adapter.room_for([account_link("one")])
        assert room.problems == ()
        assert room.not_checked is not None
        assert "its quota was raised" in room.not_checked.reason

    def test_deleted_roles_count_until_they_are_gone(self, world: GcpWorld, adapter: GcpAdapter) -> None:
        for number in range(300):
            fields = {"title": "r", "includedPermissions": ["pubsub.topics.get"]}
            world.ask("POST", f"/v1/projects/{P}/roles", {"roleId": f"role_{number}", "role": fields})
        world.ask("DELETE", f"/v1/projects/{P}/roles/role_7")
        link = Link(System.GCP, ROLE, f"projects/{P}/roles/one_more")
        (problem,) = adapter.room_for([link]).problems
        assert problem.got == "300 of 300, and 1 to be made gcp-custom-roles"
        world.double.ahead += timedelta(days=38)
        assert adapter_of(world).room_for([link]) == Room()

    def test_the_keys_of_an_account_are_counted(self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags) -> None:
        world.create_account(tags)
        link = GcpServiceAccountKeySource(account=email_of(tags)).link()
        for _ in range(9):
            world.double.keys.make(email_of(tags))
        assert adapter.room_for([link]) == Room()
        world.double.keys.make(email_of(tags))
        (problem,) = adapter_of(world).room_for([link]).problems
        assert problem.path == f"gcp.default {email_of(tags)}"
        assert problem.got == "10 of 10, and 1 to be made gcp-service-account-keys"

    def test_whoever_may_not_count_goes_on_without_knowing(self, world: GcpWorld, adapter: GcpAdapter) -> None:
        world.double.deny(world.operator, "iam.serviceAccounts.list")
        room = adapter.room_for([account_link("one")])
        assert room.problems == ()
        assert room.not_checked is not None
        assert "iam.serviceAccounts.list" in room.not_checked.reason


def account_link(name: str) -> Link:
    return Link(System.GCP, ACCOUNT, account_email(f"orders-{name}", P))


def fill(world: GcpWorld, number: int) -> None:
    """Make accounts until there are so many; the operator's own counts."""
    with world.double.lock:
        while len(world.double.accounts.by_email) < number:
            world.double.accounts.make(P, f"account-{len(world.double.accounts.by_email)}")
