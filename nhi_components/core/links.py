"""Linked resources: everything that exists because an identity does, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class System(StrEnum):
    """A kind of connected system."""

    AWS = "aws"
    VAULT = "vault"
    GCP = "gcp"
    AZURE = "azure"
    KUBERNETES = "kubernetes"
    GITHUB = "github"
    GITLAB = "gitlab"
    HOST = "host"
    SCIM = "scim"
    HOOK = "hook"
    ACTIVE_DIRECTORY = "activedirectory"


class LinkKind(StrEnum):
    """What a linked resource is, in its own system's words."""

    IAM_ROLE = "iam-role"
    IAM_ROLE_POLICY = "iam-role-policy"
    IAM_POLICY_ATTACHMENT = "iam-policy-attachment"
    IAM_INSTANCE_PROFILE = "iam-instance-profile"
    IAM_INSTANCE_PROFILE_MEMBERSHIP = "iam-instance-profile-membership"
    SECRETS_MANAGER_SECRET = "secrets-manager-secret"  # noqa: S105 - a kind, not a secret
    SECRETS_MANAGER_POLICY = "secrets-manager-policy"
    EKS_POD_IDENTITY_ASSOCIATION = "eks-pod-identity-association"
    ROLES_ANYWHERE_PROFILE = "roles-anywhere-profile"
    DELEGATED_PATH = "delegated-path"
    KMS_GRANT = "kms-grant"
    VAULT_APPROLE = "vault-approle"
    VAULT_JWT_ROLE = "vault-jwt-role"
    VAULT_KUBERNETES_ROLE = "vault-kubernetes-role"
    VAULT_ENTITY = "vault-entity"
    VAULT_ENTITY_ALIAS = "vault-entity-alias"
    VAULT_POLICY = "vault-policy"
    VAULT_KV_PATH = "vault-kv-path"
    VAULT_KV_VERSION = "vault-kv-version"
    VAULT_SECRET_ID = "vault-secret-id"  # noqa: S105 - a kind, not a secret id
    VAULT_TOKEN = "vault-token"  # noqa: S105 - a kind, not a token
    VAULT_DATABASE_ROLE = "vault-database-role"
    VAULT_LEASE = "vault-lease"
    VAULT_PKI_ROLE = "vault-pki-role"
    VAULT_CERTIFICATE = "vault-certificate"
    VAULT_API_KEYS = "vault-api-keys"
    IAM_USER = "iam-user"
    IAM_USER_POLICY = "iam-user-policy"
    IAM_ACCESS_KEY = "iam-access-key"
    GCP_SERVICE_ACCOUNT = "gcp-service-account"
    GCP_CUSTOM_ROLE = "gcp-custom-role"
    GCP_BINDING = "gcp-binding"
    GCP_WORKLOAD_IDENTITY_POOL = "gcp-workload-identity-pool"
    GCP_WORKLOAD_IDENTITY_PROVIDER = "gcp-workload-identity-provider"
    GCP_SERVICE_ACCOUNT_KEY = "gcp-service-account-key"
    GCP_SECRET = "gcp-secret"  # noqa: S105 - a kind, not a secret
    AZURE_MANAGED_IDENTITY = "azure-managed-identity"
    AZURE_FEDERATED_CREDENTIAL = "azure-federated-credential"
    AZURE_ROLE_DEFINITION = "azure-role-definition"
    AZURE_ROLE_ASSIGNMENT = "azure-role-assignment"
    ENTRA_APPLICATION = "entra-application"
    ENTRA_SERVICE_PRINCIPAL = "entra-service-principal"
    ENTRA_CLIENT_SECRET = "entra-client-secret"  # noqa: S105 - a kind, not a secret
    KEY_VAULT_SECRET = "key-vault-secret"  # noqa: S105 - a kind, not a secret
    KUBERNETES_SERVICE_ACCOUNT = "kubernetes-service-account"
    KUBERNETES_ROLE = "kubernetes-role"
    KUBERNETES_ROLE_BINDING = "kubernetes-role-binding"
    KUBERNETES_SUBJECT = "kubernetes-subject"
    KUBERNETES_SECRET = "kubernetes-secret"  # noqa: S105 - a kind, not a secret
    GITHUB_SECRET = "github-secret"  # noqa: S105 - a kind, not a secret
    GITLAB_VARIABLE = "gitlab-variable"
    FILE = "file"
    SCIM_USER = "scim-user"
    HOOK_KEY = "hook-key"
    HOOK_ACCOUNT = "hook-account"


@dataclass(frozen=True, slots=True)
class Link:
    """One linked resource.

    Attributes:
        system: the kind of system it lives on.
        connection: the name of the connection in `nhi.Provider`; `default` is the ambient one.
        kind: what it is.
        name: its name or path within the system; with `system`, `connection` and `kind` it is unique.
        unique_id: the system's own id, which a namesake never shares (RoleId, entity id, secret ARN); None where the
            system has none or nothing was created yet.
        attributes: plain facts that an adapter needs to find it again: `mount`, `role`, `path`.
    """

    system: System
    kind: LinkKind
    name: str
    connection: str = "default"
    unique_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two links the same linked resource, whatever is known of them."""
        return (self.system, self.connection, self.kind, self.name)

    def __str__(self) -> str:
        """Render for people."""
        return f"{self.system} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A fact that could not be established, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class StillWorked(NotChecked):
    """A refusal that was not seen while it was watched for; that of the canary, if it comes later, answers it."""


@dataclass(frozen=True, slots=True)
class NeverCreated:
    """A linked resource that was planned but that never came to exist."""


Fact = datetime | NotChecked | NeverCreated | None
"""When something became true (aware, UTC); why that is not known; that it never existed; None for 'does not apply'."""


@dataclass(frozen=True, slots=True)
class RemovalFacts:
    """The five facts of a removal, kept apart: one 404 proves none of the others.

    Attributes:
        link: what was removed.
        disabled_at: when it could no longer be used, before it was deleted.
        absent_at: when the system first answered that it is not there.
        refused_at: when its own credential was tried and refused.
        recoverable_until: until when the system could bring it back; None when it cannot.
        sessions_possible_until: until when a session that was open before could still work; None when none can.
    """

    link: Link
    disabled_at: Fact
    absent_at: Fact
    refused_at: Fact
    recoverable_until: Fact
    sessions_possible_until: Fact
