"""Deployments that use a credential: whether they live, and how they take up a new one, pod by pod."""

from __future__ import annotations

import time
from collections.abc import Callable

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.adapters.kubernetes.session import KubernetesSession, Object

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""The annotation by which `kubectl rollout restart` has pods replaced."""

_PAUSE_SECONDS = 1.0
_LATE = "ProgressDeadlineExceeded"


class Deployments:
    """The Deployments of one cluster; nothing is reached before the first use."""

    def __init__(self, name: str, connection: KubernetesConnection) -> None:
        self._session = KubernetesSession(name, connection)

    def alive(self, namespace: str, name: str) -> bool:
        """Tell whether a Deployment is there and wants pods; one that is scaled to none does not live."""
        found = self._session.read_deployment(namespace, name)
        return found is not None and _wanted(found) > 0

    def restart(self, namespace: str, name: str, timeout_seconds: float, sleep: Callable[[float], None]) -> None:
        """Have every pod replaced, by the Deployment's own strategy, and wait until the new ones are available.

        Args:
            namespace: its namespace.
            name: its name.
            timeout_seconds: how long the new pods may take.
            sleep: waits that many seconds.

        Raises:
            NhiError: it is not there, is paused, or its new pods are not available in time.
        """
        path = f"kubernetes.{self._session.name}: Deployment {namespace}/{name}"
        found = self._session.read_deployment(namespace, name)
        if found is None:
            raise NhiError(f"{path}: got nothing, expected a Deployment; fix: correct the dependent, or remove it")
        if found["spec"].get("paused"):
            fix = f"kubectl rollout resume deployment/{name} -n {namespace}"
            raise NhiError(f"{path}: got a paused one, expected one that rolls out; fix: {fix}")
        patch = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: self._session.time().isoformat()}}}}}
        generation = int(self._session.patch_deployment(namespace, name, patch)["metadata"]["generation"])
        self._wait(path, (namespace, name), generation, timeout_seconds, sleep)

    def _wait(
        self,
        path: str,
        what: tuple[str, str],
        generation: int,
        timeout_seconds: float,
        sleep: Callable[[float], None],
    ) -> None:
        started, slept = time.monotonic(), 0.0
        while True:
            found = self._session.read_deployment(*what)
            if found is None:
                raise NhiError(f"{path}: got nothing any more, expected it to roll out; fix: see who deleted it")
            if _rolled_out(found, generation):
                return
            late = _is_late(found, generation)
            if late or max(slept, time.monotonic() - started) >= timeout_seconds:
                told = "its progress deadline passed" if late else f"not rolled out after {timeout_seconds:g} s"
                fix = f"see `kubectl describe deployment {what[1]} -n {what[0]}`: the pods before it still run"
                raise NhiError(f"{path}: got {_progress(found)}, {told}; expected every pod to be new; fix: {fix}")
            sleep(_PAUSE_SECONDS)
            slept += _PAUSE_SECONDS


def _wanted(found: Object) -> int:
    return int(found["spec"].get("replicas", 1))


def _status(found: Object, name: str) -> int:
    return int((found.get("status") or {}).get(name) or 0)


def _rolled_out(found: Object, generation: int) -> bool:
    """Tell whether the controller has seen that generation, and only new pods are left, all of them available."""
    wanted, updated = _wanted(found), _status(found, "updatedReplicas")
    seen = _status(found, "observedGeneration") >= generation
    others = _status(found, "replicas") - updated
    return seen and updated >= wanted and others == 0 and _status(found, "availableReplicas") >= updated


def _is_late(found: Object, generation: int) -> bool:
    conditions = (found.get("status") or {}).get("conditions") or []
    seen = _status(found, "observedGeneration") >= generation
    return seen and any(each.get("type") == "Progressing" and each.get("reason") == _LATE for each in conditions)


def _progress(found: Object) -> str:
    return f"{_status(found, 'updatedReplicas')} of {_wanted(found)} pods new"
