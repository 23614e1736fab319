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
_ANSWERED = re.compile(r"Authentication failed: (?:HTTP Error: (?P<status>\d{3}))?")
"""What azure-identity says when a token was asked for, by credentials that there are; MSAL tells the status so."""

_ACTION = re.compile(r"perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'")
_PASSING = frozenset({"AADSTS50196", "AADSTS90006", "AADSTS90024", "AADSTS90033"})
"""What Entra answers when it is busy. Source: Microsoft Entra authentication and authorization error codes."""

_ELSEWHERE = frozenset(
    {"SubscriptionNotFound", "InvalidSubscriptionId", "InvalidResourceNamespace", "InvalidResourceType"}
)
"""Codes of a 404 or 400 that tell nothing of whether something is there."""

UNREGISTERED = "MissingSubscriptionRegistration"
_UNLICENSED = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
"""Microsoft Graph's code for a report that the tenant has no licence for."""

_CLOSED: Mapping[str, tuple[str, str]] = {
    "RequestDisallowedByPolicy": (
        "a request that the organisation's policies allow",
        "have the policy that the text names exempt it: `az policy exemption create`",
    ),
    "Directory_QuotaExceeded": (
        "room in the directory",
        "purge deleted applications, which count for 30 days, or have Microsoft raise the quota",
    ),
    "ForbiddenByFirewall": (
        "a vault that lets this machine in",
        "add this machine's address to the vault's firewall, or run where its private link leads",
    ),
}
"""What a 403 is that no role mends, by its code: what is expected, and the way out."""

_WAYS_OUT: Mapping[str, str] = {
    UNREGISTERED: "run `az provider register --namespace {namespace} --subscription {subscription}`, and wait until "
    "`az provider show` tells Registered",
    "RoleAssignmentLimitExceeded": "remove assignments that nobody needs, first those whose identity is not found",
    "RoleDefinitionLimitExceeded": "remove custom roles that are assigned to nobody",
    "ScopeLocked": "remove the lock, which `az lock list` shows, and run the same command again",
    "ReadOnlyDisabledSubscription": "enable the subscription again, under Subscriptions in the Azure portal",
    "ConflictError": "recover or purge what was deleted under that name, or use another",
}
"""What to do about a refusal, by its code. Source: Azure Resource Manager, 'Resolve common Azure deployment errors'."""

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)
_NAMESPACE = re.compile(r"namespace '([\w.]+)'")

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
        return self.status == _NOT_FOUND and self.code not in {str(_NOT_FOUND), *_ELSEWHERE}


class Denied(SystemUnreachable):
    """Azure answered 403: a permission is missing, or a licence."""


class NoSubscription(SystemUnreachable):
    """Azure knows no such subscription, or does not let the connection see it."""


class Throttled(SystemUnreachable):
    """Azure answered 429, also when asked again after a short while.

    Attributes:
        after: seconds to wait; None where Azure does not say.
    """

    def __init__(self, problem: Problem, after: float | None) -> None:
        self.after = after
        super().__init__("azure", problem)


@contextmanager
def translated(connection: str, place: str, *, needs: str, holds_value: bool = False) -> Iterator[None]:
    """Turn the errors of one call into ours.

    Args:
        connection: the connection's name.
        place: what was asked, for people; no credential is part of it.
        needs: the permission that the call takes: Graph's errors name none.
        holds_value: whether a credential was sent, so that Azure's own text, which may quote it, is left out.

    Raises:
        Denied: for 403, unless no role would help.
        NoSubscription: for a subscription that is not seen.
        Throttled: for 429.
        SystemUnreachable: for no usable credentials, 401, 5xx, and when nobody answers.
        Refused: for anything else that was answered.
    """
    try:
        yield
    except ClientAuthenticationError as error:
        raise _without_token(connection, place, error) from None
    except HttpResponseError as error:
        raise _answer(connection, place, error, needs, holds_value=holds_value) from None
    except (AzureError, ValueError) as error:
        got = f"no answer from {place} ({type(error).__name__})"
        fix = "check network and proxy, REQUESTS_CA_BUNDLE, and the connection's endpoint and authority"
        raise _unreachable(connection, got, "an answer", fix) from None


def _without_token(connection: str, place: str, error: ClientAuthenticationError) -> SystemUnreachable:
    """Tell credentials that are refused, or are none, from a token endpoint that is busy."""
    number, answered = _NUMBER.search(str(error.message)), _ANSWERED.search(str(error.message))
    if answered and not is_refusal(error):
        told = number[0] if number else answered["status"] or "it gives no reason of Entra's"
        got = f"no token for {place}: the token endpoint has none to give ({told})"
        return _unreachable(connection, got, "a token", "try again later; if that does not help, check the proxy")
    told = number[0] if number else f"{error.status_code or type(error).__name__}"
    got = f"no token for {place} ({told})"
    return _unreachable(connection, got, "credentials that are accepted", _FIX_CREDENTIALS)


def _answer(connection: str, place: str, error: HttpResponseError, needs: str, *, holds_value: bool) -> NhiError:
    status, told = error.status_code or 0, _told_by(error)
    inner = told.get("innererror") or {}
    code = str(inner.get("code") or told.get("code") or status)
    whole = "" if holds_value else " ".join(str(told.get("message", "")).split())
    message = whole[:_LONGEST_MESSAGE]
    got = f"{status} {code} from {place}: {message}"
    if status == 401:
        fix = f"{_FIX_CREDENTIALS}; they have to be of the subscription's own tenant"
        return _unreachable(connection, got, "credentials that are accepted", fix)
    if code in {"SubscriptionNotFound", "InvalidSubscriptionId"}:
        fix = "correct its id, or let the connection's principal see it; `az account list` shows what it sees"
        expected = "a subscription that the connection reaches"
        return NoSubscription("azure", Problem(f"azure.{connection}", got, expected, fix))
    if status == 403 and code in _CLOSED:
        return _unreachable(connection, got, *_CLOSED[code])
    if status == 403 and code != "SecretDisabled" and "purge protection" not in message:
        return _denied(connection, got, whole, needs)
    if status == 429 or status >= 500:
        after = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
        fix = f"try again in {after} seconds" if after.isdigit() else "try again later"
        problem = Problem(f"azure.{connection}", f"{status} {code} from {place}", "an answer", fix)
        if status == 429:
            return Throttled(problem, float(after) if after.isdigit() else None)
        return SystemUnreachable("azure", problem)
    way_out = _way_out(code, place, message)
    return Refused(status, code, f"azure.{connection}: {place} was refused: {status} {code}: {message}{way_out}")


def _denied(connection: str, got: str, message: str, needs: str) -> Denied:
    """Name the action and the scope where Azure Resource Manager tells them, else what the call takes."""
    if _UNLICENSED in got:
        expected = f"a licence of Microsoft Entra ID P1 or P2, and the permission {needs}"
        fix = "have the tenant licensed; without it Microsoft tells no sign-ins, and nothing counts as unused"
        return Denied("azure", Problem(f"azure.{connection}", got, expected, fix))
    found = _ACTION.search(message)
    permission = found["action"] if found else needs
    where = f"a role with {permission} at {found['scope']}" if found else needs
    fix = f"grant the connection's principal {where}"
    return Denied("azure", Problem(f"azure.{connection}", got, f"the permission {permission}", fix))


def _way_out(code: str, place: str, message: str) -> str:
    if code not in _WAYS_OUT:
        return ""
    subscription, namespace = _SUBSCRIPTION.search(place), _NAMESPACE.search(message)
    told = {
        "subscription": subscription[1] if subscription else "ID",
        "namespace": namespace[1] if namespace else "NAMESPACE",
    }
    return f"; fix: {_WAYS_OUT[code].format(**told)}"


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
