"""Which source of an owner counts first, and under which names directories know owners."""

from __future__ import annotations

import pytest

from nhi_components.core.inventory.owning import (
    Owner,
    Weight,
    code_owners_source,
    commit_source,
    in_order,
    names_of,
    row_source,
    stack_source,
    weight,
)


def test_sources_count_in_the_documented_order() -> None:
    sources = [
        "mark nhi:owner",
        row_source("cmdb.csv", 3),
        code_owners_source("github.com/shop/orders"),
        stack_source("shop/prod"),
        "mark team",
        commit_source("0123456789abcdef", "github.com/shop/orders"),
    ]
    assert [weight(source) for source in sources] == list(Weight)
    owners = [Owner(f"o{at}", source) for at, source in enumerate(sources)]
    assert in_order(reversed(owners)) == tuple(owners)
    assert sources[-1] == "commit 0123456789ab of github.com/shop/orders"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("mark nhi_owner", Weight.OWN_MARK),
        ("mark corp:nhi:owner", Weight.OTHER),
        (".github/CODEOWNERS of shop/orders", Weight.CODE_OWNERS),
        ("administering team of shop/orders", Weight.OTHER),
        ("topic owner-pay of shop/orders", Weight.OTHER),
        ("", Weight.OTHER),
    ],
)
def test_what_systems_tell_has_its_weight(source: str, expected: Weight) -> None:
    assert weight(source) is expected


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        ("Ann@Example.com", ("ann@example.com",)),
        ("mailto:ann@example.com", ("ann@example.com",)),
        ("Ann  B <Ann@Example.com>", ("ann@example.com",)),
        ("@ann", ("@ann", "ann")),
        ("@shop/Payments", ("@shop/payments", "shop/payments", "payments")),
        ("Team / Payments", ("team / payments",)),
        ("  ", ()),
        ("@", ("@",)),
    ],
)
def test_owners_are_looked_up_by_all_their_names(owner: str, names: tuple[str, ...]) -> None:
    assert names_of(owner) == names
