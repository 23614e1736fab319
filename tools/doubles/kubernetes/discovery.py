"""What the API server tells of itself: its version, its groups, and their resources."""

from __future__ import annotations

from typing import Any

from tools.doubles.kubernetes.kinds import GROUPS, of_group
from tools.doubles.messages import Request
from tools.doubles.routes import route

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


class Discovery:
    """Answers discovery."""

    @route("GET", "/version")
    @route("GET", "/version/")
    def version(self, request: Request) -> Any:
        told = ("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler")
        version = {"major": "1", "minor": "34", "gitVersion": "v1.34.0-double", "platform": "linux/amd64"}
        return {**version, **dict.fromkeys(told, "double")}

    @route("GET", "/api")
    def core(self, request: Request) -> Any:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}

    @route("GET", "/apis")
    def groups(self, request: Request) -> Any:
        named = ({"groupVersion": f"{group}/v1", "version": "v1"} for group in GROUPS)
        listed = [
            {"name": group, "versions": [each], "preferredVersion": each}
            for group, each in zip(GROUPS, named, strict=True)
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}

    @route("GET", "/api/v1")
    def of_core(self, request: Request) -> Any:
        return _resources("")

    @route("GET", "/apis/{group}/v1")
    def of_group(self, request: Request) -> Any:
        return _resources(request.params["group"])


def _resources(group: str) -> dict[str, Any]:
    listed = [
        {"name": kind.plural, "singularName": "", "namespaced": kind.namespaced, "kind": kind.name, "verbs": _VERBS}
        for kind in of_group(group)
    ]
    version = f"{group}/v1" if group else "v1"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed}
