"""Facts about Vault: policies as rules on paths, and what attaches them.

The grammar is that of the Vault documentation, 'Policies'.
"""

from __future__ import annotations

from dataclasses import dataclass

from nhi_components.facts.model import Resource
from nhi_components.facts.values import Located


@dataclass(frozen=True, slots=True)
class PathRule:
    """What a policy permits on one path.

    Attributes:
        pattern: the path; `+` stands for one segment, a `*` at the end for any continuation.
        path: where the rule stands in the document.
        capabilities: what it permits there, each with its place.
    """

    pattern: str
    path: str
    capabilities: tuple[Located, ...]

    @property
    def granted(self) -> frozenset[str]:
        """The capabilities that have an effect: none where `deny` is among them."""
        names = frozenset(capability.text for capability in self.capabilities)
        return frozenset() if "deny" in names else names


@dataclass(frozen=True, slots=True)
class VaultPolicyDocument:
    """One Vault policy.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        rules: its rules, in the order of the document.
    """

    resource: Resource
    path: str
    rules: tuple[PathRule, ...]


@dataclass(frozen=True, slots=True)
class VaultPolicyAttachment:
    """A token, a role or an entity gets policies by name.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        policy: the policy's name.
    """

    resource: Resource
    path: str
    policy: str
