"""Allow policies of the double: etags, versions, members, roles, inheritance, propagation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.doubles.gcp_caller import PROJECT, Caller, operator, somebody
from tools.doubles.gcp import GcpDouble
from tools.doubles.messages import Refusal

TOPIC = f"projects/{PROJECT}/topics/orders"
OF_PROJECT = f"/v1/projects/{PROJECT}"
PUBLISHER = "roles/pubsub.publisher"
UNTIL = {"title": "until June", "expression": 'request.time < timestamp("2030-06-01T00:00:00Z")'}
NEVER = {"title": "never", "expression": 'request.time < timestamp("1970-01-01T00:00:00Z")'}


@pytest.fixture
def double() -> Iterator[GcpDouble]:
    with GcpDouble() as running:
        yield running


@pytest.fixture
def root(double: GcpDouble) -> Caller:
    return operator(double)


@pytest.fixture
def topic(double: GcpDouble) -> str:
    double.policies.attach(TOPIC, f"projects/{PROJECT}", conditions=False)
    return TOPIC


def bind(double: GcpDouble, resource: str, role: str, *members: str, **more: Any) -> dict[str, Any]:
    policy = double.policies.get(resource, 3)
    bindings = [*policy.get("bindings", []), {"role": role, "members": [*members], **more}]
    return double.policies.set(resource, {**policy, "bindings": bindings, "version": 3})


def refused(double: GcpDouble, resource: str, policy: dict[str, Any], mask: str = "") -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        double.policies.set(resource, policy, mask)
    error = refusal.value.answer.body["error"]
    return error["code"], error["message"]


def test_a_policy_is_kept_sorted_merged_and_without_empty_bindings(double: GcpDouble, topic: str) -> None:
    assert double.policies.get(topic) == {"etag": "ACAB"}
    bindings = [
        {"role": "roles/pubsub.viewer", "members": ["user:b@example.com"]},
        {"role": PUBLISHER, "members": []},
        {"role": "roles/pubsub.viewer", "members": ["user:a@example.com", "user:b@example.com"]},
    ]
    set_ = double.policies.set(topic, {"bindings": bindings})
    expected = [{"role": "roles/pubsub.viewer", "members": ["user:a@example.com", "user:b@example.com"]}]
    assert set_ == {"version": 1, "etag": set_["etag"], "bindings": expected} == double.policies.get(topic)


def test_who_read_before_another_wrote_gets_a_conflict(root: Caller) -> None:
    read = root.post(f"{OF_PROJECT}:getIamPolicy")
    root.bind(OF_PROJECT, PUBLISHER, "user:a@example.com")
    late = {"policy": {**read, "bindings": [{"role": PUBLISHER, "members": ["user:b@example.com"]}]}}
    status, code, message = root.refused("POST", f"{OF_PROJECT}:setIamPolicy", late)
    assert (status, code) == (409, "ABORTED")
    assert message.startswith("There were concurrent policy changes. Please retry the whole read-modify-write")
    assert root.members(OF_PROJECT) == ["user:a@example.com"]
    root.post(f"{OF_PROJECT}:setIamPolicy", {**late, "updateMask": "bindings"})
    assert root.members(OF_PROJECT) == ["user:b@example.com"], "without etag in the mask, the last one wins"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4))
def test_concurrent_read_modify_write_with_etags_loses_nothing(numbers: list[int]) -> None:
    with GcpDouble() as double:
        wanted = [[f"user:w{worker}-{each}@example.com" for each in range(most)] for worker, most in enumerate(numbers)]
        workers = [Thread(target=_bind_each, args=(Caller(double, operator(double).token), each)) for each in wanted]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert operator(double).members(OF_PROJECT) == sorted(member for each in wanted for member in each)


def _bind_each(caller: Caller, members: list[str]) -> None:
    for member in members:
        status = 409
        while status == 409:
            policy = caller.post(f"{OF_PROJECT}:getIamPolicy")
            bindings = [*policy.get("bindings", []), {"role": PUBLISHER, "members": [member]}]
            status, _ = caller.ask("POST", f"{OF_PROJECT}:setIamPolicy", {"policy": {**policy, "bindings": bindings}})


def test_below_version_3_conditions_are_hidden_behind_the_role(double: GcpDouble, root: Caller) -> None:
    root.bind(OF_PROJECT, PUBLISHER, "user:a@example.com", UNTIL)
    root.bind(OF_PROJECT, PUBLISHER, "user:b@example.com")
    for body in ({}, {"options": {"requestedPolicyVersion": 1}}):
        shown = root.post(f"{OF_PROJECT}:getIamPolicy", body)
        assert shown["version"] == 1
        hidden = [each["role"] for each in shown["bindings"] if each["members"] == ["user:a@example.com"]]
        assert [role.rpartition("_")[0] for role in hidden] == [f"{PUBLISHER}_withcond"]
        assert not any("condition" in each for each in shown["bindings"])
    whole = root.post(f"{OF_PROJECT}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})
    assert (whole["version"], whole["bindings"][1]["condition"]) == (3, UNTIL)
    code, message = refused(double, f"projects/{PROJECT}", shown)
    assert code == 400
    assert "role name must be in the form" in message
    assert root.refused("POST", f"{OF_PROJECT}:getIamPolicy", {"options": {"requestedPolicyVersion": 2}})[0] == 400


def test_a_policy_with_conditions_is_set_at_version_3_only(double: GcpDouble) -> None:
    project = f"projects/{PROJECT}"
    binding = {"role": PUBLISHER, "members": ["user:a@example.com"], "condition": UNTIL}
    code, message = refused(double, project, {"bindings": [binding], "version": 1})
    assert (code, "cannot be less than the required policy version (3)" in message) == (400, True)
    whole = double.policies.set(project, {"bindings": [binding], "version": 3})
    code, message = refused(double, project, {"bindings": [], "version": 1, "etag": whole["etag"]})
    assert (code, "cannot be less than the existing policy version (3)" in message) == (400, True)
    double.policies.set(project, {"bindings": []})
    assert "bindings" not in double.policies.get(project, 3), "without etag, the conditions are lost"


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        ({"members": ["serviceAccount:gone@nhi-tests.iam.gserviceaccount.com"]}, "does not exist."),
        ({"members": ["user:nobody@example.com"]}, "User nobody@example.com does not exist."),
        ({"members": ["orders@example.com"]}, "is of an unknown type"),
        ({"members": ["principalSet://iam.googleapis.com/pool/attribute.a/b"]}, "is of an unknown type"),
        (
            {
                "members": [
                    "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s"
                ]
            },
            "Identity Pool does not exist (projects/1/locations/global/workloadIdentityPools/p)",
        ),
        ({"members": ["serviceAccount:no-gke-here.svc.id.goog[ns/app]"]}, "Identity Pool does not exist (no-gke-here"),
        ({"role": "roles/no.such"}, "Role roles/no.such is not supported for this resource."),
        ({"role": "roles/storage.objectCreator"}, "is not supported for this resource."),
        ({"role": f"projects/{PROJECT}/roles/none"}, "does not exist in the resource's hierarchy."),
        ({"role": "publisher"}, "The role name must be in the form"),
        ({"condition": UNTIL}, "Conditions are not supported on this resource."),
        ({"members": [f"user:u{number}@example.com" for number in range(1501)]}, "(1,501) is larger"),
    ],
)
def test_what_no_policy_may_hold_is_refused_in_googles_words(
    double: GcpDouble, topic: str, binding: dict[str, Any], words: str
) -> None:
    double.members.unknown_users.add("nobody@example.com")
    double.members.without_clusters.add("no-gke-here")
    whole = {"role": PUBLISHER, "members": ["user:a@example.com"]} | binding
    code, message = refused(double, topic, {"bindings": [whole], "version": 3})
    assert code == 400
    assert words in message
    assert double.policies.get(topic) == {"etag": "ACAB"}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"expression": "true"}, "title"),
        ({"title": "x" * 101, "expression": "true"}, "title"),
        ({"title": "x", "description": "x" * 257, "expression": "true"}, "description"),
        ({"title": "x", "expression": "request.time <"}, "Syntax error"),
        ({"title": "x"}, "Syntax error"),
        ({"title": "x", "expression": " && ".join(["true"] * 14)}, "12 logical operators"),
    ],
)
def test_a_condition_that_is_none_is_refused(double: GcpDouble, condition: dict[str, str], words: str) -> None:
    binding = {"role": PUBLISHER, "members": ["user:a@example.com"], "condition": condition}
    code, message = refused(double, f"projects/{PROJECT}", {"bindings": [binding], "version": 3})
    assert (code, words in message) == (400, True), message


@pytest.mark.parametrize("binding", [{"role": "roles/viewer"}, {"members": ["allUsers"]}])
def test_basic_roles_and_the_public_take_no_condition(double: GcpDouble, binding: dict[str, Any]) -> None:
    whole = {"role": PUBLISHER, "members": ["user:a@example.com"], "condition": UNTIL} | binding
    code, message = refused(double, f"projects/{PROJECT}", {"bindings": [whole], "version": 3})
    assert (code, "Conditions cannot be used with" in message) == (400, True)


def test_every_kind_of_member_stands_for_whom_it_should(double: GcpDouble, topic: str) -> None:
    email = double.accounts.make(PROJECT, "orders-dev")["email"]
    double.members.groups["team@example.com"] = {"ann@example.com"}
    bind(double, f"projects/{PROJECT}", "roles/owner", "user:owner@example.com")
    cases = {
        "user:ann@example.com": ({"ann@example.com"}, {"bob@example.com"}),
        "group:team@example.com": ({"ann@example.com"}, {"bob@example.com", "team@example.com"}),
        "group:unknown@example.com": (set(), {"ann@example.com", "unknown@example.com"}),
        "domain:example.com": ({"ann@example.com"}, {"ann@sub.example.com", email}),
        f"serviceAccount:{email}": ({email}, {"ann@example.com"}),
        "serviceAccount:1-compute@developer.gserviceaccount.com": (
            {"1-compute@developer.gserviceaccount.com"},
            {"2-compute@developer.gserviceaccount.com"},
        ),
        f"projectOwner:{PROJECT}": ({"owner@example.com"}, {"ann@example.com"}),
        f"projectViewer:{PROJECT}": (set(), {"ann@example.com"}),
        "allAuthenticatedUsers": ({"ann@example.com", email}, set()),
        "allUsers": ({"ann@example.com", email}, set()),
    }
    for member, (inside, outside) in cases.items():
        double.policies.set(topic, {"bindings": [{"role": PUBLISHER, "members": [member]}]})
        permitted = {who for who in inside | outside if double.policies.permits(who, "pubsub.topics.publish", topic)}
        assert permitted == inside, member


def test_access_is_inherited_from_the_project_and_ends_with_the_resource(double: GcpDouble, topic: str) -> None:
    _, email = somebody(double)
    assert not double.policies.permits(email, "pubsub.topics.publish", topic)
    bind(double, topic, PUBLISHER, f"serviceAccount:{email}")
    assert double.policies.permits(email, "pubsub.topics.publish", topic)
    assert not double.policies.permits(email, "pubsub.topics.publish", f"projects/{PROJECT}/topics/other")
    assert not double.policies.permits(email, "pubsub.topics.delete", topic)
    double.policies.detach(topic)
    double.policies.attach(topic, f"projects/{PROJECT}")
    assert not double.policies.permits(email, "pubsub.topics.publish", topic), "made anew, it has no policy"
    bind(double, f"projects/{PROJECT}", PUBLISHER, f"serviceAccount:{email}")
    assert double.policies.permits(email, "pubsub.topics.publish", topic)
    assert not double.policies.permits(email, "pubsub.topics.publish", "projects/another/topics/orders")


def test_a_number_stands_for_its_project(double: GcpDouble, root: Caller, topic: str) -> None:
    _, email = somebody(double)
    bind(double, topic, PUBLISHER, f"serviceAccount:{email}")
    number = root.get(OF_PROJECT)["projectNumber"]
    assert double.policies.permits(email, "pubsub.topics.publish", f"projects/{number}/topics/orders")
    root.bind(f"/v1/projects/{number}", PUBLISHER, "user:a@example.com")
    assert root.members(OF_PROJECT) == ["user:a@example.com"]


def test_a_condition_is_held_against_clock_and_resource(double: GcpDouble) -> None:
    _, email = somebody(double)
    bucket, reader = "projects/_/buckets/orders", "roles/storage.objectViewer"
    double.policies.attach(bucket, f"projects/{PROJECT}")
    prefix = {"title": "in", "expression": f'resource.name.startsWith("{bucket}/objects/in/")'}
    bind(double, bucket, reader, f"serviceAccount:{email}", condition=prefix)

    def reads(name: str) -> bool:
        return double.policies.permits(email, "storage.objects.get", f"{bucket}/objects/{name}")

    assert (reads("in/a.csv"), reads("out/a.csv"), reads("in")) == (True, False, False)
    double.policies.set(bucket, {"bindings": []})
    double.ahead = datetime(2030, 5, 31, tzinfo=UTC) - datetime.now(UTC)
    bind(double, bucket, reader, f"serviceAccount:{email}", condition=UNTIL)
    bind(double, bucket, reader, f"serviceAccount:{email}", condition=NEVER)
    assert reads("out/a.csv")
    double.ahead += timedelta(days=1)
    assert not reads("out/a.csv")


def test_a_secret_is_seen_by_its_projects_number_in_conditions(double: GcpDouble, root: Caller) -> None:
    _, email = somebody(double)
    secret = f"projects/{PROJECT}/secrets/orders"
    number = root.get(OF_PROJECT)["projectNumber"]
    double.policies.attach(secret, f"projects/{PROJECT}")
    expression = f'resource.name.startsWith("projects/{number}/secrets/orders/versions/")'
    condition = {"title": "versions", "expression": expression}
    bind(double, secret, "roles/secretmanager.secretAccessor", f"serviceAccount:{email}", condition=condition)
    assert double.policies.permits(email, "secretmanager.versions.access", f"{secret}/versions/1")


def test_a_change_counts_only_once_it_is_propagated(double: GcpDouble, topic: str) -> None:
    caller, email = somebody(double)
    double.propagation = timedelta(minutes=7)
    bind(double, topic, PUBLISHER, f"serviceAccount:{email}")
    assert double.policies.get(topic)["bindings"], "who reads, reads it at once"
    assert not double.policies.permits(email, "pubsub.topics.publish", topic)
    double.ahead = timedelta(minutes=8)
    assert double.policies.permits(email, "pubsub.topics.publish", topic)
    double.policies.set(topic, {"bindings": []})
    assert double.policies.permits(email, "pubsub.topics.publish", topic)
    operator(double).post(f"/v1/projects/-/serviceAccounts/{email}:disable")
    assert double.tokens.holder_of(caller.token) == email
    double.ahead = timedelta(minutes=16)
    assert not double.policies.permits(email, "pubsub.topics.publish", topic)
    assert double.tokens.holder_of(caller.token) == ""
    operator(double).post(f"/v1/projects/-/serviceAccounts/{email}:enable")
    assert double.tokens.holder_of(caller.token) == ""
    double.ahead = timedelta(minutes=24)
    assert double.tokens.holder_of(caller.token) == email


def test_over_http_a_permission_lacks_until_it_is_granted(double: GcpDouble, root: Caller) -> None:
    caller, email = somebody(double)
    path = f"/v1/projects/{PROJECT}/serviceAccounts/{email}"
    status, code, message = caller.refused("GET", path)
    assert (status, code) == (403, "PERMISSION_DENIED")
    assert "'iam.serviceAccounts.get' denied on resource" in message
    root.bind(path, "roles/iam.serviceAccountUser", f"serviceAccount:{email}")
    assert caller.get(path)["email"] == email
    asked = {"permissions": ["iam.serviceAccounts.get", "iam.serviceAccounts.delete", "iam.serviceAccounts.actAs"]}
    held = ["iam.serviceAccounts.get", "iam.serviceAccounts.actAs"]
    assert caller.post(f"{path}:testIamPermissions", asked) == {"permissions": held}
    assert root.post(f"{path}:testIamPermissions", asked) == asked
    double.deny("operator", "iam.serviceAccounts.delete")
    assert root.post(f"{path}:testIamPermissions", asked) == {"permissions": held}
    assert caller.post(f"{OF_PROJECT}:testIamPermissions", asked) == {}
    double.operators.add(email)
    assert caller.get(OF_PROJECT)["projectId"] == PROJECT


def test_where_an_api_is_disabled_everything_is_refused(double: GcpDouble, root: Caller) -> None:
    double.disable_api(PROJECT, "iam.googleapis.com")
    status, told = root.ask("GET", f"{OF_PROJECT}/serviceAccounts")
    error = told["error"]
    assert (status, error["status"]) == (403, "PERMISSION_DENIED")
    assert "Identity and Access Management (IAM) API has not been used in project" in error["message"]
    assert error["details"][0]["reason"] == "SERVICE_DISABLED"
    assert error["details"][0]["metadata"]["service"] == "iam.googleapis.com"
    assert root.get(OF_PROJECT)["projectId"] == PROJECT, "another API answers"
    assert root.get("/v1/projects/another-one/serviceAccounts") == {}, "in another project it is enabled"
    double.enable_api(PROJECT, "iam.googleapis.com")
    assert root.get(f"{OF_PROJECT}/serviceAccounts") == {}


def test_a_disabled_api_answers_nobody_about_a_bucket_either(double: GcpDouble, root: Caller) -> None:
    double.policies.attach("projects/_/buckets/orders", f"projects/{PROJECT}")
    double.disable_api(PROJECT, "storage.googleapis.com")
    for path in ("/storage/v1/b/orders", "/storage/v1/b/orders/o/a.csv", f"/storage/v1/b?project={PROJECT}"):
        status, told = root.ask("GET", path)
        assert (status, "has not been used in project" in told["error"]["message"]) == (403, True), path


def test_a_project_that_is_not_there_is_refused_by_every_api_in_its_way(double: GcpDouble, root: Caller) -> None:
    double.only_projects({PROJECT})
    assert root.refused("GET", "/v1/projects/no-such-one")[:2] == (403, "PERMISSION_DENIED")
    assert root.refused("POST", "/v1/projects/no-such-one/serviceAccounts", {})[:2] == (403, "PERMISSION_DENIED")
    status, code, message = root.refused("PUT", "/v1/projects/no-such-one/topics/orders", {})
    assert (status, code) == (404, "NOT_FOUND")
    assert "Requested project not found" in message
    assert [each["projectId"] for each in root.get("/v1/projects")["projects"]] == [PROJECT]


def test_whatever_is_bound_is_found_by_cloud_asset(double: GcpDouble, root: Caller, topic: str) -> None:
    _, email = somebody(double)
    bucket = "projects/_/buckets/orders"
    double.policies.attach(bucket, f"projects/{PROJECT}")
    bind(double, topic, PUBLISHER, f"serviceAccount:{email}")
    bind(double, bucket, "roles/storage.objectViewer", f"serviceAccount:{email}", "user:a@example.com")
    bind(double, f"projects/{PROJECT}", "roles/viewer", f"serviceAccount:{email}")
    root.bind(f"{OF_PROJECT}/serviceAccounts/{email}", "roles/iam.serviceAccountUser", f"serviceAccount:{email}")
    double.policies.attach("projects/another-one/topics/orders", "projects/another-one")
    bind(double, "projects/another-one/topics/orders", PUBLISHER, f"serviceAccount:{email}")
    number = root.get(OF_PROJECT)["projectNumber"]
    unique = double.accounts.by_email[email]["uniqueId"]
    path, found, token = f"{OF_PROJECT}:searchAllIamPolicies", [], ""
    while True:
        page = root.get(path, query=f'policy:"serviceAccount:{email}"', pageSize=3, pageToken=token)
        found += page.get("results", [])
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert {each["resource"] for each in found} == {
        f"//pubsub.googleapis.com/{topic}",
        "//storage.googleapis.com/orders",
        f"//cloudresourcemanager.googleapis.com/projects/{number}",
        f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{unique}",
    }
    assert {each["project"] for each in found} == {f"projects/{number}"}
    one = root.get(path, query="policy:user:a@example.com AND resource:orders")["results"]
    assert [each["policy"]["bindings"][0]["role"] for each in one] == ["roles/storage.objectViewer"]
    assert root.get(path, query="policy:nobody@example.com") == {}
    assert root.refused("GET", path, query="policy:a OR policy:b")[0] == 400
    double.deny("operator", "cloudasset.assets.searchAllIamPolicies")
    assert root.refused("GET", path, query="policy:a")[0] == 403


def test_cloud_asset_may_lag(double: GcpDouble, root: Caller, topic: str) -> None:
    double.assets.lag = timedelta(minutes=10)
    bind(double, topic, PUBLISHER, "user:a@example.com")
    path = f"{OF_PROJECT}:searchAllIamPolicies"
    assert root.get(path, query="policy:a@example.com") == {}
    double.ahead = timedelta(minutes=11)
    double.policies.set(topic, {"bindings": []})
    assert len(root.get(path, query="policy:a@example.com")["results"]) == 1


def test_too_many_requests_are_refused_in_googles_words(double: GcpDouble, root: Caller) -> None:
    double.fail(429, times=1)
    status, told = root.ask("GET", OF_PROJECT)
    assert (status, told["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert told["error"]["message"].startswith("Quota exceeded for quota metric 'Read requests'")
    assert told["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
