"""Client secrets of the identity's own application, which is known by its display name before it is made."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from nhi_components.core.credential.sources import EntraClientSecretSource
from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import physical_name
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.adapters.azure import client_secrets
from nhi_components.lifecycle.adapters.azure.client_secrets import ClientSecrets
from tests.conformance.credentials.azure_world import EntraWorld
from tests.conformance.credentials.conftest import Setting


@pytest.fixture
def world(setting: Setting) -> EntraWorld:
    return EntraWorld(setting)


def own_name(tags: LeaseTags) -> str:
    return physical_name(tags.identity, tags.environment, tags.lease)


def made(world: EntraWorld, tags: LeaseTags) -> dict[str, Any]:
    return world.double.applications.make(own_name(tags), tags=[description_mark(tags.lease)])


def secrets_of(world: EntraWorld, tags: LeaseTags) -> ClientSecrets:
    opened = world.open().source(EntraClientSecretSource().resolved(tags))
    assert isinstance(opened, ClientSecrets)
    return opened


def test_they_are_made_listed_and_removed(world: EntraWorld, tags: LeaseTags) -> None:
    application = made(world, tags)
    secrets = secrets_of(world, tags)
    material = secrets.create(tags)
    world.credentials.append(material.fields["client_secret"])
    assert material.fields["client_id"] == application["appId"]
    assert [key.id for key in secrets.keys(tags)] == [material.key_id]
    secrets.delete(material.key_id)
    assert secrets.keys(tags) == []


def test_a_namesake_is_left_alone(world: EntraWorld, tags: LeaseTags) -> None:
    other = world.double.applications.make(own_name(tags), notes="by hand")
    application = made(world, tags)
    material = secrets_of(world, tags).create(tags)
    assert material.fields["client_id"] == application["appId"]
    assert world.double.applications.by_id[other["id"]]["passwordCredentials"] == []


def test_a_namesake_alone_is_refused(world: EntraWorld, tags: LeaseTags) -> None:
    world.double.applications.make(own_name(tags), notes="by hand")
    with pytest.raises(NhiError, match="somebody else's application"):
        secrets_of(world, tags).create(tags)


def test_one_that_was_just_made_is_waited_for(world: EntraWorld, tags: LeaseTags) -> None:
    secrets = secrets_of(world, tags)
    appearing = threading.Timer(1, made, (world, tags))
    appearing.start()
    world.credentials.append(secrets.create(tags).fields["client_secret"])
    appearing.join()


def test_one_that_never_appears_is_told(world: EntraWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(APPEARANCE_SECONDS, System.AZURE, 1)
    secrets = secrets_of(world, tags)
    assert secrets.keys(tags) == []
    with pytest.raises(NhiError, match=f"{own_name(tags)}: there is no such application"):
        secrets.create(tags)


def test_it_is_found_under_its_name_and_others_under_their_ids(world: EntraWorld, tags: LeaseTags) -> None:
    made(world, tags)
    adopted = world.source(tags)
    for secrets in (secrets_of(world, tags), world.open().source(adopted)):
        world.credentials.append(secrets.create(tags).fields["client_secret"])
    found = {source.address for source, has_secrets in client_secrets.sources_of(session_of(world), tags.lease)
             if has_secrets}  # fmt: skip
    assert isinstance(adopted, EntraClientSecretSource)
    assert found == {own_name(tags), adopted.application}


def session_of(world: EntraWorld) -> Any:
    return world.open().session  # type: ignore[attr-defined] # of Azure's
