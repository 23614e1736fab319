"""A workload on Kubernetes: a service account with its role, short-lived tokens and, if wanted, a way into clouds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.kubernetes_federation import FEDERATIONS
from nhi_components.core.kubernetes_grant import kubernetes_grant_problems
from nhi_components.core.spec import parse_spec
from nhi_components.kubernetes.bundle import Becoming, KubernetesBundle
from nhi_components.kubernetes.spec import LONGEST_TOKEN_SECONDS, KubernetesBundleSpec
from nhi_components.refusal import refusing_plainly


class KubernetesWorkloadSpec(KubernetesBundleSpec):
    """What a workload identity on Kubernetes is made from."""

    subject: ClassVar[str] = "kubernetes.WorkloadIdentity"


class WorkloadIdentity(KubernetesBundle):
    """A workload identity on Kubernetes.

    Its pods name `service_account`, and get tokens by the volume `token_volume`, mounted as `token_mount` says: they
    are bound to the pod, made out to one audience each, renewed by the kubelet, and in no state. None is mounted
    otherwise. While the identity is suspended its roles permit nothing and nobody has them.
    """

    _spec: KubernetesWorkloadSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        namespace: str,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        token_audiences: Sequence[str] = (),
        token_seconds: int = LONGEST_TOKEN_SECONDS,
        federations: Sequence[FEDERATIONS] | Becoming = (),
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `KubernetesBundleSpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            namespace: where the service account lives; it must exist.
            grants: verbs on resources of namespaces, such as `get` on `shop/configmaps/rates`.
            token_audiences: for whom pods get tokens besides the API server, such as `vault`.
            token_seconds: how long a token lives: 600 to 3,600.
            federations: what the account may become in clouds: `IrsaRole(…)`, `GkeAccount(…)`, `AksIdentity(…)`. Or a
                function that makes them: it is given the account, whose name is known by then, and may make the
                identities of other clouds that trust it.
            connection: the connection of `nhi.Provider` that reaches the cluster which the Kubernetes provider reaches.
            opts: resource options; `providers` may name explicit Kubernetes and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        becoming = federations if callable(federations) else None
        fields = {
            "identity": identity,
            "namespace": namespace,
            "grants": grants,
            "token_audiences": token_audiences,
            "token_seconds": token_seconds,
            "federations": () if becoming else federations,
        }
        with refusing_plainly():
            spec = parse_spec(KubernetesWorkloadSpec, name, fields, kubernetes_grant_problems)
        super().__init__(name, spec, becoming, connection=connection, opts=opts)
