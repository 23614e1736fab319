"""Names of what a bundle makes on Google Cloud, within the length and alphabet of each.

Sources: IAM, REST reference: `projects.serviceAccounts.create` (account id: 6 to 30 characters of `[a-z0-9-]`),
`projects.roles` (role id: 3 to 64 of `[a-zA-Z0-9_.]`), `workloadIdentityPools.create` (pool and provider id: 4 to 32 of
`[a-z0-9-]`, not beginning with `gcp-`); Secret Manager, `projects.secrets.create` (secret id: at most 255 characters of
letters, digits, `-` and `_`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_LONGEST_ACCOUNT_ID: Final = 30
_LONGEST_ROLE_ID: Final = 64
_LONGEST_POOL_ID: Final = 32
_TOOL_DIGITS: Final = 4
_ROLE_DIGITS: Final = 8
_RESERVED: Final = "gcp-"
_OURS: Final = "id-"
_BINDING: Final = re.compile(
    r"(?P<resource>.+?) (?P<role>(?:(?:projects|organizations)/[^/ ]+/)?roles/[\w.]+) (?P<member>.+)", re.ASCII
)


def account_id(identity: str, environment: str, suffix: str, tool: str = "") -> str:
    """The id of a service account: as much of identity and environment as there is room for, then the lease's suffix.

    Args:
        identity: the identity's name.
        environment: its environment.
        suffix: of the lease (`core.lease_id.suffix_of`).
        tool: for an account that stands for one tool of an agent.
    """
    ending = f"-{suffix}{_digest([tool])[:_TOOL_DIGITS]}" if tool else f"-{suffix}"
    return _cut(f"{identity}-{environment}", _LONGEST_ACCOUNT_ID - len(ending)) + ending


def account_email(account: str, project: str) -> str:
    """The address of a service account, which is its name."""
    return f"{account}@{project_domain(project)}.iam.gserviceaccount.com"


def project_domain(project: str) -> str:
    """A project as host names have it: one that lies in a domain, `example.com:shop`, is `shop.example.com` there."""
    domain, _, name = project.rpartition(":")
    return f"{name}.{domain}" if domain else name


def role_digest(permissions: Iterable[str]) -> str:
    """What the id of a custom role with these permissions ends with."""
    return _digest(sorted(permissions))[:_ROLE_DIGITS]


def role_id(identity: str, environment: str, suffix: str, permissions: Iterable[str]) -> str:
    """The id of a custom role: a role with other permissions has another id, so that none is ever edited in use."""
    return role_id_of(identity, environment, suffix, role_digest(permissions))


def role_id_of(identity: str, environment: str, suffix: str, digest: str) -> str:
    """The same, from the `role_digest` of its permissions."""
    ending = f"_{suffix}_{digest}"
    start = f"{identity}_{environment}".replace("-", "_")
    return start[: _LONGEST_ROLE_ID - len(ending)].rstrip("_") + ending


def role_name(project: str, role: str) -> str:
    """The whole name of a custom role of a project."""
    return f"projects/{project}/roles/{role}"


def pool_id(identity: str, environment: str, suffix: str) -> str:
    """The id of a workload identity pool."""
    start = f"{identity}-{environment}"
    start = f"{_OURS}{start}" if start.startswith(_RESERVED) else start
    return _cut(start, _LONGEST_POOL_ID - len(suffix) - 1) + f"-{suffix}"


def pool_name(project: str, pool: str) -> str:
    """The whole name of a workload identity pool; Google's answers have the project's number in the project's place."""
    return f"projects/{project}/locations/global/workloadIdentityPools/{pool}"


def provider_name(pool: str, provider: str) -> str:
    """The whole name of a provider of a pool, which is given by its whole name."""
    return f"{pool}/providers/{provider}"


def secret_name(project: str, secret: str) -> str:
    """The whole name of a secret of Secret Manager."""
    return f"projects/{project}/secrets/{secret}"


@dataclass(frozen=True, slots=True)
class BindingName:
    """One member of one role on one resource: what an additive binding is.

    Attributes:
        resource: relative name, such as `projects/p/topics/orders` or `projects/_/buckets/b`.
        role: `roles/…` or `projects/p/roles/…`.
        member: such as `serviceAccount:x@p.iam.gserviceaccount.com`.
    """

    resource: str
    role: str
    member: str

    def __str__(self) -> str:
        """Write it as the name of its link."""
        return f"{self.resource} {self.role} {self.member}"

    @classmethod
    def parse(cls, name: str) -> BindingName:
        """Read it back; a table's name and a federated subject may have blanks in them, a role has none.

        Raises:
            ValueError: it is no such name.
        """
        found = _BINDING.fullmatch(name)
        if found is None:
            raise ValueError(f"no name of a binding: {name!r}")
        return cls(found["resource"], found["role"], found["member"])


def _cut(text: str, longest: int) -> str:
    return text[:longest].rstrip("-")


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
