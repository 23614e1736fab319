"""Trials on containers of blobs, and on storage accounts."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.azure_intents.trial import Call, Trial, arm, lacking, ruling
from tests.conformance.azure_intents.world import ELSEWHERE, GROUP, OTHERS, OURS, STORED, VERSIONS, id_of

Calls = tuple[Call, ...]
_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_CONTAINERS = f"{_ACCOUNTS}/blobServices/containers"
_BLOBS = f"{_CONTAINERS}/blobs"
_VERSION = VERSIONS["Microsoft.Storage"]
_NEIGHBOURS = (("shopprod", OTHERS), ("shopelse", OURS))


def trials() -> Iterator[Trial]:
    account, ours = "shopprod", ("shopprod", OURS)
    jobs = {"read": _reading, "write": _adding, "replace": _replacing, "delete": _deleting}
    for name, calls in jobs.items():
        of_others = tuple(call for place in _NEIGHBOURS for call in calls(*place))
        yield Trial(
            f"storage.{name}_blobs", _container(*ours), may=calls(*ours), may_not=(*of_others, *_beyond(name, *ours))
        )
    beyond = (*_reading(*ours), *_adding(*ours), *_deleting(*ours), *_listing_containers("shopelse"))
    yield Trial(
        "storage.list_containers",
        _account(account),
        may=_listing_containers(account),
        may_not=(*beyond, *_ruling_account(account), *tuple(ruling(_CONTAINERS, _container(*ours), _VERSION))[1:]),
    )


def _account(account: str) -> str:
    return id_of(f"{_ACCOUNTS}/{account}", GROUP if account == "shopprod" else ELSEWHERE)


def _container(account: str, name: str) -> str:
    return f"{_account(account)}/blobServices/default/containers/{name}"


def _reading(account: str, name: str) -> Calls:
    scope, path = _container(account, name), f"/blob/{account}/{name}"
    return (
        Call(f"{_BLOBS}/read", scope, "GET", f"{path}/{STORED}"),
        Call(f"{_BLOBS}/read", scope, "GET", f"{path}?restype=container&comp=list"),
        Call(f"{_BLOBS}/read", scope, "GET", f"{path}?restype=container&comp=list&prefix=in/"),
    )


def _adding(account: str, name: str) -> Calls:
    scope, path = _container(account, name), f"/blob/{account}/{name}/in/new"
    return (Call(f"{_BLOBS}/add/action", scope, "PUT", path, b"x", instead=f"{_BLOBS}/write"),)


def _overwriting(account: str, name: str) -> Call:
    return Call(f"{_BLOBS}/write", _container(account, name), "PUT", f"/blob/{account}/{name}/{STORED}", b"y")


def _replacing(account: str, name: str) -> Calls:
    return (_overwriting(account, name), *_adding(account, name))


def _deleting(account: str, name: str) -> Calls:
    return (Call(f"{_BLOBS}/delete", _container(account, name), "DELETE", f"/blob/{account}/{name}/{STORED}"),)


def _listing_containers(account: str) -> Calls:
    scope = _account(account)
    one, service = _container(account, OURS), f"{scope}/blobServices/default"
    return (
        Call(f"{_CONTAINERS}/read", service, "GET", f"/blob/{account}/?comp=list"),
        arm(f"{_CONTAINERS}/read", "GET", service, _VERSION, below="/containers"),
        arm(f"{_CONTAINERS}/read", "GET", one, _VERSION),
    )


def _beyond(name: str, account: str, container: str) -> Calls:
    """What else is done with blobs, and with their container and account."""
    groups = {
        "read": _reading(account, container),
        "write": _adding(account, container),
        "replace": (_overwriting(account, container),),
        "delete": _deleting(account, container),
    }
    held = ("write", "replace") if name == "replace" else (name,)
    rest = tuple(call for group, calls in groups.items() if group not in held for call in calls)
    scope = _container(account, container)
    making = Call(f"{_CONTAINERS}/write", f"{_container(account, 'new-one')}", "PUT", f"/blob/{account}/new-one")
    return (
        *rest,
        *_tricks(scope),
        Call(f"{_CONTAINERS}/delete", scope, "DELETE", f"/blob/{account}/{container}"),
        making,
        *ruling(_CONTAINERS, scope, _VERSION),
        *_ruling_account(account),
        _listing_containers(account)[0],
    )


def _tricks(scope: str) -> Calls:
    tags, kinds = "it keeps no tags", "it keeps no versions, owners or directories"
    return (
        *(lacking(f"{_BLOBS}/tags/{each}", scope, tags) for each in ("read", "write")),
        lacking(f"{_BLOBS}/deleteBlobVersion/action", scope, kinds),
        lacking(f"{_BLOBS}/permanentDelete/action", scope, kinds),
        lacking(f"{_BLOBS}/modifyPermissions/action", scope, kinds),
    )


def _ruling_account(account: str) -> Calls:
    scope = _account(account)
    return (
        *ruling(_ACCOUNTS, scope, _VERSION),
        arm(f"{_ACCOUNTS}/listKeys/action", "POST", scope, _VERSION, {}, below="/listKeys"),
        lacking(
            f"{_ACCOUNTS}/blobServices/generateUserDelegationKey/action",
            f"{scope}/blobServices/default",
            "it makes no signatures of shared access",
        ),
    )
