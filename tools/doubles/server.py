"""The base of every double: an HTTP server on loopback with routes, tokens, permissions, faults and a log.

    class Things:
        @route("GET", "/things/{id}", needs="things.get")
        def get(self, request: Request) -> object:
            return {"id": request.params["id"]}

    with HttpDouble(Things()) as double:
        double.grant("a-token", "alice")
        requests.get(f"{double.url}/things/1", headers={"Authorization": "Bearer a-token"})

A service is any object with methods marked by `route`, the double itself among them; `mount` adds more. A vendor's
double extends this class and words `unauthorized`, `forbidden`, `absent` and `busy` as the vendor does. One request is
handled at a time, so services need no locks; a handler that raises anything but `Refusal` fails the test at the end of
the `with`.
"""

from __future__ import annotations

import re
import ssl
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import RLock
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tools.doubles.listening import Listener
from tools.doubles.messages import Answer, Handler, Logged, Refusal, Request
from tools.doubles.routes import Route, route, routes_of

__all__ = ["Answer", "Handler", "HttpDouble", "Logged", "Refusal", "Request", "route"]

Entrance = Callable[[str, str, Mapping[str, str], bytes], Answer]


@dataclass(slots=True)
class _Fault:
    """Answers that stand in for the real ones; `times` None: until `recover`."""

    status: int
    retry_after: int | None
    times: int | None
    target: re.Pattern[str]


class HttpDouble:
    """One server, up while it is used as a context manager.

    Attributes:
        url: the base URL, without a slash at its end; the port stays the same through `stop` and `start`.
        log: what was answered, oldest first.
        latency_ms: how long each answer waits.
        ahead: how far its clock is ahead of the machine's, in the Date header and in `now`.
        lock: held while a request is handled; hold it to look at a service's data from a test.
        entrance: what the listener calls in place of `respond`; None for nothing: see `tools.doubles.gate`.
    """

    def __init__(self, *services: object, tls: ssl.SSLContext | None = None) -> None:
        self.lock = RLock()
        self.log: list[Logged] = []
        self.latency_ms = 0
        self.ahead = timedelta()
        self.entrance: Entrance | None = None
        self._routes: list[Route] = []
        self._principals: dict[str, str] = {}
        self._denied: set[tuple[str, str]] = set()
        self._faults: list[_Fault] = []
        self._broken: list[str] = []
        self._listener = Listener(self, tls)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.port}"
        for service in (self, *services):
            self.mount(service)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        if self._broken and kind is None:
            raise RuntimeError(f"handlers of the double failed:\n{self._broken[0]}")

    def start(self) -> None:
        """Listen, on the same port as ever; its data is as it was."""
        self._listener.start()

    def stop(self) -> None:
        """Refuse connections, and cut those that are open."""
        self._listener.stop()

    def now(self) -> datetime:
        """The server's own time."""
        return datetime.now(UTC) + self.ahead

    def mount(self, service: object) -> None:
        """Add the routes of a service."""
        self._routes += routes_of(service)
        self._routes.sort(key=lambda each: each.weight, reverse=True)

    def route(self, method: str, pattern: str, handler: Handler, *, needs: str = "", public: bool = False) -> None:
        """Add one route."""
        self._routes.append(Route(method, pattern, needs, public, handler))
        self._routes.sort(key=lambda each: each.weight, reverse=True)

    def grant(self, token: str, principal: str) -> str:
        """Let a token speak for a principal, and return it."""
        with self.lock:
            self._principals[token] = principal
        return token

    def revoke(self, *, token: str | None = None, principal: str | None = None) -> None:
        """Refuse a token, or every token of a principal, from now on."""
        with self.lock:
            kept = self._principals.items()
            self._principals = {each: who for each, who in kept if each != token and who != principal}

    def deny(self, principal: str, permission: str) -> None:
        """Take a permission away; everybody has every permission at first."""
        self._denied.add((principal, permission))

    def allow(self, principal: str, permission: str) -> None:
        """Give a permission back."""
        self._denied.discard((principal, permission))

    def fail(
        self, status: int, *, retry_after: int | None = None, times: int | None = None, target: str = ".*"
    ) -> None:
        """Answer with an error instead.

        Args:
            status: such as 429 or 503.
            retry_after: what Retry-After says, in seconds.
            times: how often; None: until `recover`.
            target: what `METHOD /path` must contain, as a regular expression.
        """
        with self.lock:
            self._faults.append(_Fault(status, retry_after, times, re.compile(target)))

    def recover(self) -> None:
        """Answer as usual again."""
        with self.lock:
            self._faults.clear()

    def asked(self, method: str, pattern: str) -> list[Logged]:
        """Choose from the log what a regular expression finds in path and query."""
        with self.lock:
            return [each for each in self.log if each.method == method and re.search(pattern, each.target)]

    def token_of(self, request: Request) -> str:
        """The token that a request bears; empty for none. For a system with a header of its own, to be overridden."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def principal_of(self, request: Request) -> str:
        """Whom a request speaks for; empty for nobody. For tokens that speak for themselves, to be extended."""
        return self._principals.get(self.token_of(request), "")

    def may(self, request: Request, permission: str) -> bool:
        """Tell whether the caller has a permission for what it asks; to be overridden for finer ones."""
        return not {(request.principal, permission), (request.principal, "*")} & self._denied

    def closed(self, request: Request) -> Answer | None:
        """What is answered whoever asks, such as for an API that is disabled; None: it is open. To be overridden."""
        return None

    def unauthorized(self, request: Request) -> Answer:
        """What is answered without a valid token."""
        return Answer(HTTPStatus.UNAUTHORIZED, {"message": "unauthorized"})

    def forbidden(self, request: Request, permission: str) -> Answer:
        """What is answered without the permission."""
        return Answer(HTTPStatus.FORBIDDEN, {"message": f"{request.principal} has no permission {permission}"})

    def absent(self, request: Request) -> Answer:
        """What is answered when there is no such route."""
        return Answer(HTTPStatus.NOT_FOUND, {"message": f"no route {request.method} {request.path}"})

    def busy(self, request: Request, status: int) -> Answer:
        """What is answered while `fail` holds, but for Retry-After."""
        return Answer(status, {"message": HTTPStatus(status).phrase})

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request; for the listener."""
        time.sleep(self.latency_ms / 1000)
        split = urlsplit(target)
        fields = tuple(parse_qsl(split.query, True))
        asked = Request(method, split.path, {}, dict(fields), headers, body, fields=fields)
        with self.lock:
            asked = replace(asked, principal=self.principal_of(asked))
            answer = self._fault_for(asked) or self._handled(asked)
            self.log.append(Logged(method, target, int(answer.status), asked.principal))
        return answer

    def _fault_for(self, request: Request) -> Answer | None:
        for fault in self._faults:
            if fault.times == 0 or not fault.target.search(f"{request.method} {request.path}"):
                continue
            fault.times = None if fault.times is None else fault.times - 1
            answer = self.busy(request, fault.status)
            after = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return replace(answer, headers={**answer.headers, **after})
        return None

    def _handled(self, request: Request) -> Answer:
        try:
            for each in self._routes:
                params = each.match(request.path) if each.method == request.method else None
                if params is not None:
                    return self._by(each, replace(request, params=params))
            return self.absent(request)
        except Refusal as refusal:
            return refusal.answer
        except Exception:  # noqa: BLE001 - whatever it is, the test is told at the end, and the client gets a 500
            self._broken.append(traceback.format_exc())
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"message": "the double failed"})

    def _by(self, chosen: Route, request: Request) -> Answer:
        if not chosen.public and not request.principal:
            return self.unauthorized(request)
        if not chosen.public and (closed := self.closed(request)):
            return closed
        if chosen.needs and not self.may(request, chosen.needs):
            return self.forbidden(request, chosen.needs)
        answer = chosen.handler(request)
        return answer if isinstance(answer, Answer) else Answer(HTTPStatus.OK, answer)
