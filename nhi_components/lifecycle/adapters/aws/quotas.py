"""Whether an AWS account has room for what is about to be created.

Sources: IAM API, GetAccountSummary, for what an account has and may have; IAM user guide, 'IAM and AWS STS quotas'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Final

from botocore.exceptions import ClientError

from nhi_components.core.adoption import ADOPTED
from nhi_components.core.errors import Problem
from nhi_components.core.links import Link, LinkKind, NotChecked
from nhi_components.lifecycle.adapters.aws.errors import ACTION_DENIED, code_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.ports import Room

_COUNTED: Final = {
    LinkKind.IAM_ROLE: ("Roles", "RolesQuota"),
    LinkKind.IAM_USER: ("Users", "UsersQuota"),
    LinkKind.IAM_INSTANCE_PROFILE: ("InstanceProfiles", "InstanceProfilesQuota"),
}


class Quotas:
    """What one account has room for; what was promised before in this process counts as taken."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._lock = Lock()
        self._summary: Mapping[str, int] | NotChecked | None = None
        self._promised: set[tuple[LinkKind, str]] = set()

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell which quotas the links would exceed, together with all that were asked about before."""
        # What is adopted is counted already.
        wanted = [link for link in links if link.kind in _COUNTED and ADOPTED not in link.attributes]
        if not wanted:
            return Room()
        with self._lock:
            if self._summary is None:
                self._summary = self._read()
            if isinstance(self._summary, NotChecked):
                return Room(not_checked=self._summary)
            problems = list(self._exceeded(self._summary, wanted))
            if not problems:
                self._promised |= {(link.kind, link.name) for link in wanted}
            return Room(tuple(problems))

    def _read(self) -> Mapping[str, int] | NotChecked:
        try:
            return {str(key): value for key, value in self._session.iam.get_account_summary()["SummaryMap"].items()}
        except ClientError as error:
            if code_of(error) not in ACTION_DENIED:
                raise
            return NotChecked("the connection may not call iam:GetAccountSummary, which tells the account's quotas")

    def _exceeded(self, summary: Mapping[str, int], wanted: Sequence[Link]) -> Iterator[Problem]:
        together = Counter(kind for kind, _ in self._promised | {(link.kind, link.name) for link in wanted})
        for kind in dict.fromkeys(link.kind for link in wanted):
            used, quota = (summary.get(name) for name in _COUNTED[kind])
            if used is not None and quota is not None and used + together[kind] > quota:
                yield Problem(
                    f"aws.{self._session.name} account {self._session.identity.account}",
                    f"{used:,} of {quota:,} {_COUNTED[kind][0]}, and {together[kind]:,} to be made",
                    f"at most {quota:,} {kind}s",
                    "remove some that nobody needs, or ask AWS for a higher quota",
                )
