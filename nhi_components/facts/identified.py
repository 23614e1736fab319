"""Which identity a resource of a Pulumi stack or a Terraform state is, as its own system calls it.

Sources: the registry pages of Pulumi's and Terraform's providers, for the names of outputs and attributes, and for what
the ids of Vault's resources are: their paths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from nhi_components.core.links import LinkKind, System
from nhi_components.facts.stack_export import plain
from nhi_components.facts.terraform.names import inputs_of

Properties = Mapping[str, Any]


class Identified(NamedTuple):
    """An identity as its manager knows it.

    Attributes:
        system: where it lives.
        kind: what it is.
        identity: its key, or the end of it where the rest is the place, as of `inventory.records.Declaration`.
        unique_id: its system's own id; empty where that is not told.
    """

    system: System
    kind: str
    identity: str
    unique_id: str


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _named(name: str, before: str = "") -> Callable[[Properties], str]:
    def read(properties: Properties) -> str:
        told = _text(properties.get(name))
        return f"{before}{told}" if told else ""

    return read


def _nothing(_: Properties) -> str:
    return ""


def _metadata(properties: Properties) -> Properties:
    found = properties.get("metadata")
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, Mapping) else {}


def _account(properties: Properties) -> str:
    """Give the end of a service account's key; a state always tells both parts of its name."""
    metadata = _metadata(properties)
    namespace, name = _text(metadata.get("namespace")), _text(metadata.get("name"))
    return f"kubernetes:{namespace}/{name}" if namespace and name else ""


def _path(properties: Properties) -> str:
    """Give a path of Vault, below the namespace that the resource names."""
    namespace, path = _text(properties.get("namespace")).strip("/"), _text(properties.get("id")).strip("/")
    return f"{namespace}/{path}" if namespace and path else path


def _entity(properties: Properties) -> str:
    path = _path(properties)
    before, slash, entity = path.rpartition("/")
    return f"{before}{slash}identity/entity/id/{entity}" if path else ""


class _Row(NamedTuple):
    system: System
    kind: str
    identity: Callable[[Properties], str]
    unique_id: Callable[[Properties], str]
    pulumi: tuple[str, ...]
    terraform: tuple[str, ...]


def _vault(kind: str, pulumi: str, terraform: str) -> _Row:
    return _Row(System.VAULT, kind, _path, _nothing, (f"vault:{pulumi}",), (f"vault_{terraform}",))


_ROWS: Final = (
    _Row(
        System.AWS,
        LinkKind.IAM_ROLE,
        _named("arn"),
        _named("uniqueId"),
        ("aws:iam/role:Role", "aws:iam/serviceLinkedRole:ServiceLinkedRole"),
        ("aws_iam_role", "aws_iam_service_linked_role"),
    ),
    _Row(System.AWS, LinkKind.IAM_ROLE, _named("arn"), _named("roleId"), ("aws-native:iam:Role",), ()),
    _Row(System.AWS, LinkKind.IAM_USER, _named("arn"), _named("uniqueId"), ("aws:iam/user:User",), ("aws_iam_user",)),
    _Row(System.AWS, LinkKind.IAM_USER, _named("arn"), _nothing, ("aws-native:iam:User",), ()),
    _Row(
        System.GCP,
        LinkKind.GCP_SERVICE_ACCOUNT,
        _named("email", "serviceAccount:"),
        _named("uniqueId"),
        ("gcp:serviceaccount/account:Account",),
        ("google_service_account",),
    ),
    _Row(
        System.AZURE,
        LinkKind.AZURE_MANAGED_IDENTITY,
        _named("id"),
        _named("principalId"),
        (
            "azure-native:managedidentity:UserAssignedIdentity",
            "azure:authorization/userAssignedIdentity:UserAssignedIdentity",
        ),
        ("azurerm_user_assigned_identity",),
    ),
    _Row(
        System.AZURE,
        LinkKind.ENTRA_APPLICATION,
        _named("objectId"),
        _named("objectId"),
        ("azuread:index/application:Application", "azuread:index/applicationRegistration:ApplicationRegistration"),
        ("azuread_application", "azuread_application_registration"),
    ),
    _Row(
        System.AZURE,
        LinkKind.ENTRA_SERVICE_PRINCIPAL,
        _named("objectId"),
        _named("objectId"),
        ("azuread:index/servicePrincipal:ServicePrincipal",),
        ("azuread_service_principal",),
    ),
    _Row(
        System.KUBERNETES,
        LinkKind.KUBERNETES_SERVICE_ACCOUNT,
        _account,
        lambda properties: _text(_metadata(properties).get("uid")),
        ("kubernetes:core/v1:ServiceAccount",),
        ("kubernetes_service_account", "kubernetes_service_account_v1"),
    ),
    _Row(
        System.VAULT,
        LinkKind.VAULT_ENTITY,
        _entity,
        _named("id"),
        ("vault:identity/entity:Entity",),
        ("vault_identity_entity",),
    ),
    _vault(LinkKind.VAULT_APPROLE, "appRole/authBackendRole:AuthBackendRole", "approle_auth_backend_role"),
    _vault(LinkKind.VAULT_JWT_ROLE, "jwt/authBackendRole:AuthBackendRole", "jwt_auth_backend_role"),
    _vault(
        LinkKind.VAULT_KUBERNETES_ROLE, "kubernetes/authBackendRole:AuthBackendRole", "kubernetes_auth_backend_role"
    ),
    _vault("vault-aws-role", "aws/authBackendRole:AuthBackendRole", "aws_auth_backend_role"),
    _vault("vault-azure-role", "azure/authBackendRole:AuthBackendRole", "azure_auth_backend_role"),
    _vault("vault-gcp-role", "gcp/authBackendRole:AuthBackendRole", "gcp_auth_backend_role"),
    _vault("vault-cert-role", "index/certAuthBackendRole:CertAuthBackendRole", "cert_auth_backend_role"),
    _vault("vault-token-role", "tokenauth/authBackendRole:AuthBackendRole", "token_auth_backend_role"),
    _vault(
        LinkKind.VAULT_DATABASE_ROLE,
        "database/secretBackendRole:SecretBackendRole",
        "database_secret_backend_role",
    ),
    _vault(
        "vault-database-static-role",
        "database/secretBackendStaticRole:SecretBackendStaticRole",
        "database_secret_backend_static_role",
    ),
    _vault(LinkKind.VAULT_PKI_ROLE, "pkiSecret/secretBackendRole:SecretBackendRole", "pki_secret_backend_role"),
)
_OF_PULUMI: Final = {type_: row for row in _ROWS for type_ in row.pulumi}
_OF_TERRAFORM: Final = {type_: row for row in _ROWS for type_ in row.terraform}


def identified_by_pulumi(type_: str, id_: str, outputs: Mapping[str, Any]) -> Identified | None:
    """Tell which identity a resource of a stack is; None for what is none, and for one that is not known yet.

    Args:
        type_: its type token.
        id_: its id in the state.
        outputs: as the state has them; secrets among them are not looked at.
    """
    row = _OF_PULUMI.get(type_)
    return _identified(row, {**plain(outputs), "id": id_}) if row else None


def identified_by_terraform(type_: str, attributes: Mapping[str, Any]) -> Identified | None:
    """Tell which identity a resource of a state is; None for what is none, and for one that is not known yet.

    Args:
        type_: its type.
        attributes: by their names in Terraform, `UNKNOWN` for what is concealed.
    """
    if type_ == "kubernetes_manifest":
        made = attributes.get("object")
        if isinstance(made, Mapping) and made.get("kind") == "ServiceAccount":
            return _identified(_OF_TERRAFORM["kubernetes_service_account"], made)
        return None
    row = _OF_TERRAFORM.get(type_)
    return _identified(row, inputs_of(attributes, {})) if row else None


def _identified(row: _Row, properties: Properties) -> Identified | None:
    identity = row.identity(properties)
    return Identified(row.system, row.kind, identity, row.unique_id(properties)) if identity else None
