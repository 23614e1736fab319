"""Reads what the cases and the rules' own examples hold into facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from nhi_components.facts import (
    UNKNOWN,
    DocumentKind,
    Facts,
    Platform,
    PulumiResource,
    Surroundings,
    read_document,
    read_pulumi_resource,
)
from nhi_components.facts.chain.model import IdentityGraph
from nhi_components.facts.chain.reading import graph_of, part_of
from nhi_components.rules import Example

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
CASES = Path(__file__).parent.parent / "cases" / "rules"


class _Loader(yaml.SafeLoader):
    """YAML with `!unknown` for a value that is not known yet."""


_Loader.add_constructor("!unknown", lambda loader, node: UNKNOWN)


def load_cases(file: Path) -> dict[str, Any]:
    return yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader with one tag


def facts_of_case(case: Mapping[str, Any]) -> Facts:
    if "resources" in case:
        return Facts([_graph(case["resources"])])
    if "resource" not in case:
        kind = DocumentKind(case["kind"])
        platform = Platform(case.get("platform", "aws"))
        return Facts(read_document(kind, "document", case["document"], case.get("context", {}), platform))
    surroundings = Surroundings()
    for given in case.get("around", ()):
        around = _resource(given)
        surroundings.add(around.identity, read_pulumi_resource(around))
    return Facts(read_pulumi_resource(_resource(case["resource"])), surroundings)


def facts_of_example(example: Example) -> Facts:
    if example.kind is not None:
        return Facts(read_document(example.kind, "example", example.text, example.context, example.platform))
    parsed = _parsed(example.text)
    if isinstance(parsed, list):
        return facts_of_case({"resources": parsed})
    case = {"resource": parsed, "around": [_parsed(example.around)] if example.around else []}
    return facts_of_case(case)


def _graph(resources: Iterable[Mapping[str, Any]]) -> IdentityGraph:
    parts = []
    for given in resources:
        resource = _resource(given)
        facts = read_pulumi_resource(resource)
        parts.append(part_of(resource, facts, given.get("outputs", {}), given.get("references", {})))
    return graph_of(part for part in parts if part is not None)


def _parsed(text: str) -> Any:
    return json.loads(text, object_hook=_with_unknown)


def _resource(given: Mapping[str, Any]) -> PulumiResource:
    return PulumiResource(given.get("urn", "resource"), given["type"], given["inputs"], given.get("parent"))


def _with_unknown(members: dict[str, Any]) -> Any:
    return UNKNOWN if members == {"unknown": True} else members
