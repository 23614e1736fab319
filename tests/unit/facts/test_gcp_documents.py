"""Google Cloud documents as facts: every spelling is read, nothing is dropped."""

from __future__ import annotations

import time
from typing import Any

import pytest

from nhi_components.core.gcp_catalogue import (
    all_permissions,
    matching,
    permissions_of,
    predefined_roles,
    version,
)
from nhi_components.facts import (
    UNKNOWN,
    DocumentKind,
    Fact,
    NotYetKnown,
    Platform,
    Unjudged,
    read_document,
)
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.facts.gcp.model import Binding, Federation, IdentityProvider, RoleDefinition, Scope
from nhi_components.facts.gcp.scopes import scope_of_name, scope_of_type

SA = "serviceAccount:orders@my-project.iam.gserviceaccount.com"
VIEWER = "roles/storage.objectViewer"


def read(document: Any, kind: str = "binding", **context: Any) -> tuple[Fact, ...]:
    return read_document(DocumentKind(kind), "document", document, context, Platform.GCP)


def binding(document: Any, kind: str = "binding", **context: Any) -> Binding:
    (fact,) = read(document, kind, **context)
    assert isinstance(fact, Binding)
    return fact


def unjudged(document: Any, kind: str = "binding", **context: Any) -> list[tuple[str, str]]:
    return [(fact.path, fact.got) for fact in read(document, kind, **context) if isinstance(fact, Unjudged)]


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("project", Scope.PROJECT),
        ("Projects", Scope.PROJECT),
        ("google_project_iam_member", Scope.PROJECT),
        ("project_iam_binding", Scope.PROJECT),
        ("google_folder", Scope.FOLDER),
        ("google_organization_iam_policy", Scope.ORGANIZATION),
        ("org", Scope.ORGANIZATION),
        ("service_account", Scope.SERVICE_ACCOUNT),
        ("serviceAccount", Scope.SERVICE_ACCOUNT),
        ("google_service_account_iam_member", Scope.SERVICE_ACCOUNT),
        ("bucket", Scope.RESOURCE),
        ("google_secret_manager_secret_iam_member", Scope.RESOURCE),
    ],
)
def test_the_scope_of_a_type(name: str, scope: Scope) -> None:
    assert scope_of_type(name) is scope


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("projects/p", Scope.PROJECT),
        ("//cloudresourcemanager.googleapis.com/folders/1", Scope.FOLDER),
        ("cloudresourcemanager.googleapis.com/Organization", Scope.ORGANIZATION),
        ("projects/p/serviceAccounts/a@p.iam.gserviceaccount.com", Scope.SERVICE_ACCOUNT),
        ("projects/_/buckets/orders", Scope.RESOURCE),
        ("//", Scope.RESOURCE),
    ],
)
def test_the_scope_of_a_name(name: str, scope: Scope) -> None:
    assert scope_of_name(name) is scope


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("allUsers", Kind.PUBLIC),
        ("*", Kind.PUBLIC),
        ("user:jane@example.com", Kind.NAMED),
        ("user:jane@gmail.com", Kind.CONSUMER),
        ("group:a@example.com", Kind.NAMED),
        ("domain:example.com", Kind.ORGANISATION),
        ("deleted:serviceAccount:a@p.iam.gserviceaccount.com?uid=1", Kind.NAMED),
        ("projectOwner:my-project", Kind.NAMED),
        (SA, Kind.NAMED),
        ("serviceAccount:1-compute@developer.gserviceaccount.com", Kind.DEFAULT_ACCOUNT),
        ("serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com", Kind.SERVICE_AGENT),
        ("serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com.evil.com", Kind.NAMED),
        ("serviceAccount:p.svc.id.goog[ns/sa]", Kind.FEDERATED),
        ("principal://iam.googleapis.com/locations/global/workforcePools/p/subject/jane", Kind.FEDERATED),
        ("principalSet://cloudresourcemanager.googleapis.com/folders/1", Kind.ORGANISATION),
        ("principal://goog/subject/jane@example.com", Kind.NAMED),
        ("jane@example.com", Kind.UNKNOWN),
        ("user:", Kind.UNKNOWN),
        ("user:*", Kind.UNKNOWN),
        ("robot:x", Kind.UNKNOWN),
        ("principal://", Kind.UNKNOWN),
    ],
)
def test_what_a_member_stands_for(member: str, kind: Kind) -> None:
    assert classify(member).kind is kind


def test_every_spelling_of_a_binding_reads_the_same() -> None:
    one = binding({"role": VIEWER, "members": [SA], "resource_type": "bucket"})
    others = [
        binding({"role": VIEWER, "member": SA, "resourceType": "bucket"}),
        binding({"role": VIEWER, "members": SA}, resource_type="bucket"),
        binding({"bindings": [{"role": VIEWER, "members": [SA]}]}, "resource_policy"),
        binding({"bindings": {"role": VIEWER, "members": [SA]}, "etag": "x"}, "resource_policy"),
        binding({"policyData": {"bindings": [{"role": VIEWER, "members": [SA]}]}}, "resource_policy"),
        binding([{"role": VIEWER, "members": [SA]}], "resource_policy"),
    ]
    for other in others:
        assert (other.role, other.scope, other.permissions) == (one.role, Scope.RESOURCE, one.permissions)
        assert [member.text for member in other.members] == [SA]
    assert "storage.objects.get" in one.permissions


def test_scopes_that_a_document_does_not_tell() -> None:
    policy = {"bindings": [{"role": VIEWER, "members": [SA]}]}
    assert binding(policy, "policy_document").scope is Scope.NOT_TOLD
    assert binding(policy, "trust_policy").scope is Scope.SERVICE_ACCOUNT
    asset = {"name": "//cloudresourcemanager.googleapis.com/folders/1", "iamPolicy": policy}
    assert binding(asset, "policy_document").scope is Scope.FOLDER
    assert binding({**policy, "resource": "//cloudresourcemanager.googleapis.com/projects/p"}).scope is Scope.PROJECT


def test_conditions_are_read_in_every_form() -> None:
    forms: list[Any] = [{"title": "t", "expression": "a"}, [{"expression": "a"}], "a"]
    for form in forms:
        condition = binding({"role": VIEWER, "member": SA, "condition": form}).condition
        assert condition is not None
        assert condition.expression == "a"
    for empty in ({}, [], None, ""):
        assert binding({"role": VIEWER, "member": SA, "condition": empty}).condition is None


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"role": "roles/storage.objectViewr", "members": [SA]}, "document.role"),
        ({"role": "roles/Owner", "members": [SA]}, "document.role"),
        ({"role": "owner", "members": [SA]}, "document.role"),
        ({"role": "projects/p/deployer", "members": [SA]}, "document.role"),
        ({"members": [SA]}, "document.role"),
        ({"role": 7, "members": [SA]}, "document.role"),
        ({"role": VIEWER}, "document.members"),
        ({"role": VIEWER, "members": {"a": 1}}, "document.members"),
        ({"role": VIEWER, "members": [SA, 7]}, "document.members[1]"),
        ({"role": VIEWER, "members": ["jane@example.com"]}, "document.members[0]"),
        ({"role": VIEWER, "member": SA, "condition": {"title": "t"}}, "document.condition.expression"),
        ({"role": VIEWER, "member": SA, "condition": 7}, "document.condition"),
        ({"bindings": 7}, "document.bindings"),
        ({"bindings": [7]}, "document.bindings[0]"),
        ({"frobnicate": 1}, "document"),
        ({}, "document"),
        (None, "document"),
        ("{", "document"),
        ('{"role": "a", "role": "b"}', "document"),
    ],
)
def test_what_cannot_be_read_of_a_binding_is_a_fact(document: Any, place: str) -> None:
    assert place in [path for path, _ in unjudged(document)]


def test_a_kind_of_another_system_is_a_fact() -> None:
    assert unjudged({}, "permission_boundary") == [("kind", "permission_boundary")]


def test_what_is_not_known_yet_is_a_fact() -> None:
    facts = read({"role": UNKNOWN, "members": [SA, UNKNOWN, "${var.member}"], "condition": UNKNOWN})
    assert {fact.path for fact in facts if isinstance(fact, NotYetKnown)} == {
        "document.role",
        "document.members[1]",
        "document.members[2]",
        "document.condition",
    }
    assert isinstance(read(UNKNOWN)[0], NotYetKnown)


def test_a_custom_role_is_known_by_its_name_or_by_the_context() -> None:
    name = "projects/p/roles/deployer"
    given = {"role": name, "members": [SA]}
    assert binding(given).permissions == frozenset()
    for told in (["a.b.c"], {"includedPermissions": ["a.b.c"]}, {"permissions": ["a.b.c"]}):
        assert binding(given, roles={name: told}).permissions == {"a.b.c"}


@pytest.mark.parametrize(
    "document",
    [
        {"includedPermissions": ["pubsub.topics.get"]},
        {"included_permissions": ["pubsub.topics.get"]},
        {"permissions": ["pubsub.topics.get"], "role_id": "x"},
        {"roleId": "x", "role": {"includedPermissions": ["pubsub.topics.get"]}},
        ["pubsub.topics.get"],
        {"includedPermissions": "pubsub.topics.get"},
    ],
)
def test_every_spelling_of_a_custom_role_reads_the_same(document: Any) -> None:
    (role,) = read(document, "role_definition")
    assert isinstance(role, RoleDefinition)
    assert role.permissions == {"pubsub.topics.get"}


def test_permissions_that_the_data_does_not_know_are_facts() -> None:
    listed = ["pubsub.topics.get", "pubsub.topics.gett", "Pubsub.topics.get", "frob.*", 7, ""]
    facts = unjudged({"includedPermissions": listed}, "role_definition")
    assert {path.rpartition("[")[2] for path, _ in facts} == {"1]", "2]", "3]", "4]", "5]"}
    assert any(version() in got for _, got in facts)


def test_a_role_without_permissions_is_a_fact_and_an_empty_one_is_none() -> None:
    assert unjudged({"title": "x"}, "role_definition") == [("document.includedPermissions", "null")]
    assert read({"title": "x", "includedPermissions": []}, "role_definition") == ()


def test_wildcards_stand_for_what_they_match() -> None:
    (role,) = read({"includedPermissions": ["pubsub.topics.*", "storage.objects.get"]}, "role_definition")
    assert isinstance(role, RoleDefinition)
    assert role.wildcards == (("pubsub.topics.*", "document.includedPermissions[0]"),)
    assert {"pubsub.topics.publish", "storage.objects.get"} <= role.permissions


@pytest.mark.parametrize(
    ("document", "federation", "issuer"),
    [
        ({"oidc": {"issuerUri": "https://i"}}, Federation.OIDC, "https://i"),
        ({"oidc": [{"issuer_uri": "https://i"}]}, Federation.OIDC, "https://i"),
        ({"issuer": "https://i", "attribute_mapping": {}}, Federation.OIDC, "https://i"),
        ({"aws": {"accountId": "1"}}, Federation.AWS, "1"),
        ({"saml": {"idpMetadataXml": "<x/>"}}, Federation.SAML, "<x/>"),
        ({"x509": {"trustStore": {}}}, Federation.X509, ""),
    ],
)
def test_every_kind_of_provider(document: Any, federation: Federation, issuer: str) -> None:
    (provider,) = read(document, "trust_policy")
    assert isinstance(provider, IdentityProvider)
    assert (provider.federation, provider.issuer) == (federation, issuer)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"oidc": {}}, "document.oidc"),
        ({"oidc": 7}, "document.oidc"),
        ({"attributeCondition": "a"}, "document"),
        ({"oidc": {"issuerUri": "https://i"}, "attributeCondition": 7}, "document.attributeCondition"),
        ({"oidc": {"issuerUri": "https://i"}, "attributeMapping": 7}, "document.attributeMapping"),
        ({"oidc": {"issuerUri": "https://i"}, "attributeMapping": {"a": 7}}, "document.attributeMapping.a"),
        ({"oidc": {"issuerUri": "https://i", "allowedAudiences": [7]}}, "document.oidc.allowedAudiences[0]"),
    ],
)
def test_what_cannot_be_read_of_a_provider_is_a_fact(document: Any, place: str) -> None:
    assert place in [path for path, _ in unjudged(document, "trust_policy")]


def test_the_data_is_whole() -> None:
    assert len(predefined_roles()) > 2_000
    assert len(all_permissions()) > 13_000
    assert permissions_of("roles/iam.serviceAccountUser") == {
        "iam.serviceAccounts.actAs",
        "iam.serviceAccounts.get",
        "iam.serviceAccounts.list",
        "resourcemanager.projects.get",
        "resourcemanager.projects.list",
    }
    assert permissions_of("roles/admin") == permissions_of("roles/owner")
    assert permissions_of("roles/none") is None
    assert permissions_of("owner") is None
    for role in predefined_roles():
        assert (permissions_of(role) or frozenset()) <= all_permissions()


def test_a_hostile_role_takes_linear_time() -> None:
    listed = [f"*a*b*{number}*" for number in range(10_000)] + [f"a.b.c{number}" for number in range(50_000)]
    start = time.process_time()
    assert len(unjudged({"includedPermissions": listed}, "role_definition")) == len(listed)
    assert matching("*" * 1_000_000) == frozenset()
    assert time.process_time() - start < 10
