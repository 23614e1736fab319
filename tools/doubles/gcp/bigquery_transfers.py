"""BigQuery v2, `jobs`: copy jobs, among them snapshots, and extract jobs into a bucket.

Permissions: BigQuery, 'Copy tables', 'Create table snapshots' and 'Export table data', 'Required permissions'.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.bigquery import Dataset, Datasets
from tools.doubles.gcp.bigquery_tables import Tables
from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.gcp.storage_objects import Objects
from tools.doubles.messages import Request

_SCHEME = "gs://"


class Transfers:
    """What moves whole tables."""

    def __init__(self, datasets: Datasets, tables: Tables, objects: Objects, access: Access) -> None:
        self._datasets, self._tables, self._objects, self._access = datasets, tables, objects, access

    def copy(self, request: Request, asked: dict[str, Any]) -> None:
        """Copy a table; of type SNAPSHOT: freeze it."""
        source, target = asked.get("sourceTable") or {}, asked.get("destinationTable") or {}
        rights = ["bigquery.tables.get", "bigquery.tables.getData"]
        if asked.get("operationType") == "SNAPSHOT":
            rights.insert(0, "bigquery.tables.createSnapshot")
        for right in rights:
            self._access.require(request, right, _resource(source))
        for right in ("bigquery.tables.create", "bigquery.tables.update"):
            self._access.require(request, right, _dataset(target))
        table = self._tables.find(*_names(source))
        dataset = self._datasets.find(*_names(target)[:2])
        self._place(dataset, str(target["tableId"]), table.facts["schema"], deepcopy(table.rows))

    def extract(self, request: Request, asked: dict[str, Any]) -> None:
        """Write a table's rows into an object, as lines of JSON."""
        source, (uri, *_) = asked.get("sourceTable") or {}, asked.get("destinationUris") or [""]
        self._access.require(request, "bigquery.tables.export", _resource(source))
        bucket, _, name = uri.removeprefix(_SCHEME).partition("/")
        if not uri.startswith(_SCHEME) or not name:
            raise json_refuse("invalid", f"destinationUris: {uri!r} is no object of a bucket")
        table = self._tables.find(*_names(source))
        content = "".join(f"{json.dumps(row)}\n" for row in table.rows).encode()
        self._objects.write(request, bucket, name, content)

    def _place(self, dataset: Dataset, table: str, schema: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        if table in dataset.tables:
            raise json_refuse("duplicate", f"Already Exists: Table {dataset.facts['id']}.{table}")
        self._tables.make(dataset, table, {"schema": schema}).rows = rows


def _names(reference: dict[str, Any]) -> tuple[str, str, str]:
    project, dataset, table = (str(reference.get(each, "")) for each in ("projectId", "datasetId", "tableId"))
    return project, dataset, table


def _dataset(reference: dict[str, Any]) -> str:
    project, dataset, _ = _names(reference)
    return f"projects/{project}/datasets/{dataset}"


def _resource(reference: dict[str, Any]) -> str:
    return f"{_dataset(reference)}/tables/{_names(reference)[2]}"
