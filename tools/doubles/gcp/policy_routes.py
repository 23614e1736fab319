"""What every resource with an allow policy has: `getIamPolicy`, `setIamPolicy`, `testIamPermissions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tools.doubles.gcp.policies import Policies
from tools.doubles.gcp.resources import resource_of
from tools.doubles.messages import Handler, Request


class Judge(Protocol):
    """What the routes need of the double."""

    policies: Policies

    def holds(self, principal: str, permission: str, resource: str) -> bool: ...

    def route(self, method: str, pattern: str, handler: Handler, *, needs: str = "", public: bool = False) -> None: ...


def policy_routes(
    double: Judge,
    pattern: str,
    permissions: str,
    *,
    get: str = "POST",
    named: Callable[[Request], str] = resource_of,
) -> None:
    """Add the three methods of one kind of resource.

    Args:
        double: what they are added to.
        pattern: the path of a resource, without verb, such as `/v1/projects/{project}/topics/{topic}`.
        permissions: what the permissions begin with, such as `pubsub.topics`.
        get: the method of `getIamPolicy`: GET for most APIs, POST for IAM's and Resource Manager's.
        named: gives the resource's relative name.
    """

    def get_policy(request: Request) -> Any:
        return double.policies.get(named(request), _version(request))

    def set_policy(request: Request) -> Any:
        asked = request.json()
        return double.policies.set(named(request), asked.get("policy", {}), asked.get("updateMask", ""))

    def test(request: Request) -> Any:
        resource = named(request)
        held = [
            each for each in request.json().get("permissions", ()) if double.holds(request.principal, each, resource)
        ]
        return {"permissions": held} if held else {}

    double.route(get, f"{pattern}:getIamPolicy", get_policy, needs=f"{permissions}.getIamPolicy")
    double.route("POST", f"{pattern}:setIamPolicy", set_policy, needs=f"{permissions}.setIamPolicy")
    double.route("POST", f"{pattern}:testIamPermissions", test)


def _version(request: Request) -> int:
    asked = request.query.get("options.requestedPolicyVersion")
    if asked is None and request.method == "POST":
        asked = request.json().get("options", {}).get("requestedPolicyVersion")
    return int(asked or 0)
