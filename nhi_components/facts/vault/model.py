"""Facts about Vault: policies as rules on paths, and what attaches them.

The grammar is that of the Vault documentation, 'Policies'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from nhi_components.facts.model import Resource
from nhi_components.facts.values import Located

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PathRule:
    """What a policy permits on one path.

    Attributes:
        pattern: the path; `+` stands for one segment, a `*` at the end for any continuation.
        path: where the rule stands in the document.
        capabilities: what it permits there, each with its place.
        narrowed: what may be written is limited to named parameters, and those that name policies to named ones.
        granted: the capabilities that have an effect: none where `deny` is among them.
    """

    pattern: str
    path: str
    capabilities: tuple[Located, ...]
    narrowed: bool = False
    granted: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [capability.text for capability in self.capabilities]
        object.__setattr__(self, "granted", _NOTHING if "deny" in names else frozenset(names))


@dataclass(frozen=True, slots=True)
class VaultPolicyDocument:
    """One Vault policy.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        rules: its rules, in the order of the document.
        granting: those that grant something: Vault adds up the rules of a path, and one `deny` among them is all.
    """

    resource: Resource
    path: str
    rules: tuple[PathRule, ...]
    granting: tuple[PathRule, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        denied = {rule.pattern for rule in self.rules if rule.capabilities and not rule.granted}
        granting = tuple(rule for rule in self.rules if rule.granted and rule.pattern not in denied)
        object.__setattr__(self, "granting", granting)


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


class AuthMethod(StrEnum):
    """How somebody logs in to Vault by a role."""

    APPROLE = "approle"
    AWS = "aws"
    AZURE = "azure"
    CERT = "cert"
    GCP = "gcp"
    JWT = "jwt"
    KUBERNETES = "kubernetes"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class VaultAuthRole:
    """A role by which workloads log in.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        method: how they log in.
        bounds: what limits who logs in: the fields of Vault's API, such as `bound_audiences`, and for each claim that
            is bound `bound_claims.` and its name; each with its values, none of them empty.
        unknown: the fields whose values are not known yet.
    """

    resource: Resource
    path: str
    method: AuthMethod
    bounds: Mapping[str, tuple[str, ...]]
    unknown: frozenset[str] = frozenset()
