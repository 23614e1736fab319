"""Microsoft Graph beta, `reports/servicePrincipalSignInActivities`: when applications signed in last.

Sources: Microsoft Graph reference (beta), 'List servicePrincipalSignInActivities'; the refusal of a tenant without a
licence is Entra's of its reports, 'Activity reports API overview'.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from tools.doubles.azure import errors, graph
from tools.doubles.messages import Refusal, Request
from tools.doubles.routes import route

NEEDED: Final = "AuditLog.Read.All"


class SignIns:
    """The report.

    Attributes:
        last: when each client id signed in last.
        licensed: whether the tenant has a licence of Entra ID P1 or P2.
        page_size: how many entries an answer has at most.
    """

    def __init__(self, url: str) -> None:
        self.last: dict[str, datetime] = {}
        self.licensed = True
        self.page_size = 100
        self._url = url

    @route("GET", "/beta/reports/servicePrincipalSignInActivities", needs=NEEDED)
    def listing(self, request: Request) -> Any:
        if not self.licensed:
            text = "Neither tenant is B2C or tenant doesn't have premium license"
            raise Refusal(errors.graph(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", text))
        entries = [
            {"appId": client, "lastSignInActivity": {"lastSignInDateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}}
            for client, at in self.last.items()
        ]
        return graph.page(entries, request, self._url, self.page_size)
