"""IAM instance profiles: the holders through which EC2 assumes a role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from nhi_components.core.lease_id import IAM_PATH, suffix_of
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags, lease_of
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, absent_is_fine, code_of
from nhi_components.lifecycle.adapters.ownership import refuse_foreign

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


@dataclass(frozen=True, slots=True)
class InstanceProfile:
    """What an instance profile is now.

    Attributes:
        name: its name, unique in the account whatever its path.
        unique_id: its InstanceProfileId.
        tags: its tags.
        roles: names of the roles in it, at most one.
    """

    name: str
    unique_id: str
    tags: Mapping[str, str]
    roles: tuple[str, ...]

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of(self.tags)


class InstanceProfiles:
    """The instance profiles of one account."""

    def __init__(self, iam: IAMClient) -> None:
        self._iam = iam

    def find(self, name: str) -> InstanceProfile | None:
        """Read an instance profile; None when there is none of that name."""
        try:
            profile = self._iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        return InstanceProfile(
            name=profile["InstanceProfileName"],
            unique_id=profile["InstanceProfileId"],
            tags={tag["Key"]: tag["Value"] for tag in profile.get("Tags", [])},
            roles=tuple(role["RoleName"] for role in profile["Roles"]),
        )

    def names_with_suffix(self, lease_id: str) -> Iterator[str]:
        """List our folder's instance profiles whose names end with a lease's suffix."""
        ending = f"-{suffix_of(lease_id)}"
        for page in self._iam.get_paginator("list_instance_profiles").paginate(PathPrefix=IAM_PATH):
            for profile in page["InstanceProfiles"]:
                if profile["InstanceProfileName"].endswith(ending):
                    yield profile["InstanceProfileName"]

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take an instance profile into the lease: mark it, learn its unique id."""
        profile = appeared(self.find, link)
        refuse_foreign(lease.lease, profile.lease, profile.unique_id, link)
        tags = lease.to_tags()
        if any(profile.tags.get(key) != value for key, value in tags.items()):
            self._iam.tag_instance_profile(
                InstanceProfileName=link.name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
            )
        return profile.unique_id

    def delete(self, link: Link) -> None:
        """Empty and delete an instance profile; one with another unique id is left alone: then ours is gone already."""
        profile = self.find(link.name)
        if profile is None or profile.unique_id != link.unique_id:
            return
        for role in profile.roles:
            with absent_is_fine():
                self._iam.remove_role_from_instance_profile(InstanceProfileName=profile.name, RoleName=role)
        with absent_is_fine():
            self._iam.delete_instance_profile(InstanceProfileName=profile.name)
