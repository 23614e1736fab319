"""How GitHub answers, whatever is asked: pages with their header Link, times, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tools.doubles.messages import Answer, Request


def paged(url: str, request: Request, items: Sequence[Any], field: str = "") -> Answer:
    """Answer a page of a list, with the header Link while there is more ('Using pagination in the REST API').

    Args:
        url: of the double.
        request: with `per_page`, 30 of at most 100, and `page`.
        items: all there are.
        field: of the answer that holds the list; empty when the answer is the list.
    """
    size, page = min(int(request.query.get("per_page", 30)), 100), int(request.query.get("page", 1))
    shown = list(items[(page - 1) * size : page * size])
    query = urlencode({**request.query, "page": page + 1})
    links = {"Link": f'<{url}{request.path}?{query}>; rel="next"'} if page * size < len(items) else {}
    return Answer(body={"total_count": len(items), field: shown} if field else shown, headers=links)


def written(at: datetime | None) -> str | None:
    """Write a time as GitHub does, in whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def refused(status: int, message: str) -> Answer:
    """Refuse, as GitHub words it."""
    url = "https://docs.github.com/rest"
    return Answer(status, {"message": message, "documentation_url": url, "status": str(int(status))})
