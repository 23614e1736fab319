"""A double of a Kubernetes API server that knows one thing: to review the tokens of the service accounts it has.

It speaks TokenReview of `authentication.k8s.io/v1` as the Kubernetes API reference documents it, over plain HTTP.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

from tools.lab.sandbox.issuer import Issuer, claims_of
from tools.lab.sandbox.ports import LOOPBACK

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
_SERVICE_ACCOUNT = "kubernetes.io"


class ClusterDouble:
    """One cluster, up while it is used as a context manager.

    Attributes:
        address: the URL of its API.
    """

    def __init__(self) -> None:
        self._issuer = Issuer()
        self._tokens: set[str] = set()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self.address = f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, namespace: str, account: str, audience: str = "vault") -> str:
        """Issue a token of a service account, as a pod gets it projected."""
        token = self._issuer.token(
            iss="https://kubernetes.default.svc.cluster.local",
            sub=f"system:serviceaccount:{namespace}:{account}",
            aud=[audience],
            **{
                _SERVICE_ACCOUNT: {
                    "namespace": namespace,
                    "serviceaccount": {"name": account, "uid": f"uid-of-{namespace}-{account}"},
                }
            },
        )
        self._tokens.add(token)
        return token

    def configure(self, client: Any, mount: str) -> None:
        """Have a Kubernetes auth method, mounted already, ask this cluster."""
        client.write(
            f"auth/{mount}/config",
            kubernetes_host=self.address,
            kubernetes_ca_cert="unused over plain HTTP",
            token_reviewer_jwt=self._issuer.token(sub="system:serviceaccount:vault:reviewer"),
        )

    def review(self, token: str, audiences: list[str]) -> dict[str, Any]:
        """Answer a review: the status of a TokenReview."""
        if token not in self._tokens:
            return {"authenticated": False, "error": "the token is not of this cluster"}
        claims = claims_of(token)
        agreed = [audience for audience in audiences if audience in claims["aud"]]
        if audiences and not agreed:
            return {"authenticated": False, "error": "the token is for another audience"}
        user = {"username": claims["sub"], "uid": claims[_SERVICE_ACCOUNT]["serviceaccount"]["uid"]}
        return {"authenticated": True, "user": user, "audiences": agreed}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path != REVIEWS:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                spec = asked["spec"]
                status = cluster.review(spec["token"], spec.get("audiences") or [])
                answer = json.dumps({**asked, "status": status}).encode()
                self.send_response(HTTPStatus.CREATED)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Keep tokens out of every log."""

        return Handler
