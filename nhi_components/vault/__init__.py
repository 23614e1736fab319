"""Components for Vault and OpenBao."""

from nhi_components.core.connection import VaultConnection as Connection
from nhi_components.core.database import DatabaseGrant, DatabaseStatements
from nhi_components.core.pipeline import GitHub, GitLab, TerraformCloud
from nhi_components.core.vault_login import AppRoleLogin, JwtLogin, KubernetesLogin
from nhi_components.vault import intents
from nhi_components.vault.api_key_identity import ApiKeyIdentity
from nhi_components.vault.approle_identity import AppRoleIdentity
from nhi_components.vault.certificate_identity import CertificateIdentity
from nhi_components.vault.dynamic_database_identity import DynamicDatabaseIdentity
from nhi_components.vault.pipeline_identity import PipelineIdentity
from nhi_components.vault.workload_identity import WorkloadIdentity

__all__ = [
    "ApiKeyIdentity",
    "AppRoleIdentity",
    "AppRoleLogin",
    "CertificateIdentity",
    "Connection",
    "DatabaseGrant",
    "DatabaseStatements",
    "DynamicDatabaseIdentity",
    "GitHub",
    "GitLab",
    "JwtLogin",
    "KubernetesLogin",
    "PipelineIdentity",
    "TerraformCloud",
    "WorkloadIdentity",
    "intents",
]
