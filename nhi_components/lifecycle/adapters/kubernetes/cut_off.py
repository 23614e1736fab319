"""Cutting a service account off: no binding names it any more, and the tokens that somebody has kept of it are gone.

Its short-lived tokens are still taken for it until it is deleted, and may do nothing. One is requested beforehand as a
canary. Whatever goes wrong with the canary, the cut-off goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.errors import NhiError
from nhi_components.core.kubernetes_links import AUDIENCES, object_name
from nhi_components.core.links import Fact, Link, NotChecked
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.kubernetes.account_session import AccountSession, open_session
from nhi_components.lifecycle.adapters.kubernetes.bindings import Bindings
from nhi_components.lifecycle.adapters.kubernetes.objects import CUT_OFF, cut_off_at, uid_of
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession, Object
from nhi_components.lifecycle.adapters.kubernetes.token_secrets import TokenSecrets
from nhi_components.lifecycle.ports import Canary, CutOff

PROPAGATION_SECONDS = 5
"""How long a change of RBAC may take to be seen: API servers watch each other's changes; no figure is documented."""


class AccountCutOff:
    """Cuts one service account off.

    Args:
        session: the cluster.
        account: the service account.
        link: what the lease knows of it.
        now: the time.
    """

    def __init__(self, session: KubernetesSession, account: Object, link: Link, now: datetime) -> None:
        self._session, self._account, self._link = session, account, link
        self._bindings, self._secrets = Bindings(session), TokenSecrets(session)
        self._elapsed = Elapsed(now)
        self._without_canary = ""

    def run(self, own: Sequence[Object], subjects: Sequence[Link], secrets: Sequence[Link]) -> CutOff:
        """Cut the account off; what an earlier run has done already keeps its time.

        Args:
            own: the lease's own bindings.
            subjects: the bindings made by hand that name the account.
            secrets: the Secrets made by hand that keep tokens of it.
        """
        earlier = cut_off_at(self._account)
        canary = None
        if earlier:
            self._without_canary = f"an earlier run cut the account off at {earlier.isoformat()}"
        else:
            canary = self._open_canary(own)
        disabled_at = earlier or self._elapsed.now()
        for binding in own:
            self._bindings.empty(binding, disabled_at)
        for subject in subjects:
            self._bindings.take_out(subject)
        for secret in secrets:
            self._secrets.delete(secret)
        refused_at = self._refused_at(canary, earlier)
        self._session.edit(Kind.SERVICE_ACCOUNT, self._account, lambda now: _noted(now, disabled_at))
        return CutOff(self._link, disabled_at, refused_at, (*subjects, *secrets), canary, self._without_canary)

    def _open_canary(self, own: Sequence[Object]) -> Canary | None:
        """Request a token that is seen to work; None, and why, when that can't be done."""
        metadata = self._account["metadata"]
        try:
            asked = next(self._rights(own), None)
            opened = open_session(self._session, metadata["namespace"], metadata["name"], uid_of(self._account), asked)
            if not opened.is_accepted():
                self._without_canary = "a token was issued, but the API server does not accept it"
            elif _becomes(opened.works, True):
                return Canary(self._link, self._elapsed.now(), opened)
            else:
                self._without_canary = "a token was issued, but the account may not do what its role permits"
        except NhiError as error:
            self._without_canary = f"no token could be requested and used: {error}"
        return None

    def _rights(self, own: Sequence[Object]) -> Iterator[Mapping[str, str]]:
        """Yield what the account may do by the lease's own roles, one for each rule."""
        for binding in own:
            namespace = binding["metadata"]["namespace"]
            role = self._session.read(Kind.ROLE, namespace, binding["roleRef"]["name"])
            for rule in (role or {}).get("rules") or []:
                resource, _, part = rule["resources"][0].partition("/")
                named = (rule.get("resourceNames") or [""])[0]
                right = {"namespace": namespace, "verb": rule["verbs"][0], "group": rule["apiGroups"][0]}
                told = {"resource": resource, "subresource": part, "name": named}
                yield {**right, **{key: value for key, value in told.items() if value}}

    def _refused_at(self, canary: Canary | None, earlier: datetime | None) -> Fact:
        """Tell when sessions became useless; where tokens are accepted elsewhere, the cluster can't end that."""
        if audiences := self._link.attributes.get(AUDIENCES):
            return NotChecked(
                f"a token that was issued before for {audiences} may be accepted there until it ends, within an hour"
            )
        session: AccountSession | None = canary.credential if canary else None
        if earlier or session is None or session.asked is None:
            return earlier or self._elapsed.now()
        if _becomes(session.works, False):
            return self._elapsed.now()
        return NotChecked(
            f"the canary still had its right {PROPAGATION_SECONDS} s after every binding of the account was emptied: "
            "groups that it belongs to, such as system:serviceaccounts, may have it too"
        )


def account_name(account: Object) -> str:
    """Name a service account as links do."""
    return object_name(account["metadata"]["namespace"], account["metadata"]["name"])


def _noted(now: Object, at: datetime) -> Object | None:
    return None if cut_off_at(now) else {"metadata": {"annotations": {CUT_OFF: at.isoformat()}}}


def _becomes(question: Callable[[], bool], wanted: bool) -> bool:
    """Ask until the answer is the wanted one, for as long as a change may take to be seen."""
    waiting = Retrying(
        retry=retry_if_result(lambda answer: answer is not wanted),
        stop=stop_after_delay(PROPAGATION_SECONDS),
        wait=wait_exponential(multiplier=0.1, max=1),
    )
    try:
        return waiting(question) is wanted
    except RetryError:
        return False
