"""Who may become a service account: what a workload is attached to, a service account of GKE, named principals.

Sources: IAM documentation, 'Roles for service account authentication' (User attaches the account to a resource, Token
Creator makes its short-lived tokens, Workload Identity User lets federated identities do so) and 'Principal
identifiers'; GKE documentation, 'Authenticate to Google Cloud APIs from GKE workloads'.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Discriminator, StringConstraints, Tag

from nhi_components.core.errors import Problem
from nhi_components.core.gcp_names import project_domain
from nhi_components.core.gcp_resource import PROJECT_ID
from nhi_components.core.kubernetes_account import LaterAccountName
from nhi_components.core.model import Spec, wrong
from nhi_components.core.text import shown
from nhi_components.core.variants import one_of

MOST_MEMBERS: Final = 20
"""Of our own; one allow policy holds at most 1,500 principals (IAM documentation, 'Quotas and limits')."""

LONGEST_SUBJECT: Final = 127
"""Bytes of `google.subject` (REST, `workloadIdentityPools.providers`: attributeMapping)."""

TOKEN_SECONDS: Final = 3_600
"""How long an access token lives (IAM documentation, 'Create short-lived credentials for a service account')."""

ATTACHES: Final = "roles/iam.serviceAccountUser"
MAKES_TOKENS: Final = "roles/iam.serviceAccountTokenCreator"
FEDERATES: Final = "roles/iam.workloadIdentityUser"

ACCOUNT_EMAIL: Final = re.compile(
    r"[a-z](?:[a-z0-9-]{4,28}[a-z0-9])@(?P<project>[a-z][a-z0-9-]{4,28}[a-z0-9](?:\.[a-z0-9.-]+)?)"
    r"\.iam\.gserviceaccount\.com"
)
"""A service account of somebody's own; default accounts, which whole projects run as, have other domains."""

_ADDRESS: Final = re.compile(r"(?:user|group):[^\s@*]+@[^\s@*]+\.[^\s@*]+")
_FEDERATED: Final = re.compile(
    r"principal://iam\.googleapis\.com/projects/\d+/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}"
    r"/subject/[^*\x00-\x1f]+"
)
_FIX: Final = (
    "name one service account, `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`, or one federated subject"
)


def member_problems(path: str, member: str) -> list[Problem]:
    """Judge a principal that may become an account: one that is named, never everybody of something."""
    kind, _, name = member.partition(":")
    if kind == "serviceAccount" and ACCOUNT_EMAIL.fullmatch(name):
        return []
    if _ADDRESS.fullmatch(member) or _FEDERATED.fullmatch(member):
        return []
    expected = "one named principal, not everybody of a project, a pool, a domain or the world"
    return [Problem(path, shown(member), expected, _FIX)]


def _member(value: Any) -> Any:
    if isinstance(value, str):
        if problems := member_problems("", value):
            raise wrong(got=value, expected=problems[0].expected, fix=problems[0].fix)
        return value
    if value is None or isinstance(value, bool | int | float | bytes | list | tuple | dict):
        raise wrong(got=value, expected="a principal, or one that is known at deployment", fix=_FIX)
    return value


Member = Annotated[Any, AfterValidator(_member)]
"""A principal as allow policies name it; may be known at deployment only."""


def _some(members: tuple[Any, ...]) -> tuple[Any, ...]:
    if not members:
        raise wrong(got="nobody", expected="at least one principal", fix=_FIX)
    return members


def _apart(members: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(members) > MOST_MEMBERS:
        fix = "let one account stand for several, or split the identity"
        raise wrong(got=f"{len(members)} principals", expected=f"at most {MOST_MEMBERS}", fix=fix)
    known = [member for member in members if isinstance(member, str)]
    if len(members) - len(known) > 1:
        fix = "write the others out: the address of an account follows from its id and project"
        raise wrong(got="several that are known at deployment only", expected="at most one such principal", fix=fix)
    if twice := sorted({member for member in known if known.count(member) > 1}):
        raise wrong(got=", ".join(twice), expected="each principal once", fix="remove one")
    return members


Members = Annotated[tuple[Member, ...], AfterValidator(_apart)]
SomeMembers = Annotated[Members, AfterValidator(_some)]

Project = Annotated[str, StringConstraints(pattern=rf"^{PROJECT_ID}$")]
"""A project's id, never its number: names are built of it."""

ProjectNumber = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{5,18}$")]
_Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class AttachedTrust(Spec):
    """The account is attached to what it runs: a Cloud Run service, a function, a machine.

    Attributes:
        deployers: who may attach it, until its end; a pipeline's service account, for example. Whoever holds the right
            for the whole project may as well.
    """

    subject: ClassVar[str] = "trust"

    deployers: Members = ()


class GkeTrust(Spec):
    """Trust in one service account of Kubernetes, by workload identity federation for GKE.

    All clusters of a project share one pool: a service account of the same name in another cluster of that project,
    in a namespace of the same name, may become the account as well.

    Attributes:
        cluster_project: the project of the cluster; its pool is `PROJECT.svc.id.goog`.
        namespace: the service account's Kubernetes namespace.
        service_account: its name; may be known at deployment only, as `kubernetes.WorkloadIdentity.service_account`.
    """

    subject: ClassVar[str] = "trust"

    cluster_project: Project
    namespace: _Namespace
    service_account: LaterAccountName

    def member_of(self, account: str) -> str:
        """Give the service account as allow policies name it, once its name is known."""
        pool = f"{project_domain(self.cluster_project)}.svc.id.goog"
        return f"serviceAccount:{pool}[{self.namespace}/{account}]"


class ImpersonationTrust(Spec):
    """Trust in named principals, which make short-lived tokens of the account.

    Attributes:
        members: 1 to 20, such as `serviceAccount:build@shop.iam.gserviceaccount.com`.
    """

    subject: ClassVar[str] = "trust"

    members: SomeMembers


TRUSTS = AttachedTrust | GkeTrust | ImpersonationTrust


def _which(value: Any) -> str | None:
    return one_of(TRUSTS, value)


Trust = Annotated[
    Annotated[AttachedTrust, Tag("AttachedTrust")]
    | Annotated[GkeTrust, Tag("GkeTrust")]
    | Annotated[ImpersonationTrust, Tag("ImpersonationTrust")],
    Discriminator(
        _which,
        custom_error_type="nhi",
        custom_error_message="a trust",
        custom_error_context={
            "got": "something else",
            "expected": "a trust",
            "fix": "give AttachedTrust(…), GkeTrust(…) or ImpersonationTrust(…)",
        },
    ),
]
"""Who may become the account."""
