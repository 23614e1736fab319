"""Members of bindings: added and removed without a loss, whoever else writes the same policy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tools.doubles.gcp.double import PROJECT, GcpDouble
from tools.plugins.gcp.members import MEMBERS
from tools.plugins.gcp.policies import Membership, Policy, change, spelled
from tools.plugins.resource import PluginError

if TYPE_CHECKING:
    from tests.unit.plugins.conftest import Engine
    from tools.plugins.gcp.google import Google

TOKEN = "gcp:projects/iAMMember:IAMMember"
ROLE = "roles/logging.logWriter"
UNTIL = {"title": "until", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}
(PROJECT_POLICY,) = (each.calls for each in MEMBERS if each.token == TOKEN)
RESOURCE = f"projects/{PROJECT}"


def account(double: GcpDouble, name: str) -> str:
    return f"serviceAccount:{double.accounts.make(PROJECT, name)['email']}"


def bindings(double: GcpDouble) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = double.policies.get(RESOURCE, 3).get("bindings", [])
    return found


def bind_by_hand(double: GcpDouble, *added: dict[str, Any]) -> None:
    policy = double.policies.get(RESOURCE, 3)
    double.policies.set(RESOURCE, {**policy, "bindings": [*policy.get("bindings", []), *added], "version": 3})


@pytest.fixture
def bound(double: GcpDouble) -> dict[str, Any]:
    return {"project": PROJECT, "role": ROLE, "member": account(double, "printer-test"), "condition": UNTIL}


def test_others_and_their_conditions_stay_as_they_are(plugin: Engine, bound: dict[str, Any]) -> None:
    double, other = plugin.double, account(plugin.double, "robot-test")
    forever = {"role": ROLE, "members": [bound["member"], other]}
    longer = {"role": ROLE, "members": [bound["member"]], "condition": {**UNTIL, "description": "another"}}
    shared = {"role": ROLE, "members": [other], "condition": UNTIL}
    bind_by_hand(double, forever, longer, shared)
    before = bindings(double)

    kept = plugin.create(TOKEN, bound)
    assert sorted(bound["member"] in each["members"] for each in bindings(double)) == [True, True, True]
    assert {**shared, "members": [bound["member"], other]} in bindings(double)
    plugin.delete(kept)
    assert bindings(double) == before


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_conflict_is_tried_again_after_one_second_and_then_twice_as_many(
    plugin: Engine, bound: dict[str, Any], times: int
) -> None:
    plugin.double.fail(409, times=times, target="setIamPolicy")
    kept = plugin.create(TOKEN, bound)
    assert plugin.naps == [1.0, 2.0, 4.0][:times]
    get, set_ = f"POST /v1/{RESOURCE}:getIamPolicy", f"POST /v1/{RESOURCE}:setIamPolicy"
    assert kept.calls == [*[get, set_] * (times + 1), *[get] * 4]


def test_conflicts_without_end_are_told(plugin: Engine, bound: dict[str, Any]) -> None:
    plugin.double.fail(409, target="setIamPolicy")
    with pytest.raises(PluginError, match="Too many conflicts"):
        plugin.create(TOKEN, bound)
    assert plugin.naps == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert bindings(plugin.double) == []


class Meddled:
    """The calls on a project's policy, with a person who binds somebody between the first read and the write."""

    def __init__(self, double: GcpDouble, member: str) -> None:
        self.double, self.member = double, member

    def get(self, google: Google, resource: str) -> Policy:
        policy = PROJECT_POLICY.get(google, resource)
        if self.member:
            member, self.member = self.member, ""
            bind_by_hand(self.double, {"role": ROLE, "members": [member]})
        return policy

    def set(self, google: Google, resource: str, policy: Policy) -> None:
        PROJECT_POLICY.set(google, resource, policy)


def test_what_is_bound_between_read_and_write_stays(plugin: Engine) -> None:
    ours, theirs = account(plugin.double, "printer-test"), account(plugin.double, "robot-test")
    client, calls = plugin.provider._connected(), Meddled(plugin.double, theirs)
    change(client, calls, RESOURCE, Membership(ROLE, ours, None).added, "the project")
    assert bindings(plugin.double) == [{"role": ROLE, "members": [ours, theirs]}]
    assert plugin.naps == [1.0]


def test_two_plugins_and_many_threads_lose_no_member(plugin: Engine, second_plugin: Engine) -> None:
    members = [account(plugin.double, f"robot-{number}") for number in range(12)]

    def bind(number: int) -> Any:
        engine = (plugin, second_plugin)[number % 2]
        return engine, engine.create(TOKEN, {"project": PROJECT, "role": ROLE, "member": members[number]})

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(bind, range(len(members))))
    assert bindings(plugin.double) == [{"role": ROLE, "members": sorted(members)}]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda each: each[0].delete(each[1]), made))
    assert bindings(plugin.double) == []


def unbind(double: GcpDouble, bound: dict[str, Any]) -> None:
    double.policies.set(RESOURCE, {**double.policies.get(RESOURCE, 3), "bindings": []})


def bind_longer(double: GcpDouble, bound: dict[str, Any]) -> None:
    longer = {**UNTIL, "expression": UNTIL["expression"].replace("2030", "2040")}
    binding = {"role": ROLE, "members": [bound["member"]], "condition": longer}
    double.policies.set(RESOURCE, {**double.policies.get(RESOURCE, 3), "bindings": [binding]})


@pytest.mark.parametrize("by_hand", [unbind, bind_longer])
def test_a_member_that_is_not_bound_so_any_more_is_gone(plugin: Engine, bound: dict[str, Any], by_hand: Any) -> None:
    kept = plugin.create(TOKEN, bound)
    by_hand(plugin.double, bound)
    assert plugin.refresh(kept) is None
    plugin.delete(kept)


def test_of_what_is_gone_nobody_is_a_member(plugin: Engine, bound: dict[str, Any]) -> None:
    topic = plugin.create("gcp:pubsub/topic:Topic", {"name": "orders"})
    member = {"topic": "orders", "role": "roles/pubsub.publisher", "member": bound["member"]}
    kept = plugin.create("gcp:pubsub/topicIAMMember:TopicIAMMember", member)
    plugin.delete(topic)
    assert plugin.refresh(kept) is None
    assert len(plugin.delete(kept)) == 1


def test_a_refusal_is_told_in_googles_words(plugin: Engine, bound: dict[str, Any]) -> None:
    operator = f"operator@{PROJECT}.iam.gserviceaccount.com"
    plugin.double.deny(operator, "resourcemanager.projects.setIamPolicy")
    with pytest.raises(PluginError) as refused:
        plugin.create(TOKEN, bound)
    assert str(refused.value).startswith(f'Error applying IAM policy for project "{PROJECT}": googleapi: Error 403: ')
    assert "resourcemanager.projects.setIamPolicy" in str(refused.value)


@pytest.mark.parametrize("member", ["deleted:serviceAccount:a@b.c?uid=1", "somebody", ""])
def test_a_member_of_no_kind_that_lives_is_refused_at_preview(plugin: Engine, member: str) -> None:
    (problem,) = plugin.problems(TOKEN, {"project": PROJECT, "role": ROLE, "member": member})
    assert problem.startswith("member\n    got:      a text of another form")


def test_a_conditional_member_is_lost_where_the_real_provider_reads_no_conditions(plugin: Engine) -> None:
    """A Cloud Run service's policy is read without a version: a condition is hidden behind the role's name."""
    place = {"name": "run", "location": "europe-west1"}
    plugin.create("gcp:cloudrunv2/service:Service", {**place, "template": {"containers": [{"image": "i"}]}})
    member = {"role": "roles/run.invoker", "member": account(plugin.double, "printer-test"), "condition": UNTIL}
    with pytest.raises(PluginError, match="the member is not in the policy that was just written"):
        plugin.create("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", {**place, **member})


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("serviceAccount:Printer@Shop.iam", "serviceAccount:printer@shop.iam"),
        ("deleted:user:A@b.c?uid=1", "deleted:user:a@b.c?uid=1"),
        (
            "principal://iam.googleapis.com/projects/1/x/subject/AbC",
            "principal://iam.googleapis.com/projects/1/x/subject/AbC",
        ),
        ("allUsers", "allUsers"),
        ("iamMember:principal://iam.googleapis.com/Ab", "iamMember:principal://iam.googleapis.com/Ab"),
    ],
)
def test_addresses_are_written_small_and_subjects_as_they_are(given: str, written: str) -> None:
    assert spelled(given) == written


def test_adding_twice_is_adding_once_and_a_binding_without_members_goes() -> None:
    member = Membership(ROLE, "user:a@example.com", UNTIL)
    once = member.added({"etag": "e", "version": 1})
    assert (
        member.added(once)
        == once
        == {
            "etag": "e",
            "version": 3,
            "bindings": [{"role": ROLE, "members": ["user:a@example.com"], "condition": UNTIL}],
        }
    )
    assert member.removed(once)["bindings"] == []


def test_a_dataset_takes_no_principal_without_an_address_and_no_deleted_one(plugin: Engine) -> None:
    plugin.create("gcp:bigquery/dataset:Dataset", {"datasetId": "ds"})
    principal = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s"
    member = {"datasetId": "ds", "role": "roles/bigquery.dataViewer", "member": principal}
    with pytest.raises(PluginError, match="Failed to parse BigQuery Dataset IAM member type"):
        plugin.create("gcp:bigquery/datasetIamMember:DatasetIamMember", member)
