"""Rules of roles and volumes of pods as an identity on Kubernetes has them; pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.kubernetes_grant import RuleNeeded, later_name_problems
from nhi_components.kubernetes.spec import token_file

VOLUME: Final = "nhi-identity"
MOUNT_PATH: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where clients of Kubernetes look for a token, as documented in 'Configure Service Accounts for Pods'."""

OURS_WINS: Final[Mapping[str, str]] = {"pulumi.com/patchForce": "true"}
"""Lets Pulumi write a field that somebody wrote since: a cut-off that is undone must not block the next change."""


def rules_document(
    rules: Sequence[RuleNeeded], names: Sequence[Sequence[str]], *, suspended: bool
) -> list[dict[str, Any]]:
    """Write the rules of a role; none while the identity is suspended.

    Args:
        rules: what the role permits.
        names: for each rule, the names of its objects, all known by now.
        suspended: whether nothing is permitted.

    Raises:
        SpecError: when a name turned out to be none.
    """
    problems: list[Problem] = []
    for rule, known in zip(rules, names, strict=True):
        for declared, name in zip(rule.names, known, strict=True):
            if not isinstance(declared, str):
                problems += later_name_problems(f"grants on {rule.resource}", name)
    if problems:
        raise SpecError("targets known at deployment", problems)
    if suspended:
        return []
    known_rules = zip(rules, names, strict=True)
    return [RuleNeeded(r.group, r.resource, r.verbs, tuple(named)).written() for r, named in known_rules]


def subjects(namespace: str, name: str, *, suspended: bool) -> list[dict[str, str]]:
    """Write who has a role: the account, or nobody while the identity is suspended."""
    return [] if suspended else [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]


def token_volume(audiences: Sequence[str], seconds: int, *, for_the_api: bool) -> dict[str, Any]:
    """Write the volume of a pod that has the account's tokens, which the kubelet renews.

    Args:
        audiences: for whom tokens are made out besides the API server, each in a file of its own.
        seconds: how long a token lives.
        for_the_api: whether there is one for the API server, with what its clients need beside.
    """
    sources = [_token(token_file(audience), seconds, audience) for audience in audiences]
    if for_the_api:
        authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
        field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
        sources = [
            _token("token", seconds),
            {"configMap": authority},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
            *sources,
        ]
    return {"name": VOLUME, "projected": {"sources": sources}}


def token_mount() -> dict[str, Any]:
    """Write where a container has that volume."""
    return {"name": VOLUME, "mountPath": MOUNT_PATH, "readOnly": True}


def _token(path: str, seconds: int, audience: str | None = None) -> dict[str, Any]:
    made_out = {} if audience is None else {"audience": audience}
    return {"serviceAccountToken": {"path": path, "expirationSeconds": seconds, **made_out}}
