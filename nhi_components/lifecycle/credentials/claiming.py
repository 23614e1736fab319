"""One run at a time: a claim at the home, renewed while the run works, that lapses when the run dies."""

from __future__ import annotations

import getpass
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.ports import Claim, Home

LASTS = timedelta(seconds=60)
"""Our own figure: for how long a run that died keeps others waiting; three times what a run needs to renew it."""

RENEWED_EVERY = 20.0

MOST_SKEW = timedelta(minutes=5)
"""By how much a machine's clock may differ from the home's; AWS takes no request that differs by more
(IAM user guide, 'Signature Version 4': five minutes)."""


class ClaimedByAnother(NhiError):
    """Another run works on the same credential."""

    def __init__(self, subject: str, claim: Claim) -> None:
        self.claim = claim
        super().__init__(
            f"{subject}: another run, of {claim.who}, works on it since a moment ago and may until "
            f"{claim.until.isoformat(timespec='seconds')}; nothing was changed; fix: run the same command again then"
        )


class ClaimLost(NhiError):
    """The claim could not be renewed in time, so that another run may work by now."""


class Claimed:
    """The claim of this run, while it lasts."""

    def __init__(self, home: Home, lease: LeaseTags, claim: Claim, clock: Clock) -> None:
        self._home, self._lease, self._claim, self._clock = home, lease, claim, clock
        self._ended = threading.Event()
        self._lost = ""

    def check(self) -> None:
        """Refuse to go on once another run may have begun.

        Raises:
            ClaimLost: the claim lapsed, or another run took it over.
        """
        if not self._lost and self._clock() >= self._claim.until:
            self._lost = f"it lapsed at {self._claim.until.isoformat(timespec='seconds')}"
        if self._lost:
            place = self._home.spec.address
            raise ClaimLost(f"{place}: the claim of this run was lost: {self._lost}; fix: run the same command again")

    def renew_until_ended(self) -> None:
        """Renew it, until it is ended or lost."""
        while not self._ended.wait(RENEWED_EVERY):
            now = self._clock()
            wanted = replace(self._claim, until=now + LASTS)
            with suppress(SystemUnreachable):  # it may answer the next time, and `check` sees when it lapses
                holder = self._home.claim(self._lease, wanted, now)
                if holder.run != wanted.run:
                    self._lost = f"{holder.who} took it over"
                    return
                self._claim = wanted

    def end(self) -> None:
        """Stop renewing, and give it up."""
        self._ended.set()
        with suppress(NhiError):  # it lapses by itself
            self._home.release(self._claim.run)


@contextmanager
def claimed(
    home: Home, lease: LeaseTags, clock: Clock, sleep: Callable[[float], None], *, wait: timedelta = 2 * LASTS
) -> Iterator[Claimed]:
    """Have the claim on a credential, waiting for a run that died.

    Args:
        home: the credential's home.
        lease: whose it is.
        clock: tells the time; the claim's is told by the home's clock, so that no two machines take it for lapsed
            at different times.
        sleep: waits that many seconds.
        wait: for how long at most another run's claim is waited for.

    Raises:
        ClaimedByAnother: another run works on it, and goes on to.
        NhiError: this machine's clock is wrong.
    """
    clock = _by_its_clock(home, clock)
    claim = Claim(run=f"run-{secrets.token_hex(6)}", who=_who(), until=clock() + LASTS)
    deadline = clock() + wait
    while (holder := home.claim(lease, claim, clock())).run != claim.run:
        if clock() >= deadline:
            raise ClaimedByAnother(home.spec.address, holder)
        sleep(min(1.0, max(0.05, (holder.until - clock()).total_seconds())))
        claim = replace(claim, until=clock() + LASTS)
    held = Claimed(home, lease, claim, clock)
    thread = threading.Thread(target=held.renew_until_ended, name=f"renew {claim.run}", daemon=True)
    thread.start()
    try:
        yield held
    finally:
        held.end()


def _by_its_clock(home: Home, clock: Clock) -> Clock:
    """Make a clock that goes as the home's does; refuse one that is wrong: a key would be retired while it is needed.

    Raises:
        NhiError: the machine's clock and the home's differ by more than five minutes.
    """
    there, now = home.time(), clock()
    ahead = there - now
    if abs(ahead) > MOST_SKEW:
        raise NhiError(
            f"{home.spec.system}.{home.spec.connection}: got {now.isoformat(timespec='seconds')} from this machine's "
            f"clock, expected about {there.isoformat(timespec='seconds')}, which {home.spec.address}'s system tells; "
            "fix: set the machine's clock; nothing was changed"
        )
    return lambda: clock() + ahead


def _who() -> str:
    """Name user and host, in the alphabet of tags."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    text = f"{user}@{socket.gethostname()}"[:80]
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "@.-_") else "_" for letter in text)
