"""The Kubernetes client's errors as ours, without a credential in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError, SSLError

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.lifecycle.adapters.quoting import quotes

_LONGEST = 400


class Conflict(NhiError):
    """Another version, or another object of that name, is there by now; or one is there already."""


class Absent(NhiError):
    """There is no such object, or no such namespace."""


class Denied(SystemUnreachable):
    """The cluster answered 403: the connection's user may not do that."""


class TooBusy(SystemUnreachable):
    """The cluster answered 429: it has too much to do.

    Attributes:
        after: seconds to wait, as Retry-After says; None where it does not.
    """

    def __init__(self, problem: Problem, after: float | None) -> None:
        self.after = after
        super().__init__("kubernetes", problem)


class Expired(NhiError):
    """The cluster answered 410: it has forgotten the version of which a list was being read."""


@contextmanager
def translated(connection: str, doing: str, hidden: Iterable[str] = ()) -> Iterator[None]:
    """Turn the errors of one request into ours.

    Args:
        connection: the connection's name.
        doing: what is asked, such as `get secrets orders/db`.
        hidden: texts that must not be shown, whatever a webhook of the cluster answers.

    Raises:
        Denied: for 403.
        Absent: for 404.
        Conflict: for 409.
        Expired: for 410.
        TooBusy: for 429.
        SystemUnreachable: when the cluster does not answer, refuses the credentials or fails.
        NhiError: for any other refusal.
    """
    try:
        yield
    except ApiException as error:
        raise _refusal(connection, doing, error, tuple(hidden)) from None
    except ValueError as error:
        # The client's own checks quote what they check, so their text is left out.
        raise NhiError(
            f"kubernetes.{connection}: {doing}: got what the client can't read or write ({type(error).__name__}), "
            "expected an object of that kind; fix: upgrade the package kubernetes, and check the server's address"
        ) from None
    except HTTPError as error:
        trusted = isinstance(error, SSLError) or isinstance(getattr(error, "reason", None), SSLError)
        got = "no trusted certificate" if trusted else f"no answer{_address_of(error)} ({type(error).__name__})"
        fix = "check the network, and the server and certificate authority in the kubeconfig"
        raise unreachable(connection, f"{got}, {doing}", "an API server", fix) from None


def unreachable(connection: str, got: str, expected: str, fix: str) -> SystemUnreachable:
    """Tell that the cluster cannot be used through this connection."""
    return SystemUnreachable("kubernetes", Problem(f"kubernetes.{connection}", got, expected, fix))


def _refusal(connection: str, doing: str, error: ApiException, hidden: tuple[str, ...]) -> NhiError:
    status, told = int(error.status or 0), _told(error, hidden)
    got = f"{doing}: {told}"
    match status:
        case HTTPStatus.UNAUTHORIZED:
            fix = "log in again, or correct the kubeconfig's user, and check with `kubectl auth whoami`"
            return unreachable(connection, f"401, {doing}", "credentials that the cluster accepts", fix)
        case HTTPStatus.FORBIDDEN:
            fix = "allow it in a Role or ClusterRole of the connection's user, and check with `kubectl auth can-i`"
            return Denied("kubernetes", Problem(f"kubernetes.{connection}", got, "leave to do so", fix))
        case HTTPStatus.NOT_FOUND if _status_of(error).get("reason") != "NotFound":
            fix = "correct the server in the kubeconfig: what answers there knows no such objects"
            return unreachable(connection, f"404, {doing}", "an API server", fix)
        case HTTPStatus.NOT_FOUND:
            return Absent(f"kubernetes.{connection}: {got}; fix: make it, or correct namespace and name")
        case HTTPStatus.CONFLICT:
            return Conflict(f"kubernetes.{connection}: {got}; fix: run it again")
        case HTTPStatus.GONE:
            return Expired(f"kubernetes.{connection}: {got}; fix: read the list again from its beginning")
        case HTTPStatus.TOO_MANY_REQUESTS:
            problem = Problem(f"kubernetes.{connection}", f"429, {doing}", "an answer", "try again later")
            return TooBusy(problem, _after(error))
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not status:
            return unreachable(connection, f"{status}, {doing}", "an answer", "try again later")
        case _:
            return NhiError(f"kubernetes.{connection}: {got}; expected it to be accepted; fix: correct what it names")


def _after(error: ApiException) -> float | None:
    told = str((error.headers or {}).get("Retry-After", ""))
    return float(told) if told.isdigit() else None


def _address_of(error: HTTPError) -> str:
    """Say from where there was no answer, where the error knows."""
    pool: Any = getattr(error, "pool", None)
    return f" from {pool.scheme}://{pool.host}:{pool.port}" if pool else ""


def _told(error: ApiException, hidden: tuple[str, ...]) -> str:
    """Tell the reason that the answer's Status gives."""
    found = _status_of(error)
    message = str(found.get("message", ""))
    if not message or quotes(message, hidden):
        return str(found.get("reason") or error.reason or error.status)
    return message[:_LONGEST]


def _status_of(error: ApiException) -> Mapping[str, Any]:
    """Read the Status that an API server explains itself by; empty where something else has answered."""
    try:
        told = json.loads(error.body or "{}")
    except (ValueError, TypeError):
        return {}
    return told if isinstance(told, dict) and told.get("kind") == "Status" else {}
