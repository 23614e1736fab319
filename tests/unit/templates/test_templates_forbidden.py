"""Forbidden grants are found whatever they are written as."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from template_samples import QUEUE, organisation_file, template

from nhi_components.core.grant import Grant
from nhi_components.core.identity import Kind
from nhi_components.templates import forbidden_path_problems
from nhi_components.templates.forbidden import _globs_meet, forbidden_grant_problems

ROLE = "arn:aws:iam::111111111111:role/other"


def ids(kind: Kind, actions: list[str], targets: list[Any], content: Any = None) -> set[str]:
    problems = forbidden_grant_problems(template(kind, content), 0, Grant(actions=actions, targets=targets))
    return {re.findall(r"forbids as `([^`]+)`", problem.expected)[0] for problem in problems}


@pytest.mark.parametrize(
    ("kind", "action", "expected"),
    [
        (Kind.WORKLOAD, "iam:PassRole", {"pass-role"}),
        (Kind.WORKLOAD, "iam:Pass?ole", {"pass-role"}),
        (Kind.WORKLOAD, "IAM:passrole", {"pass-role"}),
        (Kind.WORKLOAD, "i*m:Pass*", {"pass-role"}),
        (Kind.WORKLOAD, "iam:*", {"pass-role", "permission-change"}),
        (Kind.WORKLOAD, "iam:GetRole", set()),
        (Kind.WORKLOAD, "sts:AssumeRole", set()),
        (Kind.AI_AGENT, "sts:AssumeRole", {"other-roles"}),
        (Kind.AI_AGENT, "sts:A*", {"other-roles", "organization"}),
        (Kind.AI_AGENT, "iam:GetRole", {"permission-read"}),
        (Kind.PIPELINE, "iam:PassRole", set()),
        (Kind.PIPELINE, "organizations:ListAccounts", {"organization"}),
        (Kind.SERVICE_ACCOUNT, "kms:ScheduleKeyDeletion", {"key-administration"}),
        (Kind.SERVICE_ACCOUNT, "kms:Decrypt", set()),
        (Kind.WORKLOAD, "sqs:AddPermission", {"resource-sharing"}),
        (Kind.WORKLOAD, "sqs:A*", {"resource-sharing"}),
        (Kind.WORKLOAD, "sqs:SendMessage", set()),
        (Kind.WORKLOAD, "iam:CreateWhatIsNotDocumentedYet", {"permission-change"}),
        (Kind.WORKLOAD, "i?m:CreateWhatIsNotDocumentedYet", {"permission-change"}),
        (Kind.WORKLOAD, "sqs:CreateWhatIsNotDocumentedYet", set()),
    ],
)
def test_actions(kind: Kind, action: str, expected: set[str]) -> None:
    assert ids(kind, [action], [ROLE]) == expected


def test_everything_is_everything_that_is_forbidden_on_aws() -> None:
    of_aws = {name for name, forbidden in template(Kind.AI_AGENT).forbidden.items() if forbidden.actions}
    assert ids(Kind.AI_AGENT, ["*"], ["*"]) == of_aws
    assert ids(Kind.AI_AGENT, ["*:*"], [ROLE]) == of_aws


def test_a_wildcard_is_told_with_what_it_allows() -> None:
    grant = Grant(actions=["sqs:SendMessage", "iam:Pass*"], targets=[ROLE])
    (problem,) = forbidden_grant_problems(template(), 2, grant)
    assert (problem.path, problem.got) == ("grants[2].actions[1]", "iam:Pass*, which allows iam:PassRole")
    (many,) = forbidden_grant_problems(template(Kind.PIPELINE), 0, Grant(actions=["iam:Delete*"], targets=[ROLE]))
    assert re.search(r"iam:DeleteAccessKey, iam:DeleteAccountAlias, .* and \d+ more", many.got)


@pytest.mark.parametrize(
    ("kind", "capabilities", "path", "expected"),
    [
        (Kind.WORKLOAD, ["read"], "secret/data/orders", set()),
        (Kind.WORKLOAD, ["read"], "secret/*", set()),
        (Kind.WORKLOAD, ["read"], "sys/policies/acl/orders", {"vault-system"}),
        (Kind.WORKLOAD, ["read"], "sys*", {"vault-system"}),
        (Kind.WORKLOAD, ["read"], "+/policies/acl/orders", {"vault-system", "vault-logins"}),
        (Kind.WORKLOAD, ["update"], "auth/approle/role/+/secret-id", {"vault-logins"}),
        (Kind.WORKLOAD, ["read"], "identity/oidc/token/orders", set()),
        (Kind.WORKLOAD, ["read"], "identity/*", {"vault-identities"}),
        (Kind.WORKLOAD, ["read"], "identity/+/name/orders", {"vault-identities"}),
        (Kind.WORKLOAD, ["update"], "transit/encrypt/orders", set()),
        (Kind.WORKLOAD, ["read"], "transit/+/orders", {"vault-key-export"}),
        (Kind.WORKLOAD, ["read"], "transit/*", {"vault-key-export"}),
        (Kind.WORKLOAD, ["delete"], "secret/metadata/orders", set()),
        (Kind.AI_AGENT, ["delete"], "secret/metadata/orders", {"vault-erasure"}),
        (Kind.AI_AGENT, ["read", "list"], "secret/metadata/orders", set()),
        (Kind.AI_AGENT, ["read", "update"], "secret/*", {"vault-erasure"}),
    ],
)
def test_vault_paths(kind: Kind, capabilities: list[str], path: str, expected: set[str]) -> None:
    assert ids(kind, capabilities, [path]) == expected


def test_what_one_system_calls_a_target_is_not_judged_as_the_others() -> None:
    own = {"key": {"paths": ["arn*"], "reason": "no such path at all"}}
    content = {**organisation_file(workload={"forbid": ["key"]}), "forbidden": own}
    assert ids(Kind.WORKLOAD, ["sqs:SendMessage"], [QUEUE], content) == set()
    assert ids(Kind.WORKLOAD, ["read"], ["arn/data"], content) == {"key"}


def test_a_target_that_is_known_later_is_judged_later() -> None:
    later = object()
    assert ids(Kind.WORKLOAD, ["read"], [later]) == set()
    (problem,) = forbidden_path_problems(template(), "grants[0].targets[0]", "sys/mounts", frozenset({"read"}))
    assert (problem.path, problem.got) == ("grants[0].targets[0]", "sys/mounts")


PATTERNS = st.text(alphabet="ab*?", max_size=4)
TEXTS = ["".join(letters) for length in range(7) for letters in product("ab", repeat=length)]


def _matches(pattern: str) -> set[str]:
    compiled = re.compile(pattern.replace("*", ".*").replace("?", "."))
    return {text for text in TEXTS if compiled.fullmatch(text)}


@given(PATTERNS, PATTERNS)
def test_two_globs_meet_where_one_text_matches_both(one: str, other: str) -> None:
    assert _globs_meet(one, other) == bool(_matches(one) & _matches(other))
