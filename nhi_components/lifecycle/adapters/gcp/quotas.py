"""Whether projects and accounts have room for what is about to be created.

Sources: IAM, 'Quotas and limits': 100 service accounts for each project, a quota, which can be raised; 300 custom roles
for each project, a limit, which can't, and which deleted roles count towards (REST `projects.roles.delete`). Service
Usage, REST `services.consumerQuotaMetrics`, for what a quota has been raised to. An account may have 10 keys, a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from nhi_components.core.adoption import ADOPTED
from nhi_components.core.errors import Problem
from nhi_components.core.links import Link, LinkKind, NotChecked
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts
from nhi_components.lifecycle.adapters.gcp.errors import Denied, Refused
from nhi_components.lifecycle.adapters.gcp.keys import MOST as MOST_KEYS
from nhi_components.lifecycle.adapters.gcp.keys import count_keys
from nhi_components.lifecycle.adapters.gcp.names import account_project, project_in
from nhi_components.lifecycle.adapters.gcp.roles import CustomRoles
from nhi_components.lifecycle.adapters.gcp.session import SERVICE_USAGE, GcpSession
from nhi_components.lifecycle.ports import Room

MOST_ACCOUNTS: Final = 100
MOST_CUSTOM_ROLES: Final = 300

_COUNT: Final = "Service Account Count"
"""How Service Usage shows the quota to people."""

_UNLIMITED: Final = -1
_LOOK: Final = "for a quota that was raised to be read, grant the connection's principal serviceusage.quotas.get there"
_ACCOUNT, _ROLE, _KEY = LinkKind.GCP_SERVICE_ACCOUNT, LinkKind.GCP_CUSTOM_ROLE, LinkKind.GCP_SERVICE_ACCOUNT_KEY
_COUNTED: Final[Mapping[LinkKind, Callable[[str], str]]] = {
    _ACCOUNT: account_project,
    _ROLE: project_in,
    # A source's link bears the name of its account, under which its keys are.
    _KEY: lambda name: name.partition("/")[0],
}
"""By kind, where its things are counted together."""

_MOST: Final[Mapping[LinkKind, int]] = {_ACCOUNT: MOST_ACCOUNTS, _ROLE: MOST_CUSTOM_ROLES, _KEY: MOST_KEYS}
_FIXES: Final[Mapping[LinkKind, str]] = {
    _ACCOUNT: f"remove some that nobody needs, or ask Google for a higher quota; {_LOOK}",
    _ROLE: "remove some that nobody needs; deleted ones count for 7 days, in which they could be brought back",
    _KEY: "delete those that nobody uses, with `gcloud iam service-accounts keys delete`",
}


class Quotas:
    """What there is room for; what was promised before in this process counts as taken."""

    def __init__(self, session: GcpSession) -> None:
        self._session = session
        self._lock = Lock()
        self._used: dict[tuple[LinkKind, str], int | NotChecked] = {}
        self._promised: dict[tuple[LinkKind, str], set[str]] = {}

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell which quotas the links would exceed, together with all that were asked about before."""
        wanted: dict[tuple[LinkKind, str], set[str]] = {}
        for link in links:
            place_of = _COUNTED.get(link.kind)
            # What is adopted is there already.
            if place_of and ADOPTED not in link.attributes:
                wanted.setdefault((link.kind, place_of(link.name)), set()).add(link.name)
        with self._lock:
            together = {place: names | self._promised.get(place, set()) for place, names in wanted.items()}
            rooms = [self._room(*place, len(names)) for place, names in together.items()]
            problems = tuple(problem for problem, _ in rooms if problem)
            if not problems:
                self._promised |= together
            return Room(problems, next((unknown for _, unknown in rooms if unknown), None))

    def _room(self, kind: LinkKind, place: str, wanted: int) -> tuple[Problem | None, NotChecked | None]:
        used = self._used.get((kind, place))
        if used is None:
            used = self._used[kind, place] = self._count(kind, place)
        if isinstance(used, NotChecked):
            return None, used
        most = _MOST[kind]
        if used + wanted <= most:
            return None, None
        if kind is _ACCOUNT:
            raised = self._raised(place)
            if raised is None and used > most:
                return None, NotChecked(f"{place} has {used:,} service accounts: its quota was raised; {_LOOK}")
            if raised is not None and (raised == _UNLIMITED or used + wanted <= raised):
                return None, None
            most = raised if raised is not None else most
        return self._exceeded(kind, place, f"{used:,} of {most:,}, and {wanted:,} to be made", most), None

    def _count(self, kind: LinkKind, place: str) -> int | NotChecked:
        try:
            match kind:
                case LinkKind.GCP_SERVICE_ACCOUNT:
                    return Accounts(self._session).count(place)
                case LinkKind.GCP_CUSTOM_ROLE:
                    return CustomRoles(self._session).count(place)
                case _:
                    return count_keys(self._session, place)
        except Denied as denied:
            return NotChecked(f"{place}: how many {kind}s there are can't be counted: {denied.problem.got}")

    def _raised(self, project: str) -> int | None:
        """Tell how many accounts a project's own quota allows; None when that can't be read."""
        path = f"/v1beta1/projects/{quote(project)}/services/iam.googleapis.com/consumerQuotaMetrics"
        try:
            metrics = list(self._session.pages(SERVICE_USAGE, path, "metrics", needs="serviceusage.quotas.get"))
        except (Denied, Refused):
            return None
        limits = [limit for metric in metrics if metric.get("displayName") == _COUNT for limit in _limits(metric)]
        return _UNLIMITED if _UNLIMITED in limits else min(limits, default=None)

    def _exceeded(self, kind: LinkKind, place: str, got: str, most: int) -> Problem:
        where = place if kind is _KEY else f"project {place}"
        return Problem(f"gcp.{self._session.name} {where}", f"{got} {kind}s", f"at most {most:,}", _FIXES[kind])


def _limits(metric: Mapping[str, Any]) -> Iterator[int]:
    for limit in metric.get("consumerQuotaLimits", []):
        for bucket in limit.get("quotaBuckets", []):
            if "effectiveLimit" in bucket and not bucket.get("dimensions"):
                yield int(bucket["effectiveLimit"])
