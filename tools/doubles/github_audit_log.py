"""The audit log of organisations of the double of GitHub; tests write it, as GitHub does.

Source: GitHub REST API, 'Get the audit log for an organization': pages by the cursor `after` of the header Link, and
none but for organisations of GitHub Enterprise Cloud.
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from tools.doubles.github_answers import refused
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

if TYPE_CHECKING:
    from tools.doubles.github import GitHubDouble


class AuditLog:
    """The route, and what is kept.

    Attributes:
        entries: by the login of the organisation, the oldest first.
        without: logins of organisations that are not of GitHub Enterprise Cloud.
    """

    def __init__(self, server: GitHubDouble) -> None:
        self._server = server
        self.entries: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.without: set[str] = set()

    def note(self, at: datetime, action: str, organization: str, **fields: Any) -> str:
        """Write that something happened; give the entry's id."""
        id_, moment = uuid4().hex, int(at.timestamp() * 1000)
        told = {"@timestamp": moment, "_document_id": id_, "action": action, "org": organization, "actor": "dana"}
        self.entries[organization].append({**told, "created_at": moment, **fields})
        return id_

    @route("GET", "/orgs/{org}/audit-log", needs="organization_administration")
    def listing(self, request: Request) -> Answer:
        login = request.params["org"]
        known = self._server.organizations.named.get(login)
        if known is None or request.principal not in known.members or login in self.without:
            raise Refusal(self._server.absent(request))
        held = self.entries[login]
        entries = held if request.query.get("order") == "asc" else held[::-1]
        size, begin = min(int(request.query.get("per_page", 30)), 100), _position(request.query.get("after", ""))
        end = begin + size
        query = urlencode({**request.query, "after": base64.b64encode(f"MS4|{end}".encode()).decode(), "before": ""})
        links = {"Link": f'<{self._server.url}{request.path}?{query}>; rel="next"'} if end < len(entries) else {}
        return Answer(body=entries[begin:end], headers=links)


def _position(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().partition("|")[2]) if cursor else 0
    except (binascii.Error, ValueError):
        raise Refusal(refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid cursor")) from None
