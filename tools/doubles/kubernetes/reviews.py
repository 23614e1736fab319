"""The reviews: who asks, whose a token is, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from tools.doubles.gcp.oidc import jwks_of
from tools.doubles.kubernetes.rbac import Asked, Rbac, User
from tools.doubles.kubernetes.tokens import API, Tokens
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_AUTHENTICATION, _AUTHORIZATION = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"

Require = Callable[[Request, Asked], None]
"""Refuses a request whose caller may not do something."""


class Reviews:
    """Answers reviews.

    Args:
        tokens: the cluster's.
        rbac: the cluster's.
        user_of: tells who asks.
        may: tells whether somebody may do something, operators included.
        require: refuses who may not.
    """

    def __init__(
        self,
        tokens: Tokens,
        rbac: Rbac,
        user_of: Callable[[Request], User],
        may: Callable[[User, Asked], bool],
        require: Require,
    ) -> None:
        self._tokens, self._rbac = tokens, rbac
        self._user_of, self._may, self._require = user_of, may, require

    @route("POST", _AUTHENTICATION + "/selfsubjectreviews")
    def who(self, request: Request) -> Answer:
        user = self._user_of(request)
        told = {"username": user.name, "groups": list(user.groups), **({"uid": user.uid} if user.uid else {})}
        return _reviewed(request, {"userInfo": told})

    @route("POST", _AUTHENTICATION + "/tokenreviews")
    def token(self, request: Request) -> Answer:
        self._require(request, Asked("create", "authentication.k8s.io", "tokenreviews"))
        spec = request.json()["spec"]
        return _reviewed(request, self._tokens.review(spec["token"], spec.get("audiences") or ()))

    @route("POST", _AUTHORIZATION + "/selfsubjectaccessreviews")
    def own_access(self, request: Request) -> Answer:
        allowed = self._may(self._user_of(request), _asked(request.json()["spec"]))
        return _reviewed(request, {"allowed": allowed})

    @route("POST", _AUTHORIZATION + "/subjectaccessreviews")
    @route("POST", _AUTHORIZATION + "/namespaces/{namespace}/localsubjectaccessreviews")
    def access(self, request: Request) -> Answer:
        namespace = request.params.get("namespace", "")
        resource = "localsubjectaccessreviews" if namespace else "subjectaccessreviews"
        self._require(request, Asked("create", "authorization.k8s.io", resource, namespace))
        spec = request.json()["spec"]
        user = User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""))
        return _reviewed(request, {"allowed": self._may(user, _asked(spec))})

    @route("POST", _AUTHORIZATION + "/selfsubjectrulesreviews")
    def own_rules(self, request: Request) -> Answer:
        namespace = request.json()["spec"].get("namespace", "")
        rules = list(self._rbac.rules(self._user_of(request), namespace))
        return _reviewed(request, {"resourceRules": rules, "nonResourceRules": [], "incomplete": False})

    @route("GET", "/.well-known/openid-configuration", public=True)
    def issuer(self, request: Request) -> Any:
        url = self._tokens.url
        return {
            "issuer": url,
            "jwks_uri": f"{url}/openid/v1/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "audiences": [API],
        }

    @route("GET", "/openid/v1/jwks", public=True)
    def keys(self, request: Request) -> Any:
        return jwks_of(self._tokens.issuer.public_key, "cluster")


def _asked(spec: dict[str, Any]) -> Asked:
    about = spec.get("resourceAttributes") or {}
    resource, part = about.get("resource", ""), about.get("subresource", "")
    return Asked(
        about.get("verb", ""),
        about.get("group", ""),
        f"{resource}/{part}" if part else resource,
        about.get("namespace", ""),
        about.get("name", ""),
    )


def _reviewed(request: Request, found: dict[str, Any]) -> Answer:
    return Answer(HTTPStatus.CREATED, {"metadata": {}, **request.json(), "status": found})
