"""ACL policies: a policy takes no metadata, so its first line bears the lease id."""

from __future__ import annotations

from dataclasses import dataclass

from nhi_components.core.tags import lease_of_policy
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.reach import POLICIES


@dataclass(frozen=True, slots=True)
class Policy:
    """What a policy is now.

    Attributes:
        name: its name.
        lease: the lease that its first line bears, if any.
    """

    name: str
    lease: str | None


class Policies:
    """The ACL policies of one Vault."""

    def __init__(self, http: VaultHttp) -> None:
        self._http = http

    def find(self, name: str) -> Policy | None:
        """Read a policy; None when there is none of that name."""
        facts = self._http.read(f"{POLICIES}/{name}")
        return Policy(name, lease_of_policy(str(facts.get("policy", "")))) if facts else None

    def names_with_ending(self, ending: str) -> list[str]:
        """List policies by the end of their names."""
        return [name for name in self._http.keys(POLICIES) if name.endswith(ending)]

    def delete(self, name: str) -> None:
        """Delete a policy; tokens that carry it live on, without it."""
        self._http.delete(f"{POLICIES}/{name}")
