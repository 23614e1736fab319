"""Deployments: how one rolls out, and its scale."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def roll(found: Object, *, stuck: bool) -> None:
    """Let the controller do one step: see the new generation, then make one new pod available."""
    wanted, generation = int(found["spec"].get("replicas", 1)), found["metadata"]["generation"]
    now = found.setdefault("status", {})
    if now.get("observedGeneration") != generation:
        now |= {"observedGeneration": generation, "updatedReplicas": 0, "replicas": wanted, "availableReplicas": wanted}
    elif stuck:
        late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        now["conditions"] = [late]
    elif now["updatedReplicas"] < wanted:
        now["updatedReplicas"] += 1


def scale_of(found: Object) -> Object:
    """Show how many pods a Deployment has."""
    known = {name: found["metadata"][name] for name in ("name", "namespace", "uid", "resourceVersion")}
    replicas = {"replicas": found["spec"].get("replicas", 1)}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": known, "spec": replicas, "status": replicas}


def of_scale(found: Object, scale: Object) -> Object:
    """Write how many pods a Deployment is to have."""
    return {**found, "spec": {**found["spec"], "replicas": scale["spec"]["replicas"]}}
