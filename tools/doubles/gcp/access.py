"""What a service asks of IAM beside a route's permission: rights on resources that the path doesn't name."""

from __future__ import annotations

from collections.abc import Callable

from tools.doubles.gcp.policies import Policies
from tools.doubles.gcp.refusals import denied
from tools.doubles.messages import Refusal, Request

Judge = Callable[[str, str, str], bool]
"""Tells whether a principal has a permission on a resource, both by name."""


class Access:
    """The tree of resources with their allow policies, and who may do what with them.

    Attributes:
        policies: the tree; whoever makes a resource attaches it there.
    """

    def __init__(self, policies: Policies, judge: Judge) -> None:
        self.policies = policies
        self._judge = judge

    def permits(self, principal: str, permission: str, resource: str) -> bool:
        """Tell whether somebody may do something; for what has its own way to refuse."""
        return self._judge(principal, permission, resource)

    def require(self, request: Request, permission: str, resource: str) -> None:
        """Refuse with Google's 403 unless the caller has the permission on the resource."""
        if not self._judge(request.principal, permission, resource):
            raise Refusal(denied(request, permission, resource))
