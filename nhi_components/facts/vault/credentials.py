"""Finds what lives long or for ever in Vault: tokens, secret ids, passwords and certificates.

Source: Vault documentation, 'Tokens', 'AppRole auth method: API', 'PKI secrets engine: API'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.model import Fact, Resource, StandingCredential
from nhi_components.facts.values import UNKNOWN
from nhi_components.facts.vault.durations import days_of, seconds_of

_FEDERATE: Final = "let the workload log in with what its platform gives it, such as a Kubernetes or OIDC token"
_LIMIT: Final = "set `explicit_max_ttl`, and let the workload log in again"


def read_tokens(resource: Resource, path: str, fields: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield a standing credential for tokens, of a role or single, that never end or live long.

    Args:
        resource: what it was read from.
        path: the place inside the resource.
        fields: the role or token, its fields named as in the API.
    """
    prefix = "token_" if any(name.startswith("token_") for name in fields) else ""
    period = seconds_of(fields.get(f"{prefix}period"))
    limit = seconds_of(fields.get(f"{prefix}explicit_max_ttl", fields.get("explicit_max_ttl")))
    if period and not limit:
        place = f"{path}.{prefix}period"
        yield StandingCredential(resource, place, "a periodic token without an end", None, None, _LIMIT)
    names = (f"{prefix}explicit_max_ttl", f"{prefix}max_ttl", f"{prefix}ttl")
    lifetimes = {name: seconds_of(fields[name]) for name in names if fields.get(name) is not None}
    known = {name: seconds for name, seconds in lifetimes.items() if seconds is not None}
    if len(known) > 1 and not any(known.values()) and not period:
        place = f"{path}.{next(iter(known))}"
        yield StandingCredential(resource, place, "a token whose lifetime is not limited", None, None, _LIMIT)
    longest = max(known.items(), key=lambda item: item[1], default=None)
    if longest and longest[1]:
        yield StandingCredential(resource, f"{path}.{longest[0]}", "a token", None, days_of(longest[1]), _FEDERATE)


def read_secret_ids(resource: Resource, path: str, fields: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield a standing credential for an AppRole whose secret ids never end, by time or by use."""
    if fields.get("bind_secret_id") in (False, "false"):
        return
    time, uses = fields.get("secret_id_ttl"), fields.get("secret_id_num_uses")
    place = f"{path}.secret_id_ttl"
    what = "a secret id of an AppRole"
    if UNKNOWN in (time, uses):
        if not seconds_of(time) and not seconds_of(uses):
            yield StandingCredential(resource, place, what, UNKNOWN, None, _FEDERATE)
        return
    seconds = seconds_of(time)
    if seconds:
        yield StandingCredential(resource, place, what, None, days_of(seconds), _FEDERATE)
    elif not seconds_of(uses):
        yield StandingCredential(resource, place, what, None, None, _FEDERATE)


def read_lifetime(resource: Resource, path: str, value: object, what: str, instead: str) -> Iterator[Fact]:
    """Yield a credential that lives as long as one field tells; nothing where the field is absent or zero."""
    if value is UNKNOWN:
        yield StandingCredential(resource, path, what, UNKNOWN, None, instead)
        return
    seconds = seconds_of(value)
    if seconds:
        yield StandingCredential(resource, path, what, None, days_of(seconds), instead)
