"""Profiles of IAM Roles Anywhere: through them the holders of certificates get a role's sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags, lease_of
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.aws.errors import absent_is_fine
from nhi_components.lifecycle.adapters.ownership import refuse_foreign


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile is now.

    Attributes:
        name: its name, which others may bear, too.
        unique_id: its profile id.
        arn: its ARN.
        tags: its tags.
    """

    name: str
    unique_id: str
    arn: str
    tags: Mapping[str, str]

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of(self.tags)


class AnywhereProfiles:
    """The profiles of one account and region."""

    def __init__(self, rolesanywhere: Any) -> None:
        self._client = rolesanywhere

    def named(self, name: str) -> list[Profile]:
        """Find the profiles of a name."""
        return [self._read(listed) for listed in self._listed() if listed["name"] == name]

    def of_lease(self, lease_id: str) -> Iterator[Profile]:
        """Find what bears a lease id; our names end with its suffix."""
        ending = f"-{suffix_of(lease_id)}"
        for listed in self._listed():
            if listed["name"].endswith(ending) and (found := self._read(listed)).lease == lease_id:
                yield found

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take a profile into the lease: mark it, learn its id."""
        profile = appeared(lambda _: self._chosen(lease.lease, link), link)
        refuse_foreign(lease.lease, profile.lease, profile.unique_id, link)
        if profile.lease is None:
            tags = [{"key": key, "value": value} for key, value in lease.to_tags().items()]
            self._client.tag_resource(resourceArn=profile.arn, tags=tags)
        return profile.unique_id

    def delete(self, link: Link) -> None:
        """Delete a profile by its id."""
        if link.unique_id:
            with absent_is_fine():
                self._client.delete_profile(profileId=link.unique_id)

    def _chosen(self, lease_id: str, link: Link) -> Profile | None:
        """Of the profiles of a name take the lease's own, if it is there."""
        found = self.named(link.name)
        ours = (profile for profile in found if lease_id == profile.lease or link.unique_id == profile.unique_id)
        return next(ours, next(iter(found), None))

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        for page in self._client.get_paginator("list_profiles").paginate():
            yield from page["profiles"]

    def _read(self, listed: Mapping[str, Any]) -> Profile:
        tags = self._client.list_tags_for_resource(resourceArn=listed["profileArn"])["tags"]
        marks = {tag["key"]: tag["value"] for tag in tags}
        return Profile(listed["name"], listed["profileId"], listed["profileArn"], marks)
