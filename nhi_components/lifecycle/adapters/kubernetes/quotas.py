"""Whether the quotas of namespaces leave room: what a ResourceQuota allows of a kind, and what is used of it.

Source: Kubernetes documentation, 'Resource Quotas', 'Quota on object count': `count/<resource>.<group>`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from nhi_components.core.errors import Problem
from nhi_components.core.links import Link, LinkKind, NotChecked
from nhi_components.lifecycle.adapters.kubernetes.errors import Denied
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession
from nhi_components.lifecycle.ports import Room

_COUNTED: Final[Mapping[LinkKind, str]] = MappingProxyType(
    {
        LinkKind.KUBERNETES_SERVICE_ACCOUNT: "count/serviceaccounts",
        LinkKind.KUBERNETES_ROLE: "count/roles.rbac.authorization.k8s.io",
        LinkKind.KUBERNETES_ROLE_BINDING: "count/rolebindings.rbac.authorization.k8s.io",
    }
)


class Quotas:
    """The quotas of one cluster's namespaces; what was asked about before counts as taken."""

    def __init__(self, session: KubernetesSession) -> None:
        self._session = session
        self._taken: Counter[tuple[str, str]] = Counter()

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell which quotas the links would exceed."""
        problems: list[Problem] = []
        self._taken.update((link.name.partition("/")[0], _COUNTED[link.kind]) for link in links)
        for namespace in dict.fromkeys(link.name.partition("/")[0] for link in links):
            try:
                quotas = self._session.listed(Kind.RESOURCE_QUOTA, namespace, whole=True)
            except Denied:
                reason = f"the resource quotas of {namespace} may not be listed, so they are not known"
                return Room(tuple(problems), NotChecked(reason))
            for quota in quotas:
                problems += self._exceeded(namespace, quota["metadata"]["name"], quota.get("status") or {})
        return Room(tuple(problems))

    def _exceeded(self, namespace: str, name: str, status: Mapping[str, Mapping[str, str]]) -> list[Problem]:
        hard, used = status.get("hard") or {}, status.get("used") or {}
        found: list[Problem] = []
        for counted in _COUNTED.values():
            wanted = self._taken[namespace, counted]
            if counted in hard and wanted and int(used.get(counted, 0)) + wanted > int(hard[counted]):
                left = max(int(hard[counted]) - int(used.get(counted, 0)), 0)
                fix = f"raise it, or remove what is no longer needed: `kubectl describe quota {name} -n {namespace}`"
                got, expected = f"{wanted} more of {counted}", f"at most {left}, by quota {name}"
                found.append(Problem(f"namespace {namespace}", got, expected, fix))
        return found
