"""Lease ids, names and tags: stable, within every system's limits, and read back as written."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.errors import SpecError
from nhi_components.core.lease_id import checked_lease_id, name_of, new_lease_id, suffix_of
from nhi_components.core.ledger import LedgerEntry, PartState, succeed
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags, lease_of, lease_of_metadata, lease_of_policy, policy_mark

LABEL = st.from_regex(r"[a-z](-?[a-z0-9]){0,39}", fullmatch=True)
IAM_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


@given(st.binary(min_size=1, max_size=64))
def test_a_seed_gives_one_valid_lease_id(seed: bytes) -> None:
    lease_id = new_lease_id(seed)
    assert lease_id == new_lease_id(seed)
    assert checked_lease_id(lease_id) == lease_id


def test_different_seeds_give_different_ids() -> None:
    ids = {new_lease_id(number.to_bytes(4, "big")) for number in range(2000)}
    assert len(ids) == 2000
    assert len({suffix_of(lease_id) for lease_id in ids}) > 1990


@pytest.mark.parametrize(
    "text", ["", "lease-", "lease-ABCDEFGHIJKLMNOP", "lease-abcdefghijklmno1", "abcdefghijklmnop", "x" * 99]
)
def test_other_texts_are_no_lease_ids(text: str) -> None:
    with pytest.raises(SpecError, match="lease id"):
        checked_lease_id(text)


@given(LABEL.filter(lambda n: len(n) <= 40), LABEL.filter(lambda n: len(n) <= 16), st.sampled_from(list(LinkKind)))
def test_names_fit_every_system_and_bear_the_lease(name: str, environment: str, kind: LinkKind) -> None:
    lease_id = new_lease_id(name.encode())
    physical = name_of(kind, name, environment, lease_id)
    assert suffix_of(lease_id) in physical
    if kind in (LinkKind.IAM_ROLE, LinkKind.IAM_INSTANCE_PROFILE):
        assert IAM_NAME.fullmatch(physical)
    if kind is LinkKind.VAULT_KV_PATH:
        assert physical.endswith(lease_id)


def test_aws_appends_six_characters_to_a_secrets_name_so_ours_must_not_be_mistaken_for_them() -> None:
    assert (
        name_of(LinkKind.SECRETS_MANAGER_SECRET, "orders", "dev", "lease-abcdefghijklmnop") == "nhi/dev/orders-abcdef"
    )


@given(st.text(max_size=400), st.text(max_size=300))
def test_tags_keep_to_the_alphabet_and_are_read_back(owner: str, purpose: str) -> None:
    tags = LeaseTags("lease-abcdefghijklmnop", "orders", "dev", owner, purpose, date(2026, 1, 1), "shop/dev")
    written = tags.to_tags()
    assert lease_of(written) == lease_of_metadata(tags.to_metadata()) == tags.lease
    assert all(re.fullmatch(r"[\w .:/=+@-]{0,256}", value, re.ASCII) for value in written.values())


def test_a_policy_bears_its_lease_in_its_first_line_only() -> None:
    mark = policy_mark("lease-abcdefghijklmnop")
    assert lease_of_policy(f"{mark}\npath {{}}") == "lease-abcdefghijklmnop"
    assert lease_of_policy(f"path {{}}\n{mark}") is None


def test_tags_of_another_manager_are_not_ours() -> None:
    assert lease_of({"nhi:lease": "lease-abcdefghijklmnop", "nhi:managed-by": "somebody"}) is None
    assert lease_of({}) is None


LINKS = st.lists(
    st.builds(Link, st.just(System.AWS), st.sampled_from(list(LinkKind)), st.sampled_from("abcd")),
    unique_by=lambda link: link.key,
)


@given(st.lists(LINKS, max_size=6))
def test_the_ledger_never_forgets_and_knows_what_is_declared(history: list[list[Link]]) -> None:
    entries: list[LedgerEntry] = []
    for declared in history:
        entries = succeed(entries, declared)
        assert {e.link.key for e in entries if e.state is PartState.LINKED} == {link.key for link in declared}
    assert {e.link.key for e in entries} == {link.key for declared in history for link in declared}
    assert [LedgerEntry.from_state(entry.to_state()) for entry in entries] == entries
