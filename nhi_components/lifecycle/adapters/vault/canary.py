"""Opening a token through an AppRole, to be tried after the removal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.adapters.vault.approles import AppRole, AppRoles, fingerprint
from nhi_components.lifecycle.adapters.vault.errors import Denied, Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp

_SELF = "auth/token/lookup-self"


@dataclass(frozen=True, slots=True)
class OpenToken:
    """A token that we hold ourselves.

    Attributes:
        name: the fingerprint of its accessor.
        entity: the id of the entity that Vault takes it for; empty when for none.
        ends: when it ends by itself; a refusal after that proves nothing. None when it does not.
        http: the Vault as this token sees it.
    """

    name: str
    entity: str
    ends: datetime | None
    http: VaultHttp = field(repr=False)

    def works(self) -> bool:
        """Tell whether the token may still look itself up."""
        try:
            return self.http.read(_SELF) is not None
        except Denied:
            return False


class NoCanary(NhiError):
    """A token could not be opened, or its refusal would prove nothing."""


def open_token(http: VaultHttp, role: AppRole) -> OpenToken:
    """Log in through an AppRole and see that the token works.

    Raises:
        NoCanary: with the reason.
        SystemUnreachable: when Vault does not answer.
    """
    try:
        login = AppRoles(http).log_in(role)
    except (Denied, Refused):
        raise NoCanary("Vault refused a login through the AppRole: disabled, or bound to other addresses") from None
    own = http.with_token(str(login["client_token"]))
    try:
        facts = own.read(_SELF) or {}
    except Denied:
        raise NoCanary(
            "a token was opened, but it may not look itself up: no default policy, or bound to other addresses"
        ) from None
    if facts.get("num_uses"):
        raise NoCanary("tokens of the AppRole end after some uses, so that a refusal would prove nothing")
    ends = facts.get("expire_time")
    return OpenToken(
        name=fingerprint(str(login.get("accessor", ""))),
        entity=str(login.get("entity_id", "")),
        ends=datetime.fromisoformat(str(ends)) if ends else None,
        http=own,
    )
