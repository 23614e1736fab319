"""The double as a whole: who asks, whether they may, and which object a path is about."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from tools.doubles.kubernetes.answers import status, unserved
from tools.doubles.kubernetes.cluster import Cluster
from tools.doubles.kubernetes.discovery import Discovery
from tools.doubles.kubernetes.kinds import kind_of
from tools.doubles.kubernetes.rbac import Asked, User
from tools.doubles.kubernetes.reviews import Reviews
from tools.doubles.kubernetes.tokens import API
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.server import HttpDouble

_CORE, _GROUP = "/api/v1", "/apis/{group}/v1"
_PATHS = (
    "/{kinds}",
    "/{kinds}/{name}",
    "/namespaces/{namespace}/{kinds}",
    "/namespaces/{namespace}/{kinds}/{name}",
    "/namespaces/{namespace}/{kinds}/{name}/{part}",
)


class KubernetesDouble(HttpDouble):
    """One cluster.

    Whoever has a token by `grant` is an operator and may do everything but what `deny` takes away, written as
    `list secrets`. Service accounts have the tokens that the cluster issues for them, and RBAC decides what they may.
    """

    def __init__(self) -> None:
        super().__init__(Discovery())
        self.cluster = Cluster(self, self.require, self.judged)
        self.mount(Reviews(self.cluster.tokens, self.cluster.rbac, self.user_of, self.permits, self.require))
        for base in (_CORE, _GROUP):
            for path in _PATHS:
                for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                    self.route(method, base + path, self._act)

    def unauthorized(self, request: Request) -> Answer:
        return status(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")

    def absent(self, request: Request) -> Answer:
        return unserved()

    def busy(self, request: Request, status_code: int) -> Answer:
        if status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return status(status_code, "TooManyRequests", "the server has received too many requests")
        return status(status_code, "ServiceUnavailable", "the server is currently unable to handle the request")

    def principal_of(self, request: Request) -> str:
        """Tell whom a token speaks for: an operator, or a service account whose token still counts here."""
        user = self.judged(request)
        return super().principal_of(request) or (user.name if user else "")

    def judged(self, request: Request) -> User | None:
        """Tell which service account asks; None for an operator and for strangers."""
        token = self.cluster.tokens.valid(self.token_of(request))
        return token.user if token and API in token.audiences else None

    def user_of(self, request: Request) -> User:
        """Tell who asks."""
        return self.judged(request) or User(request.principal, ("system:authenticated",))

    def permits(self, user: User, asked: Asked) -> bool:
        """Tell whether somebody may do something."""
        if user.name in set(self._principals.values()):
            return not {(user.name, f"{asked.verb} {asked.resource}"), (user.name, "*")} & self._denied
        return self.cluster.rbac.permits(user, asked)

    def require(self, request: Request, asked: Asked) -> None:
        """Refuse who may not."""
        judged = self.judged(request)
        allowed = (
            self.cluster.rbac.permits(judged, asked) if judged else self.may(request, f"{asked.verb} {asked.resource}")
        )
        if not allowed:
            raise Refusal(_forbidden(request.principal, asked))

    def kubeconfig(self, token: str) -> str:
        """Write a kubeconfig, as JSON, which is YAML: one context, `double`, with that token."""
        named = "double"
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": named,
                "clusters": [{"name": named, "cluster": {"server": self.url}}],
                "users": [{"name": named, "user": {"token": token}}],
                "contexts": [{"name": named, "context": {"cluster": named, "user": named}}],
            }
        )

    def _act(self, request: Request) -> Any:
        params = request.params
        kind = kind_of(params.get("group", ""), params["kinds"])
        namespace, name, part = (params.get(each, "") for each in ("namespace", "name", "part"))
        if kind is None or (part and part not in kind.parts) or (namespace and not kind.namespaced):
            return unserved()
        if (name and kind.namespaced and not namespace) or (not name and request.method in ("PUT", "PATCH")):
            return unserved()
        return self.cluster.act(request, kind, namespace, name, part)


def _forbidden(user: str, asked: Asked) -> Answer:
    kinds = asked.resource.partition("/")[0]
    named = f'{kinds} "{asked.name}"' if asked.name else kinds
    in_namespace = asked.namespace and kinds != "namespaces"
    where = f'in the namespace "{asked.namespace}"' if in_namespace else "at the cluster scope"
    text = (
        f'{named} is forbidden: User "{user}" cannot {asked.verb} resource "{asked.resource}" in API group '
        f'"{asked.group}" {where}'
    )
    return status(HTTPStatus.FORBIDDEN, "Forbidden", text, kinds, asked.name)
