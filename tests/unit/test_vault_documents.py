"""The policy of an identity on Vault: what is judged once its targets are known."""

from __future__ import annotations

from functools import partial

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Kind
from nhi_components.templates import forbidden_path_problems, templates_in_force
from nhi_components.vault.documents import policy_document

LEASE = "lease-abcdefghijklmnop"
UNKNOWN = object()


def document(target: str, *, declared: object = UNKNOWN, suspended: bool = False) -> str:
    template = templates_in_force().by_kind[Kind.WORKLOAD]
    grants = [Grant(actions=["read", "update"], targets=[declared])]
    own = [("secret/data/nhi/own", ("read",))]
    judge = partial(forbidden_path_problems, template)
    return policy_document(grants, [[target]], LEASE, own, suspended=suspended, judge=judge)


def test_a_target_that_turns_out_to_be_forbidden_or_no_path_is_refused() -> None:
    for target in ("sys/policies/acl/mine", "auth/token/create", "/secret/data/a"):
        with pytest.raises(SpecError, match=r"grants\[0\]\.targets\[0\]"):
            document(target)
    assert 'path "secret/data/orders"' in document("secret/data/orders")


def test_a_suspended_identity_is_denied_everything_that_it_was_granted() -> None:
    text = document("secret/data/orders", suspended=True)
    assert text.count("deny") == text.count("path ") == 2
    assert "read" not in text
