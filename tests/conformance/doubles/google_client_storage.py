"""The double's Cloud Storage speaks the language of Google's own client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud import storage

from tests.conformance.doubles.gcp_cast import DAY, WORKER, Cast
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    with GcpDouble() as double:
        yield Cast(double, tmp_path)


def storage_of(cast: Cast, name: str = "operator") -> storage.Client:
    return storage.Client(PROJECT, cast.credentials(name), client_options={"api_endpoint": cast.url})


@pytest.fixture
def bucket(cast: Cast) -> storage.Bucket:
    made = storage_of(cast).bucket("shop-orders")
    made.iam_configuration.uniform_bucket_level_access_enabled = True
    return storage_of(cast).create_bucket(made, location="EU")


def test_a_bucket_and_its_objects_live_and_die(cast: Cast, bucket: storage.Bucket) -> None:
    assert (bucket.location, bucket.iam_configuration.uniform_bucket_level_access_enabled) == ("EU", True)
    with pytest.raises(exceptions.Conflict, match="not available"):
        storage_of(cast).create_bucket("shop-orders")
    bucket.labels = {"team": "orders"}
    bucket.patch()
    assert storage_of(cast).get_bucket("shop-orders").labels == {"team": "orders"}
    blob = bucket.blob("daily/2030/01.json")
    blob.upload_from_string('{"a": 1}', "application/json")
    assert (blob.download_as_bytes(), blob.content_type, blob.size) == (b'{"a": 1}', "application/json", 8)
    with pytest.raises(exceptions.Conflict, match="not empty"):
        bucket.delete()
    blob.delete()
    with pytest.raises(exceptions.NotFound, match="No such object"):
        blob.download_as_bytes()
    bucket.delete()
    with pytest.raises(exceptions.NotFound, match="bucket does not exist"):
        storage_of(cast).get_bucket("shop-orders")


def test_objects_are_listed_by_prefix_and_page_and_folder(cast: Cast, bucket: storage.Bucket) -> None:
    for name in ("a/1", "a/2", "a/b/3", "c"):
        bucket.blob(name).upload_from_string(name)
    assert [each.name for each in storage_of(cast).list_blobs(bucket, page_size=2)] == ["a/1", "a/2", "a/b/3", "c"]
    folder = storage_of(cast).list_blobs(bucket, prefix="a/", delimiter="/")
    assert ([each.name for each in folder], folder.prefixes) == (["a/1", "a/2"], {"a/b/"})


def test_objects_are_composed_copied_and_rewritten(cast: Cast, bucket: storage.Bucket) -> None:
    parts = [bucket.blob(name) for name in ("one", "two")]
    for part in parts:
        part.upload_from_string(part.name)
    bucket.blob("both").compose(parts)
    bucket.copy_blob(bucket.blob("both"), bucket, "copied")
    token, *_ = bucket.blob("rewritten").rewrite(bucket.blob("copied"))
    assert token is None
    assert bucket.blob("rewritten").download_as_bytes() == b"onetwo"


def test_generations_are_compared_and_kept_where_versioning_is_on(cast: Cast, bucket: storage.Bucket) -> None:
    bucket.versioning_enabled = True
    bucket.patch()
    blob = bucket.blob("orders")
    blob.upload_from_string("one", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed, match="pre-conditions"):
        blob.upload_from_string("two", if_generation_match=0)
    first = blob.generation
    blob.upload_from_string("two", if_generation_match=first)
    bucket.blob("orders").delete()
    assert list(storage_of(cast).list_blobs(bucket)) == []
    assert len(list(storage_of(cast).list_blobs(bucket, versions=True))) == 2
    assert bucket.blob("orders", generation=first).download_as_bytes() == b"one"
    blob.delete()
    assert [each.generation for each in storage_of(cast).list_blobs(bucket, versions=True)] == [first]


def test_a_bucket_policy_keeps_what_stands_and_takes_conditions_and_etags(cast: Cast, bucket: storage.Bucket) -> None:
    policy = bucket.get_iam_policy(requested_policy_version=3)
    assert {"roles/storage.legacyBucketOwner", "roles/storage.legacyObjectReader"} <= {
        each["role"] for each in policy.bindings
    }
    policy.version = 3
    policy.bindings.append(cast.binding("roles/storage.objectViewer"))
    bucket.set_iam_policy(policy)
    again = bucket.get_iam_policy(requested_policy_version=3)
    assert again.bindings[-1]["condition"]["title"] == "nhi"
    assert len(again.bindings) == 5
    with pytest.raises(exceptions.Conflict, match="concurrent policy changes"):
        bucket.set_iam_policy(policy)
    assert any("_withcond_" in each["role"] for each in bucket.get_iam_policy().bindings)


def test_a_bucket_without_uniform_access_takes_no_condition(cast: Cast) -> None:
    bucket = storage_of(cast).create_bucket("shop-legacy")
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.version = 3
    policy.bindings.append(cast.binding("roles/storage.objectViewer"))
    with pytest.raises(exceptions.BadRequest, match="uniform bucket-level access"):
        bucket.set_iam_policy(policy)


def test_objects_open_by_a_binding_until_it_ends(cast: Cast, bucket: storage.Bucket) -> None:
    bucket.blob("orders").upload_from_string("one")
    with pytest.raises(
        exceptions.Forbidden, match=r"storage\.objects\.get.*projects/_/buckets/shop-orders/objects/ord"
    ):
        storage_of(cast, "worker").bucket("shop-orders").blob("orders").download_as_bytes()
    cast.bind("roles/storage.objectViewer", "projects/_/buckets/shop-orders")
    theirs = storage_of(cast, "worker").bucket("shop-orders")
    assert theirs.blob("orders").download_as_bytes() == b"one"
    assert theirs.test_iam_permissions(["storage.objects.get", "storage.objects.create"]) == ["storage.objects.get"]
    with pytest.raises(exceptions.Forbidden, match=r"storage\.objects\.create"):
        theirs.blob("mine").upload_from_string("two")
    with pytest.raises(exceptions.Forbidden, match=r"storage\.objects\.delete"):
        theirs.blob("orders").delete()
    cast.double.ahead += 2 * DAY
    with pytest.raises(exceptions.Forbidden, match=r"storage\.objects\.get"):
        storage_of(cast, "worker").bucket("shop-orders").blob("orders").download_as_bytes()


def test_a_prefix_opens_no_other_object_and_no_list(cast: Cast, bucket: storage.Bucket) -> None:
    beside = 'resource.name.startsWith("projects/_/buckets/shop-orders/objects/daily/")'
    condition = cast.condition(beside=beside)
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.version = 3
    policy.bindings.append({"role": "roles/storage.objectUser", "members": [WORKER], "condition": condition})
    bucket.set_iam_policy(policy)
    bucket.blob("daily/1").upload_from_string("one")
    bucket.blob("weekly/1").upload_from_string("one")
    theirs = storage_of(cast, "worker").bucket("shop-orders")
    assert theirs.blob("daily/1").download_as_bytes() == b"one"
    theirs.blob("daily/2").upload_from_string("two")
    theirs.copy_blob(theirs.blob("daily/2"), theirs, "daily/3")
    for refused in (
        lambda: theirs.blob("weekly/1").download_as_bytes(),
        lambda: theirs.blob("weekly/2").upload_from_string("two"),
        lambda: theirs.copy_blob(theirs.blob("daily/2"), theirs, "weekly/3"),
        lambda: theirs.copy_blob(theirs.blob("weekly/1"), theirs, "daily/4"),
        lambda: list(theirs.list_blobs()),
    ):
        with pytest.raises(exceptions.Forbidden):
            refused()


def test_who_may_only_create_overwrites_nothing(cast: Cast, bucket: storage.Bucket) -> None:
    cast.bind("roles/storage.objectCreator", "projects/_/buckets/shop-orders")
    theirs = storage_of(cast, "worker").bucket("shop-orders").blob("orders")
    theirs.upload_from_string("one")
    with pytest.raises(exceptions.Forbidden, match=r"storage\.objects\.delete"):
        theirs.upload_from_string("two")
    assert bucket.blob("orders").download_as_bytes() == b"one"


def test_in_a_project_whose_api_is_disabled_nothing_is_made(cast: Cast) -> None:
    cast.double.disable_api(PROJECT, "storage.googleapis.com")
    with pytest.raises(exceptions.Forbidden, match="Cloud Storage API has not been used"):
        storage_of(cast).create_bucket("shop-orders")
    cast.double.enable_api(PROJECT, "storage.googleapis.com")
    with pytest.raises(exceptions.Forbidden, match=r"storage\.buckets\.create.*projects/nhi-tests"):
        storage_of(cast, "worker").create_bucket("shop-orders")
    cast.bind("roles/storage.admin", f"projects/{PROJECT}")
    assert storage_of(cast, "worker").create_bucket("shop-orders").exists()
