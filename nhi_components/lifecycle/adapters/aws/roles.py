"""IAM roles: what a role is now, admitting it, finding it, deleting it with everything that hangs on it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from nhi_components.core.adoption import ADOPTED
from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import IAM_PATH, suffix_of
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags, lease_of
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, absent_is_fine, code_of
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY, OUR_POLICIES, is_our_trust
from nhi_components.lifecycle.adapters.ownership import refuse_foreign

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


@dataclass(frozen=True, slots=True)
class Role:
    """What a role is now, without what hangs on it.

    Attributes:
        name: its name, unique in the account whatever its path.
        unique_id: its RoleId, which a role made anew under the same name never shares.
        arn: its ARN.
        tags: its tags.
        trust: its trust policy.
    """

    name: str
    unique_id: str
    arn: str
    tags: Mapping[str, str]
    trust: Mapping[str, Any]

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of(self.tags)


@dataclass(frozen=True, slots=True)
class Attached:
    """What hangs on a role: ARNs of managed policies, names of inline policies and of instance profiles."""

    managed: tuple[str, ...]
    inline: tuple[str, ...]
    profiles: tuple[str, ...]


class Roles:
    """The roles of one account."""

    def __init__(self, iam: IAMClient) -> None:
        self._iam = iam

    def find(self, name: str) -> Role | None:
        """Read a role; None when there is none of that name."""
        try:
            role = self._iam.get_role(RoleName=name)["Role"]
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}
        return Role(role["RoleName"], role["RoleId"], role["Arn"], tags, document_of(role["AssumeRolePolicyDocument"]))

    def attached(self, name: str) -> Attached:
        """List what hangs on a role."""
        managed = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        profiles = self._iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=name)
        return Attached(
            managed=tuple(policy["PolicyArn"] for page in managed for policy in page["AttachedPolicies"]),
            inline=self._inline(name),
            profiles=tuple(p["InstanceProfileName"] for page in profiles for p in page["InstanceProfiles"]),
        )

    def inline_document(self, name: str, policy: str) -> Mapping[str, Any] | None:
        """Read an inline policy; None when there is none of that name."""
        try:
            return document_of(self._iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise

    def names_with_suffix(self, lease_id: str) -> Iterator[str]:
        """List our folder's roles whose names end with a lease's suffix."""
        ending = f"-{suffix_of(lease_id)}"
        for page in self._iam.get_paginator("list_roles").paginate(PathPrefix=IAM_PATH):
            for role in page["Roles"]:
                if role["RoleName"].endswith(ending):
                    yield role["RoleName"]

    def names_bearing(self, lease_id: str) -> Iterator[str]:
        """List the roles that bear a lease, wherever they are and however they are called.

        One request shows a thousand roles with their tags (IAM API, GetAccountAuthorizationDetails).
        """
        for page in self._iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"]):
            for role in page["RoleDetailList"]:
                if lease_of({tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}) == lease_id:
                    yield role["RoleName"]

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take a role into the lease: mark it, undo an earlier cut-off, learn its unique id."""
        role = appeared(self.find, link)
        refuse_foreign(lease.lease, role.lease, role.unique_id, link)
        if role.lease is None:
            self._iam.tag_role(RoleName=link.name, Tags=[{"Key": k, "Value": v} for k, v in lease.to_tags().items()])
        self._restore(role, link)
        return role.unique_id

    def delete(self, link: Link) -> None:
        """Delete a role with everything that hangs on it; the deny of a cut-off goes last.

        A permissions boundary goes with the role: IAM does not ask for its removal, and without it the role could do
        more for a moment. A role with another unique id is left alone: then ours is gone already.
        """
        name = link.name
        role = self.find(name)
        if role is None or role.unique_id != link.unique_id:
            return
        with absent_is_fine():
            attached = self.attached(name)
            for profile in attached.profiles:
                self.leave(name, profile)
            for arn in attached.managed:
                self.detach(name, arn)
            for policy in sorted(attached.inline, key=lambda policy: policy == CUT_OFF_POLICY):
                self.delete_inline(name, policy)
            self._iam.delete_role(RoleName=name)

    def detach(self, name: str, arn: str) -> None:
        """Take a managed policy off a role."""
        with absent_is_fine():
            self._iam.detach_role_policy(RoleName=name, PolicyArn=arn)

    def delete_inline(self, name: str, policy: str) -> None:
        """Delete an inline policy."""
        with absent_is_fine():
            self._iam.delete_role_policy(RoleName=name, PolicyName=policy)

    def leave(self, name: str, profile: str) -> None:
        """Take a role out of an instance profile."""
        with absent_is_fine():
            self._iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name)

    def _inline(self, name: str) -> tuple[str, ...]:
        pages = self._iam.get_paginator("list_role_policies").paginate(RoleName=name)
        return tuple(policy for page in pages for policy in page["PolicyNames"])

    def _restore(self, role: Role, link: Link) -> None:
        """Undo an earlier cut-off: the trust first, so that a kill in between leaves the deny in force."""
        if is_our_trust(role.trust):
            if "trust" not in link.attributes:
                raise NhiError(
                    f"{link}: found the trust policy of a cut-off, expected the attribute 'trust' to put it back from; "
                    "fix: declare the role through its component, which gives it"
                )
            self._iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=link.attributes["trust"])
        for policy in OUR_POLICIES.intersection(self._inline(role.name)):
            self.delete_inline(role.name, policy)


def role_of(link: Link) -> str:
    """Name the role that something hangs on; by convention a bundle's inline policy bears its role's name."""
    return link.attributes.get("role", link.name)


def extras_of(role: Link, attached: Attached, links: Iterable[Link]) -> tuple[Link, ...]:
    """Tell what hangs on a role that the lease does not know of: policies and instance profiles added by hand.

    Such an instance profile is somebody else's; that it holds the role is not.
    """
    # A bundle's own inline policy bears its role's name, also where no links are known; but that of an adopted role.
    own = () if ADOPTED in role.attributes else ((LinkKind.IAM_ROLE_POLICY, role.name),)
    known = {*own, *((link.kind, link.name) for link in links)}
    found = [
        *((LinkKind.IAM_POLICY_ATTACHMENT, arn) for arn in attached.managed),
        *((LinkKind.IAM_ROLE_POLICY, policy) for policy in attached.inline if policy not in OUR_POLICIES),
        *(
            (LinkKind.IAM_INSTANCE_PROFILE_MEMBERSHIP, profile)
            for profile in attached.profiles
            if (LinkKind.IAM_INSTANCE_PROFILE, profile) not in known
        ),
    ]
    where = {"role": role.name}
    return tuple(
        Link(role.system, kind, name, role.connection, attributes=where)
        for kind, name in found
        if (kind, name) not in known
    )


def document_of(document: object) -> Mapping[str, Any]:
    """Read a policy document: botocore decodes them, and its types leave open whether it did."""
    parsed = json.loads(document) if isinstance(document, str) else document
    if not isinstance(parsed, Mapping):
        raise NhiError(f"an IAM policy document: got {type(parsed).__name__}, expected a JSON object")
    return parsed
