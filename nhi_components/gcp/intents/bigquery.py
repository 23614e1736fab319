"""Intents on tables, datasets and jobs of BigQuery."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def read_table(table: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Read the rows and the schema of one table.

    No row can be written, nothing be exported or copied as a snapshot, and no other table be found or read. A query
    also needs `bigquery.run_jobs` on the project that pays for it.

    Args:
        table: the relative name of a table, as its `id`.
        project: the project a table lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("bigquery.read_table", table, project=project, label=label)


def read_dataset(dataset: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Find the tables of one dataset, and read the rows and the schema of each.

    No row can be written, nothing be exported or copied as a snapshot, no routine or model be used, and no other
    dataset be read. A query also needs `bigquery.run_jobs` on the project that pays for it.

    Args:
        dataset: the relative name of a dataset, as its `id`.
        project: the project a dataset lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("bigquery.read_dataset", dataset, project=project, label=label)


def append_rows(table: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Append rows to one table, by streaming or by the Storage Write API, and read its schema.

    No row can be read, and the table not be changed, removed or shared. IAM does not tell appending from changing and
    deleting rows, but that takes `bigquery.run_jobs` as well, or a table with a primary key. A client that looks up the
    dataset first also needs `bigquery.datasets.get` on it.

    Args:
        table: the relative name of a table, as its `id`.
        project: the project a table lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("bigquery.append_rows", table, project=project, label=label)


def run_jobs(project: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Run jobs, such as queries, in a project, which pays for them, and read their results.

    No table can be read or written by it alone, and no job of others be listed, read, cancelled or removed.

    Args:
        project: the relative name of a project, as its `id`.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("bigquery.run_jobs", project)
