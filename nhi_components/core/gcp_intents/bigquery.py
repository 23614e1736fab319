"""Intents on tables, datasets and jobs of BigQuery.

Sources: BigQuery documentation, 'BigQuery IAM roles and permissions'; REST reference, `tabledata.list`,
`tabledata.insertAll`, `jobs.insert`. `bigquery.jobs.create` exists on projects only.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

_TABLE: Final = named(ResourceKind.TABLE, "projects/shop-prod/datasets/shop/tables/orders")
_QUERIES: Final = "A query also needs `bigquery.run_jobs` on the project that pays for it."

INTENTS: Final = (
    GcpIntent(
        id="bigquery.read_table",
        purpose="Read the rows and the schema of one table.",
        excludes="No row can be written, nothing be exported or copied as a snapshot, and no other table be found or "
        "read.",
        target=_TABLE,
        parts=(Part(("bigquery.tables.getData", "bigquery.tables.get")),),
        kind=ResourceKind.TABLE,
        nearest="roles/bigquery.dataViewer",
        notes=_QUERIES,
    ),
    GcpIntent(
        id="bigquery.read_dataset",
        purpose="Find the tables of one dataset, and read the rows and the schema of each.",
        excludes="No row can be written, nothing be exported or copied as a snapshot, no routine or model be used, "
        "and no other dataset be read.",
        target=named(ResourceKind.DATASET, "projects/shop-prod/datasets/shop"),
        parts=(
            Part(
                (
                    "bigquery.datasets.get",
                    "bigquery.tables.list",
                    "bigquery.tables.getData",
                    "bigquery.tables.get",
                )
            ),
        ),
        kind=ResourceKind.DATASET,
        nearest="roles/bigquery.dataViewer",
        notes=_QUERIES,
    ),
    GcpIntent(
        id="bigquery.append_rows",
        purpose="Append rows to one table, by streaming or by the Storage Write API, and read its schema.",
        excludes="No row can be read, and the table not be changed, removed or shared. IAM does not tell appending "
        "from changing and deleting rows, but that takes `bigquery.run_jobs` as well, or a table with a primary key.",
        target=_TABLE,
        parts=(Part(("bigquery.tables.updateData", "bigquery.tables.get")),),
        kind=ResourceKind.TABLE,
        nearest="roles/bigquery.dataEditor",
        notes="A client that looks up the dataset first also needs `bigquery.datasets.get` on it.",
    ),
    GcpIntent(
        id="bigquery.run_jobs",
        purpose="Run jobs, such as queries, in a project, which pays for them, and read their results.",
        excludes="No table can be read or written by it alone, and no job of others be listed, read, cancelled or "
        "removed.",
        target=named(ResourceKind.PROJECT, "projects/shop-prod"),
        parts=(Part(("bigquery.jobs.create",)),),
        kind=ResourceKind.PROJECT,
        nearest="roles/bigquery.jobUser",
    ),
)
