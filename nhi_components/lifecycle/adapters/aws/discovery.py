"""Reading the non-human identities of one AWS account: roles and users, their keys, grants, trusts and dependents.

Sources: IAM API, GetAccountAuthorizationDetails (all principals with their documents, up to 1,000 a page), RoleLastUsed
(a trailing period of 400 days), GetAccessKeyLastUsed; IAM user guide, 'Refine permissions using last accessed
information', for how late uses are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from nhi_components.core.connection import AwsConnection
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundIdentity,
    Guard,
    Record,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.aws.discovery_policy import DETAILS, FUNCTIONS, INSTANCES, KEYS, REGIONS
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, ACTION_DENIED, BUSY, code_of, translated
from nhi_components.lifecycle.adapters.aws.found_documents import grants_in, steps_in
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen, Page, Section

WATCHED: Final = timedelta(days=400)
"""For how long IAM remembers uses."""
TOLD_LATE: Final = timedelta(hours=4)
"""How late IAM tells of a use."""
_AT_ONCE: Final = 1000
_SERVICE_LINKED: Final = "/aws-service-role/"

Read = Callable[[str | None], Page]


class Discovery:
    """One account through one connection.

    Args:
        connection: its name.
        settings: how it is reached.
        clock: tells the time.
    """

    system = System.AWS

    def __init__(self, connection: str, settings: AwsConnection, clock: Callable[[], datetime]) -> None:
        self._regions = settings.regions
        self.connection = connection
        self._session = AwsSession(connection, settings)
        self._clock = clock

    def place(self) -> str:
        """Tell the account id.

        Raises:
            SystemUnreachable: it can't be reached.
        """
        return self._session.identity.account

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads."""
        everywhere = ("iam/roles", "iam/users", "iam/groups", "iam/policies", "iam/access-keys")
        return (*everywhere, *(_in_regions(self._regions) if self._regions else ("ec2/regions",)))

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        match name.split("/"):
            case ["iam", "roles"]:
                return self._of_details(name, "roles", "Role", "RoleDetailList", self._role)
            case ["iam", "users"]:
                return self._of_details(name, "users", "User", "UserDetailList", self._user)
            case ["iam", "groups"]:
                return self._of_details(name, "grants of groups", "Group", "GroupDetailList", self._group)
            case ["iam", "policies"]:
                read = self._details(("LocalManagedPolicy", "AWSManagedPolicy"), "Policies", self._policy)
                return Section(name, "grants of managed policies", DETAILS, read)
            case ["iam", "access-keys"]:
                return Section(name, "keys and passwords of users", KEYS, self._asking(self._keys))
            case ["ec2", "regions"]:
                return Section(name, "which regions are in use", REGIONS, self._asking(self._enabled))
            case ["lambda", region]:
                read = self._asking(lambda cursor: self._functions(region, cursor))
                return Section(name, f"functions in {region}", FUNCTIONS, read)
            case ["ec2", "instances", region]:
                read = self._asking(lambda cursor: self._instances(region, cursor))
                return Section(name, f"instances in {region}", INSTANCES, read)
            case _:
                raise ValueError(name)

    def _asking(self, read: Read) -> Read:
        """Turn what AWS refuses into what a scan understands."""

        def asked(cursor: str | None) -> Page:
            with translated(self.connection):
                try:
                    return read(cursor)
                except ClientError as error:
                    code = code_of(error)
                    if code in ACTION_DENIED:
                        raise NotSeen(f"aws.{self.connection}: {error.operation_name} is denied") from None
                    if code in BUSY:
                        raise Busy(f"aws.{self.connection}: {error.operation_name} is throttled") from None
                    if code in ("InvalidInput", "ValidationError") and cursor is not None:
                        raise CursorLapsed(
                            f"aws.{self.connection}: {error.operation_name}: a marker has lapsed"
                        ) from None
                    raise

        return asked

    def _of_details(
        self, name: str, what: str, kind: str, listed: str, records: Callable[[Any], Iterator[Record]]
    ) -> Section:
        return Section(name, what, DETAILS, self._details((kind,), listed, records))

    def _details(self, kinds: Sequence[str], listed: str, records: Callable[[Any], Iterator[Record]]) -> Read:
        def read(cursor: str | None) -> Page:
            marker = {"Marker": cursor} if cursor else {}
            answer: Mapping[str, Any] = self._session.iam.get_account_authorization_details(
                Filter=list(kinds),  # type: ignore[arg-type] # texts of our own
                MaxItems=_AT_ONCE,
                **marker,
            )
            found = [record for each in answer[listed] for record in records(each)]
            return Page(found, answer.get("Marker") if answer.get("IsTruncated") else None)

        return self._asking(read)

    def _role(self, role: Mapping[str, Any]) -> Iterator[Record]:
        key, used = role["Arn"], role.get("RoleLastUsed") or {}
        guard = Guard.SERVICE_LINKED if role["Path"].startswith(_SERVICE_LINKED) else None
        yield self._identity(
            role, "iam-role", role["RoleName"], role["RoleId"], self._use(used.get("LastUsedDate")), guard
        )
        yield from steps_in(key, role["AssumeRolePolicyDocument"])
        yield from self._holdings(key, role, role.get("RolePolicyList", ()))
        for profile in role.get("InstanceProfileList", ()):
            yield FoundDependent(key, "instance-profile", profile["Arn"])

    def _user(self, user: Mapping[str, Any]) -> Iterator[Record]:
        yield self._identity(user, "iam-user", user["UserName"], user["UserId"], Use(), None)
        yield from self._holdings(user["Arn"], user, user.get("UserPolicyList", ()))
        for group in user.get("GroupList", ()):
            yield FoundCarrier(user["Arn"], f"{user['Arn'].partition(':user/')[0]}:group/{group}", "group")

    def _group(self, group: Mapping[str, Any]) -> Iterator[Record]:
        # Members know a group by its name, which is unique in an account whatever the path.
        holder = f"{group['Arn'].partition(':group/')[0]}:group/{group['GroupName']}"
        yield from self._holdings(holder, group, group.get("GroupPolicyList", ()))

    def _policy(self, policy: Mapping[str, Any]) -> Iterator[Record]:
        in_use = policy.get("AttachmentCount", 1) or policy.get("PermissionsBoundaryUsageCount", 0)
        for version in policy.get("PolicyVersionList", ()) if in_use else ():
            if version["IsDefaultVersion"]:
                yield from grants_in(policy["Arn"], policy["PolicyName"], version["Document"])

    def _identity(
        self, found: Mapping[str, Any], kind: str, name: str, unique_id: str, use: Use, guard: Guard | None
    ) -> FoundIdentity:
        caller = self._session.identity.arn
        if _is_caller(caller, kind, name):
            guard = Guard.CALLER
        return FoundIdentity(
            key=found["Arn"],
            system=System.AWS,
            place=self._session.identity.account,
            kind=kind,
            name=name,
            unique_id=unique_id,
            created_at=found["CreateDate"],
            use=use,
            marks={tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
            guard=guard,
        )

    def _holdings(self, holder: str, found: Mapping[str, Any], inline: Sequence[Mapping[str, Any]]) -> Iterator[Record]:
        for policy in inline:
            yield from grants_in(holder, policy["PolicyName"], policy["PolicyDocument"])
        for policy in found.get("AttachedManagedPolicies", ()):
            yield FoundCarrier(holder, policy["PolicyArn"], "managed-policy")
        if boundary := found.get("PermissionsBoundary"):
            yield FoundCarrier(holder, boundary["PermissionsBoundaryArn"], "permissions-boundary")

    def _keys(self, cursor: str | None) -> Page:
        iam = self._session.iam
        answer = iam.list_users(MaxItems=100, Marker=cursor) if cursor else iam.list_users(MaxItems=100)
        found = [record for user in answer["Users"] for record in self._keys_of(user)]
        return Page(found, answer.get("Marker") if answer.get("IsTruncated") else None)

    def _keys_of(self, user: Mapping[str, Any]) -> Iterator[Record]:
        iam, name = self._session.iam, user["UserName"]
        try:
            for key in iam.get_paginator("list_access_keys").paginate(UserName=name).search("AccessKeyMetadata"):
                used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
                yield FoundCredential(
                    identity=user["Arn"],
                    kind="access-key",
                    id=key["AccessKeyId"],
                    created_at=key["CreateDate"],
                    disabled=key["Status"] != "Active",
                    use=self._use(used.get("LastUsedDate")),
                )
            profile = iam.get_login_profile(UserName=name)["LoginProfile"]
            use = self._use(user.get("PasswordLastUsed"))
            yield FoundCredential(user["Arn"], "password", name, created_at=profile["CreateDate"], use=use)
        except ClientError as error:
            # Without a password, or gone since it was listed.
            if code_of(error) not in ABSENT:
                raise

    def _use(self, at: datetime | None) -> Use:
        now = self._clock()
        return Use(at.astimezone(UTC) if at else None, watched_since=now - WATCHED, as_of=now - TOLD_LATE)

    def _enabled(self, _: str | None) -> Page:
        answer = self._session.client("ec2").describe_regions(AllRegions=False)
        return Page((), opens=_in_regions(sorted(region["RegionName"] for region in answer["Regions"])))

    def _functions(self, region: str, cursor: str | None) -> Page:
        marker = {"Marker": cursor} if cursor else {}
        answer = self._session.client("lambda", region).list_functions(**marker)
        found = [FoundDependent(each["Role"], "function", each["FunctionArn"]) for each in answer["Functions"]]
        return Page(found, answer.get("NextMarker"))

    def _instances(self, region: str, cursor: str | None) -> Page:
        """Instances depend on their profile; which role that carries is told with the role."""
        marker = {"NextToken": cursor} if cursor else {}
        answer = self._session.client("ec2", region).describe_instances(MaxResults=_AT_ONCE, **marker)
        found = [
            FoundDependent(profile["Arn"], "instance", f"{region}/{instance['InstanceId']}")
            for reservation in answer["Reservations"]
            for instance in reservation["Instances"]
            if (profile := instance.get("IamInstanceProfile")) and instance["State"]["Name"] != "terminated"
        ]
        return Page(found, answer.get("NextToken"))


def _in_regions(regions: Sequence[str]) -> list[str]:
    return [f"{part}/{region}" for region in regions for part in ("lambda", "ec2/instances")]


def _is_caller(caller: str, kind: str, name: str) -> bool:
    """Tell whether an identity is the one that asks: its own user, or the role of its session."""
    resource = caller.rpartition(":")[2].split("/")
    if kind == "iam-user":
        return resource[0] == "user" and resource[-1] == name
    return resource[0] == "assumed-role" and resource[1:2] == [name]
