"""What a CMDB's file says, about whom, and that it holds of identities that are found before and after it was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from nhi_components.core.inventory.declaring import declarable, declares, same_key
from nhi_components.core.inventory.records import (
    Claim,
    Declaration,
    FoundDependent,
    FoundIdentity,
    Manager,
    Naming,
    Record,
    Subject,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.cmdb.file import CmdbFile
from nhi_components.lifecycle.discovery.ports import NotSeen, Source
from nhi_components.lifecycle.discovery.scanning import Scan, Scanner
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.reading import Chosen, Declared, Listed, listed
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory
from tests.unit.discovery.fakes import NOW, PlannedDiscovery, role
from tests.unit.people.reading import records_of

ORDERS = role("orders")
AZURE = FoundIdentity(
    "/subscriptions/s/resourceGroups/Shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders",
    System.AZURE,
    "s",
    "azure-managed-identity",
    "orders",
    "p",
)
SECRET = "hunter2-of-a-cmdb"


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    opened = open_inventory(tmp_path / "inventory.db")
    yield opened
    opened.close()


def scan(inventory: Inventory, *sources: Source) -> Scan:
    return Scanner(inventory, lambda: NOW, lambda _: None).scan(list(sources))


def system(*records: Record) -> Source:
    return PlannedDiscovery({"all": [list(records)]})


def cmdb(folder: Path, *rows: dict[str, Any]) -> CmdbFile:
    (folder / "cmdb.json").write_text(json.dumps(rows))
    return CmdbFile(folder / "cmdb.json")


def owners(inventory: Inventory) -> dict[str, list[tuple[str, str]]]:
    return {each.key: [(own.who, own.source) for own in each.owned_by] for each in listed(inventory, Chosen())}


def one(inventory: Inventory, name: str) -> Listed:
    (found,) = listed(inventory, Chosen(name=name))
    return found


def test_a_row_says_everything_of_those_whom_it_names_and_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "cmdb.csv"
    file.write_text(
        "Key,Pattern,System,Place,Name,Owner,Purpose,Environment,Tier,Dependents,Cost center\n"
        'arn:x,,,,,Ann,"Takes\n orders",prod,1,shop;billing,7\n'
        ",arn:*,,,,Bob,,,,,\n"
        ",,AWS,111111111111,orders,Cid,,,,,\n"
    )
    assert records_of(CmdbFile(file)) == [
        Claim(Naming.KEY, "arn:x", Subject.OWNER, "Ann", "file cmdb.csv row 1"),
        Claim(Naming.KEY, "arn:x", Subject.PURPOSE, "Takes orders", "file cmdb.csv row 1"),
        Claim(Naming.KEY, "arn:x", Subject.ENVIRONMENT, "prod", "file cmdb.csv row 1"),
        Claim(Naming.KEY, "arn:x", Subject.TIER, "1", "file cmdb.csv row 1"),
        Claim(Naming.KEY, "arn:x", None, "shop", "file cmdb.csv row 1"),
        Claim(Naming.KEY, "arn:x", None, "billing", "file cmdb.csv row 1"),
        Claim(Naming.PATTERN, "arn:*", Subject.OWNER, "Bob", "file cmdb.csv row 2"),
        Claim(Naming.NAME, "orders", Subject.OWNER, "Cid", "file cmdb.csv row 3", System.AWS, "111111111111"),
    ]


def test_all_that_is_wrong_is_told_at_once_and_no_row_is_taken(tmp_path: Path) -> None:
    rows: list[Any] = [
        {"key": "arn:x", "owner": "Ann"},
        {"owner": "Ann"},
        {"key": "arn:x", "pattern": "arn:*", "owner": "Ann"},
        {"name": "orders", "system": "aws", "owner": "Ann"},
        {"key": "arn:x", "system": SECRET, "owner": "Ann"},
        {"key": "arn:x"},
        {"key": "arn:x", "owner": {"name": SECRET}},
        SECRET,
    ]
    with pytest.raises(NotSeen) as refused:
        records_of(cmdb(tmp_path, *rows))
    told = str(refused.value)
    assert "7 problems" in told
    for part in (
        "row 2: key: got none, expected one way",
        "row 3: key: got more than one",
        "row 4: name: got a name without",
        "row 5: system: got a text that is none, expected one of",
        "row 6: owner: got a row that says nothing",
        "row 7: owner: got an object",
        "row 8: got a string",
    ):
        assert part in told
    assert SECRET not in told


NAMED: list[dict[str, str]] = [
    {"key": ORDERS.key},
    {"pattern": "arn:aws:iam::*:role/ord?rs"},
    {"pattern": "*orders", "system": "aws"},
    {"system": "aws", "place": "111111111111", "name": "orders"},
]


@pytest.mark.parametrize("named", NAMED)
def test_identities_that_are_found_after_the_file_was_read_have_its_owner_all_the_same(
    inventory: Inventory, tmp_path: Path, named: dict[str, str]
) -> None:
    other, namesake = role("payments"), FoundIdentity("gcp:orders", System.GCP, "p", "k", "orders", "u")
    assert scan(inventory, cmdb(tmp_path, {**named, "owner": "Ann", "dependents": "shop"})).complete
    assert owners(inventory) == {}
    # The file is not read again.
    scan(inventory, system(ORDERS, other, namesake))
    assert owners(inventory) == {ORDERS.key: [("Ann", "file cmdb.json row 1")], other.key: [], namesake.key: []}
    assert one(inventory, ORDERS.key).dependents == 1


@pytest.mark.parametrize("named", NAMED)
def test_identities_that_were_found_before_have_its_owner_until_the_file_says_otherwise(
    inventory: Inventory, tmp_path: Path, named: dict[str, str]
) -> None:
    scan(inventory, system(ORDERS))
    scan(inventory, cmdb(tmp_path, {**named, "owner": "Ann"}, {**named, "tier": "1"}))
    assert owners(inventory) == {ORDERS.key: [("Ann", "file cmdb.json row 1")]}
    scan(inventory, cmdb(tmp_path, {**named, "owner": "Bob"}))
    found = one(inventory, ORDERS.key)
    assert [own.who for own in found.owned_by] == ["Bob"]
    assert set(found.said) == {Subject.OWNER}
    with inventory.reading() as connection:
        table = tables.knowledge
        kept = connection.execute(select(table.c.value, table.c.gone_at.is_(None)).order_by(table.c.value)).all()
    assert kept == [("1", False), ("Ann", False), ("Bob", True)]


def test_a_file_that_is_malformed_by_now_leaves_what_it_had_said(inventory: Inventory, tmp_path: Path) -> None:
    scan(inventory, system(ORDERS), cmdb(tmp_path, {"key": ORDERS.key, "owner": "Ann"}))
    done = scan(inventory, cmdb(tmp_path, {"key": ORDERS.key, "owner": "Bob"}, {"owner": "Cid"}))
    (unseen,) = done.unseen
    assert unseen.reason.startswith(f"{tmp_path / 'cmdb.json'}: 1 problem: row 2")
    assert owners(inventory) == {ORDERS.key: [("Ann", "file cmdb.json row 1")]}


@pytest.mark.parametrize("named", [{"key": AZURE.key.lower()}, {"pattern": AZURE.key.upper()[:-2] + "*"}])
def test_keys_of_azure_are_the_same_in_any_letter_case(
    inventory: Inventory, tmp_path: Path, named: dict[str, str]
) -> None:
    scan(inventory, system(AZURE, ORDERS), cmdb(tmp_path, {**named, "owner": "Ann"}))
    assert owners(inventory) == {AZURE.key: [("Ann", "file cmdb.json row 1")], ORDERS.key: []}


def test_keys_of_others_are_not(inventory: Inventory, tmp_path: Path) -> None:
    scan(inventory, system(ORDERS), cmdb(tmp_path, {"key": ORDERS.key.upper(), "owner": "Ann"}))
    assert owners(inventory) == {ORDERS.key: []}


def test_several_sources_are_all_shown_and_the_mark_of_ours_counts_first(inventory: Inventory, tmp_path: Path) -> None:
    marked = role("orders", marks={"nhi:owner": "own@example.com", "team": "pay"})
    scan(
        inventory, system(marked), cmdb(tmp_path, {"key": marked.key, "owner": "Ann"}, {"pattern": "*", "owner": "Bob"})
    )
    assert owners(inventory)[marked.key] == [
        ("own@example.com", "mark nhi:owner"),
        ("Ann", "file cmdb.json row 1"),
        ("Bob", "file cmdb.json row 2"),
        ("pay", "mark team"),
    ]


def test_what_is_declared_is_only_about_the_identity_of_its_unique_id(inventory: Inventory) -> None:
    cluster = [
        FoundIdentity(f"c-{at}: kubernetes:shop/orders", System.KUBERNETES, f"c-{at}", "k", "orders", f"uid-{at}")
        for at in (1, 2)
    ]
    claim = Claim(
        Naming.DECLARED, "kubernetes:shop/orders", Subject.OWNER, "Ann", "stack s", System.KUBERNETES, unique_id="uid-2"
    )
    declaration = Declaration(
        claim.which, "uid-2", System.KUBERNETES, "k", Manager.PULUMI, "s", "urn", "github.com/shop/orders", "c"
    )
    scan(inventory, system(*cluster, claim, declaration))
    assert owners(inventory) == {cluster[0].key: [], cluster[1].key: [("Ann", "stack s")]}
    assert one(inventory, cluster[0].key).declared_by == ()
    assert one(inventory, cluster[1].key).declared_by == (
        Declared("pulumi", "s", "urn", "github.com/shop/orders", "c"),
    )


def test_what_a_system_tells_as_dependent_and_what_a_cmdb_does_are_counted_together(
    inventory: Inventory, tmp_path: Path
) -> None:
    told = FoundDependent(ORDERS.key, "function", "f")
    scan(inventory, system(ORDERS, told), cmdb(tmp_path, {"key": ORDERS.key, "dependents": ["shop", "billing"]}))
    assert one(inventory, ORDERS.key).dependents == 3


_KEYS = st.text(alphabet="aB/: ", max_size=6)


@settings(max_examples=300, deadline=None)
@given(system=st.sampled_from([System.AZURE, System.VAULT]), key=_KEYS, declared=_KEYS)
def test_looking_up_declarations_finds_just_those_that_declare(system: System, key: str, declared: str) -> None:
    found = FoundIdentity(key, system, "place", "kind", "name", "u")
    declaration = Declaration(declared, "", system, "kind", Manager.PULUMI, "dev", "urn")
    assert (same_key(system, declared) in set(declarable(system, key))) is declares(declaration, found)


_CELLS = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.lists(st.text(max_size=3), max_size=2)
_COLUMNS = st.sampled_from(["key", "pattern", "system", "place", "name", *Subject, "dependents", "other"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(_COLUMNS, _CELLS, max_size=6), max_size=4))
def test_whatever_rows_hold_they_say_something_or_are_told(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    source = cmdb(tmp_path, *rows)
    told, found = "", list[Record]()
    try:
        found = records_of(source)
    except NotSeen as refused:
        told = str(refused)
    assert bool(found) is not bool(told)
    assert told == "" or "fix: " in told
    claims = [each for each in found if isinstance(each, Claim)]
    assert {each.source for each in claims} == {f"file cmdb.json row {at + 1}" for at in range(len(rows) * bool(found))}
    assert all(each.which and each.value for each in claims)
