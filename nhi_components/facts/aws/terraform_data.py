"""Reads Terraform's data source `aws_iam_policy_document` from its statements, while its JSON is not known yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.aws.policy_kinds import kind_of_policy
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.values import UNKNOWN

_ELEMENTS: Final = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_DOCUMENTS: Final = ("source_policy_documents", "override_policy_documents")


def documents_of_data(attributes: Mapping[str, Any]) -> Iterator[tuple[DocumentKind, object]]:
    """Yield the documents that a data source `aws_iam_policy_document` will join, and what each of them is."""
    statements = attributes.get("statement")
    if statements is UNKNOWN:
        yield DocumentKind.POLICY_DOCUMENT, UNKNOWN
    elif statements:
        members = statements if isinstance(statements, list) else [statements]
        document = {
            "Version": attributes.get("version") or "2012-10-17",
            "Statement": [_statement(member) if isinstance(member, Mapping) else member for member in members],
        }
        yield kind_of_policy(document), document
    for name in _DOCUMENTS:
        others = attributes.get(name)
        for other in others if isinstance(others, list) else [others]:
            if other is not None:
                yield DocumentKind.POLICY_DOCUMENT, other


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    statement = {
        _ELEMENTS[name]: value for name, value in block.items() if name in _ELEMENTS and value not in (None, [])
    }
    statement.setdefault("Effect", "Allow")
    for name, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.get(name):
            statement[element] = _principals(block[name])
    if block.get("condition"):
        statement["Condition"] = _conditions(block["condition"])
    return statement


def _principals(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return blocks
    principals: dict[str, list[Any]] = {}
    for block in blocks:
        if not isinstance(block, Mapping) or not isinstance(block.get("type"), str):
            return UNKNOWN
        identifiers = block.get("identifiers")
        if block["type"] == "*":
            return "*"
        principals.setdefault(block["type"], []).extend(identifiers if isinstance(identifiers, list) else [identifiers])
    return principals


def _conditions(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return blocks
    conditions: dict[str, dict[str, Any]] = {}
    for block in blocks:
        if not isinstance(block, Mapping) or not isinstance(block.get("test"), str):
            return UNKNOWN
        conditions.setdefault(block["test"], {})[str(block.get("variable"))] = block.get("values")
    return conditions
