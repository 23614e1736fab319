"""IAM users: what a user is now, what hangs on it, admitting it, deleting it with everything that hangs on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from nhi_components.core.lease_id import IAM_PATH, suffix_of
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags, lease_of
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, absent_is_fine, code_of
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY
from nhi_components.lifecycle.adapters.aws.roles import document_of
from nhi_components.lifecycle.adapters.aws.user_attachments import Attached, UserAttachments
from nhi_components.lifecycle.adapters.ownership import is_suspended, refuse_foreign

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

DEACTIVATED = "nhi:deactivated"
"""The tag of a user in which a cut-off notes the keys that it made inactive, so that its undoing enables no other."""

USER = "user"
"""The attribute of what hangs on a user that names it."""


@dataclass(frozen=True, slots=True)
class User:
    """What a user is now, without what hangs on it.

    Attributes:
        name: its name, unique in the account whatever its path.
        unique_id: its UserId, which a user made anew under the same name never shares.
        tags: its tags.
    """

    name: str
    unique_id: str
    tags: Mapping[str, str]

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of(self.tags)

    @property
    def deactivated(self) -> tuple[str, ...]:
        """The keys that a cut-off made inactive."""
        return tuple(self.tags.get(DEACTIVATED, "").split())


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key of a user; never its value.

    Attributes:
        id: its AccessKeyId, which no other key ever has.
        active: whether it works.
        created_at: when it was made.
    """

    id: str
    active: bool
    created_at: datetime


class Users:
    """The users of one account."""

    def __init__(self, iam: IAMClient) -> None:
        self._iam = iam

    def find(self, name: str) -> User | None:
        """Read a user; None when there is none of that name."""
        try:
            user = self._iam.get_user(UserName=name)["User"]
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        return User(user["UserName"], user["UserId"], {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])})

    def keys(self, name: str) -> list[AccessKey]:
        """List a user's access keys; none when there is no such user."""
        try:
            pages = list(self._iam.get_paginator("list_access_keys").paginate(UserName=name))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return []
            raise
        listed: list[Any] = [key for page in pages for key in page["AccessKeyMetadata"]]
        return [AccessKey(key["AccessKeyId"], key["Status"] == "Active", key["CreateDate"]) for key in listed]

    def attached(self, name: str) -> Attached:
        """List what hangs on a user beside its access keys."""
        return UserAttachments(self._iam, name).list()

    def inline_document(self, name: str, policy: str) -> Mapping[str, Any] | None:
        """Read an inline policy; None when there is none of that name."""
        try:
            return document_of(self._iam.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"])
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise

    def names_with_suffix(self, lease_id: str) -> Iterator[str]:
        """List our folder's users whose names end with a lease's suffix."""
        ending = f"-{suffix_of(lease_id)}"
        for page in self._iam.get_paginator("list_users").paginate(PathPrefix=IAM_PATH):
            for user in page["Users"]:
                if user["UserName"].endswith(ending):
                    yield user["UserName"]

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take a user into the lease: mark it, undo an earlier cut-off, learn its unique id."""
        user = appeared(self.find, link)
        refuse_foreign(lease.lease, user.lease, user.unique_id, link)
        if user.lease is None:
            self.tag(user.name, lease.to_tags())
        self._restore(user, link)
        return user.unique_id

    def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Set tags of a user."""
        self._iam.tag_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])

    def set_active(self, name: str, key_id: str, *, active: bool) -> None:
        """Let an access key work, or not; one that is not there is fine."""
        with absent_is_fine():
            status: Any = "Active" if active else "Inactive"
            self._iam.update_access_key(UserName=name, AccessKeyId=key_id, Status=status)

    def delete(self, link: Link) -> None:
        """Delete a user with everything that hangs on it: its keys first, the deny of a cut-off last.

        A permissions boundary goes with the user, as with a role. A user with another unique id is left alone: then
        ours is gone already.
        """
        user = self.find(link.name)
        if user is None or user.unique_id != link.unique_id:
            return
        with absent_is_fine():
            for key in self.keys(user.name):
                self.delete_key(user.name, key.id)
            UserAttachments(self._iam, user.name).remove()
            self._iam.delete_user(UserName=user.name)

    def delete_key(self, name: str, key_id: str) -> None:
        """Delete an access key."""
        with absent_is_fine():
            self._iam.delete_access_key(UserName=name, AccessKeyId=key_id)

    def delete_inline(self, name: str, policy: str) -> None:
        """Delete an inline policy."""
        with absent_is_fine():
            self._iam.delete_user_policy(UserName=name, PolicyName=policy)

    def detach(self, name: str, arn: str) -> None:
        """Take a managed policy off a user."""
        with absent_is_fine():
            self._iam.detach_user_policy(UserName=name, PolicyArn=arn)

    def _restore(self, user: User, link: Link) -> None:
        """Undo an earlier cut-off: the keys last, so that a kill in between leaves them noted."""
        self.delete_inline(user.name, CUT_OFF_POLICY)
        if user.deactivated and not is_suspended(link):
            for key_id in user.deactivated:
                self.set_active(user.name, key_id, active=True)
            self._iam.untag_user(UserName=user.name, TagKeys=[DEACTIVATED])


def user_of(link: Link) -> str:
    """Name the user that something hangs on; by convention a bundle's inline policy bears its user's name."""
    return link.attributes.get(USER, link.name)


def sweep_of_user(users: Users, link: Link) -> None:
    """Delete a user, or one thing that hangs on one."""
    match link.kind:
        case LinkKind.IAM_USER:
            users.delete(link)
        case LinkKind.IAM_ACCESS_KEY:
            users.delete_key(user_of(link), link.name)
        case LinkKind.IAM_USER_POLICY:
            users.delete_inline(user_of(link), link.name)
        case _:
            users.detach(user_of(link), link.name)
