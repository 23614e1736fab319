"""Access keys of an IAM user, as a source of credentials.

Whether a key works is asked with STS GetCallerIdentity: it needs no permission, and a Deny does not stop it (STS API,
GetCallerIdentity), so that it tells of the key alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from botocore.exceptions import ClientError
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.credential.sources import AwsAccessKeySource
from nhi_components.core.errors import NhiError, Problem
from nhi_components.core.links import NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.adapters.aws.errors import (
    ABSENT,
    ACTION_DENIED,
    CREDENTIALS_REFUSED,
    absent_is_fine,
    code_of,
    translated,
)
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.aws.users import User, Users
from nhi_components.lifecycle.credentials.ports import Key, LimitReached, Material

ACCESS_KEY_ID = "access_key_id"
SECRET_ACCESS_KEY = "secret_access_key"  # noqa: S105 - a field's name

MOST_KEYS = 2
"""IAM user guide, 'IAM and AWS STS quotas': two access keys a user, also disabled ones; it can't be raised."""

_KEY_REFUSED = (CREDENTIALS_REFUSED | ACTION_DENIED) - {
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
}
"""What a key is refused with; the three left out are about the request, not the key."""


class AccessKeys:
    """The access keys of one IAM user, as `Source`."""

    most = MOST_KEYS
    can_disable = True

    def __init__(self, session: AwsSession, spec: AwsAccessKeySource) -> None:
        self._session = session
        self._spec = spec

    @property
    def spec(self) -> AwsAccessKeySource:
        """What it was opened by; resolved."""
        return self._spec

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List the user's keys, oldest first; see the port."""
        with translated(self._session.name):
            return self._listed() if self._user(lease) else []

    def create(self, lease: LeaseTags) -> Material:
        """Make a key; it has no end of its own, the user's policy has. See the port."""
        with translated(self._session.name):
            if self._user(lease) is None:
                raise NhiError(str(self._problem("no such IAM user", "the identity's own", "make the user first")))
            if len(self._listed()) >= self.most:
                raise self._limit_reached()
            try:
                made = self._session.iam.create_access_key(UserName=self._name)["AccessKey"]
            except ClientError as error:
                if code_of(error) == "LimitExceeded":
                    raise self._limit_reached() from None
                raise
        fields = {ACCESS_KEY_ID: made["AccessKeyId"], SECRET_ACCESS_KEY: made["SecretAccessKey"]}
        return Material(made["AccessKeyId"], fields)

    def disable(self, key_id: str) -> None:
        """Make a key inactive; see the port."""
        with translated(self._session.name), absent_is_fine():
            self._session.iam.update_access_key(UserName=self._name, AccessKeyId=key_id, Status="Inactive")

    def enable(self, key_id: str) -> None:
        """Make a key active again; see the port."""
        with translated(self._session.name):
            self._session.iam.update_access_key(UserName=self._name, AccessKeyId=key_id, Status="Active")

    def delete(self, key_id: str) -> None:
        """Delete a key, and wait until it is no longer listed; see the port."""
        with translated(self._session.name):
            with absent_is_fine():
                self._session.iam.delete_access_key(UserName=self._name, AccessKeyId=key_id)
            if not _comes_true(lambda: key_id not in {key.id for key in self._listed()}):
                got, fix = f"{key_id} is still listed", "run the same command again: IAM is eventually consistent"
                raise NhiError(str(self._problem(got, "that it is gone once it is deleted", fix)))

    def works(self, material: Material) -> bool:
        """Ask STS once whose the key is; see the port."""
        key, secret = (material.fields.get(name, "") for name in (ACCESS_KEY_ID, SECRET_ACCESS_KEY))
        if not key or not secret:
            return False
        with translated(self._session.name):
            try:
                self._session.use(key, secret)
            except ClientError as error:
                if code_of(error) in _KEY_REFUSED:
                    return False
                raise
        return True

    def last_used(self, key_id: str) -> datetime | NotChecked | None:
        """Tell what IAM notes of a key's use; see the port."""
        with translated(self._session.name):
            try:
                told: Any = self._session.iam.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return NotChecked(f"IAM has no key {key_id} any more")
                if code_of(error) not in ACTION_DENIED:
                    raise
                return NotChecked("the connection may not call iam:GetAccessKeyLastUsed; allow it to its principal")
        used: datetime | None = told.get("LastUsedDate")
        return used

    @property
    def _name(self) -> str:
        return self._spec.user or ""

    def _listed(self) -> list[Key]:
        keys = Users(self._session.iam).keys(self._name)
        return sorted((Key(key.id, key.active, key.created_at) for key in keys), key=attrgetter("created_at"))

    def _user(self, lease: LeaseTags) -> User | None:
        """Read the user; None when there is none.

        Raises:
            NhiError: it is somebody else's.
        """
        user = Users(self._session.iam).find(self._name)
        if user is not None and user.lease != lease.lease:
            got = f"a user that bears {user.lease or 'no lease'}"
            fix = "give the identity another name, or run `pulumi refresh`, so that the engine makes its own anew"
            raise NhiError(str(self._problem(got, f"one that bears {lease.lease}", fix)))
        return user

    def _limit_reached(self) -> LimitReached:
        got, expected = f"{self.most} access keys, disabled ones included", f"fewer than {self.most}"
        return LimitReached(str(self._problem(got, expected, "delete a key that nobody uses any more")))

    def _problem(self, got: str, expected: str, fix: str) -> Problem:
        return Problem(f"aws.{self._session.name} IAM user {self._name}", got, expected, fix)


def _comes_true(question: Callable[[], bool]) -> bool:
    waiting = Retrying(
        retry=retry_if_result(lambda answer: not answer),
        stop=stop_after_delay(APPEARANCE_SECONDS[System.AWS]),
        wait=wait_exponential(multiplier=0.2, max=2),
    )
    try:
        return waiting(question)
    except RetryError:
        return False
