"""What the adapter does with a service account that was there before its lease; the double of Google Cloud answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from nhi_components.core.adoption import AdoptedServiceAccount
from nhi_components.core.errors import SpecError, SystemUnreachable
from nhi_components.core.gcp_links import ACCOUNT as ABOUT
from nhi_components.core.gcp_links import PROJECT, SUSPENDED
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp.account_reading import AccountReading
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts
from nhi_components.lifecycle.adapters.gcp.adopted_accounts import is_yet_to_be_adopted, supersede
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.ports import Ownership, Room
from tests.conformance.gcp_steps import DOCUMENTED, adapter_of, named
from tests.conformance.gcp_world import DANA, GcpWorld, email_of, mark, topic_of
from tools.doubles.gcp.double import PROJECT as P

KIND = LinkKind.GCP_SERVICE_ACCOUNT
WHOLE = f"projects/{P}"
VIEWER, PUBLISHER = "roles/pubsub.viewer", "roles/pubsub.publisher"


@pytest.fixture
def world(gcp_world: GcpWorld) -> GcpWorld:
    return gcp_world


@pytest.fixture
def session(world: GcpWorld) -> GcpSession:
    return GcpSession("default", world.connection)


@pytest.fixture
def planted(world: GcpWorld, tags: LeaseTags) -> Callable[..., Link]:
    """`planted(description)`: an account, a topic, and what is bound by hand; the link that is to adopt it."""

    def plant(description: str = "by hand") -> Link:
        world.create_account(tags, description)
        world.ask("PUT", f"/v1/{topic_of(tags)}", {})
        for name in by_hand(tags):
            world.bind(name)
        unique_id = world.double.accounts.by_email[email_of(tags)]["uniqueId"]
        adopts = AdoptedServiceAccount(
            email=email_of(tags), unique_id=unique_id, bindings=[str(name) for name in by_hand(tags)]
        )
        return Link(System.GCP, KIND, email_of(tags), attributes={PROJECT: P, **adopts.attributes})

    return plant


def member(tags: LeaseTags) -> str:
    return f"serviceAccount:{email_of(tags)}"


def by_hand(tags: LeaseTags) -> list[BindingName]:
    return [
        BindingName(topic_of(tags), VIEWER, member(tags)),
        BindingName(topic_of(tags), PUBLISHER, member(tags)),
        BindingName(WHOLE, VIEWER, member(tags)),
        BindingName(account_resource(email_of(tags)), "roles/iam.serviceAccountUser", DANA),
    ]


def bound(world: GcpWorld, tags: LeaseTags) -> set[tuple[str, str]]:
    """What is bound for the account, or on it: the last part of the resource, and the role."""
    places = (topic_of(tags), WHOLE, account_resource(email_of(tags)))
    whose = (member(tags), DANA)
    return {(each.rpartition("/")[2], role) for each in places for role, who in world.bound(each) if who in whose}


def test_only_what_was_listed_leaves_after_iam_had_time_and_never_the_leases_own(
    world: GcpWorld, session: GcpSession, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    link, waited = planted(), list[float]()
    later = BindingName(WHOLE, "roles/logging.viewer", member(tags))
    world.bind(later)
    # The lease's own: under a condition where that can be, and on the topic the very binding that was there.
    world.bind(BindingName(WHOLE, VIEWER, member(tags)), tags.lease)
    own = [BindingName(WHOLE, VIEWER, member(tags)), BindingName(topic_of(tags), VIEWER, member(tags))]
    links = [link, *(Link(System.GCP, LinkKind.GCP_BINDING, str(n), attributes={ABOUT: email_of(tags)}) for n in own)]
    supersede(session, tags.lease, link, links, waited.append)
    assert waited == [420]
    topic = topic_of(tags).rpartition("/")[2]
    assert bound(world, tags) == {(topic, VIEWER), (P, VIEWER), (P, "roles/logging.viewer")}
    (kept,) = (each for each in world.double.policies.get(WHOLE, 3)["bindings"] if each["role"] == VIEWER)
    assert kept["condition"]["title"] == f"nhi {tags.lease}"
    supersede(session, tags.lease, link, links, waited.append)
    assert waited == [420], "nothing is waited for once it has left"


def test_nothing_is_waited_for_while_the_identity_is_suspended(
    world: GcpWorld, session: GcpSession, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    link, waited = planted(), list[float]()
    suspended = replace(link, attributes={**link.attributes, SUSPENDED: "true"})
    supersede(session, tags.lease, suspended, [suspended], waited.append)
    assert (waited, bound(world, tags)) == ([], set())


def test_others_in_a_binding_stay_in_it(
    world: GcpWorld, session: GcpSession, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    link = planted()
    with world.double.lock:
        policy = world.double.policies.get(WHOLE, 3)
        for each in policy["bindings"]:
            if member(tags) in each["members"]:
                each["members"] = [member(tags), DANA]
        world.double.policies.set(WHOLE, policy)
    supersede(session, tags.lease, link, [link], lambda _: None)
    assert (VIEWER, DANA) in world.bound(WHOLE)
    assert (VIEWER, member(tags)) not in world.bound(WHOLE)


def test_the_account_that_was_adopted_is_let_through_and_any_other_refused_before_anything_is_changed(
    world: GcpWorld, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    link, adapter = planted(), adapter_of(world)
    adapter.require([link])
    other = replace(link, attributes={**link.attributes, "adoptedId": "108231000000000000001"})
    with pytest.raises(SpecError, match="108231000000000000001, which was adopted"):
        adapter.require([other])
    with world.double.lock:
        key = world.double.keys.make(email_of(tags))[1]["private_key_id"]
    with pytest.raises(SpecError, match="1 usable keys that people made"):
        adapter.require([link])
    path = f"/v1/{account_resource(email_of(tags))}"
    world.ask("POST", f"{path}/keys/{key}:disable", {})
    adapter.require([link])
    world.ask("POST", f"{path}:disable", {})
    with pytest.raises(SpecError, match="a disabled account"):
        adapter.require([link])
    world.ask("DELETE", path)
    with pytest.raises(SpecError, match="no account of that address"):
        adapter.require([link])


def test_keys_of_an_account_that_bears_its_lease_are_no_reason_to_refuse_it(
    world: GcpWorld, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    link = planted(mark(tags))
    with world.double.lock:
        world.double.keys.make(email_of(tags))
    adapter_of(world).require([link])


def test_an_account_is_nobodys_until_it_bears_a_lease_or_a_seal_knows_it(
    world: GcpWorld, session: GcpSession, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    link = planted()
    account = Accounts(session).find(email_of(tags))
    assert account is not None
    sealed = replace(link, unique_id=account.unique_id)
    assert is_yet_to_be_adopted(account, link)
    assert not is_yet_to_be_adopted(account, sealed)
    assert not is_yet_to_be_adopted(replace(account, description=mark(tags)), link)
    assert not is_yet_to_be_adopted(account, replace(link, attributes={PROJECT: P}))
    assert not is_yet_to_be_adopted(account, None)
    adapter = adapter_of(world)
    assert named(adapter.survey(tags.lease, [link]), KIND) == []
    (other,) = named(adapter.survey(tags.lease, [replace(link, attributes={PROJECT: P})]), KIND)
    assert other.ownership is Ownership.NAMESAKE
    Accounts(session).describe(account, mark(tags))
    (seen,) = named(adapter.survey(tags.lease, [link]), KIND)
    assert seen.ownership is Ownership.OURS


def test_what_is_adopted_takes_no_room_and_keeps_its_address(
    world: GcpWorld, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    link = planted()
    assert adapter_of(world).room_for([link]) == Room()
    assert name_of(KIND, "orders", "prod", tags.lease, link.attributes) == email_of(tags)


def test_an_account_is_read_with_all_that_is_bound_for_it_and_on_it(
    world: GcpWorld, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    planted()
    role = f"{WHOLE}/roles/by_hand"
    fields = {"title": "by hand", "includedPermissions": ["pubsub.topics.publish", "pubsub.topics.get"]}
    world.ask("POST", f"/v1/{WHOLE}/roles", {"roleId": "by_hand", "role": fields})
    world.bind(BindingName(topic_of(tags), role, member(tags)))
    with world.double.lock:
        key = world.double.keys.make(email_of(tags))[1]
    world.become(DOCUMENTED)
    reading = AccountReading("default", world.connection.model_copy(update={"projects": (P,)}))
    read = reading.account(email_of(tags), [])
    assert read is not None
    assert {(each.resource, each.role) for each in read.granted} == {
        (topic_of(tags), VIEWER),
        (topic_of(tags), PUBLISHER),
        (topic_of(tags), role),
        (WHOLE, VIEWER),
    }
    assert [(each.role, each.member) for each in read.let_in] == [("roles/iam.serviceAccountUser", DANA)]
    assert dict(read.roles) == {role: ("pubsub.topics.get", "pubsub.topics.publish")}
    assert (read.usable_keys, read.disabled_keys) == ((key["private_key_id"],), ())
    assert key["private_key"] not in repr(read)
    world.ask("DELETE", f"/v1/{role}")
    gone = reading.account(email_of(tags), [])
    assert gone is not None
    assert dict(gone.roles) == {role: ()}
    assert reading.account(f"nobody-here@{P}.iam.gserviceaccount.com", []) is None


def test_where_it_cannot_be_searched_nothing_is_planned(
    world: GcpWorld, tags: LeaseTags, planted: Callable[..., Link]
) -> None:
    planted()
    world.become([each for each in DOCUMENTED if "searchAllIamPolicies" not in each])
    reading = AccountReading("default", world.connection.model_copy(update={"projects": (P,)}))
    with pytest.raises(SystemUnreachable, match="searchAllIamPolicies"):
        reading.account(email_of(tags), [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "legacy"),
        ("email", "111122223333-compute@developer.gserviceaccount.com"),
        ("unique_id", "legacy"),
        ("bindings", ["roles/pubsub.viewer"]),
        ("overlap_seconds", -1),
    ],
)
def test_what_an_account_cannot_be_is_refused(field: str, value: object) -> None:
    fields = {"email": f"legacy@{P}.iam.gserviceaccount.com", "unique_id": "108231000000000000001", field: value}
    with pytest.raises(SpecError) as refused:
        AdoptedServiceAccount.parse(fields)
    assert refused.value.problems[0].path.startswith(field)
