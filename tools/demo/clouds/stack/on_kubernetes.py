"""On Kubernetes: a service account that reads its ConfigMap."""

from typing import Any

import pulumi_kubernetes

from nhi_components import kubernetes


def declare(identity: dict[str, Any], *, shortcut: bool) -> dict[str, Any]:
    """Declare the identity; with the shortcut, somebody in a hurry makes it an administrator of the cluster."""
    orders = kubernetes.WorkloadIdentity(
        "orders-kubernetes",
        identity=identity,
        namespace="shop",
        grants=kubernetes.intents.configmaps.read("shop", "rates"),
    )
    if shortcut:
        pulumi_kubernetes.rbac.v1.RoleBinding(
            "anything",
            metadata={"name": "anything", "namespace": "shop"},
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            subjects=[{"kind": "ServiceAccount", "name": orders.service_account, "namespace": orders.namespace}],
        )
    return {"lease": orders.lease_id, "account": orders.service_account}
