"""Reads what is not RBAC but hands out its tokens: pods and their accounts, and secrets that hold a credential.

Source: Kubernetes documentation, 'Configure Service Accounts for Pods' and 'Secrets: Types of Secret'.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.kubernetes.model import MountedDefaultAccount
from nhi_components.facts.kubernetes.notes import Notes
from nhi_components.facts.kubernetes.rbac import name_of
from nhi_components.facts.model import Fact, StandingCredential
from nhi_components.facts.values import UNKNOWN, Unknown

_TEMPLATE: Final = ("spec", "template", "spec")
WORKLOADS: Final[dict[str, tuple[str, ...]]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job"), _TEMPLATE
    ),
}
"""Where the pod stands in each kind of workload."""

ACCOUNT_KINDS: Final = frozenset({"ServiceAccount", "DefaultServiceAccount"})
_DEFAULT: Final = "default"
_MOUNT: Final = "automountServiceAccountToken"

_CREDENTIALS: Final = {
    "kubernetes.io/service-account-token": (
        "token of a service account",
        "let pods mount a projected token, and others ask for one by the TokenRequest API",
    ),
    "kubernetes.io/basic-auth": ("user name and password", "federate, or fetch the password from a secret store"),
    "kubernetes.io/ssh-auth": ("SSH key", "let a certificate authority sign a short-lived key"),
    "kubernetes.io/dockercfg": ("credential of a registry", "let the node's or workload's identity pull images"),
    "kubernetes.io/dockerconfigjson": ("credential of a registry", "let the node's or workload's identity pull images"),
    "bootstrap.kubernetes.io/token": ("token by which nodes join", "give it an `expiration` of hours"),
}
"""Types of secrets that hold a credential by definition: what it is, and what would do without it."""


def read_account(notes: Notes, path: str, manifest: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield that the account `default` is mounted into pods, unless its manifest forbids it."""
    name = name_of(manifest) or (_DEFAULT if "Default" in notes.resource.type else "")
    if name == _DEFAULT and not _keeps_token_back(notes, path, manifest):
        place = f"{path}.{_MOUNT}"
        yield MountedDefaultAccount(notes.resource, place, "every pod without an account of its own")


def read_workload(notes: Notes, kind: str, path: str, manifest: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield that pods run as the account `default` and get its token."""
    value: object = manifest
    place = path
    for step in WORKLOADS[kind]:
        value = notes.mapping(place, value, "an object").get(step)
        place = f"{place}.{step}"
    if value is None:
        return
    spec = notes.mapping(place, value, "the specification of a pod")
    account = spec.get("serviceAccountName", spec.get("serviceAccount"))
    if account in (None, "", _DEFAULT) and not _keeps_token_back(notes, place, spec):
        yield MountedDefaultAccount(
            notes.resource, f"{place}.serviceAccountName", f"{kind} {name_of(manifest)}".strip()
        )


def _keeps_token_back(notes: Notes, path: str, spec: Mapping[str, Any]) -> bool:
    value = spec.get(_MOUNT, spec.get("automount_service_account_token"))
    if value is not None and not isinstance(value, bool):
        notes.note(f"{path}.{_MOUNT}", value, "a boolean")
        return True
    return value is False


def read_secret(notes: Notes, path: str, manifest: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the standing credential that a secret holds by its type."""
    kind = notes.text(f"{path}.type", manifest.get("type"), "the type of the secret")
    if kind in _CREDENTIALS:
        what, instead = _CREDENTIALS[kind]
        ends = _expiration(manifest)
        yield StandingCredential(notes.resource, f"{path}.type", what, ends, None, instead)


def _expiration(manifest: Mapping[str, Any]) -> str | Unknown | None:
    """Give the end of a bootstrap token, the only type that tells one; None where it tells none."""
    if manifest.get("type") != "bootstrap.kubernetes.io/token":
        return None
    plain, encoded = manifest.get("stringData"), manifest.get("data")
    if isinstance(plain, Mapping) and "expiration" in plain:
        value = plain["expiration"]
        return value if isinstance(value, str | Unknown) else None
    if isinstance(encoded, Mapping) and isinstance(encoded.get("expiration"), str):
        return _decoded(encoded["expiration"])
    return UNKNOWN if UNKNOWN in (plain, encoded) else None


def _decoded(text: str) -> str | None:
    try:
        return b64decode(text, validate=True).decode("ascii")
    except ValueError:
        return None
