"""Members of bindings: which are taken, how a policy shows them, and whom each stands for.

A service account is kept with its unique id, so that a binding follows the account and not its address: it is shown as
`deleted:serviceAccount:EMAIL?uid=UID` while the account is deleted, is itself again once it is restored, and means
nothing to another account of the same address. Bindings of an account are purged 60 days after it was deleted.
Sources: IAM documentation, 'Principal identifiers', 'Delete and undelete service accounts'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, number_of
from tools.doubles.gcp.projects import Projects

PURGED: Final = timedelta(days=60)

_CLUSTERS = ".svc.id.goog"
PUBLIC = frozenset({"allUsers", "allAuthenticatedUsers"})
_NAMED = re.compile(r"(?:user|group):[^@\s:]+@[^@\s:]+|domain:[\w.-]+")
_OF_A_PROJECT = re.compile(r"project(?:Owner|Editor|Viewer):(.+)")
_ACCOUNT = re.compile(r"serviceAccount:([^\s?\[]+@[^\s?\[]+)")
_KEPT = re.compile(r"serviceAccount:(?P<email>[^?]+)\?uid=(?P<uid>\d+)")
_GKE = re.compile(
    r"(?:serviceAccount:)?(?P<pool>(?P<project>[^\s\[]+)\.svc\.id\.goog)\[(?P<ns>[\w.-]+)/(?P<ksa>[\w.-]+)\]"
)
_FEDERATED = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/(?P<pool>projects/(?P<number>\d+)/locations/global/"
    r"workloadIdentityPools/(?P<id>[^/]+))/"
    r"(?P<rest>\*|subject/.+|group/.+|attribute\.[a-z0-9_]+/.+|namespace/.+|kubernetes\.\w+/.+)"
)
_GOOGLES = re.compile(
    r"[^@]+@(?:developer|appspot|cloudservices|cloudbuild)\.gserviceaccount\.com"
    r"|service-\d+@[\w-]+\.iam\.gserviceaccount\.com"
)
"""Accounts of Google's own, which need not be made."""


class Federated(str):
    """A principal of workload identity federation, `principal://…/subject/S`, with what its token tells beside.

    Attributes:
        attributes: the mapped attributes, by name without `attribute.`.
        groups: what `google.groups` was mapped to.
    """

    __slots__ = ("attributes", "groups")
    attributes: Mapping[str, str]
    groups: tuple[str, ...]

    @classmethod
    def of(
        cls, pool: str, subject: str, attributes: Mapping[str, str] | None = None, groups: tuple[str, ...] = ()
    ) -> Federated:
        """Make one of a pool, which is given by its whole name, with the project's number."""
        made = cls(f"principal://iam.googleapis.com/{pool}/subject/{subject}")
        made.attributes, made.groups = attributes or {}, groups
        return made

    @classmethod
    def of_cluster(cls, account: str) -> Federated:
        """Make the one of a Kubernetes service account, `PROJECT.svc.id.goog[NAMESPACE/NAME]`."""
        found = _GKE.fullmatch(account)
        if found is None:
            raise ValueError(f"{account} is no Kubernetes service account")
        pool = f"projects/{number_of(found['project'])}/locations/global/workloadIdentityPools/{found['pool']}"
        return cls.of(pool, f"ns/{found['ns']}/sa/{found['ksa']}")


class Members:
    """Who there is to be bound.

    Attributes:
        groups: by a group's address, the principals in it; a group that is not here is empty.
        unknown_users: addresses of users of whom Google knows none.
        pools: by a workload identity pool's whole name, with the project's number, whether it lets anybody in: kept
            by `Pools`; a deleted pool is not here.
        without_clusters: projects, by id, where no cluster with workload identity was ever made.
    """

    def __init__(self, accounts: Accounts, projects: Projects, now: Clock) -> None:
        self.groups: dict[str, set[str]] = {}
        self.unknown_users: set[str] = set()
        self.pools: dict[str, bool] = {}
        self.without_clusters: set[str] = set()
        self._accounts, self._projects, self._now = accounts, projects, now

    def kept(self, member: str) -> str:
        """How a member is kept, of a policy that is being set.

        Raises:
            Refusal: 400, in Google's words.
        """
        deleted = member.removeprefix("deleted:")
        if deleted != member and (found := _KEPT.fullmatch(deleted)):
            if found["uid"] not in self._accounts.by_unique_id:
                raise refuse("INVALID_ARGUMENT", f"Service account {found['email']} does not exist.")
            return deleted
        if found := _ACCOUNT.fullmatch(member):
            return self._account(member, found[1])
        self._judge(member)
        return member

    def shown(self, kept: str) -> str:
        """How a policy shows a member; empty once its binding is purged."""
        found = _KEPT.fullmatch(kept)
        if found is None:
            return kept
        account = self._accounts.by_unique_id.get(found["uid"])
        if account is not None and account.deleted is None:
            return f"serviceAccount:{found['email']}"
        purged = account is None or (account.deleted is not None and self._now() >= account.deleted + PURGED)
        return "" if purged else f"deleted:{kept}"

    def includes(self, kept: str, principal: str) -> bool:
        """Tell whether a member stands for a principal; `projectOwner:` and its like are the policies' own matter."""
        if kept in PUBLIC:
            return True
        kind, _, name = kept.partition(":")
        if isinstance(principal, Federated):
            return self._lets_in(principal) and _includes_federated(kept, principal)
        if found := _KEPT.fullmatch(kept):
            account = self._accounts.find(principal)
            return account is not None and found["uid"] == account["uniqueId"]
        match kind:
            case "user":
                return name == principal
            case "serviceAccount":
                return name == principal and bool(_GOOGLES.fullmatch(name))
            case "group":
                return principal in self.groups.get(name, ())
            case "domain":
                return principal.endswith(f"@{name}")
        return False

    def _lets_in(self, principal: Federated) -> bool:
        """Tokens of a pool that is disabled or deleted give access to nothing; a cluster's pool is Google's own."""
        found = _FEDERATED.fullmatch(principal)
        return found is not None and (found["id"].endswith(_CLUSTERS) or self.pools.get(found["pool"], False))

    def _account(self, member: str, email: str) -> str:
        account = self._accounts.by_email.get(email)
        if account is not None:
            return f"{member}?uid={account['uniqueId']}"
        if not _GOOGLES.fullmatch(email):
            raise refuse("INVALID_ARGUMENT", f"Service account {email} does not exist.")
        return member

    def _judge(self, member: str) -> None:
        if found := _GKE.fullmatch(member):
            if not member.startswith("serviceAccount:"):
                raise _of_unknown_type(member)
            if found["project"] in self.without_clusters or not self._projects.exists(found["project"]):
                raise _no_pool(found["pool"])
        elif found := _FEDERATED.fullmatch(member):
            self._judge_pool(found["pool"], found["id"])
        elif member.partition(":")[2] in self.unknown_users:
            raise refuse("INVALID_ARGUMENT", f"User {member.partition(':')[2]} does not exist.")
        elif member not in PUBLIC and not _NAMED.fullmatch(member) and not _OF_A_PROJECT.fullmatch(member):
            raise _of_unknown_type(member)

    def _judge_pool(self, pool: str, id_: str) -> None:
        cluster = id_.removesuffix(_CLUSTERS)
        exists = pool in self.pools if cluster == id_ else cluster not in self.without_clusters
        if not exists:
            raise _no_pool(pool)


def project_role_of(kept: str) -> tuple[str, str] | None:
    """What `projectOwner:P` and its like stand for: a project and the basic role in it."""
    found = _OF_A_PROJECT.fullmatch(kept)
    return (found[1], f"roles/{kept.partition(':')[0].removeprefix('project').lower()}") if found else None


def _includes_federated(kept: str, principal: Federated) -> bool:
    if cluster := _GKE.fullmatch(kept):
        return Federated.of_cluster(cluster[0].removeprefix("serviceAccount:")) == principal
    found = _FEDERATED.fullmatch(kept)
    start = f"principal://iam.googleapis.com/{found['pool']}/" if found else ""
    if kept == principal:
        return True
    if found is None or not principal.startswith(start) or not kept.startswith("principalSet:"):
        return False
    kind, _, value = found["rest"].partition("/")
    match kind:
        case "*":
            return True
        case "group":
            return value in principal.groups
        case "namespace":
            return principal.removeprefix(start).startswith(f"subject/ns/{value}/sa/")
    return principal.attributes.get(kind.removeprefix("attribute.")) == value


def _of_unknown_type(member: str) -> Exception:
    said = f"The member {member} is of an unknown type. Please set a valid type prefix for the member."
    return refuse("INVALID_ARGUMENT", said)


def _no_pool(pool: str) -> Exception:
    return refuse(
        "INVALID_ARGUMENT",
        f"Identity Pool does not exist ({pool}). Please check that you specified a valid resource name as returned in "
        "the `name` attribute in the configuration API.",
    )
