"""Reads Pulumi's Vault resources: policies, the roles, tokens and entities that get them, and what they live on.

Source: the input properties of pulumi-vault 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.model import Fact, Resource, StandingCredential
from nhi_components.facts.vault.auth_roles import api_names
from nhi_components.facts.vault.credentials import read_lifetime
from nhi_components.facts.vault.document import read_vault_policy
from nhi_components.facts.vault.model import AuthMethod
from nhi_components.facts.vault.roles import read_attached, read_login

_POLICY: Final = "vault:index/policy:Policy"
_ATTACHING: Final = ("tokenPolicies", "policies", "identityPolicies", "allowedPolicies")
_NOT_VAULT_POLICIES: Final = ("vault:consul/", "vault:index/nomadSecretRole:")
"""Their `policies` are those of Consul and Nomad."""

_METHODS: Final = {
    "vault:appRole/authBackendRole:AuthBackendRole": AuthMethod.APPROLE,
    "vault:aws/authBackendRole:AuthBackendRole": AuthMethod.AWS,
    "vault:azure/authBackendRole:AuthBackendRole": AuthMethod.AZURE,
    "vault:gcp/authBackendRole:AuthBackendRole": AuthMethod.GCP,
    "vault:index/certAuthBackendRole:CertAuthBackendRole": AuthMethod.CERT,
    "vault:jwt/authBackendRole:AuthBackendRole": AuthMethod.JWT,
    "vault:kubernetes/authBackendRole:AuthBackendRole": AuthMethod.KUBERNETES,
}

_SHORT: Final = "issue certificates for hours or days, and let their holders ask again"
_ROTATE: Final = "rotate it more often, or use a dynamic role"
_LIFETIMES: Final = {
    "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId": (("ttl",), "a secret id of an AppRole", _ROTATE),
    "vault:database/secretBackendRole:SecretBackendRole": (("maxTtl", "defaultTtl"), "a database account", _ROTATE),
    "vault:database/secretBackendStaticRole:SecretBackendStaticRole": (
        ("rotationPeriod",),
        "the password of a database account",
        _ROTATE,
    ),
    "vault:ldap/secretBackendStaticRole:SecretBackendStaticRole": (
        ("rotationPeriod",),
        "the password of a directory account",
        _ROTATE,
    ),
    "vault:pkiSecret/secretBackendCert:SecretBackendCert": (("ttl",), "a certificate", _SHORT),
    "vault:pkiSecret/secretBackendRole:SecretBackendRole": (("maxTtl", "ttl"), "a certificate", _SHORT),
    "vault:pkiSecret/secretBackendSign:SecretBackendSign": (("ttl",), "a certificate", _SHORT),
}
"""Inputs that tell how long what a resource makes lives, the first that is set: what that is, what would do better."""

_USERS: Final = "auth/userpass/users/"


def read_resource(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what the policy document, the policy names, the bounds and the lifetimes of one resource say."""
    if resource.type == _POLICY:
        yield from read_vault_policy(resource, "policy", inputs.get("policy"))
        return
    if not resource.type.startswith(_NOT_VAULT_POLICIES):
        for name in _ATTACHING:
            yield from read_attached(resource, name, inputs.get(name))
    method = _METHODS.get(resource.type)
    if method is not None or "AuthBackend" in resource.type or resource.type == "vault:index/token:Token":
        yield from read_login(resource, "inputs", api_names(inputs), method)
    if resource.type in _LIFETIMES:
        names, what, instead = _LIFETIMES[resource.type]
        name = next((name for name in names if inputs.get(name)), names[0])
        yield from read_lifetime(resource, name, inputs.get(name), what, instead)
    if resource.type == "vault:generic/endpoint:Endpoint":
        yield from _user(resource, inputs.get("path"))
    elif resource.type == "vault:index/userpassAuthBackendUser:UserpassAuthBackendUser":
        yield _password(resource, "password")


def _user(resource: Resource, path: object) -> Iterator[Fact]:
    if isinstance(path, str) and path.strip("/").startswith(_USERS):
        yield _password(resource, "dataJson")


def _password(resource: Resource, path: str) -> StandingCredential:
    instead = "let the workload log in with what its platform gives it"
    return StandingCredential(resource, path, "the password of a user of Vault", None, None, instead)
