"""Tokens of service accounts: requested or kept in Secrets, bound to the account's uid, made out to audiences.

Sources: Kubernetes documentation, 'Managing Service Accounts' and 'Configure Service Accounts for Pods'; API reference,
`TokenRequest` and `TokenReview`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tools.doubles.kubernetes.answers import Key, invalid
from tools.doubles.kubernetes.rbac import User
from tools.doubles.server import HttpDouble
from tools.lab.sandbox.issuer import Issuer

API = "https://kubernetes.default.svc"
"""The audience of the API server itself."""

SHORTEST, USUAL = 600, 3600
LEGACY = "kubernetes.io/service-account-token"
NAME, UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was issued.

    Attributes:
        namespace: of its service account.
        account: the account's name.
        uid: the account's uid.
        audiences: for whom it is made out.
        ends: when it ends; None for one that never does.
        bound: the object, beside the account, that it ends with, and that object's uid.
    """

    namespace: str
    account: str
    uid: str
    audiences: tuple[str, ...]
    ends: datetime | None
    bound: tuple[Key, str] | None = None

    @property
    def user(self) -> User:
        """Whom it speaks for."""
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated")
        return User(f"system:serviceaccount:{self.namespace}:{self.account}", groups, self.uid)


class Tokens:
    """The tokens of a cluster.

    Args:
        server: its clock counts, and its URL is the issuer unless another is named.
        objects: of the cluster, by key.

    Attributes:
        named: the issuer that the tokens name, where it is not the server's own URL: `--service-account-issuer`.
        cache: for how long an account that is gone is still taken to be there: an API server caches what it has
            authenticated, 10 s by default.
    """

    def __init__(self, server: HttpDouble, objects: Mapping[Key, Object]) -> None:
        self._server, self._objects = server, objects
        self._issued: dict[str, Token] = {}
        self._gone: dict[str, datetime] = {}
        self.cache = timedelta()
        self.named = ""

    @property
    def url(self) -> str:
        """The issuer that the tokens name."""
        return self.named or self._server.url

    @cached_property
    def issuer(self) -> Issuer:
        """What signs the tokens."""
        return Issuer()

    @property
    def issued(self) -> list[str]:
        """Every token that was issued, whether or not it still counts."""
        return list(self._issued)

    def request(self, account: Object, spec: Mapping[str, Any]) -> tuple[str, datetime]:
        """Issue a token for an account.

        Args:
            account: the service account.
            spec: of the TokenRequest.

        Returns:
            The token, and when it ends.
        """
        name, seconds = account["metadata"]["name"], int(spec.get("expirationSeconds") or USUAL)
        if seconds < SHORTEST:
            why = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
            raise invalid("serviceaccounts", name, "spec.expirationSeconds", why)
        ends = self._server.now().replace(microsecond=0) + timedelta(seconds=seconds)
        bound = self._bound(account["metadata"]["namespace"], name, spec.get("boundObjectRef"))
        return self._issue(account, tuple(spec.get("audiences") or (API,)), ends, bound), ends

    def keep(self, secret: Object, account: Object) -> str:
        """Issue the token that a Secret keeps, which does not end."""
        metadata = secret["metadata"]
        key = ("secrets", metadata["namespace"], metadata["name"])
        return self._issue(account, (API,), None, (key, metadata["uid"]))

    def valid(self, text: str) -> Token | None:
        """Find a token that still counts; None for any other."""
        token = self._issued.get(text)
        if token is None or (token.ends and token.ends <= self._server.now()):
            return None
        if not self._is_there(("serviceaccounts", token.namespace, token.account), token.uid):
            return None
        return token if token.bound is None or self._is_there(*token.bound) else None

    def review(self, text: str, audiences: Sequence[str]) -> Object:
        """Tell the status of a TokenReview."""
        token = self.valid(text)
        if token is None:
            return {
                "authenticated": False,
                "error": "[invalid bearer token, service account token has been invalidated]",
            }
        agreed = [audience for audience in audiences or (API,) if audience in token.audiences]
        if not agreed:
            return {"authenticated": False, "error": "[invalid bearer token, token audiences is invalid]"}
        user = {"username": token.user.name, "uid": token.uid, "groups": list(token.user.groups)}
        return {"authenticated": True, "user": user, "audiences": agreed}

    def gone(self, uid: str) -> None:
        """Note that an object is gone."""
        self._gone[uid] = self._server.now()

    def _is_there(self, key: Key, uid: str) -> bool:
        found = self._objects.get(key)
        if found is not None and found["metadata"]["uid"] == uid:
            return True
        return uid in self._gone and self._server.now() < self._gone[uid] + self.cache

    def _bound(self, namespace: str, account: str, reference: Mapping[str, Any] | None) -> tuple[Key, str] | None:
        if not reference:
            return None
        kinds = {"Pod": "pods", "Secret": "secrets"}.get(reference.get("kind", ""))
        found = self._objects.get((kinds or "", namespace, reference.get("name", "")))
        if kinds is None or found is None or reference.get("uid", found["metadata"]["uid"]) != found["metadata"]["uid"]:
            raise invalid("serviceaccounts", account, "spec.boundObjectRef", "Invalid value: no such object")
        return (kinds, namespace, reference["name"]), found["metadata"]["uid"]

    def _issue(
        self, account: Object, audiences: tuple[str, ...], ends: datetime | None, bound: tuple[Key, str] | None
    ) -> str:
        metadata = account["metadata"]
        token = Token(metadata["namespace"], metadata["name"], metadata["uid"], audiences, ends, bound)
        now = int(self._server.now().timestamp())
        whose = {"name": token.account, "uid": token.uid}
        claims: Object = {
            "iss": self.url,
            "sub": token.user.name,
            "aud": list(audiences),
            "iat": now,
            "nbf": now,
            "jti": f"{metadata['uid']}-{len(self._issued)}",
            "kubernetes.io": {"namespace": token.namespace, "serviceaccount": whose},
        }
        text = self.issuer.token(**claims, **({"exp": int(ends.timestamp())} if ends else {}))
        self._issued[text] = token
        return text
