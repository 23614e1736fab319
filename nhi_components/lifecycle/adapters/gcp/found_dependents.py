"""What runs as service accounts, as Cloud Asset Inventory lists it, minutes late.

Sources: Cloud Asset API, REST reference `searchAllResources` (`versionedResources`, told when `readMask` asks for them,
are resources in the form of their own APIs; at most 500 a page), 'Supported asset types'; REST references of those
APIs; Google Kubernetes Engine, 'Authenticate to Google Cloud APIs from GKE workloads' for the annotation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from nhi_components.core.inventory.records import FoundDependent
from nhi_components.lifecycle.adapters.gcp.discovery_policy import DEPENDENTS
from nhi_components.lifecycle.adapters.gcp.found_accounts import key_of
from nhi_components.lifecycle.adapters.gcp.found_reads import Looks, Told
from nhi_components.lifecycle.adapters.gcp.session import ASSETS
from nhi_components.lifecycle.discovery.ports import Page, Section


class _RunsAs(NamedTuple):
    """Where a kind of resource names its account: in each version of its API, as a path through the resource."""

    kind: str
    paths: tuple[tuple[str, ...], ...]


_WORKLOADS: Final[Mapping[str, _RunsAs]] = MappingProxyType(
    {
        "run.googleapis.com/Service": _RunsAs(
            "run-service", (("template", "serviceAccount"), ("spec", "template", "spec", "serviceAccountName"))
        ),
        "run.googleapis.com/Job": _RunsAs(
            "run-job",
            (
                ("template", "template", "serviceAccount"),
                ("spec", "template", "spec", "template", "spec", "serviceAccountName"),
            ),
        ),
        "cloudfunctions.googleapis.com/CloudFunction": _RunsAs("function", (("serviceAccountEmail",),)),
        "cloudfunctions.googleapis.com/Function": _RunsAs("function", (("serviceConfig", "serviceAccountEmail"),)),
        "compute.googleapis.com/Instance": _RunsAs("instance", (("serviceAccounts", "email"),)),
        "compute.googleapis.com/InstanceTemplate": _RunsAs(
            "instance-template", (("properties", "serviceAccounts", "email"),)
        ),
        "container.googleapis.com/NodePool": _RunsAs("node-pool", (("config", "serviceAccount"),)),
        "k8s.io/ServiceAccount": _RunsAs(
            "kubernetes-service-account", (("metadata", "annotations", "iam.gke.io/gcp-service-account"),)
        ),
    }
)
_QUERY: Final = MappingProxyType(
    {"assetTypes": tuple(_WORKLOADS), "readMask": "name,assetType,project,versionedResources", "pageSize": "500"}
)
_DEFAULT: Final = "default"
"""How instances and node pools may name the default account of Compute Engine."""


def dependents(looks: Looks, name: str, project: str) -> Section:
    """Make the section of what runs in a project, as whichever project's account."""

    def read(cursor: str | None) -> Page:
        path = f"/v1/projects/{quote(project)}:searchAllResources"
        part = looks.part(ASSETS, path, "results", needs=DEPENDENTS[0], query=_QUERY, cursor=cursor)
        return Page([found for each in part.items for found in _dependents(each)], part.next)

    return Section(name, f"what runs as service accounts in {project}", DEPENDENTS, read)


def _dependents(told: Told) -> Iterator[FoundDependent]:
    # A resource is told whole, with variables and scripts that may hold secrets: all but the account is dropped here.
    runs_as = _WORKLOADS.get(str(told.get("assetType")))
    versions = [version.get("resource") or {} for version in told.get("versionedResources", ())]
    named = [each for path in (runs_as.paths if runs_as else ()) for each in _at(versions, path)]
    for account in dict.fromkeys(named):
        if runs_as and (email := _email(account, told)):
            yield FoundDependent(key_of(email), runs_as.kind, str(told["name"]))


def _at(value: Any, path: Sequence[str]) -> Iterator[str]:
    """Yield the texts at a path; a list on the way is gone through."""
    if isinstance(value, list):
        for each in value:
            yield from _at(each, path)
    elif path and isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:])
    elif not path and isinstance(value, str) and value:
        yield value


def _email(account: str, told: Told) -> str:
    if account == _DEFAULT:
        number = str(told.get("project", "")).removeprefix("projects/")
        return f"{number}-compute@developer.gserviceaccount.com" if number else ""
    # Some APIs take an account's whole name as well.
    return account.rpartition("/")[2]
