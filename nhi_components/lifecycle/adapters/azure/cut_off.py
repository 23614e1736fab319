"""Cutting a principal off: who may become it is locked out, Entra issues no tokens to it, and its roles are taken.

A managed identity can't be disabled, and no token can be called back: what ends access is that nothing is assigned to
its principal any more, which Azure takes up to 10 minutes to see everywhere. No canary tells when: a token of a managed
identity is given to what it is attached to only, or to whom it trusts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from nhi_components.core.links import Link, LinkKind, NotChecked
from nhi_components.lifecycle.adapters.azure.assignments import Assignment, Assignments
from nhi_components.lifecycle.adapters.azure.federated import Credential, FederatedCredentials
from nhi_components.lifecycle.adapters.azure.marks import CutOffMark, with_mark
from nhi_components.lifecycle.adapters.azure.principals import Principal, Principals
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.every import every
from nhi_components.lifecycle.adapters.ownership import is_suspended
from nhi_components.lifecycle.ports import CutOff

_TOKENS: Final = {
    LinkKind.AZURE_MANAGED_IDENTITY: "24 h",
    LinkKind.ENTRA_SERVICE_PRINCIPAL: "60 to 90 min",
}
"""How long a token that was issued before is accepted: Microsoft Entra, 'Managed identities for Azure resources
frequently asked questions'; Microsoft identity platform, 'Configurable token lifetimes'."""

_NOBODY_ELSE: Final = (
    "a token of a managed identity is given only to what it is attached to or trusts, so none was tried"
)
_HELD_ELSEWHERE: Final = "the values of its secrets are held at the credential's places only, and are tried from there"


class PrincipalCutOff:
    """Cuts one principal off."""

    def __init__(
        self, session: AzureSession, store: Principals, principal: Principal, link: Link, now: datetime
    ) -> None:
        self._credentials, self._assignments = FederatedCredentials(session), Assignments(session)
        self._store = store
        self._principal = principal
        self._link = link
        self._elapsed = Elapsed(now)
        self._earlier = principal.mark

    def run(self, credentials: Sequence[Credential], assigned: Sequence[Assignment], extras: Sequence[Link]) -> CutOff:
        """Cut the principal off; what an earlier run has done already keeps its time.

        Args:
            credentials: its federated credentials.
            assigned: what is assigned to it.
            extras: what of both was made by hand.
        """
        ways_in = [each for each in credentials if each.lets_in]
        if self._earlier and not ways_in and not assigned and not self._is_open:
            disabled_at = self._earlier.at
        else:
            disabled_at = self._shut(ways_in, assigned)
        return CutOff(self._link, disabled_at, self._sessions(), tuple(extras), None, self._without_canary())

    @property
    def _is_open(self) -> bool:
        """Whether Entra issues tokens to it although it could be disabled."""
        return self._principal.kind is LinkKind.ENTRA_SERVICE_PRINCIPAL and self._principal.enabled

    def _shut(self, ways_in: Sequence[Credential], assigned: Sequence[Assignment]) -> datetime:
        """Take everything from it, and note since when; what can't be done keeps nothing else from being done."""
        began = self._elapsed.now()
        # One under a condition would give more than it did if it were made anew without it.
        taken = {each.name.rpartition("/")[2]: each.taken for each in assigned if not each.condition}
        taken = {**(self._earlier.taken if self._earlier else {}), **taken}
        # The mark comes first: from it a later run knows, also after a kill, what to give back.
        steps: list[Callable[[], None]] = [partial(self._note, CutOffMark(began, taken))]
        steps += [partial(self._credentials.park, self._principal, way) for way in ways_in]
        if self._is_open:
            steps.append(partial(self._store.enable, self._principal, enabled=False))
        steps += [partial(self._assignments.delete, each.name) for each in assigned]
        every(steps)
        done = self._elapsed.now()
        if done - began >= timedelta(seconds=1):
            self._note(CutOffMark(done, taken))
        return done

    def _note(self, mark: CutOffMark) -> None:
        self._store.retag(self._principal, with_mark(self._principal.tags, mark))

    def _sessions(self) -> NotChecked:
        return NotChecked(
            f"tokens that were issued before end by themselves, within {_TOKENS[self._principal.kind]}; with its roles "
            "gone they permit nothing, which Azure takes up to 10 min to see everywhere, and was not seen here"
        )

    def _without_canary(self) -> str:
        why = _NOBODY_ELSE if self._principal.kind is LinkKind.AZURE_MANAGED_IDENTITY else _HELD_ELSEWHERE
        if self._earlier:
            return f"an earlier run cut it off at {self._earlier.at.isoformat()}; {why}"
        return f"suspended: its roles were taken before; {why}" if is_suspended(self._link) else why
