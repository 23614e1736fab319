"""Intents on Google Cloud are sound data, and turn into grants or into problems."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.gcp_catalogue import all_permissions, permissions_of
from nhi_components.core.gcp_grant import bindings_needed, gcp_grant_problems
from nhi_components.core.gcp_intents import INTENTS, GcpIntent
from nhi_components.core.gcp_resource import ResourceKind, target_of
from nhi_components.core.intents import Intent, Shape, grants_of

EACH = pytest.mark.parametrize("intent", INTENTS.values(), ids=INTENTS)
SHAPES = {
    f"{intent.id} {name}": shape
    for intent in INTENTS.values()
    for name, shape in [("target", intent.target), *((each.name, each.shape) for each in intent.parameters)]
    if shape is not None
}
BUCKET = "orders-in"
WHOLE_BUCKET = f"projects/_/buckets/{BUCKET}"
TOPIC = "projects/shop-prod/topics/orders"
ENDINGS = ("setIamPolicy", "getIamPolicy", "actAs", "getAccessToken", "implicitDelegation", "signBlob", "signJwt")


def example(intent: Intent) -> str:
    assert intent.target
    return intent.target.example


def permissions(intent: GcpIntent) -> frozenset[str]:
    return frozenset().union(*(permissions_of(action) or {action} for action in intent.actions))


def granted(intent_id: str, target: object = None, **parameters: object) -> list[dict[str, Any]]:
    grants = grants_of(INTENTS[intent_id], target, parameters)
    return [grant.model_dump(mode="json", exclude_none=True) for grant in grants]


def problems(intent_id: str, target: object = None, **parameters: object) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as error:
        grants_of(INTENTS[intent_id], target, parameters)
    assert all(problem.expected and problem.fix for problem in error.value.problems)
    return [(problem.path, problem.got) for problem in error.value.problems]


@EACH
def test_an_intent_is_sound_data(intent: GcpIntent) -> None:
    sentences = [intent.purpose, intent.excludes, *filter(None, [intent.notes])]
    assert all(text[0].isupper() and text.endswith(".") for text in sentences)
    assert {action.removeprefix("roles/").partition(".")[0] for action in intent.actions} == {intent.service}


@EACH
def test_every_permission_is_one_that_google_documents(intent: GcpIntent) -> None:
    assert permissions(intent) <= all_permissions()


@EACH
def test_no_intent_reads_or_changes_who_has_access_or_becomes_somebody(intent: GcpIntent) -> None:
    assert [name for name in permissions(intent) if name.endswith(ENDINGS)] == []


@EACH
def test_the_nearest_predefined_role_grants_all_of_an_intent(intent: GcpIntent) -> None:
    assert permissions(intent) <= (permissions_of(intent.nearest) or frozenset())


@EACH
def test_a_predefined_role_is_granted_for_credentials_alone(intent: GcpIntent) -> None:
    about_credentials = intent.id in ("secretmanager.read_secret", "iam.mint_id_tokens")
    assert about_credentials == (intent.actions == (intent.nearest,))


@EACH
def test_the_examples_fit_and_are_bound_on_the_kind_that_is_told(intent: GcpIntent) -> None:
    given = {parameter.name: parameter.shape.example for parameter in intent.parameters}
    for parameters in ({}, given):
        grants = grants_of(intent, example(intent), parameters)
        assert gcp_grant_problems(grants) == []
        assert tuple(action for grant in grants for action in grant.actions) == intent.actions
        found = [target_of(target) for grant in grants for target in grant.targets]
        assert {target.kind for target in found if target} == {intent.kind}


@EACH
def test_only_what_exists_on_projects_alone_is_granted_on_one(intent: GcpIntent) -> None:
    assert (intent.kind is ResourceKind.PROJECT) == (intent.id in ("bigquery.run_jobs", "logging.write"))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("trick", ["*", "{target}", "\n", " \x00", '"', "\\", '") || true || ("'])
def test_nothing_that_widens_a_condition_or_a_target_can_be_handed_over(shape: Shape, trick: str) -> None:
    intent = Intent("storage.trial", "Try.", "Nothing.", shape, ())
    for text in (trick, f"{shape.example}{trick}", f"{trick}{shape.example}"):
        with pytest.raises(SpecError):
            grants_of(intent, text)


@pytest.mark.parametrize(
    ("intent", "target"),
    [
        ("pubsub.publish", "orders"),
        ("pubsub.publish", "projects/shop-prod"),
        ("pubsub.publish", "projects/shop-prod/subscriptions/orders"),
        ("pubsub.publish", "//pubsub.googleapis.com/projects/shop-prod/topics/orders"),
        ("pubsub.consume", TOPIC),
        ("storage.read_objects", WHOLE_BUCKET),
        ("storage.read_objects", "gs://orders-in"),
        ("storage.read_objects", "orders-in/in"),
        ("secretmanager.read_secret", "projects/shop-prod/secrets/orders/versions/1"),
        ("bigquery.read_table", "projects/shop-prod/datasets/shop"),
        ("bigquery.read_dataset", "projects/shop-prod/datasets/shop/tables/orders"),
        ("bigquery.run_jobs", "shop-prod"),
        ("bigquery.run_jobs", "organizations/123"),
        ("cloudkms.encrypt", "projects/shop-prod/locations/europe-west1/keyRings/orders"),
        ("cloudkms.encrypt", "projects/shop-prod/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"),
        ("run.invoke", "locations/europe-west1/namespaces/shop-prod/services/orders"),
        ("logging.read_view", "projects/shop-prod/locations/global/buckets/orders"),
        ("iam.mint_id_tokens", "orders-caller@shop-prod.iam.gserviceaccount.com"),
        ("pubsub.publish", 7),
        ("pubsub.publish", None),
    ],
)
def test_a_target_of_another_shape_is_refused(intent: str, target: object) -> None:
    assert problems(intent, target) == [("target", str(target))]


@pytest.mark.parametrize(
    ("intent", "target"),
    [
        ("pubsub.publish", "projects/example.com:shop-prod/topics/orders.v1~new"),
        ("storage.list_objects", "media.example.com"),
        ("logging.write", "projects/example.com:shop-prod"),
        ("iam.mint_id_tokens", "projects/shop-prod/serviceAccounts/104857600123456789012"),
    ],
)
def test_every_form_of_a_target_is_taken(intent: str, target: str) -> None:
    (grant,) = granted(intent, target)
    assert grant["targets"][0].endswith(target)


def test_everything_wrong_is_told_at_once() -> None:
    assert problems("storage.read_objects", "Orders", prefix=["in/", "*", 7], object="x") == [
        ("target", "Orders"),
        ("prefix[1]", "*"),
        ("prefix[2]", "7"),
        ("object", "a parameter that is not known here"),
    ]


@pytest.mark.parametrize("empty", [(), [], {}])
def test_an_empty_parameter_does_not_widen_the_grant(empty: object) -> None:
    assert problems("storage.read_objects", BUCKET, prefix=empty) == [("prefix", "nothing")]


def test_a_prefix_narrows_what_is_granted_on() -> None:
    assert granted("storage.read_objects", BUCKET)[0]["targets"] == [WHOLE_BUCKET]
    assert granted("storage.read_objects", BUCKET, prefix="in/")[0]["targets"] == [f"{WHOLE_BUCKET}/objects/in/*"]
    assert granted("storage.read_objects", BUCKET, prefix=("a/", "b/"))[0]["targets"] == [
        f"{WHOLE_BUCKET}/objects/a/*",
        f"{WHOLE_BUCKET}/objects/b/*",
    ]


def test_several_prefixes_and_intents_on_one_bucket_are_bound_once_for_each_role() -> None:
    grants = (
        *grants_of(INTENTS["storage.read_objects"], BUCKET, {"prefix": ("b/", "a/")}),
        *grants_of(INTENTS["storage.read_objects"], BUCKET, {"prefix": "c/"}),
        *grants_of(INTENTS["storage.list_objects"], BUCKET),
    )
    needed = bindings_needed(grants, "shop-prod")
    assert [(each.role.permissions, each.prefixes) for each in needed] == [
        (("storage.objects.get",), ("a/", "b/", "c/")),
        (("storage.objects.list",), ()),
    ]


def test_listing_takes_no_prefix_for_it_is_asked_for_on_the_bucket() -> None:
    assert problems("storage.list_objects", BUCKET, prefix="in/") == [("prefix", "a parameter that is not known here")]


def test_a_target_that_comes_later_is_derived_and_checked_then() -> None:
    later: list[Any] = []

    def derive(write: Any) -> str:
        later.append(write)
        return f"output {len(later)}"

    (grant,) = grants_of(INTENTS["storage.read_objects"], parameters={"prefix": ["a/", "b/"]}, derive=derive)
    assert grant.targets == ("output 1", "output 2")
    assert [write(BUCKET) for write in later] == [f"{WHOLE_BUCKET}/objects/a/*", f"{WHOLE_BUCKET}/objects/b/*"]
    with pytest.raises(SpecError, match=r"'storage\.read_objects', known at deployment: 1 problem"):
        later[0](TOPIC)
