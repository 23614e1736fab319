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


TOPIC = "projects/shop-dev/topics/orders"


@pytest.mark.parametrize(
    ("kind", "action", "expected"),
    [
        (Kind.WORKLOAD, "pubsub.topics.publish", set()),
        (Kind.WORKLOAD, "pubsub.topics.setIamPolicy", {"gcp-resource-sharing"}),
        (Kind.WORKLOAD, "pubsub.topics.*", {"gcp-resource-sharing"}),
        (Kind.WORKLOAD, "roles/pubsub.publisher", set()),
        (Kind.WORKLOAD, "roles/pubsub.admin", {"gcp-resource-sharing"}),
        (Kind.PIPELINE, "roles/pubsub.admin", set()),
        (Kind.WORKLOAD, "iam.serviceAccounts.actAs", {"gcp-act-as"}),
        (Kind.PIPELINE, "iam.serviceAccounts.actAs", set()),
        (Kind.WORKLOAD, "roles/iam.serviceAccountTokenCreator", set()),
        (Kind.AI_AGENT, "roles/iam.serviceAccountTokenCreator", {"gcp-other-accounts", "gcp-permission-read"}),
        (Kind.SERVICE_ACCOUNT, "cloudkms.cryptoKeyVersions.destroy", {"gcp-key-administration"}),
        (Kind.WORKLOAD, "iam.whatever.setIamPolicy", {"gcp-permission-change", "gcp-resource-sharing"}),
    ],
)
def test_permissions_and_roles_of_google_cloud(kind: Kind, action: str, expected: set[str]) -> None:
    assert ids(kind, [action], [TOPIC]) == expected


def test_a_role_is_told_with_what_it_contains() -> None:
    grant = Grant(actions=["roles/pubsub.admin"], targets=[TOPIC])
    (problem,) = forbidden_grant_problems(template(), 0, grant)
    assert re.fullmatch(r"roles/pubsub.admin, which allows pubsub\.\S+, pubsub\.\S+, .* and \d+ more", problem.got)


CONTAINER = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shop-dev/providers/Microsoft.Storage"
    "/storageAccounts/shop/blobServices/default/containers/in"
)


@pytest.mark.parametrize(
    ("kind", "action", "expected"),
    [
        (Kind.WORKLOAD, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", set()),
        (Kind.WORKLOAD, "Storage Blob Data Contributor", set()),
        (Kind.WORKLOAD, "storage blob data owner", {"azure-resource-sharing"}),
        (Kind.WORKLOAD, "Microsoft.Authorization/roleAssignments/write", {"azure-permission-change"}),
        (Kind.WORKLOAD, "microsoft.authorization/ROLEASSIGNMENTS/*", {"azure-permission-change"}),
        (Kind.WORKLOAD, "Microsoft.Authorization/roleAssignments/read", set()),
        (Kind.AI_AGENT, "Microsoft.Authorization/roleAssignments/read", {"azure-permission-read"}),
        (Kind.WORKLOAD, "Microsoft.Authorization/whatIsNotDocumentedYet/write", {"azure-permission-change"}),
        (Kind.WORKLOAD, "Managed Identity Operator", {"azure-pass-identity"}),
        (Kind.PIPELINE, "Managed Identity Operator", set()),
        (Kind.SERVICE_ACCOUNT, "Microsoft.KeyVault/vaults/keys/rotate/action", {"azure-key-administration"}),
        (Kind.SERVICE_ACCOUNT, "Microsoft.KeyVault/vaults/keys/sign/action", set()),
        (Kind.WORKLOAD, "Microsoft.Storage/storageAccounts/listKeys/action", set()),
        (Kind.THIRD_PARTY, "Microsoft.Storage/storageAccounts/listKeys/action", {"azure-account-keys"}),
        (Kind.AI_AGENT, "Microsoft.Compute/virtualMachines/runCommand/action", {"azure-remote-execution"}),
        (Kind.AI_AGENT, "SignalR/Web PubSub Contributor", {"azure-account-keys", "azure-permission-read"}),
        (Kind.AI_AGENT, "Cosmos DB Built-in Data Contributor", set()),
    ],
)
def test_operations_and_roles_of_azure(kind: Kind, action: str, expected: set[str]) -> None:
    problems = forbidden_grant_problems(template(kind), 0, Grant(actions=[action], targets=[CONTAINER]), on_paths=False)
    assert {re.findall(r"forbids as `([^`]+)`", problem.expected)[0] for problem in problems} == expected


def test_what_one_system_calls_a_target_is_not_judged_as_the_others() -> None:
    own = {"key": {"paths": ["arn*"], "reason": "no such path at all"}}
    content = {**organisation_file(workload={"forbid": ["key"]}), "forbidden": own}
    assert ids(Kind.WORKLOAD, ["sqs:SendMessage"], [QUEUE], content) == set()
    assert ids(Kind.WORKLOAD, ["read"], ["arn/data"], content) == {"key"}
    own["key"]["paths"] = ["projects*"]
    assert ids(Kind.WORKLOAD, ["pubsub.topics.publish"], [TOPIC], content) == set()


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
