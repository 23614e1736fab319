"""hvac's and requests' errors as ours, without a credential in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from hvac import exceptions

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable

_UPGRADING = "Upgrading from non-versioned to versioned data"
_CONFLICT = "check-and-set parameter did not match the current version"


class Denied(SystemUnreachable):
    """Vault answered 403: the token is not valid, or it may not do that there."""


class Busy(SystemUnreachable):
    """Vault answered 429: more requests come than a quota lets through; nothing was done.

    Attributes:
        after: seconds to wait, as Vault says; None where it does not.
    """

    def __init__(self, problem: Problem, after: float | None) -> None:
        self.after = after
        super().__init__("vault", problem)


class Refused(NhiError):
    """Vault answered 400: it understood the request and refuses it."""


class Upgrading(Refused):
    """A KV v2 mount that was just made is not ready for a moment."""


class Conflict(Refused):
    """Check-and-set refused a write: another version of the KV v2 entry is the newest; nothing was written."""


@contextmanager
def translated(connection: str, place: str) -> Iterator[None]:
    """Turn the errors of one request into ours.

    Args:
        connection: the connection's name.
        place: address, method and path of the request; no credential is ever part of it.

    Raises:
        Denied: for 403.
        Busy: for 429.
        SystemUnreachable: when Vault does not answer, is sealed or fails.
        Refused: for 400; `Upgrading` where that lasts only a moment, `Conflict` where check-and-set refused.
        NhiError: for anything else that hvac reports.
    """
    try:
        yield
    except exceptions.Forbidden:
        fix = "log in afresh (VAULT_TOKEN), or allow it in a policy of the connection's token"
        raise Denied(
            "vault", Problem(_path(connection), f"403 from {place}", "a valid token that may do so", fix)
        ) from None
    except exceptions.VaultDown:
        fix = "unseal it (`bao operator unseal`), or wait for its active node"
        raise _unreachable(
            connection, f"503 from {place}: sealed or in maintenance", "an unsealed Vault", fix
        ) from None
    except exceptions.RateLimitExceeded:
        raise too_many(connection, place, None) from None
    except (exceptions.InternalServerError, exceptions.BadGateway) as error:
        got = f"{type(error).__name__} from {place}"
        raise _unreachable(connection, got, "an answer", "see the server's log, and try again later") from None
    except exceptions.InvalidRequest as error:
        reason = _reason(error)
        raise _kind_of(reason)(f"{_path(connection)}: {place} was refused: {reason}") from None
    except exceptions.VaultError as error:
        raise NhiError(f"{_path(connection)}: {place} failed: {type(error).__name__}: {_reason(error)}") from None
    except requests.exceptions.SSLError:
        fix = "set the connection's ca_certificate, or VAULT_CACERT"
        raise _unreachable(
            connection, f"no trusted certificate from {place}", "a certificate we can check", fix
        ) from None
    except requests.exceptions.RequestException as error:
        fix = "start it, or correct VAULT_ADDR or the connection's address"
        raise _unreachable(connection, f"no answer from {place} ({type(error).__name__})", "a Vault", fix) from None


def too_many(connection: str, place: str, after: float | None) -> Busy:
    """Tell that a rate limit quota refuses a request.

    Args:
        connection: the connection's name.
        place: address, method and path of the request.
        after: seconds to wait, as Vault says; None where it does not.
    """
    fix = "try again later, rotate fewer at once (--at-once), or have the rate limit quota raised"
    return Busy(Problem(_path(connection), f"429 from {place}, also after waiting", "an answer", fix), after)


def not_vault(connection: str, place: str) -> SystemUnreachable:
    """Tell that something else has answered, whose answer says nothing of what is there."""
    fix = "correct VAULT_ADDR or the connection's address, and see what is between"
    return _unreachable(connection, f"an answer that is no JSON from {place}", "one of Vault's", fix)


def _kind_of(reason: str) -> type[Refused]:
    return Upgrading if _UPGRADING in reason else Conflict if _CONFLICT in reason else Refused


def _unreachable(connection: str, got: str, expected: str, fix: str) -> SystemUnreachable:
    return SystemUnreachable("vault", Problem(_path(connection), got, expected, fix))


def _path(connection: str) -> str:
    return f"vault.{connection}"


def _reason(error: exceptions.VaultError) -> str:
    return " ".join(" ".join(error.errors or ["no reason given"]).split())
