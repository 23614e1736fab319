"""Tells who can approve certificates, which takes a permission on requests and one on signers.

Source: Kubernetes documentation, 'Certificates and Certificate Signing Requests: Authorization'.
"""

from __future__ import annotations

from typing import Final

from nhi_components.facts.kubernetes.model import ANY, RbacRole, RbacRule

_GROUPS: Final = frozenset({ANY, "certificates.k8s.io"})
_APPROVALS: Final = frozenset({ANY, "*/*", "*/approval", "certificatesigningrequests/*"}) | {
    "certificatesigningrequests/approval"
}
_SIGNERS: Final = frozenset({ANY, "*/*", "signers"})
_UPDATES: Final = frozenset({ANY, "update", "patch"})
_APPROVES: Final = frozenset({ANY, "approve"})
_CLIENT_SIGNERS: Final = frozenset(
    {"kubernetes.io/kube-apiserver-client", "kubernetes.io/*", "kubernetes.io/legacy-unknown"}
)
"""Signers whose certificates authenticate a user to the API server, or once did."""


def approves_certificates(role: RbacRole) -> RbacRule | None:
    """Give the rule by which a role approves requests for certificates of users; None when it can't.

    The permission on signers may stand in another role; where this one holds it, it tells for which signers.
    """
    approving: RbacRule | None = None
    signers: list[RbacRule] = []
    for rule in role.rules:
        if _GROUPS.isdisjoint(rule.groups):
            continue
        if not _UPDATES.isdisjoint(rule.verbs) and not _APPROVALS.isdisjoint(rule.resources) and not rule.names:
            approving = approving or rule
        if not _APPROVES.isdisjoint(rule.verbs) and not _SIGNERS.isdisjoint(rule.resources):
            signers.append(rule)
    harmless = signers and all(rule.names and _CLIENT_SIGNERS.isdisjoint(rule.names) for rule in signers)
    return None if harmless else approving
