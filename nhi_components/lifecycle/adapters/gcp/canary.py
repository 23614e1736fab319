"""The canary of an account: an access token that is opened before the cut-off and tried afterwards.

The connection opens it with `generateAccessToken`. Where it may not do so already, it gives itself the right on that
one account for a few minutes, under a condition that ends it, and takes it back as soon as there is a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import requests
from tenacity import RetryError, Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.gcp.accounts import ServiceAccount
from nhi_components.lifecycle.adapters.gcp.errors import Denied, translated
from nhi_components.lifecycle.adapters.gcp.marks import canary_binding, is_canary
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.adapters.gcp.policies import Policies, Policy
from nhi_components.lifecycle.adapters.gcp.session import IAM, IAM_CREDENTIALS, SCOPES, TIMEOUT_SECONDS, GcpSession

OPENING_SECONDS = 60
"""For how long a token is asked for, once the right to it was given.

Google documents 2 minutes as typical for a change of a policy, and 7 or more as possible ('Access change propagation').
Whoever is to be cut off works on meanwhile, so we wait less, and go on without a canary.
"""

PROPAGATION_SECONDS = 20
"""For how long the token is watched, once the account is disabled, before we go on; the teardown tries it again.

An account is disabled 'immediately' (IAM, REST `serviceAccounts.disable`); no figure is documented.
"""

LIFETIME: Final = "3600s"
"""The longest that every account allows (IAM Credentials, REST `generateAccessToken`)."""

_GET_TOKEN = "iam.serviceAccounts.getAccessToken"  # noqa: S105 - a permission, not a token


@dataclass(frozen=True, slots=True)
class AccountToken:
    """An open access token of an account.

    Attributes:
        connection: the connection through which it was opened.
        url: what it is tried on: its own account.
        ends: when it ends by itself; a refusal after that proves nothing.
        token: never shown.
    """

    connection: str
    url: str
    ends: datetime
    token: str = field(repr=False, compare=False)

    def works(self) -> bool:
        """Tell whether Google still takes it for somebody's.

        401 says that it is nobody's any more; 403 and 404 come of one that is, but that may do little.

        Raises:
            SystemUnreachable: Google does not answer, or not about the token.
        """
        place = f"GET {self.url}"
        with translated(self.connection, place):
            headers = {"Authorization": f"Bearer {self.token}"}
            answer = requests.get(self.url, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        if answer.status_code == 429 or answer.status_code >= 500:
            got, fix = f"{answer.status_code} from {place}", "try again later"
            raise SystemUnreachable(System.GCP, Problem(f"gcp.{self.connection}", got, "an answer", fix))
        return answer.status_code != 401


class CanaryWay:
    """Opens the canary of one account.

    Attributes:
        left_open: whether the right that was given could not be taken back yet.
    """

    def __init__(self, session: GcpSession, account: ServiceAccount, lease_id: str) -> None:
        self._session = session
        self._account = account
        self._lease_id = lease_id
        self._policies = Policies(session)
        self.left_open = False

    def open(self) -> tuple[AccountToken | None, str]:
        """Open a token that is seen to work; None, and why, when that can't be done."""
        try:
            token = self._opened()
            works = becomes(token.works, wanted=True)
        except NhiError as failure:
            got = failure.problem.got if isinstance(failure, SystemUnreachable) else str(failure)
            return None, f"no token could be opened: {got}"
        finally:
            if self.left_open:
                self._try_to_close()
        return (token, "") if works else (None, "a token was opened, but Google did not take it")

    def close(self) -> None:
        """Take the right back, also one that a killed run has left."""
        self._policies.change(account_resource(self._account.email), _without_canaries)
        self.left_open = False

    def _opened(self) -> AccountToken:
        try:
            return self._token()
        except Denied:
            self._give()
        return Retrying(
            retry=retry_if_exception_type(Denied),
            stop=stop_after_delay(OPENING_SECONDS),
            wait=wait_exponential(multiplier=0.2, max=5),
            reraise=True,
        )(self._token)

    def _give(self) -> None:
        principal = self._session.principal()
        if "@" not in principal:
            raise NhiError(f"the connection's principal {principal} has no address to which a right could be given")
        kind = "serviceAccount" if principal.endswith("gserviceaccount.com") else "user"
        self.left_open = True

        def given(policy: Policy) -> list[Mapping[str, Any]]:
            opened = canary_binding(self._lease_id, f"{kind}:{principal}", policy.read_at)
            return [*_without_canaries(policy), opened]

        self._policies.change(account_resource(self._account.email), given)

    def _token(self) -> AccountToken:
        email = self._account.email
        path = f"/v1/projects/-/serviceAccounts/{quote(email)}:generateAccessToken"
        body = {"scope": list(SCOPES), "lifetime": LIFETIME}
        told = self._session.ask("POST", IAM_CREDENTIALS, path, needs=_GET_TOKEN, body=body).body
        url = self._session.url(IAM, f"/v1/{quote(account_resource(email))}")
        ends = datetime.fromisoformat(str(told["expireTime"])).astimezone(UTC)
        return AccountToken(self._session.name, url, ends, str(told["accessToken"]))

    def _try_to_close(self) -> None:
        try:
            self.close()
        except NhiError:
            # The cut-off goes on, and closes it at its end.
            return


def becomes(question: Callable[[], bool], *, wanted: bool) -> bool:
    """Ask until the answer is the wanted one, for as long as a token is watched."""
    waiting: Retrying = Retrying(
        retry=retry_if_result(lambda answer: answer is not wanted),
        stop=stop_after_delay(PROPAGATION_SECONDS),
        wait=wait_exponential(multiplier=0.2, max=2),
    )
    try:
        return waiting(question) is wanted
    except RetryError:
        return False


def _without_canaries(policy: Policy) -> list[Mapping[str, Any]]:
    return [binding for binding in policy.bindings if not is_canary(binding)]
