"""Cutting a user off: everything is denied to it, and its access keys are made inactive.

The deny comes first: it holds for the keys and for every session that was opened with them (STS API, GetSessionToken
and GetFederationToken: what such a session may do is bounded by its user's policies). No canary is opened: it would be
one more access key, and the user may have two only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY, deny_everything, marked_at
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.aws.user_survey import extras_of
from nhi_components.lifecycle.adapters.aws.users import DEACTIVATED, USER, User, Users
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.ports import CutOff

WITHOUT_CANARY = "no canary is opened for a user: its own access key is tried when its credential is withdrawn"


class UserCutOff:
    """Cuts one user off."""

    def __init__(self, session: AwsSession, user: User, link: Link, now: datetime) -> None:
        self._users = Users(session.iam)
        self._iam = session.iam
        self._connection = session.name
        self._user = user
        self._link = link
        self._elapsed = Elapsed(now)

    def run(self, links: Sequence[Link]) -> CutOff:
        """Cut the user off; what an earlier run has done already keeps its time.

        Args:
            links: what the lease knows of; whatever other policy hangs on the user is an extra.
        """
        extras = extras_of(self._link, self._users.attached(self._user.name), links)
        denied_at = self._denied_at()
        deactivated = self.deactivate_keys(noted=True)
        disabled_at = self._elapsed.now() if deactivated else denied_at
        return CutOff(self._link, disabled_at, denied_at, extras, None, WITHOUT_CANARY)

    def deactivate_keys(self, *, noted: bool) -> list[Link]:
        """Make every active key inactive, and tell which.

        Args:
            noted: whether `admit` shall let them work again.
        """
        name = self._user.name
        active = [key.id for key in self._users.keys(name) if key.active]
        if noted and (unnoted := [key for key in active if key not in self._user.deactivated]):
            self._users.tag(name, {DEACTIVATED: " ".join([*self._user.deactivated, *unnoted])})
        for key_id in active:
            self._users.set_active(name, key_id, active=False)
        where = {USER: name}
        return [Link(System.AWS, LinkKind.IAM_ACCESS_KEY, key, self._connection, key, where) for key in active]

    def _denied_at(self) -> datetime:
        """Tell since when everything is denied to the user, denying it now if need be."""
        name = self._user.name
        earlier = marked_at(self._users.inline_document(name, CUT_OFF_POLICY), deny_everything)
        if earlier is not None:
            return earlier
        document = deny_everything(self._elapsed.now())
        self._iam.put_user_policy(UserName=name, PolicyName=CUT_OFF_POLICY, PolicyDocument=document)
        return self._elapsed.now()
