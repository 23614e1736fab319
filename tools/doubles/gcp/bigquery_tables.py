"""BigQuery v2, `tables` and `tabledata`: insert, get, list, patch, delete; insertAll, list.

Permissions: BigQuery, 'IAM permissions'; REST reference, `tables`, `tabledata`.
"""

from __future__ import annotations

import re
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.bigquery import DATASET, Dataset, Datasets, Table
from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.gcp.masks import chosen
from tools.doubles.gcp.names import new_etag, page_of
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_TABLES = DATASET + "/tables"
_TABLE = _TABLES + "/{table}"
_ID = re.compile(r"[\w -]{1,1024}", re.ASCII)
_FIELDS = ("friendlyName", "description", "labels", "schema", "expirationTime", "timePartitioning", "clustering")


class Tables:
    """Every table of every dataset; they are kept with their dataset."""

    def __init__(self, datasets: Datasets, access: Access) -> None:
        self._datasets, self._access = datasets, access

    def find(self, project: str, dataset: str, table: str) -> Table:
        """Find one."""
        found = self._datasets.find(project, dataset).tables.get(table)
        if found is None:
            raise json_refuse("notFound", f"Not found: Table {project}:{dataset}.{table}")
        return found

    @route("POST", _TABLES, needs="bigquery.tables.create")
    def insert(self, request: Request) -> Any:
        dataset, asked = self._datasets.of(request), request.json()
        table = str(asked.get("tableReference", {}).get("tableId", ""))
        if not _ID.fullmatch(table):
            raise json_refuse("invalid", f'Invalid table ID "{table}".')
        if table in dataset.tables:
            raise json_refuse("duplicate", f"Already Exists: Table {dataset.facts['id']}.{table}")
        return _shown(self.make(dataset, table, asked))

    def make(self, dataset: Dataset, table: str, asked: dict[str, Any]) -> Table:
        """Make a table, whoever asked."""
        facts = {
            "kind": "bigquery#table",
            "etag": new_etag().strip('"'),
            "id": f"{dataset.facts['id']}.{table}",
            "selfLink": f"{dataset.facts['selfLink']}/tables/{table}",
            "tableReference": {**dataset.facts["datasetReference"], "tableId": table},
            "schema": {"fields": []},
            "type": "TABLE",
            "location": dataset.facts["location"],
            "creationTime": self._datasets.milliseconds(),
        }
        dataset.tables[table] = Table(facts | chosen(asked, _FIELDS))
        # Tables take no conditions: "Can't set conditional policy on policy type: bigquery_tables" (pulumi-gcp, #699).
        self._access.policies.attach(_resource(dataset, table), dataset.resource, conditions=False)
        return dataset.tables[table]

    @route("GET", _TABLE, needs="bigquery.tables.get")
    def get(self, request: Request) -> Any:
        return _shown(self._table(request))

    @route("GET", _TABLES, needs="bigquery.tables.list")
    def list(self, request: Request) -> Any:
        dataset, known = self._datasets.of(request), ("kind", "id", "tableReference", "type", "labels", "creationTime")
        found = [chosen(table.facts, known) for _, table in sorted(dataset.tables.items())]
        page = page_of(found, "tables", request.query.get("maxResults", ""), request.query.get("pageToken", ""))
        return {"kind": "bigquery#tableList", "totalItems": len(found), **page}

    @route("PATCH", _TABLE, needs="bigquery.tables.update")
    @route("PUT", _TABLE, needs="bigquery.tables.update")
    def patch(self, request: Request) -> Any:
        table, asked = self._table(request), request.json()
        table.facts |= {name: asked[name] for name in _FIELDS if name in asked} | {"etag": new_etag().strip('"')}
        return _shown(table)

    @route("DELETE", _TABLE, needs="bigquery.tables.delete")
    def delete(self, request: Request) -> Any:
        dataset, table = self._datasets.of(request), self._table(request)
        id_ = table.facts["tableReference"]["tableId"]
        del dataset.tables[id_]
        self._access.policies.detach(_resource(dataset, id_))
        return Answer(204)

    @route("GET", _TABLE + "/data", needs="bigquery.tables.getData")
    def rows(self, request: Request) -> Any:
        table = self._table(request)
        found = cells(table.columns, table.rows)
        page = page_of(found, "rows", request.query.get("maxResults", ""), request.query.get("pageToken", ""))
        if "nextPageToken" in page:
            page["pageToken"] = page.pop("nextPageToken")
        return {"kind": "bigquery#tableDataList", "totalRows": str(len(found)), **page}

    @route("POST", _TABLE + "/insertAll", needs="bigquery.tables.updateData")
    def insert_all(self, request: Request) -> Any:
        table, rows = self._table(request), [each.get("json", {}) for each in request.json().get("rows", [])]
        unknown = {
            index: sorted(row.keys() - set(table.columns))
            for index, row in enumerate(rows)
            if row.keys() - set(table.columns)
        }
        kind = {"kind": "bigquery#tableDataInsertAllResponse"}
        if unknown:
            told = [
                {
                    "index": index,
                    "errors": [{"reason": "invalid", "location": each, "message": f"no such field: {each}."}],
                }
                for index, (each, *_) in unknown.items()
            ]
            return {**kind, "insertErrors": told}
        table.rows += rows
        return kind

    def _table(self, request: Request) -> Table:
        params = request.params
        return self.find(params["project"], params["dataset"], params["table"])


def cells(columns: list[str], rows: list[dict[str, Any]]) -> list[dict[str, object]]:
    """Rows as answers have them: `{"f": [{"v": VALUE}, …]}`, every value as a text."""
    return [{"f": [{"v": None if row.get(name) is None else str(row[name])} for name in columns]} for row in rows]


def _resource(dataset: Dataset, table: str) -> str:
    return f"{dataset.resource}/tables/{table}"


def _shown(table: Table) -> dict[str, Any]:
    return {**table.facts, "numRows": str(len(table.rows))}
