"""Terraform's plans and states become the same facts as Pulumi's resources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nhi_components.facts import UNKNOWN, NotYetKnown, Ownership, Unjudged
from nhi_components.facts.aws.pulumi_types import DOCUMENTS, MANAGED_POLICIES
from nhi_components.facts.aws.terraform import TYPES
from nhi_components.facts.aws.terraform_data import documents_of_data
from nhi_components.facts.terraform import TerraformResource, is_terraform, read_terraform_resource, resources_of
from nhi_components.facts.terraform.marks import conceal, with_unknown
from nhi_components.facts.terraform.names import camel_case, inputs_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def fixture(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FIXTURES / name).read_text())
    return content


def resources(value: dict[str, Any]) -> dict[str, TerraformResource]:
    found = list(resources_of(value))
    assert not [member for member in found if isinstance(member, Unjudged)]
    return {member.address: member for member in found if isinstance(member, TerraformResource)}


def test_a_plan_holds_what_will_be_there_with_what_is_not_known_yet() -> None:
    plan = resources(fixture("plan.json"))
    assert set(plan) == {
        "aws_iam_role.ci",
        'aws_iam_policy.send["a"]',
        "aws_iam_policy.later",
        "aws_iam_role_policy_attachment.admin[0]",
        "aws_sqs_queue.orders",
        "data.aws_iam_policy_document.later",
        "module.queue.aws_sqs_queue_policy.open",
    }
    assert plan["aws_iam_policy.later"].attributes["policy"] is UNKNOWN
    assert plan["aws_iam_role.ci"].attributes["arn"] is UNKNOWN
    assert plan["aws_iam_role.ci"].attributes["tags"] == {"my_tag": "x"}


def test_a_plan_without_planned_values_is_read_from_its_changes() -> None:
    plan = fixture("plan.json")
    del plan["planned_values"]
    assert set(resources(plan)) == {"aws_iam_role.ci", "aws_iam_policy.later", "data.aws_iam_policy_document.later"}


def test_changes_that_are_deferred_are_read() -> None:
    change = {"actions": ["create"], "after": {"policy": POLICY}, "after_unknown": {}}
    entry = {"address": "aws_iam_policy.a", "type": "aws_iam_policy", "mode": "managed", "change": change}
    plan = {"format_version": "1.2", "terraform_version": "1.10", "planned_values": {}}
    found = resources({**plan, "deferred_changes": [{"reason": "unknown", "resource_change": entry}]})
    assert found["aws_iam_policy.a"].attributes["policy"] == POLICY


def test_a_state_file_has_the_addresses_of_modules_and_instances() -> None:
    assert set(resources(fixture("terraform.tfstate"))) == {
        'aws_iam_role.ci["a"]',
        "module.users.aws_iam_user_login_profile.dana",
        "data.aws_iam_policy_document.all",
    }


def test_a_shown_state_is_read_with_its_modules() -> None:
    addresses = {"aws_iam_role_policy_attachment.admin[0]", "module.queue.aws_sqs_queue_policy.open"}
    assert set(resources(fixture("state.json"))) == addresses


def test_a_sensitive_value_is_concealed_and_a_sensitive_document_is_not() -> None:
    marks = {"password": True, "policy": True, "parts": [{"token": True}]}
    value = {"password": "secret", "policy": POLICY, "parts": [{"token": "secret", "name": "a"}], "nothing": None}
    known = {"password": UNKNOWN, "policy": POLICY, "parts": [{"token": UNKNOWN, "name": "a"}], "nothing": None}
    assert conceal(value, marks) == known
    login = resources(fixture("terraform.tfstate"))["module.users.aws_iam_user_login_profile.dana"]
    assert login.attributes["password"] is UNKNOWN


@pytest.mark.parametrize(
    ("value", "marks", "expected"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, None, {"a": 1}),
        ({"a": 1}, True, UNKNOWN),
        ({"a": None}, {"a": True}, {"a": UNKNOWN}),
        ({}, {"a": {"b": True}}, {"a": {"b": UNKNOWN}}),
        ({"a": [1, 2]}, {"a": [False, True]}, {"a": [1, UNKNOWN]}),
        ({"a": [1]}, {"a": [False, True]}, {"a": [1, UNKNOWN]}),
        ({"a": None}, {"a": [{"b": True}]}, {"a": [{"b": UNKNOWN}]}),
        ({"a": {"b": 1}}, {"a": {"b": False}}, {"a": {"b": 1}}),
    ],
)
def test_marks_of_unknown_values_are_merged(value: Any, marks: Any, expected: Any) -> None:
    assert with_unknown(value, marks) == expected


def test_names_are_in_camel_case_at_the_top_and_in_blocks_and_never_in_maps() -> None:
    attributes = {
        "assume_role_policy": "x",
        "nothing_here": None,
        "no_block": [],
        "inline_policy": [{"policy_name": "a", "left_out": None}],
        "tags": {"my_tag": "x"},
        "rule": [{"api_groups": ["a_b"], "sub_block": [{"resource_names": ["r"]}], "my_map": {"a_b": {"c_d": 1}}}],
    }
    assert inputs_of(attributes, {"inline_policy": "inlinePolicies"}) == {
        "assumeRolePolicy": "x",
        "inlinePolicies": [{"policyName": "a"}],
        "tags": {"my_tag": "x"},
        "rule": [{"apiGroups": ["a_b"], "subBlock": [{"resourceNames": ["r"]}], "myMap": {"a_b": {"c_d": 1}}}],
    }
    assert camel_case("policy") == "policy"


def facts_of(type_: str, attributes: dict[str, Any], *, is_data: bool = False) -> list[Any]:
    _, facts = read_terraform_resource(TerraformResource(f"{type_}.a", type_, attributes, is_data))
    return [fact for fact in facts if not isinstance(fact, Ownership)]


@pytest.mark.parametrize("type_", [name for name, token in TYPES.items() if token.endswith("olicy")])
def test_policies_of_known_types_are_read(type_: str) -> None:
    facts = facts_of(type_, {"policy": POLICY, "inline_policy": POLICY, "policy_document": POLICY, "content": POLICY})
    assert "GrantDocument" in {type(fact).__name__ for fact in facts}


def test_every_pulumi_type_that_holds_a_document_has_its_terraform_type() -> None:
    former_name_of_bucket = "aws:s3/bucketV2:BucketV2"
    assert {*DOCUMENTS, *MANAGED_POLICIES} - set(TYPES.values()) <= {former_name_of_bucket}


METADATA = [{"name": "a", "labels": None}]
RULE = {"api_groups": ["*"], "resources": ["*"], "verbs": ["*"], "resource_names": None}
SUBJECT = {"kind": "ServiceAccount", "name": "x", "namespace": "y"}
ROLE_REF = {"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
ROOT = 'path "*" {capabilities = ["sudo"]}'
FEDERATED = {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:a/*", "audiences": ["b"]}


@pytest.mark.parametrize(
    ("type_", "attributes", "fact"),
    [
        ("kubernetes_cluster_role", {"metadata": METADATA, "rule": [RULE], "aggregation_rule": []}, "RbacRole"),
        (
            "kubernetes_cluster_role_binding",
            {"metadata": METADATA, "role_ref": [ROLE_REF], "subject": [SUBJECT]},
            "RbacBinding",
        ),
        ("vault_policy", {"name": "a", "policy": ROOT}, "VaultPolicyDocument"),
        ("google_project_iam_member", {"project": "p", "role": "roles/owner", "member": "allUsers"}, "Binding"),
        ("google_storage_bucket_iam_binding", {"bucket": "b", "role": "r", "members": ["allUsers"]}, "Binding"),
        ("google_service_account_key", {"service_account_id": "x"}, "StandingCredential"),
        ("azurerm_role_assignment", {"scope": "/", "role_definition_name": "Owner"}, "RoleAssignment"),
        ("azuread_application_federated_identity_credential", FEDERATED, "FederatedCredential"),
        (
            "github_actions_secret",
            {"repository": "a", "secret_name": "B", "plaintext_value": "x"},
            "StandingCredential",
        ),
        ("aws_iam_role_policy_attachment", {"role": "a", "policy_arn": "arn:b"}, "ManagedPolicyAttachment"),
    ],
)
def test_resources_of_every_system_are_read(type_: str, attributes: dict[str, Any], fact: str) -> None:
    names = [type(each).__name__ for each in facts_of(type_, attributes)]
    assert fact in names
    assert "Unjudged" not in names or fact == "Binding"


def test_a_type_that_is_not_known_is_searched() -> None:
    facts = facts_of("aws_new_thing", {"name": "a", "guard_document": POLICY})
    assert [type(fact).__name__ for fact in facts] == ["GrantDocument"]


@pytest.mark.parametrize(
    ("type_", "attributes", "place"),
    [
        ("alicloud_ram_policy", {"document": POLICY}, "document"),
        ("oci_thing", {"role": "admin", "member": "everybody"}, ""),
        ("aws_new_thing", {"nested": [{"deep": {"role": "a", "principal": "b"}}]}, "nested[0].deep"),
    ],
)
def test_what_looks_like_a_grant_and_cannot_be_read_is_reported(
    type_: str, attributes: dict[str, Any], place: str
) -> None:
    (fact,) = facts_of(type_, attributes)
    assert isinstance(fact, Unjudged)
    assert fact.path == place
    assert type_ in fact.got


def test_what_grants_nothing_has_no_facts() -> None:
    assert facts_of("random_id", {"byte_length": 4}) == []
    assert facts_of("oci_bucket", {"name": "a"}) == []


def test_an_unknown_policy_of_an_unknown_type_is_not_passed_over() -> None:
    (fact,) = facts_of("oci_policy", {"policy": UNKNOWN})
    assert isinstance(fact, NotYetKnown)


@pytest.mark.parametrize(
    ("type_", "attribute"), [("kubernetes_manifest", "manifest"), ("kubectl_manifest", "yaml_body")]
)
def test_a_manifest_inside_a_resource_is_read(type_: str, attribute: str) -> None:
    manifest = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "a"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }
    given = manifest if attribute == "manifest" else json.dumps(manifest)
    assert [type(fact).__name__ for fact in facts_of(type_, {attribute: given})] == ["RbacRole"]


def test_a_data_source_is_read_only_while_its_document_is_not_known() -> None:
    statement = [{"actions": ["iam:*"], "resources": ["*"], "effect": None}]
    assert facts_of("aws_iam_policy_document", {"statement": statement, "json": POLICY}, is_data=True) == []
    assert facts_of("aws_iam_policy_document", {"statement": statement, "json": UNKNOWN}, is_data=True)
    assert facts_of("aws_caller_identity", {"arn": "a"}, is_data=True) == []


def test_the_document_of_a_data_source_has_the_elements_of_its_statements() -> None:
    block = {
        "sid": "a",
        "actions": ["sts:AssumeRoleWithWebIdentity"],
        "principals": [{"type": "Federated", "identifiers": ["arn"]}],
        "condition": [
            {"test": "StringLike", "variable": "a:sub", "values": ["x"]},
            {"test": "StringLike", "variable": "a:aud", "values": UNKNOWN},
        ],
    }
    ((kind, document),) = documents_of_data({"statement": [block]})
    assert kind == "trust_policy"
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "a",
                "Action": ["sts:AssumeRoleWithWebIdentity"],
                "Effect": "Allow",
                "Principal": {"Federated": ["arn"]},
                "Condition": {"StringLike": {"a:sub": ["x"], "a:aud": UNKNOWN}},
            }
        ],
    }


def test_documents_that_a_data_source_joins_are_read_too() -> None:
    found = list(documents_of_data({"source_policy_documents": [POLICY], "override_policy_documents": UNKNOWN}))
    assert [document for _, document in found] == [POLICY, UNKNOWN]


@pytest.mark.parametrize(
    "value",
    [
        {"format_version": "1.0", "terraform_version": "1", "values": []},
        {"format_version": "1.0", "terraform_version": "1", "values": {"root_module": 5}},
        {"format_version": "1.0", "terraform_version": "1", "values": {"root_module": {"resources": [5]}}},
        {"version": 4, "terraform_version": "1", "resources": {}},
        {"version": 4, "terraform_version": "1", "resources": [{"type": "a"}, {"type": 1}]},
        {"version": 4, "terraform_version": "1", "resources": [{"type": "a", "instances": [None]}]},
        {"version": 3, "terraform_version": "0.11", "modules": []},
        {"planned_values": {}, "resource_changes": "x"},
        {"planned_values": {}, "resource_changes": [{"change": {}}]},
        {"planned_values": {"root_module": {"resources": [{"type": "a", "address": "b", "values": [1]}]}}},
    ],
)
def test_what_is_out_of_shape_is_reported(value: dict[str, Any]) -> None:
    assert is_terraform(value)
    assert [found for found in resources_of(value) if isinstance(found, Unjudged)]
