"""Tokens: listed by accessor, known by a fingerprint of it, revoked with their leases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.errors import Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.reach import ACCESSORS, LOOK_UP_ACCESSOR, REVOKE_ACCESSOR


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
    """The tokens of one Vault; listing them needs sudo."""

    def __init__(self, http: VaultHttp, own_accessor: str) -> None:
        self._http = http
        self._own_accessor = own_accessor

    def all(self) -> list[Token]:
        """List every token but our own."""
        accessors = [accessor for accessor in self._http.keys(ACCESSORS) if accessor != self._own_accessor]
        return [token for token in concurrently(self._look_up, accessors) if token]

    def revoke(self, tokens: Collection[Token]) -> None:
        """Revoke tokens; the leases that were made with them are queued for revocation by Vault."""
        concurrently(self._revoke, tokens)

    def revoke_named(self, name: str) -> None:
        """Revoke a token by the fingerprint of its accessor; one that is not there counts as revoked."""
        for accessor in self._http.keys(ACCESSORS):
            if fingerprint(accessor) == name:
                self._http.write(REVOKE_ACCESSOR, {"accessor": accessor})

    def _look_up(self, accessor: str) -> Token | None:
        try:
            facts = self._http.write(LOOK_UP_ACCESSOR, {"accessor": accessor})
        except Refused:
            # It ended since it was listed.
            return None
        return _token(accessor, facts)

    def _revoke(self, token: Token) -> None:
        self._http.write(REVOKE_ACCESSOR, {"accessor": token.accessor})


def _token(accessor: str, facts: Mapping[str, object]) -> Token:
    policies = [*_texts(facts.get("policies")), *_texts(facts.get("identity_policies"))]
    return Token(str(facts.get("entity_id", "")), frozenset(policies), str(facts.get("display_name", "")), accessor)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
