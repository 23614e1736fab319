"""Trials on buckets."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from tests.conformance.gcp_intents.trial import Call, Trial
from tests.conformance.gcp_intents.world import BUCKETS, OTHERS, OURS, PROJECT

Calls = tuple[Call, ...]
_INSIDE, _OUTSIDE = "in/1", "out/1"


def trials() -> Iterator[Trial]:
    ours, others = BUCKETS[OURS], BUCKETS[OTHERS]
    only_in: dict[str, object] = {"prefix": "in/"}
    jobs = {"read": _reading, "write": _writing, "replace": _replacing, "delete": _deleting}
    for name, calls in jobs.items():
        intent = f"storage.{name}_objects"
        refused = (*_beyond(name, ours), *_ruling(ours), *calls(others, _INSIDE))
        inside, outside = calls(ours, _INSIDE), calls(ours, _OUTSIDE)
        yield Trial(intent, ours, may=(*inside, *outside), may_not=refused)
        yield Trial(intent, ours, may=inside, may_not=(*outside, *refused), parameters=only_in)
        yield Trial(intent, ours, (*inside, *outside), refused, {"prefix": ["in/", "out/"]})
    yield Trial(
        "storage.list_objects",
        ours,
        may=(_listing(ours), _listing(ours, "in/")),
        may_not=(_listing(others), *_beyond("list", ours), *_ruling(ours)),
    )


def _bucket(name: str) -> str:
    return f"projects/_/buckets/{name}"


def _object(bucket: str, name: str) -> tuple[str, str]:
    """Its relative name, and its path."""
    return f"{_bucket(bucket)}/objects/{name}", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def _reading(bucket: str, name: str) -> Calls:
    resource, path = _object(bucket, name)
    return (
        Call("storage.objects.get", resource, "GET", path),
        Call("storage.objects.get", resource, "GET", f"{path}?alt=media"),
    )


def _upload(bucket: str, name: str) -> Call:
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
    return Call("storage.objects.create", _object(bucket, name)[0], "POST", path, b"x")


def _writing(bucket: str, name: str) -> Calls:
    return (_upload(bucket, f"{name}-new"),)


def _overwriting(bucket: str, name: str) -> Call:
    made = _upload(bucket, name)
    return Call("storage.objects.delete", made.resource, made.method, made.path, made.body).needing(
        ("storage.objects.create", made.resource)
    )


def _deleting(bucket: str, name: str) -> Calls:
    resource, path = _object(bucket, name)
    return (Call("storage.objects.delete", resource, "DELETE", path),)


def _replacing(bucket: str, name: str) -> Calls:
    created = _upload(bucket, name)
    return (
        *_writing(bucket, name),
        created.needing(("storage.objects.delete", created.resource)),
        *_deleting(bucket, name),
    )


def _listing(bucket: str, prefix: str = "") -> Call:
    query = f"?prefix={quote(prefix, safe='')}" if prefix else ""
    return Call("storage.objects.list", _bucket(bucket), "GET", f"/storage/v1/b/{bucket}/o{query}")


def _beyond(name: str, bucket: str) -> Calls:
    """What else is done with objects."""
    resource, path = _object(bucket, _INSIDE)
    groups = {
        "read": _reading(bucket, _INSIDE),
        "write": _writing(bucket, _INSIDE),
        "delete": _deleting(bucket, _INSIDE),
        "list": (_listing(bucket), _listing(bucket, "in/")),
    }
    granted = ("write", "delete") if name == "replace" else (name,)
    rest = tuple(call for group, calls in groups.items() if group not in granted for call in calls)
    updating = Call("storage.objects.update", resource, "PATCH", path, {"metadata": {"a": "b"}})
    special = (_overwriting(bucket, _INSIDE),) if name == "write" else ()
    return (*rest, updating, _copying(bucket, reads=name == "read"), *special)


def _copying(bucket: str, *, reads: bool) -> Call:
    """A copy, which reads first and creates then."""
    source, path = _object(bucket, _INSIDE)
    copy = f"{_bucket(bucket)}/objects/in/copy"
    asked = (("storage.objects.get", source), ("storage.objects.create", copy))
    refused, held = reversed(asked) if reads else asked
    return Call(*refused, "POST", f"{path}/copyTo/b/{bucket}/o/{quote('in/copy', safe='')}", {}).needing(held)


def _ruling(bucket: str) -> Calls:
    resource, path = _bucket(bucket), f"/storage/v1/b/{bucket}"
    policy = {"bindings": [{"role": "roles/storage.admin", "members": ["allUsers"]}], "version": 3}
    project, all_of = f"projects/{PROJECT}", f"/storage/v1/b?project={PROJECT}"
    return (
        Call("storage.buckets.get", resource, "GET", path),
        Call("storage.buckets.update", resource, "PATCH", path, {"labels": {"a": "b"}}),
        Call("storage.buckets.delete", resource, "DELETE", path),
        Call("storage.buckets.getIamPolicy", resource, "GET", f"{path}/iam?optionsRequestedPolicyVersion=3"),
        Call("storage.buckets.setIamPolicy", resource, "PUT", f"{path}/iam", policy),
        Call("storage.buckets.list", project, "GET", all_of),
        Call("storage.buckets.create", project, "POST", all_of, {"name": "new-one"}),
    )
