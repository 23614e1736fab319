"""What Kubernetes leaves behind."""

from __future__ import annotations

from datetime import timedelta

from nhi_components.core.links import System
from nhi_components.lifecycle.residue.model import Figure, Residue

KUBERNETES: tuple[Residue, ...] = (
    Residue(
        id="kubernetes.rbac.watch",
        system=System.KUBERNETES,
        what="a role or a role binding",
        remains="other API servers of the cluster judge by the one before until they have seen the change",
        figure=None,
        source="Kubernetes documentation, 'Using RBAC Authorization'; 'API concepts': efficient detection of changes",
        handling="bindings are emptied first, and a token that had the right asks until it has it no more",
    ),
    Residue(
        id="kubernetes.service-account.tokens",
        system=System.KUBERNETES,
        what="a service account",
        remains="its tokens are refused, as they are bound to its uid; what was just authenticated is cached for 10 s",
        figure=Figure(timedelta(0), timedelta(seconds=10)),
        source="Kubernetes documentation, 'Managing Service Accounts'; kubeapiserver/options: TokenSuccessCacheTTL",
        handling="it may do nothing before it is deleted; a token of it is tried until the API server refuses it",
    ),
    Residue(
        id="kubernetes.service-account.offline",
        system=System.KUBERNETES,
        what="a service account that clouds trust",
        remains="who checks tokens by the cluster's keys, without a TokenReview, accepts them until they end",
        figure=Figure(timedelta(minutes=10), timedelta(hours=1)),
        source="Kubernetes documentation, 'Configure Service Accounts for Pods': service account issuer discovery",
        handling="tokens live 10 min to 1 h; told as sessions that are possible; the cloud's identity ends by itself",
    ),
    Residue(
        id="kubernetes.role-binding.subjects",
        system=System.KUBERNETES,
        what="a service account that bindings made by hand name",
        remains="they stay and name it, and give the same to an account that is made anew under its name",
        figure=None,
        source="Kubernetes documentation, 'Using RBAC Authorization': Referring to subjects",
        handling="looked for in every namespace; the account is taken out, a binding that names nobody else deleted",
    ),
    Residue(
        id="kubernetes.token-secret.endless",
        system=System.KUBERNETES,
        what="a Secret made by hand that keeps a token of a service account",
        remains="the token does not end; the Secret goes with the account, once a controller has seen that",
        figure=None,
        source="Kubernetes documentation, 'Managing Service Accounts': Manual Secret management for ServiceAccounts",
        handling="found by the account's uid, deleted at the cut-off and while the identity is suspended",
    ),
    Residue(
        id="kubernetes.secret.mounts",
        system=System.KUBERNETES,
        what="a Secret",
        remains="pods that have it mounted, or as environment variables, keep the value they have",
        figure=None,
        source="Kubernetes documentation, 'Secrets': mounted Secrets are updated automatically",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
)
