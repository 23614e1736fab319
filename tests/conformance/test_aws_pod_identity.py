"""EKS Pod Identity associations through the adapter, on the emulator's EKS."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.ports import Ownership
from tests.conformance.aws_world import AwsWorld
from tests.conformance.world import new_tags, now
from tools.lab.sandbox.aws import ACCOUNT

KIND = LinkKind.EKS_POD_IDENTITY_ASSOCIATION
ROLE = f"arn:aws:iam::{ACCOUNT}:role/of-the-cluster"
PLACE = {"cluster": "shop", "namespace": "orders", "service_account": "api"}


@pytest.fixture
def eks(aws_world: AwsWorld) -> Any:
    """The emulator's EKS, with an empty cluster named `shop`."""
    client = aws_world.server.client("eks")
    if "shop" not in client.list_clusters()["clusters"]:
        trust = {"Version": "2012-10-17", "Statement": []}
        aws_world.iam.create_role(RoleName="of-the-cluster", AssumeRolePolicyDocument=json.dumps(trust))
        client.create_cluster(name="shop", roleArn=ROLE, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
    for each in client.list_pod_identity_associations(clusterName="shop")["associations"]:
        client.delete_pod_identity_association(clusterName="shop", associationId=each["associationId"])
    return client


def associate(eks: Any, tags: LeaseTags | None) -> tuple[Link, str]:
    """Make the association as the engine does; its link as the component declares it, and its id."""
    made = eks.create_pod_identity_association(
        clusterName="shop",
        namespace="orders",
        serviceAccount="api",
        roleArn=ROLE,
        tags=tags.to_tags() if tags else {},
    )["association"]
    lease = tags or new_tags(b"somebody")
    name = name_of(KIND, lease.identity, lease.environment, lease.lease)
    return Link(System.AWS, KIND, name, attributes=PLACE), made["associationId"]


def left(eks: Any) -> list[str]:
    return [each["associationId"] for each in eks.list_pod_identity_associations(clusterName="shop")["associations"]]


def test_it_is_admitted_found_and_swept(aws_world: AwsWorld, eks: Any, tags: LeaseTags) -> None:
    link, unique_id = associate(eks, tags)
    adapter = aws_world.adapter()
    (admitted,) = adapter.admit(tags, [link], now())
    assert admitted.unique_id == unique_id
    assert adapter.admit(tags, [admitted], now()) == [admitted]
    (sighting,) = adapter.survey(tags.lease, [admitted])
    assert (sighting.link.key, sighting.ownership) == (link.key, Ownership.OURS)
    adapter.sweep(sighting)
    adapter.sweep(sighting)
    assert left(eks) == []
    assert adapter.survey(tags.lease, [admitted]) == []


def test_it_is_found_and_swept_from_the_lease_id_alone(aws_world: AwsWorld, eks: Any, tags: LeaseTags) -> None:
    link, unique_id = associate(eks, tags)
    adapter = aws_world.adapter()
    assert adapter.survey(new_tags(b"other").lease, []) == []
    # A part whose account the program knew at deployment only has no place.
    part = replace(link, attributes={"cluster": "shop", "namespace": "orders"})
    for links in ([], [part]):
        (sighting,) = adapter.survey(tags.lease, links)
        assert (sighting.link.key, sighting.link.unique_id) == (link.key, unique_id)
    adapter.sweep(sighting)
    assert left(eks) == []


def test_a_namesake_is_refused_and_left_alone(aws_world: AwsWorld, eks: Any, tags: LeaseTags) -> None:
    link, _ = associate(eks, new_tags(b"somebody"))
    ours = replace(link, unique_id="a-of-ours")
    adapter = aws_world.adapter()
    with pytest.raises(NhiError, match="somebody else's"):
        adapter.admit(tags, [ours], now())
    (sighting,) = adapter.survey(tags.lease, [ours])
    assert sighting.ownership is Ownership.NAMESAKE
    with pytest.raises(NhiError, match="namesake"):
        adapter.sweep(sighting)
    assert len(left(eks)) == 1


def test_one_made_anew_since_the_survey_is_not_swept(aws_world: AwsWorld, eks: Any, tags: LeaseTags) -> None:
    link, unique_id = associate(eks, tags)
    adapter = aws_world.adapter()
    (sighting,) = adapter.survey(tags.lease, [link])
    eks.delete_pod_identity_association(clusterName="shop", associationId=unique_id)
    _, another = associate(eks, None)
    adapter.sweep(sighting)
    assert left(eks) == [another]


def test_without_its_cluster_nothing_is_there(aws_world: AwsWorld, eks: Any, tags: LeaseTags) -> None:
    link, _ = associate(eks, tags)
    elsewhere = replace(link, attributes={**PLACE, "cluster": "gone"})
    assert aws_world.adapter().survey(tags.lease, [elsewhere]) == []
