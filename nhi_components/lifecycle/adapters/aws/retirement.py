"""Decommissioning roles and users of one AWS account that nobody made with this library.

A disable attaches the policy that denies everything, the one of a cut-off, which holds for sessions and passwords too
(IAM user guide, 'Policy evaluation logic': an explicit deny in any policy overrides every allow), and makes the active
keys of a user inactive. A password is not deleted, as nobody could give it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from botocore.exceptions import ClientError

from nhi_components.core.connection import AwsConnection
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.aws.errors import code_of, translated
from nhi_components.lifecycle.adapters.aws.instance_profiles import InstanceProfiles
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY, deny_everything, marked_at
from nhi_components.lifecycle.adapters.aws.roles import Role, Roles
from nhi_components.lifecycle.adapters.aws.running_as import running_as
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.aws.users import User, Users
from nhi_components.lifecycle.adapters.case_marks import CASE, mark_value, read_mark
from nhi_components.lifecycle.adapters.retiring import elsewhere, not_there, unknown_kind
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Standing, Target, Undo

_ROLE, _USER = "iam-role", "iam-user"
_KEYS: Final = "activeKeys"
_SERVICE_LINKED: Final = "/aws-service-role/"
_RESERVED: Final = "/aws-reserved/"
_TOO_MANY: Final = "LimitExceeded"
"""An identity takes 50 tags (IAM user guide, 'IAM and AWS STS quotas')."""


class Retirement:
    """The roles and users of one account, through one connection.

    Args:
        connection: its name.
        settings: how it is reached.
        clock: tells the time that a deny bears.
    """

    system = System.AWS

    def __init__(self, connection: str, settings: AwsConnection, clock: Callable[[], datetime] = system_clock) -> None:
        self.connection = connection
        self._regions = settings.regions
        self._session = AwsSession(connection, settings)
        self._clock = clock

    def place(self) -> str:
        """Tell the account id."""
        return self._session.identity.account

    def look(self, target: Target) -> Standing:
        """Tell how a role or user stands; what runs as it is read once for each retirement."""
        with translated(self.connection):
            found = self._find(target)
            if found is None:
                return Standing(Presence.GONE, guarded=self._guarded(target))
            if found.unique_id != target.unique_id:
                return Standing(Presence.OTHER, guarded=self._guarded(target))
            case, stage = read_mark(found.tags.get(CASE, ""))
            return Standing(
                presence=Presence.DISABLED if self._is_disabled(target) else Presence.ALIVE,
                case=case,
                stage=stage,
                guarded=self._guarded(target),
                dependents=self._dependents(target),
                used_at=self._used_at(target),
            )

    def undo_of(self, target: Target) -> Undo:
        """Tell which keys are active."""
        with translated(self.connection):
            self._require(target)
            if self._denial(target) is None and self._inline(target) is not None:
                raise CannotDisable(
                    f"{target.key}: has a policy {CUT_OFF_POLICY} that is not as we write it; rename or remove it"
                )
            return {_KEYS: self._active_keys(target), "wasDenied": self._denial(target) is not None}

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Tag with case and stage, or take the tag off; False when it has as many tags as it may."""
        with translated(self.connection):
            self._require(target)
            try:
                self._tag(target, case, stage)
            except ClientError as error:
                if code_of(error) != _TOO_MANY:
                    raise
                return False
            return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Deny everything first, which holds for sessions as well, then make the active keys inactive."""
        with translated(self.connection):
            self._require(target)
            if self._denial(target) is None:
                self._deny(target)
            for key in self._active_keys(target):
                self._users.set_active(target.name, key, active=False)

    def restore(self, target: Target, undo: Undo) -> None:
        """Let the keys work that worked, then take the deny off; what was denied before stays denied."""
        with translated(self.connection):
            self._require(target)
            there = {key.id for key in self._users.keys(target.name)} if target.kind == _USER else set()
            for key in undo.get(_KEYS, ()):
                if key in there:
                    self._users.set_active(target.name, key, active=True)
            if not undo.get("wasDenied") and self._denial(target) is not None:
                self._holder(target).delete_inline(target.name, CUT_OFF_POLICY)

    def delete(self, target: Target) -> Sequence[Removed]:
        """Remove a role or user with all that hangs on it; the deny goes last.

        An instance profile of the role's own name, as the console makes it with the role, goes too; another one is
        somebody else's, and only loses the role.
        """
        with translated(self.connection):
            if not self._is_there(target):
                return ()
            removed = [*self._hanging(target), Removed(target.kind, target.name)]
            link = Link(
                System.AWS,
                LinkKind.IAM_USER if target.kind == _USER else LinkKind.IAM_ROLE,
                target.name,
                self.connection,
                target.unique_id,
            )
            if target.kind == _ROLE and self._delete_profile(target.name):
                removed.insert(0, Removed("iam-instance-profile", target.name))
            self._holder(target).delete(link)
            return removed

    @cached_property
    def _roles(self) -> Roles:
        return Roles(self._session.iam)

    @cached_property
    def _users(self) -> Users:
        return Users(self._session.iam)

    @cached_property
    def _callers(self) -> tuple[str, ...]:
        return self._session.callers

    @cached_property
    def _running(self) -> dict[str, list[str]]:
        return running_as(self._session, self._regions)

    def _holder(self, target: Target) -> Roles | Users:
        return self._users if target.kind == _USER else self._roles

    def _find(self, target: Target) -> Role | User | None:
        if target.kind not in (_ROLE, _USER):
            raise unknown_kind(self.connection, target, (_ROLE, _USER))
        # In another account it would only seem to be gone.
        if target.place != self.place():
            raise elsewhere(self.connection, target, self.place())
        return self._holder(target).find(target.name)

    def _is_there(self, target: Target) -> bool:
        found = self._find(target)
        return found is not None and found.unique_id == target.unique_id

    def _require(self, target: Target) -> None:
        if not self._is_there(target):
            raise not_there(self.connection, target)

    def _inline(self, target: Target) -> Any:
        return self._holder(target).inline_document(target.name, CUT_OFF_POLICY)

    def _denial(self, target: Target) -> datetime | None:
        return marked_at(self._inline(target), deny_everything)

    def _active_keys(self, target: Target) -> list[str]:
        return [key.id for key in self._users.keys(target.name) if key.active] if target.kind == _USER else []

    def _is_disabled(self, target: Target) -> bool:
        """Tell whether the deny stands and no key was made active again."""
        return self._denial(target) is not None and not self._active_keys(target)

    def _deny(self, target: Target) -> None:
        document = deny_everything(self._clock())
        iam = self._session.iam
        if target.kind == _USER:
            iam.put_user_policy(UserName=target.name, PolicyName=CUT_OFF_POLICY, PolicyDocument=document)
        else:
            iam.put_role_policy(RoleName=target.name, PolicyName=CUT_OFF_POLICY, PolicyDocument=document)

    def _tag(self, target: Target, case: str, stage: str) -> None:
        tags: Any = [{"Key": CASE, "Value": mark_value(case, stage)}]
        iam, user = self._session.iam, target.kind == _USER
        if case and user:
            iam.tag_user(UserName=target.name, Tags=tags)
        elif case:
            iam.tag_role(RoleName=target.name, Tags=tags)
        elif user:
            iam.untag_user(UserName=target.name, TagKeys=[CASE])
        else:
            iam.untag_role(RoleName=target.name, TagKeys=[CASE])

    def _guarded(self, target: Target) -> str:
        if target.key.endswith(":root"):
            return "it is the root of the account"
        path = target.key.rpartition(":")[2]
        if _SERVICE_LINKED in path:
            return "it is linked to a service of AWS"
        if _RESERVED in path:
            return "AWS itself has made it"
        if any(_is_of(caller, target) for caller in self._callers):
            return "it is the connection's own"
        return ""

    def _dependents(self, target: Target) -> tuple[str, ...]:
        if target.kind != _ROLE:
            return ()
        profiles = self._roles.attached(target.name).profiles
        running = [*self._running.get(target.key, ()), *(r for p in profiles for r in self._running.get(p, ()))]
        return (*(f"instance-profile {profile}" for profile in profiles), *running)

    def _used_at(self, target: Target) -> datetime | None:
        iam = self._session.iam
        uses: list[datetime | None] = []
        if target.kind == _ROLE:
            uses.append(iam.get_role(RoleName=target.name)["Role"].get("RoleLastUsed", {}).get("LastUsedDate"))
        else:
            uses.append(iam.get_user(UserName=target.name)["User"].get("PasswordLastUsed"))
            for key in self._users.keys(target.name):
                used = iam.get_access_key_last_used(AccessKeyId=key.id)["AccessKeyLastUsed"]
                uses.append(used.get("LastUsedDate"))
        return max((use.astimezone(UTC) for use in uses if use is not None), default=None)

    def _hanging(self, target: Target) -> list[Removed]:
        if target.kind == _ROLE:
            of_role = self._roles.attached(target.name)
            named = [
                ("iam-policy-attachment", of_role.managed),
                ("iam-role-policy", of_role.inline),
                ("iam-instance-profile-membership", of_role.profiles),
            ]
        else:
            of_user = self._users.attached(target.name)
            named = [
                ("iam-access-key", tuple(key.id for key in self._users.keys(target.name))),
                ("iam-password", (target.name,) if of_user.password else ()),
                ("iam-mfa-device", of_user.devices),
                ("iam-ssh-key", of_user.ssh_keys),
                ("iam-signing-certificate", of_user.certificates),
                ("iam-service-credential", of_user.service_credentials),
                ("iam-group-membership", of_user.groups),
                ("iam-policy-attachment", of_user.managed),
                ("iam-user-policy", of_user.inline),
            ]
        return [Removed(kind, name) for kind, names in named for name in names if name != CUT_OFF_POLICY]

    def _delete_profile(self, name: str) -> bool:
        profiles = InstanceProfiles(self._session.iam)
        profile = profiles.find(name)
        if profile is None or profile.roles != (name,):
            return False
        kind = LinkKind.IAM_INSTANCE_PROFILE
        profiles.delete(Link(System.AWS, kind, name, self.connection, profile.unique_id))
        return True


def _is_of(caller: str, target: Target) -> bool:
    """Tell whether a caller's ARN is of a user, or of a session of a role; names are unique in an account."""
    resource = caller.rpartition(":")[2].split("/")
    if target.kind == _USER:
        return resource[0] == "user" and resource[-1] == target.name
    return resource[0] == "assumed-role" and resource[1:2] == [target.name]
