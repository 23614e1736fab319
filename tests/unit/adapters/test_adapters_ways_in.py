"""Roles Anywhere profiles through botocore's stub, which checks every request against AWS's own model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.aws.ways_in import WaysIn
from nhi_components.lifecycle.ports import Ownership

LEASE = LeaseTags(
    "lease-abcdefghijklmnop", "orders", "dev", "team@example.com", "sends orders", date(2030, 1, 1), "shop/dev"
)
MARKS = [{"key": key, "value": value} for key, value in LEASE.to_tags().items()]
ID, OTHER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
NAME = "orders-dev-abcdef"
LINK = Link(System.AWS, LinkKind.ROLES_ANYWHERE_PROFILE, NAME)
POD = Link(System.AWS, LinkKind.EKS_POD_IDENTITY_ASSOCIATION, NAME)


def arn(profile: str) -> str:
    return f"arn:aws:rolesanywhere:eu-central-1:111111111111:profile/{profile}"


class World:
    """Roles Anywhere and EKS, whose answers are told one by one."""

    def __init__(self) -> None:
        session = boto3.Session("nobody", "nothing", region_name="eu-central-1")
        self._clients = {service: session.client(service) for service in ("rolesanywhere", "eks")}
        self.anywhere, self.eks = (Stubber(client) for client in self._clients.values())
        self.ways_in = WaysIn(SimpleNamespace(client=self._clients.get, name="default", region="eu-central-1"))  # type: ignore[arg-type] # as much of a session as is used

    def lists(self, *profiles: str, name: str = NAME) -> None:
        listed = [{"profileId": each, "profileArn": arn(each), "name": name} for each in profiles]
        self.anywhere.add_response("list_profiles", {"profiles": listed}, {})

    def tells_tags(self, profile: str, tags: list[dict[str, str]]) -> None:
        self.anywhere.add_response("list_tags_for_resource", {"tags": tags}, {"resourceArn": arn(profile)})


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.anywhere, made.eks:
        yield made
        made.anywhere.assert_no_pending_responses()
        made.eks.assert_no_pending_responses()


def test_a_marked_profile_is_admitted(world: World) -> None:
    world.lists(ID)
    world.tells_tags(ID, MARKS)
    assert world.ways_in.admit(LEASE, LINK) == ID


def test_an_unmarked_profile_is_marked(world: World) -> None:
    world.lists(ID)
    world.tells_tags(ID, [])
    world.anywhere.add_response("tag_resource", {}, {"resourceArn": arn(ID), "tags": MARKS})
    assert world.ways_in.admit(LEASE, replace(LINK, unique_id=ID)) == ID


def test_of_two_profiles_of_a_name_the_lease_takes_its_own(world: World) -> None:
    world.lists(OTHER, ID)
    world.tells_tags(OTHER, [])
    world.tells_tags(ID, MARKS)
    assert world.ways_in.admit(LEASE, LINK) == ID


def test_a_namesake_is_not_admitted(world: World) -> None:
    world.lists(OTHER)
    world.tells_tags(OTHER, [])
    with pytest.raises(NhiError, match="somebody else's"):
        world.ways_in.admit(LEASE, replace(LINK, unique_id=ID))


def test_a_survey_tells_ours_and_a_namesake_only_instead_of_ours(world: World) -> None:
    for profiles, expected in (
        ((ID, OTHER), [(ID, Ownership.OURS)]),
        ((OTHER,), [(OTHER, Ownership.NAMESAKE)]),
        ((), []),
    ):
        world.lists(*profiles)
        for profile in profiles:
            world.tells_tags(profile, MARKS if profile == ID else [])
        found = world.ways_in.survey(LEASE.lease, [LINK])
        assert [(s.link.unique_id, s.ownership) for s in found] == expected


def test_a_survey_finds_it_from_the_lease_id_alone(world: World) -> None:
    world.eks.add_response("list_clusters", {"clusters": []}, {})
    listed = [
        {"profileId": each, "profileArn": arn(each), "name": name} for each, name in ((ID, NAME), (OTHER, "somebody"))
    ]
    world.anywhere.add_response("list_profiles", {"profiles": listed}, {})
    world.tells_tags(ID, MARKS)
    (sighting,) = world.ways_in.survey(LEASE.lease, [])
    assert (sighting.link.key, sighting.link.unique_id, sighting.ownership) == (LINK.key, ID, Ownership.OURS)
    assert world.ways_in.blind_spots() == []


def test_what_may_not_be_asked_is_a_blind_spot(world: World) -> None:
    world.eks.add_client_error("list_clusters", "AccessDeniedException", http_status_code=403)
    world.anywhere.add_client_error("list_profiles", "AccessDeniedException", http_status_code=403)
    assert world.ways_in.survey(LEASE.lease, []) == []
    spots = world.ways_in.blind_spots()
    assert [spot.kind for spot in spots] == [POD.kind, LINK.kind]
    assert "AccessDeniedException from ListClusters" in spots[0].reason.reason


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 429), ("InternalFailure", 500)])
def test_what_is_not_answered_now_is_an_error(world: World, code: str, status: int) -> None:
    world.eks.add_client_error("list_clusters", code, http_status_code=status)
    with pytest.raises(ClientError, match=code):
        world.ways_in.survey(LEASE.lease, [])


def test_services_that_the_identity_does_not_use_are_not_asked(world: World) -> None:
    role = Link(System.AWS, LinkKind.IAM_ROLE, NAME)
    assert world.ways_in.survey(LEASE.lease, [role]) == []


def test_it_is_swept_by_its_id_and_may_be_gone(world: World) -> None:
    gone: dict[str, Any] = {"service_error_code": "ResourceNotFoundException", "expected_params": {"profileId": ID}}
    deleted = {"profile": {"profileId": ID}}
    world.anywhere.add_response("delete_profile", deleted, {"profileId": ID})
    world.anywhere.add_client_error("delete_profile", **gone)
    for _ in range(2):
        world.ways_in.sweep(replace(LINK, unique_id=ID))
    world.ways_in.sweep(LINK)
