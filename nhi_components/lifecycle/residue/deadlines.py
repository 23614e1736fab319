"""How long a teardown waits for each kind of linked resource to be confirmed gone, and why that long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.residue.aws import AWS
from nhi_components.lifecycle.residue.azure import AZURE
from nhi_components.lifecycle.residue.elsewhere import ELSEWHERE
from nhi_components.lifecycle.residue.gcp import GCP
from nhi_components.lifecycle.residue.kubernetes import KUBERNETES
from nhi_components.lifecycle.residue.model import Deadline, Residue
from nhi_components.lifecycle.residue.vault import VAULT

RESIDUES: tuple[Residue, ...] = (*AWS, *VAULT, *GCP, *AZURE, *KUBERNETES, *ELSEWHERE)

_IAM = Deadline(
    "aws.iam.propagation", timedelta(minutes=2), "no figure is documented; thirty times what others measured (3-4 s)"
)
_SECRET = Deadline(
    "aws.secretsmanager.forced-deletion", timedelta(minutes=10), "no figure is documented; the deletion is asynchronous"
)


_ALLOW_POLICY = Deadline(
    "gcp.iam.propagation", timedelta(minutes=10), "above the 7 min that Google gives as possible for a policy"
)


_AZURE_ROLES = Deadline(
    "azure.rbac.propagation", timedelta(minutes=10), "the 10 min that Azure gives as possible for a change of roles"
)
_ENTRA = Deadline(
    "azure.entra.soft-delete",
    timedelta(minutes=5),
    "no figure is documented; others measured 4 to 18 s until Entra's copies agree",
)


def _vault(residue: str) -> Deadline:
    return Deadline(residue, timedelta(minutes=1), "Vault answers at once; a minute lets another node become active")


def _elsewhere(residue: str) -> Deadline:
    return Deadline(residue, timedelta(minutes=2), "no figure is documented; the systems answer at once")


_DEADLINES: Mapping[LinkKind, Deadline] = MappingProxyType(
    {
        LinkKind.IAM_ROLE: _IAM,
        LinkKind.IAM_ROLE_POLICY: _IAM,
        LinkKind.IAM_POLICY_ATTACHMENT: _IAM,
        LinkKind.IAM_INSTANCE_PROFILE: _IAM,
        LinkKind.IAM_INSTANCE_PROFILE_MEMBERSHIP: _IAM,
        LinkKind.IAM_USER: _IAM,
        LinkKind.IAM_USER_POLICY: _IAM,
        LinkKind.IAM_ACCESS_KEY: _IAM,
        LinkKind.EKS_POD_IDENTITY_ASSOCIATION: _IAM,
        LinkKind.ROLES_ANYWHERE_PROFILE: _IAM,
        LinkKind.DELEGATED_PATH: Deadline(
            "aws.delegation.policies", timedelta(minutes=2), "twice the minute that a queue's attributes take at most"
        ),
        LinkKind.KMS_GRANT: Deadline(
            "aws.delegation.kms-grants", timedelta(minutes=10), "twice the time that KMS calls usual"
        ),
        LinkKind.SECRETS_MANAGER_SECRET: _SECRET,
        LinkKind.SECRETS_MANAGER_POLICY: _SECRET,
        LinkKind.VAULT_APPROLE: _vault("vault.auth-role.tokens"),
        LinkKind.VAULT_SECRET_ID: _vault("vault.auth-role.tokens"),
        LinkKind.VAULT_TOKEN: _vault("vault.auth-role.tokens"),
        LinkKind.VAULT_JWT_ROLE: _vault("vault.federated-role.logins"),
        LinkKind.VAULT_KUBERNETES_ROLE: _vault("vault.federated-role.logins"),
        LinkKind.VAULT_ENTITY: _vault("vault.entity.tokens"),
        LinkKind.VAULT_ENTITY_ALIAS: _vault("vault.entity.tokens"),
        LinkKind.VAULT_POLICY: _vault("vault.policy.tokens"),
        LinkKind.VAULT_DATABASE_ROLE: _vault("vault.database-role.users"),
        LinkKind.VAULT_LEASE: _vault("vault.lease.queued"),
        LinkKind.VAULT_PKI_ROLE: _vault("vault.pki-role.certificates"),
        LinkKind.VAULT_CERTIFICATE: _vault("vault.certificate.former-crl"),
        LinkKind.VAULT_KV_PATH: _vault("vault.kv.versions"),
        LinkKind.VAULT_KV_VERSION: _vault("vault.kv.versions"),
        LinkKind.VAULT_API_KEYS: _vault("vault.kv.versions"),
        LinkKind.GCP_SERVICE_ACCOUNT: Deadline(
            "gcp.service-account.tokens",
            timedelta(minutes=10),
            "no figure is documented; as long as for a policy, as both are IAM's",
        ),
        LinkKind.GCP_BINDING: _ALLOW_POLICY,
        LinkKind.GCP_CUSTOM_ROLE: _elsewhere("gcp.custom-role.undelete"),
        LinkKind.GCP_WORKLOAD_IDENTITY_POOL: _elsewhere("gcp.workload-identity-pool.undelete"),
        LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER: _elsewhere("gcp.workload-identity-pool.undelete"),
        LinkKind.GCP_SERVICE_ACCOUNT_KEY: _elsewhere("gcp.service-account-key.tokens"),
        LinkKind.GCP_SECRET: _elsewhere("gcp.secret.versions"),
        LinkKind.AZURE_MANAGED_IDENTITY: _elsewhere("azure.managed-identity.made-anew"),
        LinkKind.AZURE_FEDERATED_CREDENTIAL: _elsewhere("azure.federated-credential.propagation"),
        LinkKind.AZURE_ROLE_DEFINITION: _AZURE_ROLES,
        LinkKind.AZURE_ROLE_ASSIGNMENT: _AZURE_ROLES,
        LinkKind.ENTRA_APPLICATION: _ENTRA,
        LinkKind.ENTRA_SERVICE_PRINCIPAL: _ENTRA,
        LinkKind.ENTRA_CLIENT_SECRET: _elsewhere("azure.client-secret.tokens"),
        LinkKind.KEY_VAULT_SECRET: _elsewhere("azure.key-vault.soft-delete"),
        LinkKind.KUBERNETES_SERVICE_ACCOUNT: _elsewhere("kubernetes.service-account.tokens"),
        LinkKind.KUBERNETES_ROLE: _elsewhere("kubernetes.rbac.watch"),
        LinkKind.KUBERNETES_ROLE_BINDING: _elsewhere("kubernetes.rbac.watch"),
        LinkKind.KUBERNETES_SUBJECT: _elsewhere("kubernetes.role-binding.subjects"),
        LinkKind.KUBERNETES_SECRET: _elsewhere("kubernetes.secret.mounts"),
        LinkKind.GITHUB_SECRET: _elsewhere("github.secret.runs"),
        LinkKind.GITLAB_VARIABLE: _elsewhere("gitlab.variable.jobs"),
        LinkKind.FILE: _elsewhere("host.file.blocks"),
        LinkKind.SCIM_USER: _elsewhere("scim.user.deprovisioning"),
        LinkKind.HOOK_KEY: _elsewhere("hook.account.unknown"),
        LinkKind.HOOK_ACCOUNT: _elsewhere("hook.account.unknown"),
    }
)
"""A test holds that no kind is forgotten."""

_UNDELETED: Mapping[LinkKind, str] = MappingProxyType({LinkKind.GCP_SERVICE_ACCOUNT: "gcp.service-account.undelete"})
"""The kinds that can be brought back once they are gone, although nothing can be seen of them then."""

_BY_ID: Mapping[str, Residue] = MappingProxyType({residue.id: residue for residue in RESIDUES})


def deadline_for(kind: LinkKind) -> Deadline:
    """Tell how long a teardown waits for a kind of linked resource, for which residue, and why."""
    return _DEADLINES[kind]


def deadline_of(kind: LinkKind) -> timedelta:
    """Tell how long a teardown waits at most, by default, for a kind of linked resource."""
    return deadline_for(kind).longest


def figure_of(kind: LinkKind) -> Residue:
    """Tell which residue a teardown waits for with a kind of linked resource."""
    return _BY_ID[deadline_for(kind).residue]


def undeletable_for(kind: LinkKind) -> timedelta | None:
    """Tell for how long something could be brought back of which nothing is seen any more; None when it can't be."""
    return _BY_ID[_UNDELETED[kind]].documented if kind in _UNDELETED else None
