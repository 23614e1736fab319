"""azure-core's and azure-identity's errors as ours, without a credential in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable

_NOT_FOUND = 404
_LONGEST_MESSAGE = 300
_NUMBER = re.compile(r"AADSTS\d+")
_PASSING = frozenset({"AADSTS50196", "AADSTS90006", "AADSTS90024", "AADSTS90033"})
"""What Entra answers when it is busy. Source: Microsoft Entra authentication and authorization error codes."""

_FIX_CREDENTIALS = (
    "run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, and check with "
    "`az account get-access-token`"
)


class Refused(NhiError):
    """Azure understood a request and refuses it.

    Attributes:
        status: the HTTP status.
        code: Azure's error code; the inner one where there is one, such as `ObjectIsDeletedButRecoverable`.
    """

    def __init__(self, status: int, code: str, text: str) -> None:
        self.status = status
        self.code = code
        super().__init__(text)

    @property
    def tells_absence(self) -> bool:
        """Whether Azure itself says that it is not there; a 404 without its error is that of something in between."""
        return self.status == _NOT_FOUND and self.code != str(_NOT_FOUND)


@contextmanager
def translated(connection: str, place: str, *, needs: str, holds_value: bool = False) -> Iterator[None]:
    """Turn the errors of one call into ours.

    Args:
        connection: the connection's name.
        place: what was asked, for people; no credential is part of it.
        needs: the permission that the call takes: Graph's errors name none.
        holds_value: whether a credential was sent, so that Azure's own text, which may quote it, is left out.

    Raises:
        SystemUnreachable: for no usable credentials, 401, 403, 429, 5xx, and when nobody answers.
        Refused: for anything else that was answered.
    """
    try:
        yield
    except ClientAuthenticationError as error:
        number = _NUMBER.search(str(error.message))
        told = number[0] if number else f"{error.status_code or type(error).__name__}"
        got = f"no token for {place} ({told})"
        raise _unreachable(connection, got, "credentials that are accepted", _FIX_CREDENTIALS) from None
    except HttpResponseError as error:
        raise _answer(connection, place, error, needs, holds_value=holds_value) from None
    except (AzureError, ValueError) as error:
        got = f"no answer from {place} ({type(error).__name__})"
        fix = "check network and proxy, REQUESTS_CA_BUNDLE, and the connection's endpoint and authority"
        raise _unreachable(connection, got, "an answer", fix) from None


def _answer(connection: str, place: str, error: HttpResponseError, needs: str, *, holds_value: bool) -> NhiError:
    status, told = error.status_code or 0, _told_by(error)
    inner = told.get("innererror") or {}
    code = str(inner.get("code") or told.get("code") or status)
    message = "" if holds_value else " ".join(str(told.get("message", "")).split())[:_LONGEST_MESSAGE]
    if status == 403 and code != "SecretDisabled":
        fix = f"grant the connection's principal {needs}"
        got = f"403 {code} from {place}: {message}"
        return _unreachable(connection, got, f"the permission {needs}", fix)
    if status == 429 or status >= 500:
        after = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
        fix = f"try again in {after} seconds" if after.isdigit() else "try again later"
        return _unreachable(connection, f"{status} {code} from {place}", "an answer", fix)
    return Refused(status, code, f"azure.{connection}: {place} was refused: {status} {code}: {message}")


def _told_by(error: HttpResponseError) -> Mapping[str, Any]:
    try:
        told = json.loads(error.response.text())["error"] if error.response else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return told if isinstance(told, Mapping) else {}


def is_refusal(error: ClientAuthenticationError) -> bool:
    """Tell whether Entra refuses credentials, rather than being busy or out of reach: it numbers its reasons."""
    number = _NUMBER.search(str(error.message))
    return bool(number and number[0] not in _PASSING)


def _unreachable(connection: str, got: str, expected: str, fix: str) -> SystemUnreachable:
    return SystemUnreachable("azure", Problem(f"azure.{connection}", got, expected, fix))
