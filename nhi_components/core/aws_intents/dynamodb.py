"""Intents on tables of Amazon DynamoDB."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Parameter, Part, Shape

_NAME: Final = r"[\w.-]{3,255}"
_TABLE: Final = arn_shape("the ARN of a table", "dynamodb", rf"table/{_NAME}", "table/orders")
_STREAM: Final = arn_shape(
    "the ARN of a table's stream",
    "dynamodb",
    rf"table/{_NAME}/stream/[\d:T.-]+",
    "table/orders/stream/2026-01-15T00:00:00.000",
)
_INDEX: Final = Shape("the name of an index, or `*` for all of the table's", rf"\*|{_NAME}", "by-customer")
_INDEXES: Final = Parameter("indexes", _INDEX, "also through these secondary indexes")
_ON_INDEXES: Final = ("{target}/index/{indexes}",)

INTENTS: Final = (
    Intent(
        id="dynamodb.read_items",
        purpose="Read items by their keys: one, several, in a transaction, or as a query answers them.",
        excludes="The table can't be scanned, exported or backed up, and nothing be written.",
        target=_TABLE,
        parts=(
            Part(("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")),
            Part(("dynamodb:Query",), _ON_INDEXES),
        ),
        parameters=(_INDEXES,),
    ),
    Intent(
        id="dynamodb.scan_items",
        purpose="Read all items of a table, one page after the other.",
        excludes="The table can't be exported or backed up, and nothing be written.",
        target=_TABLE,
        parts=(Part(("dynamodb:Scan",)), Part(("dynamodb:Scan",), _ON_INDEXES)),
        parameters=(_INDEXES,),
    ),
    Intent(
        id="dynamodb.write_items",
        purpose="Put and update items one by one or in a transaction, also under conditions; a put replaces an item.",
        excludes="No item can be deleted, nothing be read but what an update returns, and the table not be changed or "
        "removed. Batches are excluded, because they may delete: see `dynamodb.batch_write_items`.",
        target=_TABLE,
        parts=(Part(("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem")),),
    ),
    Intent(
        id="dynamodb.batch_write_items",
        purpose="Put and delete items in batches; IAM does not tell the puts from the deletes.",
        excludes="Nothing can be read, and the table not be changed or removed.",
        target=_TABLE,
        parts=(Part(("dynamodb:BatchWriteItem",)),),
    ),
    Intent(
        id="dynamodb.delete_items",
        purpose="Delete items one by one or in a transaction.",
        excludes="No item can be written, nothing be read but what a delete returns, and the table not be removed.",
        target=_TABLE,
        parts=(Part(("dynamodb:DeleteItem",)),),
    ),
    Intent(
        id="dynamodb.read_stream",
        purpose="Read the changes of a table from its stream.",
        excludes="The table itself can't be read, and other streams not be listed.",
        target=_STREAM,
        parts=(Part(("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")),),
    ),
)
