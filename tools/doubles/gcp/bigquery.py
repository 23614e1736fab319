"""BigQuery v2, `datasets`: insert, get, list, patch, update, delete.

There is no `getIamPolicy` of a dataset in v2: whoever grants access changes the `access` list, as the provider's
DatasetIamMember does. Permissions: BigQuery, REST reference, `datasets`, 'IAM Permissions' and `UpdateMode`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.bigquery_access import (
    WITH_CONDITIONS,
    bindings_of,
    entries_of,
    first_entries,
    unbound,
    version_of,
)
from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.gcp.masks import chosen
from tools.doubles.gcp.names import Clock, new_etag, page_of
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

DATASETS = "/bigquery/v2/projects/{project}/datasets"
DATASET = DATASETS + "/{dataset}"
_GET = "bigquery.datasets.get"
_ID = re.compile(r"\w{1,1024}", re.ASCII)
_FIELDS = ("friendlyName", "description", "labels", "location", "defaultTableExpirationMs", "maxTimeTravelHours")

Entries = Sequence[Mapping[str, Any]]
"""Of an `access` list, or the bindings that they stand for."""


@dataclass(slots=True)
class Table:
    """One table: what the API shows of it, and its rows by field."""

    facts: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """The names of its fields, in their order."""
        return [each["name"] for each in self.facts["schema"]["fields"]]


@dataclass(slots=True)
class Dataset:
    """One dataset: what the API shows of it but for its access; its authorized views; its tables by id."""

    facts: dict[str, Any]
    views: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """Its name in conditions, and where its policy is attached."""
        reference = self.facts["datasetReference"]
        return f"projects/{reference['projectId']}/datasets/{reference['datasetId']}"


class Datasets:
    """Every dataset of every project; its bindings are its allow policy.

    Attributes:
        by_id: each, by `PROJECT:DATASET`.
    """

    def __init__(self, url: str, now: Clock, access: Access) -> None:
        self.by_id: dict[str, Dataset] = {}
        self._url, self._now, self._access = url, now, access

    def find(self, project: str, dataset: str) -> Dataset:
        """Find one."""
        found = self.by_id.get(f"{project}:{dataset}")
        if found is None:
            raise json_refuse("notFound", f"Not found: Dataset {project}:{dataset}")
        return found

    def of(self, request: Request) -> Dataset:
        """The dataset that a request's path names."""
        return self.find(request.params["project"], request.params["dataset"])

    @route("POST", DATASETS, needs="bigquery.datasets.create")
    def insert(self, request: Request) -> Any:
        project, asked, version = request.params["project"], request.json(), version_of(request)
        dataset = str(asked.get("datasetReference", {}).get("datasetId", ""))
        if not _ID.fullmatch(dataset):
            message = "Dataset IDs must be alphanumeric (plus underscores) and must be at most 1024 characters long."
            raise json_refuse("invalid", f'Invalid dataset ID "{dataset}". {message}')
        id_ = f"{project}:{dataset}"
        if id_ in self.by_id:
            raise json_refuse("duplicate", f"Already Exists: Dataset {id_}")
        made = Dataset(
            {
                "kind": "bigquery#dataset",
                "id": id_,
                "selfLink": f"{self._url}/bigquery/v2/projects/{project}/datasets/{dataset}",
                "datasetReference": {"projectId": project, "datasetId": dataset},
                "location": "US",
                "type": "DEFAULT",
                "creationTime": self.milliseconds(),
            }
            | chosen(asked, _FIELDS)
        )
        entries = asked.get("access") or first_entries(request.principal)
        bindings = bindings_of(entries, project, version)
        self.by_id[id_] = made
        self._access.policies.attach(made.resource, f"projects/{project}")
        self._grant(made, entries, bindings)
        return self._shown(made, version)

    @route("GET", DATASET, needs=_GET)
    def get(self, request: Request) -> Any:
        return self._shown(self.of(request), version_of(request))

    @route("GET", DATASETS)
    def list(self, request: Request) -> Any:
        """There is no right to list: whoever asks sees what they may get."""
        start, query = f"{request.params['project']}:", request.query
        known = ("kind", "id", "datasetReference", "labels", "location")
        of_project = [each for id_, each in sorted(self.by_id.items()) if id_.startswith(start)]
        seen = [each for each in of_project if self._access.permits(request.principal, _GET, each.resource)]
        found = [chosen(each.facts, known) for each in seen]
        page = page_of(found, "datasets", query.get("maxResults", ""), query.get("pageToken", ""))
        return {"kind": "bigquery#datasetList", **page}

    @route("PATCH", DATASET, needs="bigquery.datasets.update")
    @route("PUT", DATASET, needs="bigquery.datasets.update")
    def patch(self, request: Request) -> Any:
        dataset, asked, version = self.of(request), request.json(), version_of(request)
        if request.headers.get("if-match", dataset.facts["etag"]) != dataset.facts["etag"]:
            raise json_refuse("conditionNotMet", "Precondition check failed.")
        self._access.require(request, _GET, dataset.resource)
        if "access" in asked:
            self._access.require(request, "bigquery.datasets.setIamPolicy", dataset.resource)
            stands = self._access.policies.get(dataset.resource, WITH_CONDITIONS).get("bindings", [])
            if version < WITH_CONDITIONS and any("condition" in each for each in stands):
                raise json_refuse("invalid", "A dataset with conditional access needs accessPolicyVersion 3.")
            bindings = bindings_of(asked["access"], request.params["project"], version)
            self._grant(dataset, asked["access"], bindings)
        for name in _FIELDS:
            if name in asked or request.method == "PUT":
                dataset.facts.pop(name, None)
        dataset.facts |= {"location": "US"} | chosen(asked, _FIELDS)
        self._touch(dataset)
        return self._shown(dataset, version)

    @route("DELETE", DATASET, needs="bigquery.datasets.delete")
    def delete(self, request: Request) -> Any:
        dataset = self.of(request)
        if dataset.tables and request.query.get("deleteContents", "").lower() != "true":
            raise json_refuse("resourceInUse", f"Dataset {dataset.facts['id']} is still in use")
        for table in dataset.tables:
            self._access.policies.detach(f"{dataset.resource}/tables/{table}")
        del self.by_id[dataset.facts["id"]]
        self._access.policies.detach(dataset.resource)
        return Answer(204)

    def milliseconds(self) -> str:
        """Now, as BigQuery writes a time."""
        return str(int(self._now().timestamp() * 1000))

    def _grant(self, dataset: Dataset, entries: Entries, bindings: Entries) -> None:
        """Replace who has access; nothing is compared, as the API compares nothing without If-Match."""
        self._access.policies.set(dataset.resource, {"bindings": bindings, "version": WITH_CONDITIONS})
        dataset.views = unbound(entries)
        self._touch(dataset)

    def _touch(self, dataset: Dataset) -> None:
        dataset.facts |= {"etag": new_etag().strip('"'), "lastModifiedTime": self.milliseconds()}

    def _shown(self, dataset: Dataset, version: int) -> dict[str, Any]:
        bindings = self._access.policies.get(dataset.resource, version).get("bindings", [])
        return {**dataset.facts, "access": entries_of(bindings) + dataset.views}
