"""What lets workloads into a role from EKS and from outside AWS, behind the adapter: admitting, finding, sweeping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

from botocore.exceptions import ClientError, EndpointConnectionError

from nhi_components.core.lease_id import physical_name
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.core.tags import ENVIRONMENT, IDENTITY, LeaseTags
from nhi_components.lifecycle.adapters.aws.anywhere_profiles import AnywhereProfiles, Profile
from nhi_components.lifecycle.adapters.aws.errors import BUSY, CREDENTIALS_REFUSED, code_of
from nhi_components.lifecycle.adapters.aws.pod_identity import CLUSTER, Association, PodIdentityAssociations
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.ownership import ownership_of
from nhi_components.lifecycle.ports import BlindSpot, Ownership, Sighting

Found = TypeVar("Found")

WAYS_IN = (LinkKind.EKS_POD_IDENTITY_ASSOCIATION, LinkKind.ROLES_ANYWHERE_PROFILE)


class WaysIn:
    """Pod Identity associations and Roles Anywhere profiles, through one connection.

    EKS and Roles Anywhere are asked only for identities that use them, or when nothing but a lease id is known; what
    the connection can't ask then is told as a blind spot.
    """

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._unseen: dict[LinkKind, BlindSpot] = {}

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take one into the lease: mark it, learn its unique id."""
        if link.kind is LinkKind.EKS_POD_IDENTITY_ASSOCIATION:
            return self._associations.admit(lease, link)
        return self._profiles.admit(lease, link)

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find those of the lease: at the linked places, or everywhere where no links are known."""
        if not links:
            return self._everywhere(lease_id)
        found: list[Sighting] = []
        for link in links:
            if link.kind is LinkKind.EKS_POD_IDENTITY_ASSOCIATION:
                association = self._associations.find(lease_id, link)
                found += [_sighting(lease_id, link, association)] if association else []
            if link.kind is LinkKind.ROLES_ANYWHERE_PROFILE:
                found += _of_profiles(lease_id, link, self._profiles.named(link.name))
        return found

    def blind_spots(self) -> list[BlindSpot]:
        """Tell what the newest survey of everything could not ask."""
        return list(self._unseen.values())

    def sweep(self, link: Link) -> None:
        """Delete one that is proved ours."""
        if link.kind is LinkKind.EKS_POD_IDENTITY_ASSOCIATION:
            self._associations.delete(link)
        else:
            self._profiles.delete(link)

    @property
    def _associations(self) -> PodIdentityAssociations:
        return PodIdentityAssociations(self._session.client("eks"))

    @property
    def _profiles(self) -> AnywhereProfiles:
        return AnywhereProfiles(self._session.client("rolesanywhere"))

    def _everywhere(self, lease_id: str) -> list[Sighting]:
        associations, profiles = WAYS_IN
        found: list[Sighting] = []
        for each in self._asked(associations, lambda: list(self._associations.of_lease(lease_id))):
            name = physical_name(each.tags.get(IDENTITY, ""), each.tags.get(ENVIRONMENT, ""), lease_id)
            link = Link(System.AWS, associations, name, self._session.name, attributes={CLUSTER: each.cluster})
            found.append(_sighting(lease_id, link, each))
        for profile in self._asked(profiles, lambda: list(self._profiles.of_lease(lease_id))):
            found.append(_sighting(lease_id, Link(System.AWS, profiles, profile.name, self._session.name), profile))
        return found

    def _asked(self, kind: LinkKind, question: Callable[[], Iterable[Found]]) -> Iterable[Found]:
        self._unseen.pop(kind, None)
        try:
            return question()
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code_of(error) in CREDENTIALS_REFUSED | BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            told = f"{code_of(error) or 'an error'} from {error.operation_name}"
        except EndpointConnectionError:
            told = f"no endpoint in {self._session.region}"
        fix = "to look there, allow the call to the connection's principal, in a region that offers the service"
        self._unseen[kind] = BlindSpot(System.AWS, self._session.name, kind, NotChecked(f"{told}; {fix}"))
        return ()


def _of_profiles(lease_id: str, link: Link, profiles: Sequence[Profile]) -> list[Sighting]:
    """Tell of the profiles of a name; a namesake only where ours is not there, for both may be."""
    found = [_sighting(lease_id, link, profile) for profile in profiles]
    ours = [sighting for sighting in found if sighting.ownership is Ownership.OURS]
    return ours or found


def _sighting(lease_id: str, link: Link, found: Association | Profile) -> Sighting:
    ownership = ownership_of(lease_id, found.lease, found.unique_id, link)
    foreign = f"another at that place, it bears {found.lease or 'no lease'}"
    detail = foreign if ownership is Ownership.NAMESAKE else ""
    return Sighting(replace(link, unique_id=found.unique_id), ownership, detail)
