"""Intents on tables of Amazon DynamoDB."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def read_items(table: pulumi.Input[str], *, indexes: str | Sequence[str] | None = None) -> tuple[Grant, ...]:
    """Read items by their keys: one, several, in a transaction, or as a query answers them.

    The table can't be scanned, exported or backed up, and nothing be written.

    Args:
        table: the ARN of a table.
        indexes: also through these secondary indexes.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("dynamodb.read_items", table, indexes=indexes)


def scan_items(table: pulumi.Input[str], *, indexes: str | Sequence[str] | None = None) -> tuple[Grant, ...]:
    """Read all items of a table, one page after the other.

    The table can't be exported or backed up, and nothing be written.

    Args:
        table: the ARN of a table.
        indexes: also through these secondary indexes.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("dynamodb.scan_items", table, indexes=indexes)


def write_items(table: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Put and update items one by one or in a transaction, also under conditions; a put replaces an item.

    No item can be deleted, nothing be read but what an update returns, and the table not be changed or removed. Batches
    are excluded, because they may delete: see `dynamodb.batch_write_items`.

    Args:
        table: the ARN of a table.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("dynamodb.write_items", table)


def batch_write_items(table: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Put and delete items in batches; IAM does not tell the puts from the deletes.

    Nothing can be read, and the table not be changed or removed.

    Args:
        table: the ARN of a table.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("dynamodb.batch_write_items", table)


def delete_items(table: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Delete items one by one or in a transaction.

    No item can be written, nothing be read but what a delete returns, and the table not be removed.

    Args:
        table: the ARN of a table.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("dynamodb.delete_items", table)


def read_stream(stream: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read the changes of a table from its stream.

    The table itself can't be read, and other streams not be listed.

    Args:
        stream: the ARN of a table's stream.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("dynamodb.read_stream", stream)
