"""Cutting an account off: it is disabled, so that every access token and key of it is refused; keys are disabled, too.

A canary token is opened beforehand. Whatever goes wrong with the canary, the cut-off goes on.
"""

from __future__ import annotations

from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Fact, Link, NotChecked, StillWorked
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.gcp import canary
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts, ServiceAccount
from nhi_components.lifecycle.adapters.gcp.canary import AccountToken, CanaryWay, becomes
from nhi_components.lifecycle.adapters.gcp.marks import CutOffMark, with_cut_off
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.adapters.ownership import is_suspended
from nhi_components.lifecycle.ports import Canary, CutOff

_NOT_SEEN = NotChecked(
    "a disabled account's access tokens are refused, but none was at hand to see that with; "
    "those from before end by themselves within 1 h, or 12 h where the organisation allows more"
)


class AccountCutOff:
    """Cuts one account off."""

    def __init__(self, session: GcpSession, account: ServiceAccount, link: Link, lease_id: str, now: datetime) -> None:
        self._accounts = Accounts(session)
        self._account = account
        self._link = link
        self._lease_id = lease_id
        self._elapsed = Elapsed(now)
        self._way = CanaryWay(session, account, lease_id)
        self._earlier = account.cut_off

    def run(self) -> CutOff:
        """Cut the account off; what an earlier run has done already keeps its time."""
        opened, without_canary = self._open_canary()
        disabled_at = self._disable()
        refused_at = self._refused_at(opened.credential, disabled_at) if opened else self._refused_earlier()
        self._way.close()
        return CutOff(self._link, disabled_at, refused_at, (), opened, without_canary)

    def _open_canary(self) -> tuple[Canary | None, str]:
        """Open a token that is seen to work; None, and why, when that can't be done."""
        if self._account.disabled:
            return None, self._why_disabled()
        token, why = self._way.open()
        return (Canary(self._link, self._elapsed.now(), token) if token else None), why

    def _why_disabled(self) -> str:
        if self._earlier:
            return f"an earlier run cut the account off at {self._earlier.disabled_at.isoformat()}, no token opens now"
        if is_suspended(self._link):
            return "suspended: the account was disabled before, so no token could be tried"
        return "somebody had disabled the account before, so no token could be tried"

    def _disable(self) -> datetime:
        """Disable the account, and note since when; what an earlier run has noted stays."""
        if self._account.disabled and self._earlier:
            return self._earlier.disabled_at
        at = self._elapsed.now()
        try:
            # The mark comes first: from it a later run knows, also after a kill, who has disabled the account.
            self._note(CutOffMark(at))
        finally:
            if not self._account.disabled:
                self._accounts.disable(self._account)
        return at if self._account.disabled else self._elapsed.now()

    def _refused_at(self, token: AccountToken, disabled_at: datetime) -> Fact:
        """Watch the canary until it is refused, as then every other token is, and note that it was."""
        try:
            refused = becomes(token.works, wanted=False)
        except NhiError as failure:
            return NotChecked(f"the canary could not be watched: {failure}")
        if not refused:
            seconds = canary.PROPAGATION_SECONDS
            return StillWorked(f"the canary still worked {seconds} s after the account was disabled")
        refused_at = self._elapsed.now()
        self._note(CutOffMark(disabled_at, refused_at))
        return refused_at

    def _refused_earlier(self) -> Fact:
        """Tell when an earlier run saw its canary refused; nothing of it lives on, since no token was opened after."""
        return self._earlier.refused_at if self._earlier and self._earlier.refused_at else _NOT_SEEN

    def _note(self, mark: CutOffMark) -> None:
        self._accounts.describe(self._account, with_cut_off(self._account.description, self._lease_id, mark))
