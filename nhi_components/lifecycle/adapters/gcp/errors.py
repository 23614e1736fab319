"""Errors of Google's REST APIs, of google-auth and of requests as ours, without a credential in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NoReturn

import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable

NOT_FOUND, FAILED_PRECONDITION, ALREADY_EXISTS = "NOT_FOUND", "FAILED_PRECONDITION", "ALREADY_EXISTS"
ABORTED, INVALID_ARGUMENT = "ABORTED", "INVALID_ARGUMENT"
"""Canonical codes of google.rpc.Code, as an error's `status` tells them."""

_CODES: Mapping[int, str] = MappingProxyType({404: NOT_FOUND, 409: ABORTED, 412: ABORTED})
"""What an HTTP status means where an error has no `status`, as those of Cloud Storage."""

_FIX_CREDENTIALS = (
    "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS, and check with "
    "`gcloud auth application-default print-access-token`"
)
_LONGEST_MESSAGE = 300
_PERMISSION = re.compile(r"[Pp]ermission '([\w.]+)'")


class Refused(NhiError):
    """Google understood a request and refuses it.

    Attributes:
        code: the canonical code, such as `FAILED_PRECONDITION`.
    """

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


class Denied(SystemUnreachable):
    """Google answered 403: a permission is missing, an API is disabled, or a project can't be seen."""


class Throttled(SystemUnreachable):
    """Google answered 429, also when asked again after a while.

    Attributes:
        after: seconds to wait; None where Google does not say.
    """

    def __init__(self, system: str, problem: Problem, after: float | None) -> None:
        self.after = after
        super().__init__(system, problem)


@contextmanager
def translated(connection: str, place: str) -> Iterator[None]:
    """Turn what goes wrong on the way to Google into ours.

    Args:
        connection: the connection's name.
        place: what was asked, without query.

    Raises:
        SystemUnreachable: when there are no credentials, they are refused, or nobody answers.
    """
    try:
        yield
    except DefaultCredentialsError:
        got, expected = "no usable credentials", "application default credentials"
        raise _unreachable(connection, got, expected, _FIX_CREDENTIALS) from None
    except RefreshError as error:
        if error.retryable:
            raise _unreachable(
                connection, "no token in time", "an answer of its token endpoint", "try again later"
            ) from None
        got = f"no token for the connection's credentials ({reason_of(error)})"
        raise _unreachable(connection, got, "credentials that are accepted", _FIX_CREDENTIALS) from None
    except (TransportError, requests.exceptions.RequestException) as error:
        got = f"no answer from {place} ({type(error).__name__})"
        fix = "check network and proxy, and the connection's endpoint"
        raise _unreachable(connection, got, "an answer", fix) from None
    except (GoogleAuthError, ValueError) as error:
        got = f"credentials that cannot be used ({type(error).__name__})"
        raise _unreachable(connection, got, "application default credentials", _FIX_CREDENTIALS) from None


def is_refusal(error: RefreshError) -> bool:
    """Tell whether the token endpoint itself refuses: it says so by an OAuth error (RFC 6749, section 5.2)."""
    return not error.retryable and isinstance(_oauth_answer(error).get("error"), str)


def reason_of(error: RefreshError) -> str:
    """Tell the OAuth error of a refused token request: only what the token endpoint documents as such."""
    answer = _oauth_answer(error)
    if not answer:
        return type(error).__name__
    return ": ".join(str(answer[key])[:_LONGEST_MESSAGE] for key in ("error", "error_description") if key in answer)


def _oauth_answer(error: RefreshError) -> Mapping[str, Any]:
    answer = error.args[1] if len(error.args) > 1 else None
    return answer if isinstance(answer, Mapping) else {}


def refuse(connection: str, place: str, response: requests.Response, *, needs: str, holds_value: bool) -> NoReturn:
    """Raise what an error answer says.

    Args:
        connection: the connection's name.
        place: what was asked, without query.
        response: the answer; its status is 400 or more.
        needs: the permission that the call takes.
        holds_value: whether a credential was sent, so that Google's own text, which may quote it, is left out.

    Raises:
        Denied: for 403.
        Throttled: for 429.
        SystemUnreachable: for 401 and 5xx.
        Refused: for anything else.
    """
    error = _error_of(response)
    code = str(error.get("status") or _CODES.get(response.status_code, response.status_code))
    message = "" if holds_value else f": {str(error.get('message', ''))[:_LONGEST_MESSAGE]}"
    match response.status_code:
        case 401:
            got = f"401 {code} from {place}"
            raise _unreachable(connection, got, "credentials that are accepted", _FIX_CREDENTIALS)
        case 403:
            _refuse_permission(connection, place, error, needs)
        case status if status == 429 or status >= 500:
            after = response.headers.get("Retry-After", "")
            fix = f"try again in {after} seconds" if after.isdigit() else "try again later"
            problem = Problem(f"gcp.{connection}", f"{status} {code} from {place}", "an answer", fix)
            if status == 429:
                raise Throttled("gcp", problem, float(after) if after.isdigit() else None)
            raise SystemUnreachable("gcp", problem)
        case _:
            raise Refused(code, f"gcp.{connection}: {place} was refused: {code}{message}")


def _refuse_permission(connection: str, place: str, error: Mapping[str, Any], needs: str) -> NoReturn:
    message = str(error.get("message", ""))[:_LONGEST_MESSAGE]
    reason, metadata = _info_of(error)
    if reason == "SERVICE_DISABLED":
        service = metadata.get("service", "the API")
        project = metadata.get("consumer", "").removeprefix("projects/")
        where = f" --project={project}" if project else ""
        fix = f"run `gcloud services enable {service}{where}` for the project of the connection's credentials"
        raise _denied(connection, f"403 from {place}: {message}", f"{service} enabled", fix)
    if reason == "CONSUMER_INVALID":
        project = metadata.get("consumer", "the project").removeprefix("projects/")
        fix = f"correct the project's id, or let the connection's principal see {project}"
        raise _denied(connection, f"403 from {place}: {message}", "a project that is there", fix)
    named = _PERMISSION.search(message)
    permission = metadata.get("permission") or (named[1] if named else needs)
    # To whoever may not see it, Google says of what is not there the same as of what is.
    or_else = ", or correct the name of its project" if "may not exist" in message else ""
    fix = f"grant the connection's principal a role with {permission} there{or_else}"
    raise _denied(connection, f"403 from {place}: {message}", f"the permission {permission}", fix)


def _error_of(response: requests.Response) -> Mapping[str, Any]:
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, Mapping) else {}


def _info_of(error: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    for detail in error.get("details") or []:
        if str(detail.get("@type", "")).endswith("google.rpc.ErrorInfo"):
            return str(detail.get("reason", "")), detail.get("metadata") or {}
    return "", {}


def _denied(connection: str, got: str, expected: str, fix: str) -> Denied:
    return Denied("gcp", Problem(f"gcp.{connection}", got, expected, fix))


def _unreachable(connection: str, got: str, expected: str, fix: str) -> SystemUnreachable:
    return SystemUnreachable("gcp", Problem(f"gcp.{connection}", got, expected, fix))
