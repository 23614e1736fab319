"""What the client does about an API server that has too much to do.

The server refuses with 429 and Retry-After before it begins with a request (Kubernetes, 'API Priority and Fairness'),
so that one which changes something may be sent again as well; urllib3 by itself repeats only what could be done twice.
"""

from __future__ import annotations

from http import HTTPStatus

from urllib3 import BaseHTTPResponse, Retry

_LONGEST_PAUSE_SECONDS = 5.0
"""Our own figure: an API server asks for a second; what asks for longer is asked again sooner, and then given up."""


class Patience(Retry):
    """Repeats whatever the API server was too busy for."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Tell whether a request may be sent again after an answer."""
        refused = status_code == HTTPStatus.TOO_MANY_REQUESTS and has_retry_after and bool(self.total)
        return refused or super().is_retry(method, status_code, has_retry_after)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Tell how many seconds to wait."""
        told = super().get_retry_after(response)
        return None if told is None else min(told, _LONGEST_PAUSE_SECONDS)


def patience() -> Patience:
    """Make what waits for a busy API server; one that does not answer is asked as often as urllib3 does."""
    return Patience(total=5, connect=3, read=3)


def impatience() -> Retry:
    """Make what tells a busy API server's answer to the caller, who waits for it without holding a connection."""
    return Retry(total=3, status=0, raise_on_status=False, respect_retry_after_header=False)
