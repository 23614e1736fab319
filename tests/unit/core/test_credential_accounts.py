"""Accounts: references that resolve to links, and are read back from what a state holds."""

from __future__ import annotations

import pytest

from nhi_components.core.credential.accounts import (
    HOOK,
    SUSPENDED,
    SaasAccount,
    ScimAccount,
    account_link,
    hook_of_link,
)
from nhi_components.core.credential.dependents import CommandHook, HttpHook
from nhi_components.core.credential.links import DELIVERED, account_parts, link_of_part
from nhi_components.core.errors import SpecError
from nhi_components.core.ledger import link_from_state, link_to_state
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters import ownership
from tests.conformance.world import new_tags

TAGS = new_tags(b"accounts")
OWN = f"orders-dev-{TAGS.lease[6:12]}"
COMMAND = CommandHook(command=("courier-hook", "--region", "eu"))


@pytest.mark.parametrize(
    ("account", "kind", "name"),
    [
        (ScimAccount(connection="corp"), LinkKind.SCIM_USER, OWN),
        (ScimAccount(connection="corp", user_name="a@b.example"), LinkKind.SCIM_USER, "a@b.example"),
        (SaasAccount(connection="corp", hook=COMMAND), LinkKind.HOOK_ACCOUNT, OWN),
        (SaasAccount(connection="corp", hook=COMMAND, account="Orders API"), LinkKind.HOOK_ACCOUNT, "Orders API"),
    ],
)
def test_a_lease_s_part_and_a_link_of_the_program_are_the_same(
    account: ScimAccount | SaasAccount, kind: LinkKind, name: str
) -> None:
    link = account_link(account, TAGS, suspended=True)
    (part,) = account_parts([account])
    assert link_of_part(part[DELIVERED], TAGS).key == link.key == (account.system, "corp", kind, name)
    assert link_from_state(link_to_state(link)) == link
    assert ownership.is_suspended(link)
    assert not ownership.is_suspended(account_link(account, TAGS, suspended=False))
    assert SUSPENDED == ownership.SUSPENDED


@pytest.mark.parametrize("hook", [COMMAND, HttpHook(url="https://hooks.example.com/courier", token_variable="TOKEN")])
def test_the_hook_is_read_back_from_the_link(hook: CommandHook | HttpHook) -> None:
    link = account_link(SaasAccount(hook=hook), TAGS, suspended=False)
    assert hook_of_link(link) == hook
    assert hook_of_link(account_link(ScimAccount(), TAGS, suspended=False)) is None
    assert link.system is System.HOOK
    assert HOOK in link.attributes


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"hook": {"kind": "deployment", "namespace": "a", "deployment": "b"}}, "hook"),
        ({"hook": {"kind": "command", "command": []}}, "hook.command.command"),
        ({"hook": {"kind": "http", "url": "ftp://x"}}, "hook.http.url"),
        ({"hook": {"kind": "http", "url": "https://user:word@x"}}, "hook.http.url"),
        ({"hook": {"kind": "http", "url": "https://x", "token": "t"}}, "hook.http.token"),
        ({"hook": {"kind": "command", "command": ["a"]}, "account": " padded "}, "account"),
        ({"hook": {"kind": "command", "command": ["a"]}, "account": ""}, "account"),
    ],
)
def test_wrong_accounts_are_refused_with_their_place(fields: dict[str, object], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        SaasAccount.parse(fields)
    assert [problem.path for problem in caught.value.problems] == [path]
