"""Datasets and tables of BigQuery.

Source: terraform-provider-google 8.0, `resource_bigquery_dataset.go`, `resource_bigquery_table.go`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.plugins.gcp.google import Google
from tools.plugins.gcp.rest_resource import DELETION_POLICY, RestResource, same_letters
from tools.plugins.gcp.settings import BIGQUERY
from tools.plugins.gcp.shapes import Spelling
from tools.plugins.resource import Properties


@dataclass(frozen=True, kw_only=True)
class _Dataset(RestResource):
    def body(self, client: Google, inputs: Properties, values: Mapping[str, Any]) -> dict[str, Any]:
        """With a reference to itself."""
        reference = {"datasetId": values["datasetId"], "projectId": values["project"]}
        return {**super().body(client, inputs, values), "datasetReference": reference}

    def send(self, client: Google, path: str, olds: Properties, news: Properties, changed: list[str]) -> None:
        """Without the accesses, unless they are what changed: others have added theirs to them since."""
        sent = {name: value for name, value in news.items() if name != "accesses" or name in changed}
        super().send(client, path, olds, sent, changed)

    def removed_with(self, state: Properties) -> Mapping[str, str]:
        """Whether its tables go with it."""
        return {"deleteContents": "true" if state.get("deleteContentsOnDestroy") else "false"}


@dataclass(frozen=True, kw_only=True)
class _Table(RestResource):
    def body(self, client: Google, inputs: Properties, values: Mapping[str, Any]) -> dict[str, Any]:
        """With a reference to itself, and its columns, which the SDK takes as a text of JSON."""
        sent = super().body(client, inputs, values)
        places = {"projectId": values["project"], "datasetId": values["datasetId"], "tableId": values["tableId"]}
        columns = {"schema": {"fields": json.loads(inputs["schema"])}} if inputs.get("schema") else {}
        return {**sent, **columns, "tableReference": places}

    def outputs(self, client: Google, path: str, found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
        """Columns as a text of JSON; as the program wrote it, if it means the same."""
        told = super().outputs(client, path, {**found, "schema": None}, state)
        columns = (found.get("schema") or {}).get("fields", [])
        asked = state.get("schema")
        same = isinstance(asked, str) and json.loads(asked) == columns
        return {**told, "schema": asked if same else json.dumps(columns)}


DATASET = _Dataset(
    token="gcp:bigquery/dataset:Dataset",  # noqa: S106 - a type
    noun="Dataset",
    service=BIGQUERY,
    path="projects/{project}/datasets/{datasetId}",
    made_at="projects/{project}/datasets",
    made_and={"accessPolicyVersion": "3"},
    fields=("friendlyName", "description", "location", "defaultTableExpirationMs", "accesses"),
    local=frozenset({"deleteContentsOnDestroy"}),
    whole="PUT",
    labelled=True,
    replaces=frozenset({"project", "datasetId", "location"}),
    filled_in=frozenset({"project", DELETION_POLICY, "accesses"}),
    defaults={"location": "US", "deleteContentsOnDestroy": False},
    spelling=Spelling({"accesses": "access"}),
    alike={"location": same_letters},
)

TABLE = _Table(
    token="gcp:bigquery/table:Table",  # noqa: S106 - a type
    noun="Table",
    service=BIGQUERY,
    path="projects/{project}/datasets/{datasetId}/tables/{tableId}",
    made_at="projects/{project}/datasets/{datasetId}/tables",
    fields=("friendlyName", "description", "expirationTime", "schema"),
    local=frozenset({"deletionProtection"}),
    whole="PUT",
    labelled=True,
    replaces=frozenset({"project", "datasetId", "tableId"}),
    filled_in=frozenset({"project", DELETION_POLICY, "expirationTime", "schema"}),
    defaults={"deletionProtection": True},
)
