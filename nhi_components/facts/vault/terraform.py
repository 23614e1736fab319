"""Which Pulumi type reads a type of Terraform's Vault provider. Data for `facts.terraform`.

Source: the resources of hashicorp/vault 5 and of pulumi-vault 7, which is made from it.
"""

from __future__ import annotations

from typing import Final

TYPES: Final[dict[str, str]] = {
    "vault_approle_auth_backend_role": "vault:appRole/authBackendRole:AuthBackendRole",
    "vault_approle_auth_backend_role_secret_id": "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId",
    "vault_aws_auth_backend_role": "vault:aws/authBackendRole:AuthBackendRole",
    "vault_azure_auth_backend_role": "vault:azure/authBackendRole:AuthBackendRole",
    "vault_cert_auth_backend_role": "vault:index/certAuthBackendRole:CertAuthBackendRole",
    "vault_consul_secret_backend_role": "vault:consul/secretBackendRole:SecretBackendRole",
    "vault_database_secret_backend_role": "vault:database/secretBackendRole:SecretBackendRole",
    "vault_database_secret_backend_static_role": "vault:database/secretBackendStaticRole:SecretBackendStaticRole",
    "vault_gcp_auth_backend_role": "vault:gcp/authBackendRole:AuthBackendRole",
    "vault_generic_endpoint": "vault:generic/endpoint:Endpoint",
    "vault_github_team": "vault:github/team:Team",
    "vault_github_user": "vault:github/user:User",
    "vault_identity_entity": "vault:identity/entity:Entity",
    "vault_identity_entity_policies": "vault:identity/entityPolicies:EntityPolicies",
    "vault_identity_group": "vault:identity/group:Group",
    "vault_identity_group_policies": "vault:identity/groupPolicies:GroupPolicies",
    "vault_jwt_auth_backend_role": "vault:jwt/authBackendRole:AuthBackendRole",
    "vault_kubernetes_auth_backend_role": "vault:kubernetes/authBackendRole:AuthBackendRole",
    "vault_ldap_auth_backend_group": "vault:ldap/authBackendGroup:AuthBackendGroup",
    "vault_ldap_auth_backend_user": "vault:ldap/authBackendUser:AuthBackendUser",
    "vault_ldap_secret_backend_static_role": "vault:ldap/secretBackendStaticRole:SecretBackendStaticRole",
    "vault_oci_auth_backend_role": "vault:index/ociAuthBackendRole:OciAuthBackendRole",
    "vault_okta_auth_backend_group": "vault:okta/authBackendGroup:AuthBackendGroup",
    "vault_okta_auth_backend_user": "vault:okta/authBackendUser:AuthBackendUser",
    "vault_pki_secret_backend_cert": "vault:pkiSecret/secretBackendCert:SecretBackendCert",
    "vault_pki_secret_backend_role": "vault:pkiSecret/secretBackendRole:SecretBackendRole",
    "vault_pki_secret_backend_sign": "vault:pkiSecret/secretBackendSign:SecretBackendSign",
    "vault_policy": "vault:index/policy:Policy",
    "vault_saml_auth_backend_role": "vault:saml/authBackendRole:AuthBackendRole",
    "vault_token": "vault:index/token:Token",
    "vault_token_auth_backend_role": "vault:tokenauth/authBackendRole:AuthBackendRole",
    "vault_userpass_auth_backend_user": "vault:index/userpassAuthBackendUser:UserpassAuthBackendUser",
}
