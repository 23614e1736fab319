"""Reads Pulumi's Vault resources: policies, and the roles, tokens and entities that get policies by name.

Source: the input properties of pulumi-vault 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of
from nhi_components.facts.vault.document import read_vault_policy
from nhi_components.facts.vault.model import VaultPolicyAttachment

_POLICY = "vault:index/policy:Policy"
_ATTACHING = ("tokenPolicies", "policies", "identityPolicies", "allowedPolicies")
_NOT_VAULT_POLICIES = ("vault:consul/", "vault:index/nomadSecretRole:")
"""Their `policies` are those of Consul and Nomad."""


def read_resource(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what the policy document and the policy names of one resource say."""
    if resource.type == _POLICY:
        yield from read_vault_policy(resource, "policy", inputs.get("policy"))
    elif not resource.type.startswith(_NOT_VAULT_POLICIES):
        for name in _ATTACHING:
            yield from _attached(resource, name, inputs.get(name))


def _attached(resource: Resource, name: str, value: object) -> Iterator[Fact]:
    for index, member in enumerate(value if isinstance(value, list) else [value]):
        path = f"{name}[{index}]" if isinstance(value, list) else name
        match member:
            case None:
                continue
            case str():
                yield VaultPolicyAttachment(resource, path, member)
            case _ if member is UNKNOWN:
                yield NotYetKnown(resource, path, "policy name")
            case _:
                yield Unjudged(resource, path, kind_of(member), "the name of a policy", "give its name as a string")
