"""Tokens: listed by accessor, known by a fingerprint of it, revoked with their leases."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.errors import Denied, Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.reach import ACCESSORS, LOOK_UP_ACCESSOR, REVOKE_ACCESSOR

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between two looks at a token that is ending."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token is now; neither it nor its accessor is ever shown.

    Attributes:
        entity: the id of the entity that it belongs to; empty when none.
        policies: the names of the policies that it carries, its own and its entity's.
        display_name: Vault's display name of it.
        accessor: with it the token can be revoked.
    """

    entity: str
    policies: frozenset[str]
    display_name: str
    accessor: str = field(repr=False)

    @property
    def name(self) -> str:
        """A fingerprint of its accessor."""
        return fingerprint(self.accessor)


class Tokens:
    """The tokens of one Vault; listing them needs sudo.

    A token's entity and own policies never change, so each is looked up once in the life of a connection: a Vault has
    very many, and every survey lists them.
    """

    def __init__(self, http: VaultHttp, own_accessor: str) -> None:
        self._http = http
        self._own_accessor = own_accessor
        self._known: Mapping[str, Token] = {}

    def all(self) -> list[Token]:
        """List every token but our own."""
        known, accessors = self._known, self._accessors()
        tokens = concurrently(lambda accessor: known.get(accessor) or self._look_up(accessor), accessors)
        alive = [token for token in tokens if token]
        self._known = {token.accessor: token for token in alive}
        return alive

    def revoke(self, tokens: Collection[Token]) -> None:
        """Revoke tokens; the leases that were made with them are queued for revocation by Vault."""
        concurrently(self._revoke, tokens)

    def revoke_named(self, name: str) -> None:
        """Revoke a token by the fingerprint of its accessor; one that is not there counts as revoked."""
        for accessor in self._accessors():
            if fingerprint(accessor) == name:
                self._use(REVOKE_ACCESSOR, accessor)

    def _look_up(self, accessor: str) -> Token | None:
        facts = self._use(LOOK_UP_ACCESSOR, accessor)
        return _token(accessor, facts) if facts is not None else None

    def _revoke(self, token: Token) -> None:
        self._use(REVOKE_ACCESSOR, token.accessor)

    def _accessors(self) -> list[str]:
        return [accessor for accessor in self._http.keys(ACCESSORS) if accessor != self._own_accessor]

    def _use(self, path: str, accessor: str) -> Mapping[str, object] | None:
        """Send an accessor; None when its token ended since it was listed.

        A token that is being revoked by somebody else just now is still listed and already refused: look again.
        """
        for pause in (*_PAUSES, None):
            try:
                return self._http.write(path, {"accessor": accessor})
            except (Refused, Denied):
                if accessor not in self._accessors():
                    return None
                if pause is None:
                    raise
                time.sleep(pause)
        return None


def _token(accessor: str, facts: Mapping[str, object]) -> Token:
    policies = [*_texts(facts.get("policies")), *_texts(facts.get("identity_policies"))]
    return Token(str(facts.get("entity_id", "")), frozenset(policies), str(facts.get("display_name", "")), accessor)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
