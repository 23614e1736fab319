"""EKS Pod Identity associations: through them EKS gives a role to the pods of one service account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags, lease_of
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, absent_is_fine, code_of
from nhi_components.lifecycle.adapters.ownership import refuse_foreign

CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Association:
    """What an association is now.

    Attributes:
        cluster: its cluster's name.
        unique_id: its association id, unique in the cluster's account and region.
        arn: its ARN.
        tags: its tags.
    """

    cluster: str
    unique_id: str
    arn: str
    tags: Mapping[str, str]

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of(self.tags)


class PodIdentityAssociations:
    """The associations of one account and region."""

    def __init__(self, eks: Any) -> None:
        self._eks = eks

    def find(self, lease_id: str, link: Link) -> Association | None:
        """Read the association at a link's place: a service account has one at most. None when it has none.

        Of a part whose account was known at deployment only, it is the one of the namespace that bears the lease.
        """
        place = link.attributes
        if "service_account" not in place:
            in_namespace = self._listed(place[CLUSTER], namespace=place["namespace"])
            return next((each for each in in_namespace if each.lease == lease_id), None)
        found = self._listed(place[CLUSTER], namespace=place["namespace"], serviceAccount=place["service_account"])
        return next(found, None)

    def of_lease(self, lease_id: str) -> Iterator[Association]:
        """Find what bears a lease id, in every cluster."""
        for page in self._eks.get_paginator("list_clusters").paginate():
            for cluster in page["clusters"]:
                yield from (found for found in self._listed(cluster) if found.lease == lease_id)

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take an association into the lease: mark it, learn its id."""
        association = appeared(lambda _: self.find(lease.lease, link), link)
        refuse_foreign(lease.lease, association.lease, association.unique_id, link)
        if association.lease is None:
            self._eks.tag_resource(resourceArn=association.arn, tags=lease.to_tags())
        return association.unique_id

    def delete(self, link: Link) -> None:
        """Delete an association by its id, which one made anew at the same place does not have."""
        if link.unique_id:
            with absent_is_fine():
                self._eks.delete_pod_identity_association(
                    clusterName=link.attributes[CLUSTER], associationId=link.unique_id
                )

    def _listed(self, cluster: str, **place: str) -> Iterator[Association]:
        try:
            pages = self._eks.get_paginator("list_pod_identity_associations").paginate(clusterName=cluster, **place)
            ids = [each["associationId"] for page in pages for each in page["associations"]]
        except ClientError as error:
            if code_of(error) not in ABSENT:
                raise
            return
        for unique_id in ids:
            if found := self._described(cluster, unique_id):
                yield found

    def _described(self, cluster: str, unique_id: str) -> Association | None:
        try:
            answer = self._eks.describe_pod_identity_association(clusterName=cluster, associationId=unique_id)
        except ClientError as error:
            if code_of(error) not in ABSENT:
                raise
            return None
        told = answer["association"]
        return Association(cluster, unique_id, told["associationArn"], dict(told.get("tags") or {}))
