"""Trials on services of Cloud Run, on repositories of Artifact Registry and on logs."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from tests.conformance.gcp_intents.trial import Call, Trial, policy_calls
from tests.conformance.gcp_intents.world import (
    ELSEWHERE,
    IMAGE,
    LOCATION,
    OTHERS,
    OURS,
    PLACES,
    PROJECT,
    account,
    place_of,
)

Calls = tuple[Call, ...]
_NEIGHBOURS = PLACES[1:]
_PULL = "artifactregistry.repositories.downloadArtifacts"
_PUSH = "artifactregistry.repositories.uploadArtifacts"
_TAGS = "it has no REST methods of tags"


def trials() -> Iterator[Trial]:
    yield from _on_services()
    yield from _on_repositories()
    yield from _on_logs()


def _on_services() -> Iterator[Trial]:
    ours = _service(PROJECT, OURS)
    yield Trial(
        "run.invoke",
        ours,
        may=(_invoking(PROJECT, OURS),),
        may_not=(*(_invoking(*place) for place in _NEIGHBOURS), *_ruling_service(ours)),
    )


def _service(project: str, name: str) -> str:
    return f"{place_of(project)}/services/{name}"


def _invoking(project: str, name: str) -> Call:
    path = f"/run.app/{project}/{LOCATION}/{name}"
    return Call("run.routes.invoke", _service(project, name), "POST", path, {"order": 1}).wordless()


def _ruling_service(service: str) -> Calls:
    path, template = f"/v2/{service}", {"template": {"containers": [{"image": "x"}]}}
    making = f"/v2/{place_of(PROJECT)}/services?serviceId=new-one"
    acting = f"projects/{PROJECT}/serviceAccounts/{account(PROJECT, OURS)}"
    job = f"{place_of(PROJECT)}/jobs/{OURS}"
    return (
        Call("run.services.get", service, "GET", path),
        Call("run.services.update", service, "PATCH", f"{path}?updateMask=template", template),
        Call("run.services.delete", service, "DELETE", path),
        *policy_calls(service, "run.services", version="v2"),
        Call("run.services.list", f"projects/{PROJECT}", "GET", f"/v2/{place_of(PROJECT)}/services"),
        Call("run.services.create", f"projects/{PROJECT}", "POST", making, template),
        Call("run.jobs.run", job, "POST", f"/v2/{job}:run", {}).judged("it knows no jobs of Cloud Run"),
        Call("iam.serviceAccounts.actAs", acting, "", "").judged("no call is made of it alone"),
    )


def _on_repositories() -> Iterator[Trial]:
    ours = _repository(PROJECT, OURS)
    pulling = (_pulling(PROJECT, OURS), _asking(PROJECT, OURS))
    yield Trial(
        "artifactregistry.pull",
        ours,
        may=pulling,
        may_not=(*(_pulling(*each) for each in _NEIGHBOURS), *_pushing(PROJECT, OURS), *_tagging(ours), *_ruling(ours)),
    )
    yield Trial(
        "artifactregistry.push",
        ours,
        may=(*pulling, *_pushing(PROJECT, OURS), *_tagging(ours)),
        may_not=(
            *(call for each in _NEIGHBOURS for call in (_pulling(*each), *_pushing(*each))),
            *_tagging(_repository(PROJECT, OTHERS)),
            *_ruling(ours),
        ),
    )


def _repository(project: str, name: str) -> str:
    return f"{place_of(project)}/repositories/{name}"


def _pulling(project: str, name: str) -> Call:
    return Call(_PULL, _repository(project, name), "GET", f"/v2/{project}/{name}/{IMAGE}/manifests/1")


def _asking(project: str, name: str) -> Call:
    """Look whether a layer is there already, as a push does first."""
    digest = f"sha256:{sha256(b'layer').hexdigest()}"
    return Call(_PULL, _repository(project, name), "HEAD", f"/v2/{project}/{name}/{IMAGE}/blobs/{digest}").wordless()


def _pushing(project: str, name: str) -> Calls:
    image, resource = f"/v2/{project}/{name}/{IMAGE}", _repository(project, name)
    uploading = f"{image}/blobs/uploads/?digest=sha256:{sha256(b'more').hexdigest()}"
    return (
        Call(_PUSH, resource, "POST", uploading, b"more"),
        Call(_PUSH, resource, "PUT", f"{image}/manifests/2", b"{}"),
    )


def _tagging(repository: str) -> Calls:
    tags = f"{repository}/packages/{IMAGE}/tags"
    return (
        Call("artifactregistry.tags.create", repository, "POST", f"/v1/{tags}?tagId=new").judged(_TAGS),
        Call("artifactregistry.tags.update", repository, "PATCH", f"/v1/{tags}/1?updateMask=version").judged(_TAGS),
    )


def _ruling(repository: str) -> Calls:
    path, permissions = f"/v1/{repository}", "artifactregistry.repositories"
    package = f"{repository}/packages/{IMAGE}"
    making = f"/v1/{place_of(PROJECT)}/repositories?repositoryId=new-one"
    return (
        Call(f"{permissions}.get", repository, "GET", path),
        Call(f"{permissions}.update", repository, "PATCH", f"{path}?updateMask=description", {"description": "x"}),
        Call(f"{permissions}.delete", repository, "DELETE", path),
        *policy_calls(repository, permissions),
        Call("artifactregistry.dockerimages.list", repository, "GET", f"{path}/dockerImages"),
        Call("artifactregistry.files.list", repository, "GET", f"{path}/files"),
        Call(f"{permissions}.list", f"projects/{PROJECT}", "GET", f"/v1/{place_of(PROJECT)}/repositories"),
        Call(f"{permissions}.create", f"projects/{PROJECT}", "POST", making, {"format": "DOCKER"}),
        Call("artifactregistry.tags.delete", repository, "DELETE", f"/v1/{package}/tags/1").judged(_TAGS),
        Call("artifactregistry.packages.delete", repository, "DELETE", f"/v1/{package}").judged(_TAGS),
    )


def _on_logs() -> Iterator[Trial]:
    ours, view = f"projects/{PROJECT}", _view(PROJECT, OURS)
    yield Trial(
        "logging.write",
        ours,
        may=(_writing(PROJECT),),
        may_not=(_writing(ELSEWHERE), _viewing(view), _listing(), *_ruling_logs(view)),
    )
    yield Trial(
        "logging.read_view",
        view,
        may=(_viewing(view),),
        may_not=(
            *(_viewing(_view(*place)) for place in _NEIGHBOURS),
            _listing(),
            _writing(PROJECT),
            *_ruling_logs(view),
        ),
    )


def _view(project: str, name: str) -> str:
    return f"{place_of(project)}/buckets/{OURS}/views/{name}"


def _writing(project: str) -> Call:
    entry = {"textPayload": "x", "resource": {"type": "global"}}
    body = {"logName": f"projects/{project}/logs/{OURS}", "entries": [entry]}
    return Call("logging.logEntries.create", f"projects/{project}", "POST", "/v2/entries:write", body)


def _viewing(view: str) -> Call:
    return Call("logging.views.access", view, "POST", "/v2/entries:list", {"resourceNames": [view]})


def _listing() -> Call:
    project = f"projects/{PROJECT}"
    return Call("logging.logEntries.list", project, "POST", "/v2/entries:list", {"resourceNames": [project]})


def _ruling_logs(view: str) -> Calls:
    project, bucket = f"projects/{PROJECT}", view.rpartition("/views/")[0]
    sink = {"name": "new-one", "destination": f"storage.googleapis.com/{OURS}"}
    return (
        Call("logging.views.get", view, "GET", f"/v2/{view}"),
        Call("logging.views.update", view, "PATCH", f"/v2/{view}?updateMask=filter", {"filter": ""}),
        Call("logging.views.delete", view, "DELETE", f"/v2/{view}"),
        Call("logging.buckets.get", bucket, "GET", f"/v2/{bucket}"),
        Call("logging.logs.delete", project, "DELETE", f"/v2/{project}/logs/{OURS}"),
        Call("logging.logs.list", project, "GET", f"/v2/{project}/logs"),
        Call("logging.sinks.create", project, "POST", f"/v2/{project}/sinks", sink).judged("it knows no sinks"),
        *policy_calls(view, "logging.views", read="POST", version="v2"),
    )
