"""Trials on container registries, one for each way in which a registry judges."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.azure_intents.trial import Call, Trial, arm, lacking, ruling
from tests.conformance.azure_intents.world import ELSEWHERE, GROUP, IMAGE, REGISTRIES, VERSIONS, id_of

Calls = tuple[Call, ...]
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_VERSION = VERSIONS["Microsoft.ContainerRegistry"]
_BY_ROLE = {"pull": "pull/read", "push": "push/write", "delete": "artifacts/delete"}
_BY_REPOSITORY = {
    "pull": "repositories/content/read",
    "push": "repositories/content/write",
    "delete": "repositories/content/delete",
}


def trials() -> Iterator[Trial]:
    for name in REGISTRIES:
        pulling, pushing = _pulling(name), _pushing(name)
        others = tuple(call for each in (*REGISTRIES, "shopelse") if each != name for call in _using(each))
        variant, registry = "by role" if name == "shopprod" else "by repository", _registry(name)
        beside = (*others, *_deleting(name), *_ruling(registry))
        yield Trial("containerregistry.pull", registry, pulling, (*pushing, *beside), variant)
        yield Trial("containerregistry.push", registry, (*pushing, *pulling), beside, variant)


def _registry(name: str) -> str:
    return id_of(f"{_REGISTRIES}/{name}", ELSEWHERE if name == "shopelse" else GROUP)


def _call(name: str, action: str, method: str, path: str, body: bytes | None = None) -> Call:
    """A call with a token for one action on one repository."""
    operations = _BY_REPOSITORY if name == "shoprepos" else _BY_ROLE
    repository = path.partition("/manifests/")[0]
    return Call(
        f"{_REGISTRIES}/{operations[action]}",
        _registry(name),
        method,
        f"/registry/{name}/v2/{path}",
        body,
        wants=f"repository:{repository}:{action}",
    )


def _pulling(name: str) -> Calls:
    manifest = f"{IMAGE}/manifests/v1"
    return (_call(name, "pull", "GET", manifest), _call(name, "pull", "HEAD", manifest))


def _pushing(name: str) -> Calls:
    """Move a tag that exists, and make a repository."""
    return tuple(_call(name, "push", "PUT", f"{each}/manifests/v1", b"{}") for each in (IMAGE, "team/new"))


def _deleting(name: str) -> Calls:
    return (_call(name, "delete", "DELETE", f"{IMAGE}/manifests/v1"),)


def _using(name: str) -> Calls:
    return (*_pulling(name), *_pushing(name))


def _ruling(registry: str) -> Calls:
    return (
        *ruling(_REGISTRIES, registry, _VERSION),
        arm(f"{_REGISTRIES}/listCredentials/action", "POST", registry, _VERSION, {}, below="/listCredentials"),
        arm(f"{_REGISTRIES}/importImage/action", "POST", registry, _VERSION, {}, below="/importImage"),
        lacking(f"{_REGISTRIES}/sign/write", registry, "it knows no signatures"),
        lacking(f"{_REGISTRIES}/catalog/read", registry, "it lists no repositories"),
    )
