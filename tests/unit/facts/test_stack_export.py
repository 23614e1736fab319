"""Stack exports and previews of Pulumi become resources, with what is secret or unknown marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nhi_components.facts import UNKNOWN, PulumiResource, Unjudged
from nhi_components.facts.files import read_text
from nhi_components.facts.stack_export import (
    is_preview,
    is_stack_export,
    plain,
    resources_of_export,
    resources_of_preview,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def named(found: Any) -> dict[str, PulumiResource]:
    return {member.urn.rpartition("::")[2] + ":" + member.type.rpartition(":")[2]: member for member in found}


def test_a_stack_export_holds_its_resources_without_those_about_to_be_deleted() -> None:
    export = json.loads((FIXTURES / "stack.json").read_text())
    assert is_stack_export(export)
    found = named(resources_of_export(export))
    assert set(found) == {
        "shop-prod:Stack",
        "orders:WorkloadIdentity",
        "orders:RolePolicy",
        "all:Policy",
        "later:Policy",
        "shown:Policy",
    }
    assert found["orders:RolePolicy"].inputs["policy"] is UNKNOWN
    assert found["later:Policy"].inputs["policy"] is UNKNOWN
    assert found["orders:RolePolicy"].parent == found["orders:WorkloadIdentity"].urn
    assert '"Statement"' in found["shown:Policy"].inputs["policy"]


def test_an_enclosing_component_is_known_to_its_parts() -> None:
    content = read_text("stack.json", (FIXTURES / "stack.json").read_text())
    part = next(r for r in content.readings if r.resource.type == "aws:iam/rolePolicy:RolePolicy")
    from nhi_components.facts import DeclaredGrants

    assert list(content.surroundings.enclosing(part.resource, DeclaredGrants))


def test_a_preview_holds_what_will_be_there() -> None:
    preview = json.loads((FIXTURES / "preview.json").read_text())
    assert is_preview(preview)
    assert list(named(resources_of_preview(preview))) == ["all:Policy", "later:Policy"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ("[secret]", UNKNOWN),
        ("04da6b54-80e4-46f7-96ec-b56ff0331ba9", UNKNOWN),
        ({"a": ["04da6b54-80e4-46f7-96ec-b56ff0331ba9", 1]}, {"a": [UNKNOWN, 1]}),
        ({SIGNATURE: SECRET, "ciphertext": "abc"}, UNKNOWN),
        ({SIGNATURE: SECRET, "plaintext": '"shown"'}, "shown"),
        ({SIGNATURE: SECRET, "plaintext": "{"}, UNKNOWN),
        ({SIGNATURE: SECRET, "plaintext": 5}, UNKNOWN),
        ({SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "a"}, "a"),
        ({SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}, UNKNOWN),
    ],
)
def test_marked_values_are_unwrapped_or_unknown(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_deep_nesting_ends_in_what_is_not_known() -> None:
    value: Any = "x"
    for _ in range(300):
        value = [value]
    seen = plain(value)
    while isinstance(seen, list):
        (seen,) = seen
    assert seen is UNKNOWN


@pytest.mark.parametrize(
    "export",
    [
        {"version": 3, "deployment": None},
        {"version": 3, "deployment": {"resources": 5}},
        {"version": 3, "deployment": {"resources": [5]}},
        {"version": 3, "deployment": {"resources": [{"urn": "a"}]}},
        {"version": 3, "deployment": {"resources": [{"urn": "a", "type": "b:c:D", "inputs": []}, 1]}},
        {"version": 3, "deployment": {"resources": [{"urn": "a", "type": "b:c:D", "inputs": "x"}]}},
    ],
)
def test_what_is_out_of_shape_is_reported(export: dict[str, Any]) -> None:
    assert [found for found in resources_of_export(export) if isinstance(found, Unjudged)]


def test_a_preview_that_is_out_of_shape_is_reported() -> None:
    preview = {"steps": [{"op": "create", "urn": "a"}, 5, {"op": [], "urn": "b"}]}
    assert is_preview(preview)
    assert all(isinstance(found, Unjudged) for found in resources_of_preview(preview))
