"""Azure documents: what cannot be understood is told, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.facts import UNKNOWN, DocumentKind, NotYetKnown, Platform, Unjudged, read_document
from nhi_components.facts.azure.model import (
    FederatedCredential,
    RoleAssignment,
    RoleDefinition,
    ScopeLevel,
    VaultAccess,
)

SUBSCRIPTION = "/subscriptions/22222222-2222-2222-2222-222222222222"
READ = "Microsoft.Storage/storageAccounts/read"


def read(kind: DocumentKind, value: object, **context: Any) -> tuple[Any, ...]:
    return read_document(kind, "document", value, context, Platform.AZURE)


def unjudged(kind: DocumentKind, value: object, **context: Any) -> list[Unjudged]:
    return [fact for fact in read(kind, value, **context) if isinstance(fact, Unjudged)]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("", "document"),
        ("{", "document"),
        ('{"Actions": [], "Actions": ["*"]}', "document"),
        (None, "document"),
        (17, "document"),
        ([], "document"),
        ({}, "document"),
        ({"Name": "Orders"}, "document"),
        ({"properties": {"roleName": "Orders"}}, "document.properties"),
        ({"permissions": "*"}, "document.permissions"),
        ({"permissions": [["*"]]}, "document.permissions[0]"),
        ({"permissions": [{"action": [READ]}]}, "document.permissions[0].action"),
        ({"Actions": [{"name": READ}]}, "document.Actions[0]"),
        ({"Actions": {"read": True}}, "document.Actions"),
        ({"Actions": ["s3:GetObject"]}, "document.Actions[0]"),
        ({"Actions": ["Storage/storageAccounts/read"]}, "document.Actions[0]"),
        ({"Actions": ["Microsoft.Storag/storageAccounts/read"]}, "document.Actions[0]"),
        ({"Actions": ["Microsoft.Storage/storageAccount/read"]}, "document.Actions[0]"),
        ({"Actions": ["Microsoft.Storage/storageAccounts/reed"]}, "document.Actions[0]"),
        ({"Actions": ["${var.action}"]}, "document.Actions[0]"),
        ({"Actions": [f"Microsoft.Storage/{'a' * 600}/read"]}, "document.Actions[0]"),
        ({"Actions": [READ], "AssignableScopes": ["orders"]}, "document.AssignableScopes[0]"),
        ({"Actions": [READ], "AssignableScopes": [7]}, "document.AssignableScopes[0]"),
    ],
)
def test_a_role_definition_that_cannot_be_understood_is_unjudged(document: object, path: str) -> None:
    assert path in {fact.path for fact in unjudged(DocumentKind.ROLE_DEFINITION, document)}


def test_a_bad_action_does_not_hide_the_others() -> None:
    facts = read(DocumentKind.ROLE_DEFINITION, {"Actions": ["nonsense", "*"]})
    definition = next(fact for fact in facts if isinstance(fact, RoleDefinition))
    assert "*" in [action.text for action in definition.permissions[0].actions]
    assert any(isinstance(fact, Unjudged) for fact in facts)


@pytest.mark.parametrize(
    "operation",
    [
        "Microsoft.DocumentDB/databaseAccounts/readMetadata",
        "Microsoft.Compute/register/action",
        "Microsoft.Web/staticSites/read",
        "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action",
        "microsoft.directory/applications/credentials/update",
        "Microsoft.Insights/*",
        "Microsoft.*/read",
    ],
)
def test_operations_of_every_form_are_known(operation: str) -> None:
    assert unjudged(DocumentKind.ROLE_DEFINITION, {"Actions": [operation]}) == []


@pytest.mark.parametrize(
    "document",
    [
        {"Name": "Orders", "Actions": [READ], "AssignableScopes": [SUBSCRIPTION]},
        {"name": "orders", "permissions": {"actions": [READ], "not_actions": []}, "assignable_scopes": [SUBSCRIPTION]},
        {
            "properties": {
                "roleName": "Orders",
                "permissions": [{"actions": [READ]}],
                "assignableScopes": [SUBSCRIPTION],
            }
        },
        json.dumps({"roleName": "Orders", "permissions": [{"actions": READ}], "assignableScopes": SUBSCRIPTION}),
        [{"ROLENAME": "Orders", "PERMISSIONS": [{"ACTIONS": [READ]}], "ASSIGNABLESCOPES": [SUBSCRIPTION]}],
    ],
)
def test_every_spelling_of_a_role_definition_reads_the_same(document: object) -> None:
    (definition,) = read(DocumentKind.ROLE_DEFINITION, document)
    assert definition.name.lower() == "orders"
    assert [action.text for action in definition.permissions[0].actions] == [READ]
    assert [scope.level for scope in definition.scopes] == [ScopeLevel.SUBSCRIPTION]


def test_a_document_that_is_not_known_yet_is_told() -> None:
    for kind in (DocumentKind.ROLE_DEFINITION, DocumentKind.BINDING, DocumentKind.TRUST_POLICY):
        assert isinstance(read(kind, UNKNOWN)[0], NotYetKnown)


@pytest.mark.parametrize(
    "document",
    [
        "nonsense",
        7,
        [],
        {},
        {"members": ["x"]},
        {"role": ["Owner"], "members": ["x"]},
        {"role": "", "members": ["x"]},
        {"role": "No Such Role", "members": ["x"], "scope": SUBSCRIPTION},
        {"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/77777777-7777-7777-7777-777777777777"},
        {"role": "Reader", "members": [7], "scope": SUBSCRIPTION},
        {"role": "Reader", "members": ["x"], "scope": "/somewhere/else"},
        {"role": "Reader", "members": ["x"], "scope": 7},
    ],
)
def test_an_assignment_that_cannot_be_understood_is_unjudged(document: object) -> None:
    assert unjudged(DocumentKind.BINDING, document)


def test_a_role_of_ones_own_is_judged_by_the_definition_given_along() -> None:
    definition = {"Name": "Orders", "Actions": [READ]}
    document = {"role": "Orders", "members": ["x"], "scope": SUBSCRIPTION}
    (assignment,) = read(DocumentKind.BINDING, document, role_definition=definition)
    assert [action.text for action in assignment.permissions[0].actions] == [READ]


@pytest.mark.parametrize(
    ("scope", "level"),
    [
        ("/", ScopeLevel.TENANT),
        ("/providers/Microsoft.Management/managementGroups/example", ScopeLevel.MANAGEMENT_GROUP),
        (SUBSCRIPTION, ScopeLevel.SUBSCRIPTION),
        (f"{SUBSCRIPTION}/", ScopeLevel.SUBSCRIPTION),
        ("/subscriptions/{subscriptionId}", ScopeLevel.SUBSCRIPTION),
        (f"{SUBSCRIPTION.upper()}/RESOURCEGROUPS/ORDERS", ScopeLevel.RESOURCE_GROUP),
        (f"{SUBSCRIPTION}/resourceGroups/orders/providers/Microsoft.Storage/storageAccounts/a", ScopeLevel.RESOURCE),
        ("subscription", ScopeLevel.SUBSCRIPTION),
        ("${data.azurerm_subscription.primary.id}", ScopeLevel.SUBSCRIPTION),
        ("data.azurerm_subscription.primary.id", ScopeLevel.SUBSCRIPTION),
        ("${azurerm_resource_group.orders.id}", ScopeLevel.RESOURCE_GROUP),
        ("azurerm_storage_account.orders.id", ScopeLevel.RESOURCE),
        ("${azurerm_management_group.root.id}", ScopeLevel.MANAGEMENT_GROUP),
        ("/subscriptions/${data.azurerm_client_config.current.subscription_id}", ScopeLevel.SUBSCRIPTION),
        ("${data.azurerm_subscription.primary.id}/resourceGroups/orders", ScopeLevel.RESOURCE_GROUP),
        ("[subscription().id]", ScopeLevel.SUBSCRIPTION),
        ("[resourceGroup().id]", ScopeLevel.RESOURCE_GROUP),
        ("[resourceId('Microsoft.Storage/storageAccounts', 'orders')]", ScopeLevel.RESOURCE),
        ("[concat('/subscriptions/', subscription().subscriptionId)]", ScopeLevel.SUBSCRIPTION),
        ("[concat(subscription().id, '/resourceGroups/orders')]", ScopeLevel.RESOURCE_GROUP),
    ],
)
def test_a_scope_tells_how_much_it_encloses(scope: str, level: ScopeLevel) -> None:
    (assignment,) = read(DocumentKind.BINDING, {"role": "Reader", "members": ["x"], "scope": scope})
    assert isinstance(assignment, RoleAssignment)
    assert assignment.scope.level is level


@pytest.mark.parametrize("document", ["nonsense", 7, [], {}, {"name": "x"}, {"issuer": 7, "subject": "x"}])
def test_a_federated_credential_that_cannot_be_understood_is_unjudged(document: object) -> None:
    assert unjudged(DocumentKind.TRUST_POLICY, document)


def test_a_federated_credential_is_read_in_every_spelling() -> None:
    fields = {"issuer": "https://issuer.example.com", "subject": "orders", "audiences": ["api://AzureADTokenExchange"]}
    for document in (
        fields,
        {"properties": fields},
        json.dumps(fields),
        {**fields, "audiences": fields["audiences"][0]},
    ):
        (credential,) = read(DocumentKind.TRUST_POLICY, document)
        assert isinstance(credential, FederatedCredential)
        assert not isinstance(credential.audiences, type(UNKNOWN))
        assert [audience.text for audience in credential.audiences] == ["api://AzureADTokenExchange"]


def test_access_policies_are_read_one_by_one() -> None:
    policies = [{"permissions": {"secrets": ["Get", "List"]}}, {"key_permissions": ["Sign"]}]
    facts = read(DocumentKind.RESOURCE_POLICY, {"properties": {"accessPolicies": policies}})
    assert all(isinstance(fact, VaultAccess) for fact in facts)
    assert [permission.text for fact in facts for permission in fact.permissions] == [
        "secrets/get",
        "secrets/list",
        "keys/sign",
    ]
    assert unjudged(DocumentKind.RESOURCE_POLICY, {"objectId": "x"})


def test_a_kind_that_azure_does_not_have_is_unjudged() -> None:
    assert unjudged(DocumentKind.PERMISSION_BOUNDARY, {})


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["*", READ, "Owner", SUBSCRIPTION]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Actions", "permissions", "properties", "role", "scope", "members", "issuer", "audiences"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


OTHERS = (DocumentKind.VAULT_POLICY, DocumentKind.KUBERNETES_ROLE)


@given(values, st.sampled_from([kind for kind in DocumentKind if kind not in OTHERS]))
def test_no_document_raises_and_none_passes_in_silence(value: object, kind: DocumentKind) -> None:
    assert read(kind, value)


def test_deep_and_long_documents_are_read_in_linear_time() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert unjudged(DocumentKind.ROLE_DEFINITION, deep)
    hostile = {"Actions": ["Microsoft.Storage/" + "*a" * 240] * 10_000}
    assert read(DocumentKind.ROLE_DEFINITION, hostile)
