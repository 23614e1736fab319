"""Cutting a role off: nobody can assume it any more, and sessions opened before are refused everything.

A canary session is opened beforehand. Whatever goes wrong with the canary, the cut-off goes on.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import RetryError, Retrying, retry_if_exception, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.links import Fact, Link, LinkKind, StillWorked
from nhi_components.lifecycle.adapters.aws.errors import ACTION_DENIED, code_of
from nhi_components.lifecycle.adapters.aws.marks import (
    CANARY_POLICY,
    CUT_OFF_POLICY,
    allow_canary,
    denies_everything,
    deny_everything,
    marked_at,
    trust_canary,
    trust_nobody,
)
from nhi_components.lifecycle.adapters.aws.role_session import SESSION_SECONDS, RoleSession
from nhi_components.lifecycle.adapters.aws.roles import Role, Roles, extras_of, role_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.ports import Canary, CutOff

PROPAGATION_SECONDS = 8
"""How long a change of IAM may take to be seen: AWS documents no figure, others measured 3-4 s (residue.py)."""

CANARY_SESSION_NAME = "nhi-canary"


class RoleCutOff:
    """Cuts one role off."""

    def __init__(self, session: AwsSession, role: Role, link: Link, now: datetime) -> None:
        self._session = session
        self._roles = Roles(session.iam)
        self._role = role
        self._link = link
        self._elapsed = Elapsed(now)
        self._disabled_at = marked_at(role.trust, trust_nobody)
        self._trusts_nobody = self._disabled_at is not None
        self._without_canary = ""

    def run(self, links: Sequence[Link]) -> CutOff:
        """Cut the role off; what an earlier run has done already keeps its time.

        Args:
            links: what the lease knows of; whatever else hangs on the role is an extra.
        """
        extras = extras_of(self._link, self._roles.attached(self._role.name), links)
        refused_at: Fact = marked_at(self._roles.inline_document(self._role.name, CUT_OFF_POLICY), deny_everything)
        canary = None
        if isinstance(refused_at, datetime):
            self._without_canary = f"an earlier run cut the role off at {refused_at.isoformat()}, no session opens now"
        else:
            canary = None if self._is_suspended(links) else self._open_canary()
            self._put_policy(CUT_OFF_POLICY, deny_everything(self._elapsed.now()))
            refused_at = self._refused_at(canary.credential) if canary else self._elapsed.now()
        self._roles.delete_inline(self._role.name, CANARY_POLICY)
        if not self._trusts_nobody:
            self._put_trust(trust_nobody(self._disabled_at or self._elapsed.now()))
        return CutOff(self._link, self._disabled_at, refused_at, extras, canary, self._without_canary)

    def _is_suspended(self, links: Sequence[Link]) -> bool:
        """Tell whether the program denies everything to the role already: no session of it could prove anything."""
        own = [
            link.name for link in links if link.kind is LinkKind.IAM_ROLE_POLICY and role_of(link) == self._role.name
        ]
        if any(denies_everything(self._roles.inline_document(self._role.name, name)) for name in own):
            self._without_canary = "suspended: everything was denied to the role before, so no session could be tried"
            return True
        return False

    def _open_canary(self) -> Canary | None:
        """Open a session that is seen to work; None, and why, when that can't be done."""
        external_id = secrets.token_urlsafe(24)
        try:
            self._put_trust(trust_canary(self._session.identity.arn, external_id, self._elapsed.now()))
            self._put_policy(CANARY_POLICY, allow_canary(self._role.arn, self._elapsed.now()))
            session = _retrying(_is_denied)(self._assume, external_id)
            if _becomes(session.works, True):
                return Canary(self._link, self._elapsed.now(), session)
            self._without_canary = (
                "a session was opened, but another policy or a boundary denies it to read its own role"
            )
        except ClientError as error:
            self._without_canary = f"no session could be opened: {code_of(error)} from {error.operation_name}"
        except BotoCoreError as error:
            self._without_canary = f"no session could be opened: {type(error).__name__}"
        return None

    def _assume(self, external_id: str) -> RoleSession:
        answer = self._session.sts.assume_role(
            RoleArn=self._role.arn,
            RoleSessionName=CANARY_SESSION_NAME,
            ExternalId=external_id,
            DurationSeconds=SESSION_SECONDS,
        )["Credentials"]
        client = self._session.iam_with(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
        return RoleSession(self._role.name, answer["Expiration"], client)

    def _refused_at(self, session: RoleSession) -> Fact:
        """Watch the canary until it is refused, as then every other session is."""
        if _becomes(session.works, False):
            return self._elapsed.now()
        return StillWorked(f"the canary still worked {PROPAGATION_SECONDS} s after everything was denied to the role")

    def _put_trust(self, document: str) -> None:
        self._session.iam.update_assume_role_policy(RoleName=self._role.name, PolicyDocument=document)
        self._disabled_at = self._disabled_at or self._elapsed.now()
        self._trusts_nobody = False

    def _put_policy(self, name: str, document: str) -> None:
        self._session.iam.put_role_policy(RoleName=self._role.name, PolicyName=name, PolicyDocument=document)


def _is_denied(error: BaseException) -> bool:
    return isinstance(error, ClientError) and code_of(error) in ACTION_DENIED


def _retrying(condition: Callable[[BaseException], bool]) -> Retrying:
    return Retrying(
        retry=retry_if_exception(condition),
        stop=stop_after_delay(PROPAGATION_SECONDS),
        wait=wait_exponential(multiplier=0.2, max=2),
        reraise=True,
    )


def _becomes(question: Callable[[], bool], wanted: bool) -> bool:
    """Ask until the answer is the wanted one, for as long as IAM may take."""
    waiting = Retrying(
        retry=retry_if_result(lambda answer: answer is not wanted),
        stop=stop_after_delay(PROPAGATION_SECONDS),
        wait=wait_exponential(multiplier=0.2, max=2),
    )
    try:
        return waiting(question) is wanted
    except RetryError:
        return False
