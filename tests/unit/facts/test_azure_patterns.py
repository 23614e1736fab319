"""Wildcards of Azure's operations, and what is left when some are taken out."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.azure_catalogue import CONTRIBUTOR, OWNER, is_known_provider, types_of
from nhi_components.facts.azure.catalogue import built_in_roles
from nhi_components.facts.azure.patterns import change_left, covers, is_whole_service, matches, spans_providers, verbs


@pytest.mark.parametrize(
    ("pattern", "operation", "expected"),
    [
        ("*", "microsoft.compute/virtualmachines/read", True),
        ("*/read", "microsoft.compute/virtualmachines/read", True),
        ("*/read", "microsoft.compute/virtualmachines/write", False),
        ("Microsoft.Compute/*/write", "microsoft.compute/virtualmachines/extensions/write", True),
        ("Microsoft.Compute/*/write", "microsoft.network/virtualnetworks/write", False),
        ("MICROSOFT.COMPUTE/virtualMachines/read", "microsoft.compute/virtualmachines/read", True),
        ("Microsoft.Compute/virtualMachines/read", "microsoft.compute/virtualmachines/readx", False),
        ("Microsoft.*/role*/write", "microsoft.authorization/roleassignments/write", True),
    ],
)
def test_wildcards_stand_for_anything(pattern: str, operation: str, expected: bool) -> None:
    assert matches(pattern, operation) is expected


@given(st.text("ab/*", max_size=12), st.text("ab/", max_size=12))
def test_matching_is_that_of_a_glob(pattern: str, operation: str) -> None:
    assert matches(pattern, operation) == fnmatchcase(operation, pattern)


@given(st.text("ab/*", max_size=8), st.text("ab/*", max_size=8), st.text("ab/", max_size=8))
def test_what_covers_a_pattern_matches_all_that_it_matches(wider: str, narrower: str, operation: str) -> None:
    if covers(wider, narrower) and matches(narrower, operation):
        assert matches(wider, operation)


def test_a_pattern_tells_its_kinds_of_operations() -> None:
    assert verbs("*") == {"read", "write", "delete", "action"}
    assert verbs("*/read") == {"read"}
    assert verbs("Microsoft.Compute/virtualMachines/*e") == {"write", "delete"}
    assert verbs("Microsoft.Compute/virtualMachines/start*") == {"write", "delete", "action"}


def test_taking_out_every_change_leaves_reads() -> None:
    assert change_left("*", ("*/write", "*/delete"))
    assert not change_left("*", ("*/write", "*/delete", "*/action"))
    assert not change_left("Microsoft.Compute/*", ("Microsoft.*",))
    assert change_left("Microsoft.Compute/*", ("Microsoft.Compute/virtualMachines/*",))


def test_reach_of_patterns() -> None:
    assert all(map(spans_providers, ("*", "*/write", "Microsoft.*", "**/read")))
    assert not any(map(spans_providers, ("Microsoft.Compute/*", "*.Compute/*")))
    assert all(map(is_whole_service, ("*", "Microsoft.Compute/*", "Microsoft.Compute/*/*")))
    assert not any(map(is_whole_service, ("*/write", "Microsoft.Compute/virtualMachines/*", "Microsoft.Support/*")))


def test_the_catalogue_knows_roles_and_operations() -> None:
    owner, contributor = built_in_roles().find("owner"), built_in_roles().find(CONTRIBUTOR.upper())
    assert owner is not None
    assert owner.guid == OWNER
    assert contributor is not None
    assert [action.text for action in contributor.permissions[0].not_actions][:1] == [
        "Microsoft.Authorization/*/Delete"
    ]
    assert built_in_roles().find("no such role") is None
    assert is_known_provider("microsoft.compute")
    assert not is_known_provider("microsoft.nosuch")
    assert "virtualmachines" in types_of("microsoft.compute")
