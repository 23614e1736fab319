"""What the wildcards in Vault paths match."""

from __future__ import annotations

import pytest

from nhi_components.core.vault_path import overlaps


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("sys/policies/acl/*", "sys/policies/+/+", True),
        ("*", "sys/raw/*", True),
        ("sys*", "sys/raw/*", True),
        ("sys/r*", "sys/raw/*", True),
        ("+/create", "auth/create", True),
        ("auth/+/create", "auth/token/create", True),
        ("auth/+/create", "auth/token/create/+", False),
        ("auth/token/create", "auth/token/create/+", False),
        ("auth/token/create*", "auth/token/create/+", True),
        ("identity/entity*", "identity/entity-alias", True),
        ("identity/e*", "identity/entity*", True),
        ("identity/g", "identity/group*", False),
        ("secret/*", "sys/raw/*", False),
        ("s+/raw", "sys/raw", False),
        ("sys", "sys/*", False),
        ("a/*/b", "a/x/b", False),
    ],
)
def test_overlapping_vault_paths(one: str, other: str, expected: bool) -> None:
    assert overlaps(one, other) is expected
    assert overlaps(other, one) is expected
