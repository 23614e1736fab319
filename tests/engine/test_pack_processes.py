"""Each pack's folder in the analyzer process that an engine starts: what it blocks, leaves alone and puts right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.engine.pack_process import PackProcess

ROLE = "aws:iam/role:Role"
CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
WILD: dict[str, tuple[str, dict[str, Any]]] = {
    "aws": (
        "aws:iam/rolePolicy:RolePolicy",
        {"policy": json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})},
    ),
    "azure": (
        "azure-native:authorization:RoleDefinition",
        {
            "assignableScopes": ["/subscriptions/00000000-0000-0000-0000-000000000001"],
            "permissions": [{"actions": ["*"]}],
            "roleName": "all",
            "scope": "/subscriptions/00000000-0000-0000-0000-000000000001",
        },
    ),
    "gcp": (
        "gcp:projects/iAMMember:IAMMember",
        {"project": "orders", "role": "roles/owner", "member": "serviceAccount:ci@orders.iam.gserviceaccount.com"},
    ),
    "github": (
        "github:index/actionsOrganizationSecret:ActionsOrganizationSecret",
        {"secretName": "TOKEN", "visibility": "all"},
    ),
    "kubernetes": (
        CLUSTER_ROLE,
        {"metadata": {"name": "all"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]},
    ),
    "vault": ("vault:index/policy:Policy", {"policy": 'path "*" { capabilities = ["create", "sudo"] }'}),
}


@pytest.mark.parametrize("name", WILD)
def test_the_pack_of_a_system_blocks_its_wildcard_and_no_other_system(name: str) -> None:
    with PackProcess(name) as pack:
        for system, (token, inputs) in WILD.items():
            assert bool(pack.blocks(token, inputs)) is (system == name), system
            # What is known is judged although something else is not.
            unknown = {**inputs, "description": UNKNOWN_STRING_VALUE}
            assert bool(pack.blocks(token, unknown, "another")) is (system == name), system


def test_the_baseline_blocks_every_wildcard_and_strict_the_identity_of_nobody_too() -> None:
    for name, governed in {"baseline": False, "strict": True}.items():
        with PackProcess(name) as pack:
            assert all(pack.blocks(*given) for given in WILD.values())
            assert bool(pack.blocks(ROLE, {})) is governed
            assert pack.blocks(ROLE, {"tags": {"nhi:owner": "team@example.org", "nhi:ends": "2099-01-01"}}) == []


def test_a_wrong_configuration_blocks_with_all_its_problems() -> None:
    with PackProcess("aws", {"mode": "lax", "governed": ["role"], "remediate": {"until": "soon"}}) as pack:
        (message,) = pack.blocks("pulumi:pulumi:Stack", {})
        for part in ("mode", "governed[0]", "remediate.until", "Nothing is judged"):
            assert part in message


def test_missing_tags_are_put_on_and_secrets_and_unknown_values_kept() -> None:
    secret = {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": "hush"}
    ours = {"nhi:owner": "platform@example.org", "nhi:ends": "2099-06-30"}
    config = {
        "mode": "strict",
        "enforcementLevel": "remediate",
        "remediate": {"owner": ours["nhi:owner"], "ends": ours["nhi:ends"]},
    }
    given = {
        "path": "/",
        "tags": {"team": secret, "arn": UNKNOWN_STRING_VALUE, "nhi:owner": "dana@example.org"},
        "name": UNKNOWN_STRING_VALUE,
    }
    with PackProcess("aws", config) as pack:
        (changed,) = pack.remediated(ROLE, given)
        assert MessageToDict(changed) == {**given, "tags": {**given["tags"], "nhi:ends": "2099-06-30"}}
        (bare,) = pack.remediated(ROLE, {"path": "/"})
        assert MessageToDict(bare) == {"path": "/", "tags": ours}
        all_secret = {"tags": {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": {"team": "hush"}}}
        (hidden,) = pack.remediated(ROLE, all_secret)
        assert MessageToDict(hidden)["tags"] == {**all_secret["tags"], "value": {"team": "hush", **ours}}
        left = ({"tags": UNKNOWN_STRING_VALUE}, {"tags": ours}, {"tags": {**ours, "nhi:owner": UNKNOWN_STRING_VALUE}})
        assert [pack.remediated(ROLE, inputs) for inputs in left] == [[], [], []]
        assert pack.remediated("aws:sqs/queue:Queue", {}) == []
        assert pack.remediated("vault:identity/entity:Entity", {}) == []
