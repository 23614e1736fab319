"""The adapter of Kubernetes: one cluster, for the identities that live there and for the credentials kept there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.credential.links import place_of_link, source_of_link
from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.kubernetes_links import ACCOUNT, NAMESPACE
from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.holders import HolderAdapter
from nhi_components.lifecycle.adapters.kubernetes.account_session import AccountSession
from nhi_components.lifecycle.adapters.kubernetes.bindings import Bindings
from nhi_components.lifecycle.adapters.kubernetes.credentials import Credentials
from nhi_components.lifecycle.adapters.kubernetes.cut_off import AccountCutOff
from nhi_components.lifecycle.adapters.kubernetes.objects import CUT_OFF, KINDS, Objects, cut_off_at, uid_of
from nhi_components.lifecycle.adapters.kubernetes.quotas import Quotas
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession, Object
from nhi_components.lifecycle.adapters.kubernetes.survey import Survey
from nhi_components.lifecycle.adapters.kubernetes.token_secrets import TokenSecrets
from nhi_components.lifecycle.adapters.ownership import admitted, refuse_elsewhere, refuse_namesake
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Ownership, Room, Sighting

CACHE_SECONDS = 12
"""How long a token of an account that is gone may be accepted: an API server keeps what it has authenticated for 10 s
(Kubernetes, package kubeapiserver/options: `TokenSuccessCacheTTL`), which no flag changes."""

_LISTED = {
    Kind.SERVICE_ACCOUNT: LinkKind.KUBERNETES_SERVICE_ACCOUNT,
    Kind.ROLE: LinkKind.KUBERNETES_ROLE,
    Kind.ROLE_BINDING: LinkKind.KUBERNETES_ROLE_BINDING,
    Kind.CLUSTER_ROLE_BINDING: LinkKind.KUBERNETES_SUBJECT,
}
_MISSES = {
    Kind.SERVICE_ACCOUNT: "service accounts of namespaces that no link names",
    Kind.ROLE: "roles in namespaces that no link names",
    Kind.ROLE_BINDING: "role bindings in other namespaces, also those that name the account",
    Kind.CLUSTER_ROLE_BINDING: "bindings of the whole cluster that name the account",
}


class KubernetesAdapter:
    """One cluster, as `lifecycle.ports.SystemAdapter`."""

    def __init__(self, name: str, connection: KubernetesConnection) -> None:
        self._session = KubernetesSession(name, connection)
        credentials = Credentials(name, connection, self._session)
        self._holder = HolderAdapter(System.KUBERNETES, name, credentials)
        self._objects, self._bindings = Objects(self._session), Bindings(self._session)
        self._quotas = Quotas(self._session)
        self._cluster: str | None = None

    @property
    def system(self) -> System:
        """Kubernetes."""
        return System.KUBERNETES

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._session.name

    def caller(self) -> Caller:
        """Tell whom the connection speaks for; see the port."""
        return self._holder.caller()

    def require(self, links: Sequence[Link]) -> None:
        """Refuse links in namespaces that take nothing, and prove that places can be looked at; see the port."""
        own, delivered = _divided(links)
        self._holder.require(delivered)
        names = dict.fromkeys(link.attributes[NAMESPACE] for link in own if NAMESPACE in link.attributes)
        lacks = {name: lack for name in names if (lack := self._session.namespace_lack(name))}
        if lacks:
            fix = "make it first; where the program does, name it in the component's `opts`: `depends_on=[namespace]`"
            problems = [Problem("namespace", f"{name}, {lack}", "a namespace", fix) for name, lack in lacks.items()]
            raise SpecError(f"kubernetes.{self.connection}", problems)

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell whether the quotas of the namespaces leave room; see the port."""
        return self._quotas.room_for([link for link in links if link.kind in KINDS])

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take links into the lease; an earlier cut-off is undone, the account's mark of it last. See the port."""
        self._refuse_elsewhere(links)
        own, delivered = _divided(links)
        taken = {link.key: link for link in self._holder.admit(lease, delivered, now)}
        for link in sorted(own, key=lambda link: link.kind is LinkKind.KUBERNETES_SERVICE_ACCOUNT):
            found = self._admit(lease, link)
            taken[link.key] = admitted(link, uid_of(found), self._here(link))
        return [taken[link.key] for link in links]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find everything alive of the lease; see the port."""
        self._refuse_elsewhere(links)
        own, delivered = _divided(links)
        return [*self._holder.survey(lease_id, delivered), *Survey(self._session, lease_id, own).run()]

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell what of the whole cluster the connection may not list; see the port."""
        own = [
            BlindSpot(System.KUBERNETES, self.connection, _LISTED[kind], _not_listed(kind))
            for kind in _LISTED
            if not self._session.may_list(kind)
        ]
        return [*self._holder.blind_spots(links), *own]

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Cut the service accounts among the links off; see the port."""
        self._refuse_elsewhere(links)
        own, delivered = _divided(links)
        done = self._holder.cut_off(lease_id, delivered, now)
        survey, elapsed = Survey(self._session, lease_id, own), Elapsed(now)
        accounts = {sighting.link.name: (sighting, found) for sighting, found in survey.accounts}
        for link in own:
            if link.kind is LinkKind.KUBERNETES_SERVICE_ACCOUNT:
                if link.name not in accounts:
                    done += [] if link.unique_id else [CutOff(link, NeverCreated(), NeverCreated())]
                elif accounts[link.name][0].ownership is Ownership.OURS:
                    done.append(self._cut_off(accounts[link.name][1], link, survey, elapsed.now()))
        for binding in survey.own_bindings:
            # Also where the account is gone, or somebody else's by now: ours gives nobody anything any more.
            self._bindings.empty(binding, elapsed.now())
        return done

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take a suspended account out of bindings made by hand, and delete Secrets with tokens of it; see the port."""
        self._refuse_elsewhere(links)
        own, delivered = _divided(links)
        survey, secrets = Survey(self._session, lease_id, own), TokenSecrets(self._session)
        revoked = [link for link in survey.subjects if self._bindings.take_out(link)]
        revoked += [link for link in survey.secrets if secrets.delete(link)]
        return [*self._holder.revoke_live(lease_id, delivered, now), *revoked]

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Let the canary's token be used once more; see the port.

        A token of an account that is gone is tried until it is refused, for as long as it may be cached.
        """
        if not isinstance(canary.credential, AccountSession):
            return self._holder.try_canary(canary, now)
        session, elapsed = canary.credential, Elapsed(now)
        if now >= session.ends:
            return NotChecked(f"the canary's token ended by itself at {session.ends.isoformat()}")
        if not session.works():
            return elapsed.now()
        account = self._objects.find(canary.link)
        if account is not None and uid_of(account) == session.uid:
            if session.asked is None:
                return NotChecked("the account may do nothing; its tokens are accepted until it is deleted")
            return None
        return elapsed.now() if _is_refused(session) else None

    def sweep(self, sighting: Sighting) -> None:
        """Delete a leftover; see the port."""
        refuse_namesake(sighting)
        link = sighting.link
        if _is_delivered(link):
            self._holder.sweep(sighting)
        elif link.kind is LinkKind.KUBERNETES_SUBJECT:
            self._bindings.take_out(link)
        elif link.kind is LinkKind.KUBERNETES_SECRET:
            TokenSecrets(self._session).delete(link)
        else:
            self._objects.delete(link)

    def _admit(self, lease: LeaseTags, link: Link) -> Object:
        if link.kind not in KINDS:
            raise NhiError(f"{link}: got a link that a survey found, expected one that a program declares")
        found = self._objects.admit(lease, link)
        if link.kind is LinkKind.KUBERNETES_ROLE_BINDING:
            self._bindings.restore(found, link)
        elif link.kind is LinkKind.KUBERNETES_SERVICE_ACCOUNT:
            self._session.edit(Kind.SERVICE_ACCOUNT, found, _without_mark)
        return found

    def _cut_off(self, account: Object, link: Link, survey: Survey, now: datetime) -> CutOff:
        subjects = [each for each in survey.subjects if each.attributes[ACCOUNT] == link.name]
        secrets = [each for each in survey.secrets if each.attributes[ACCOUNT] == link.name]
        return AccountCutOff(self._session, account, link, now).run(survey.own_bindings, subjects, secrets)

    def _refuse_elsewhere(self, links: Sequence[Link]) -> None:
        refuse_elsewhere(self.system, self.connection, links, self._here)

    def _here(self, _: Link) -> str:
        if self._cluster is None:
            self._cluster = self._session.cluster()
        return self._cluster


def _divided(links: Sequence[Link]) -> tuple[list[Link], list[Link]]:
    """Tell what belongs to identities here from places and keys of credentials.

    Raises:
        NhiError: for a link of another system.
    """
    for link in links:
        if not (link.kind in KINDS or link.kind in _BY_HAND or _is_delivered(link)):
            raise NhiError(
                f"{link}: got a kind that is not of Kubernetes, expected one of Kubernetes; fix: link it to its system"
            )
    return [link for link in links if not _is_delivered(link)], [link for link in links if _is_delivered(link)]


_BY_HAND = frozenset({LinkKind.KUBERNETES_SUBJECT, LinkKind.KUBERNETES_SECRET})


def _is_delivered(link: Link) -> bool:
    return bool(place_of_link(link) or source_of_link(link))


def _without_mark(now: Object) -> Object | None:
    return {"metadata": {"annotations": {CUT_OFF: None}}} if cut_off_at(now) else None


def _not_listed(kind: Kind) -> NotChecked:
    plural = f"{kind}s".replace("_", "")
    return NotChecked(f"{_MISSES[kind]} are not seen; fix: allow the connection's user to list {plural} of the cluster")


def _is_refused(session: AccountSession) -> bool:
    """Wait until a token is refused; False when it still works after that."""
    waiting = Retrying(
        retry=retry_if_result(lambda works: works), stop=stop_after_delay(CACHE_SECONDS), wait=wait_fixed(1)
    )
    try:
        return not waiting(session.works)
    except RetryError:
        return False
