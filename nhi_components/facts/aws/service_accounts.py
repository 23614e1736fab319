"""Kubernetes service accounts that become AWS roles: by a trust in the cluster's issuer, or by EKS Pod Identity.

Sources: Amazon EKS user guide, 'IAM roles for service accounts' and 'Learn how EKS Pod Identity grants pods access'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Final

from nhi_components.facts.aws.principals import Principal
from nhi_components.facts.aws.trust import Door, door_of
from nhi_components.facts.chain.model import Identity, Step
from nhi_components.facts.chain.naming import called

KIND: Final = "Kubernetes service account"


class ServiceAccounts:
    """The service accounts that the roles of one stack name.

    Args:
        principals: the roles among them are looked at.
    """

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self.identities: dict[str, Identity] = {}
        for principal in principals.values():
            named = door_of(principal).service_accounts(None)
            for namespace, name, _ in (*named, *principal.pods):
                key = _key(namespace, name)
                resource = principal.identity.resource
                self.identities.setdefault(key, Identity(key, f"{namespace}/{name}", KIND, resource))

    def into(self, role: Principal, door: Door, now: datetime, among: Collection[str]) -> Iterator[Step]:
        """Yield the steps into a role from those service accounts that are among some."""
        for namespace, name, place in door.service_accounts(now):
            key = _key(namespace, name)
            if key in among:
                at = f"{called(role.identity.resource)} {place}"
                yield Step(key, role.identity.key, "assume", "its trust names the service account", at)
        for namespace, name, place in role.pods:
            key = _key(namespace, name)
            if key in among and (door.admits_pods() or not door.is_known):
                note = "EKS gives it to the pods of the service account"
                yield Step(key, role.identity.key, "assume", note, place, certain=door.is_known)


def _key(namespace: str, name: str) -> str:
    return f"kubernetes:{namespace}/{name}"
