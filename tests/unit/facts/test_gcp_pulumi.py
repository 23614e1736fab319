"""Pulumi's Google Cloud resources as facts."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.facts import (
    UNKNOWN,
    Fact,
    NotYetKnown,
    Ownership,
    PulumiResource,
    StandingCredential,
    Unjudged,
    read_pulumi_resource,
)
from nhi_components.facts.gcp.model import Binding, IdentityProvider, RoleDefinition, RunsAs, Scope
from nhi_components.facts.gcp.pulumi_types import CUSTOM_ROLES, PROVIDERS, SECRETS, WORKLOADS
from nhi_components.facts.gcp.terraform import TYPES

SA = "serviceAccount:orders@my-project.iam.gserviceaccount.com"
GRANT = {"role": "roles/viewer", "member": SA}
TOKENS = {token.split(":")[1].lower(): token for token in TYPES.values()}


def read(type_token: str, inputs: dict[str, Any]) -> list[Fact]:
    facts = read_pulumi_resource(PulumiResource("urn", type_token, inputs))
    return [fact for fact in facts if not isinstance(fact, Ownership)]


@pytest.mark.parametrize("terraform", [name for name in TYPES if "_iam_member" in name])
def test_every_binding_type_is_read(terraform: str) -> None:
    (fact,) = read(TYPES[terraform], GRANT)
    assert isinstance(fact, Binding)
    scopes = {
        "google_project_iam_member": Scope.PROJECT,
        "google_folder_iam_member": Scope.FOLDER,
        "google_organization_iam_member": Scope.ORGANIZATION,
        "google_service_account_iam_member": Scope.SERVICE_ACCOUNT,
    }
    assert fact.scope is scopes.get(terraform, Scope.RESOURCE)
    assert (fact.role_path, fact.members[0].path) == ("role", "member")


@pytest.mark.parametrize("terraform", [name for name in TYPES if "_iam_policy" in name or "_iam_binding" in name])
def test_every_policy_type_is_read(terraform: str) -> None:
    inputs = {"policyData": '{"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}'}
    grant = {"role": "roles/viewer", "members": ["allUsers"]}
    (fact,) = read(TYPES[terraform], inputs if terraform.endswith("policy") else grant)
    assert isinstance(fact, Binding)


def test_policies_that_cannot_be_read() -> None:
    policy = "gcp:projects/iAMPolicy:IAMPolicy"
    assert isinstance(read(policy, {"policyData": UNKNOWN})[0], NotYetKnown)
    assert isinstance(read(policy, {"policyData": "{"})[0], Unjudged)
    assert isinstance(read(policy, {})[0], Unjudged)
    assert read(policy, {"policyData": "{}"}) == []


@pytest.mark.parametrize("name", SECRETS)
def test_every_standing_secret_is_a_credential(name: str) -> None:
    inputs = {SECRETS[name].only_with: "s3cret"} if SECRETS[name].only_with else {}
    (fact,) = read(TOKENS[name], inputs)
    assert isinstance(fact, StandingCredential)
    assert "s3cret" not in repr(fact)


def test_a_database_user_without_password_is_no_credential() -> None:
    assert read("gcp:sql/user:User", {"type": "CLOUD_IAM_SERVICE_ACCOUNT"}) == []


@pytest.mark.parametrize("name", sorted(CUSTOM_ROLES))
def test_custom_roles(name: str) -> None:
    (fact,) = read(TOKENS[name], {"permissions": ["pubsub.topics.get"]})
    assert isinstance(fact, RoleDefinition)
    assert isinstance(read(TOKENS[name], {"permissions": UNKNOWN})[0], NotYetKnown)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_providers(name: str) -> None:
    (fact,) = read(TOKENS[name], {"oidc": {"issuerUri": "https://i"}})
    assert isinstance(fact, IdentityProvider)
    assert [type(fact) for fact in read(TOKENS[name], {"oidc": UNKNOWN})] == [IdentityProvider, NotYetKnown]


def nested(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_workload_tells_its_account(name: str) -> None:
    workload = WORKLOADS[name]
    for account in ("a@p.iam.gserviceaccount.com", None):
        (fact,) = read(TOKENS[name], nested(workload.account, account))
        assert isinstance(fact, RunsAs)
        assert fact.account == account
    assert read(TOKENS[name], nested(workload.account, UNKNOWN)) == []
    without = read(TOKENS[name], {})
    assert without == [] if workload.block else [type(fact) for fact in without] == [RunsAs]


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [[]], [{}], [7], {"a": []}, UNKNOWN, True])
def test_no_input_of_any_type_breaks_the_reader(value: Any) -> None:
    names = ["role", "member", "members", "condition", "policyData", "permissions", "oidc", "attributeMapping"]
    names += ["serviceAccount", "template", "nodeConfig", "config", "accesses", "roleEntities", "entity", "iamMember"]
    for token in sorted(set(TYPES.values())):
        read(token, dict.fromkeys(names, value))
