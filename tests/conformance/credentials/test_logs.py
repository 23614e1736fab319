"""No value is logged, by us or by a vendor's client, whatever level and whatever part of a record is looked at."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Sequence

import pytest

from nhi_components.core.connection import AwsConnection
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_credentials
from tests.conformance.conftest import Servers
from tests.conformance.credentials.world import PlaceWorld, SourceWorld
from tools.lab.sandbox import aws as lab


class Everything(logging.Handler):
    """Keeps all of every record: message, arguments and what is only for formatters that write JSON."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(f"{record.name}: {record.getMessage()} {vars(record)!r}")

    def with_any_of(self, values: Sequence[str]) -> list[str]:
        hidden = [*values, *(base64.b64encode(value.encode()).decode() for value in values)]
        return [line.partition(":")[0] for line in self.told if any(repr(value)[1:-1] in line for value in hidden)]


@pytest.fixture
def logged() -> Iterator[Everything]:
    """Everything that can be logged, also by loggers that keep to themselves until somebody asks for them by name."""
    handler = Everything()
    loggers = [logging.getLogger(name) for name in ("", "azure", "botocore", "google", "msal", "urllib3")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    yield handler
    for logger, level in zip(loggers, before, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_no_value_of_a_place_is_logged(place_world: PlaceWorld, tags: LeaseTags, logged: Everything) -> None:
    spec = place_world.place(tags)
    place = place_world.open().place(spec)
    held = place.write(tags, place_world.material("KEY1"))
    place.write(tags, place_world.material("KEY2"), held.version)
    if spec.can_be_home:
        place.read()  # type: ignore[attr-defined] # what can be a home is one
    place.prune()
    place.remove(tags.lease)
    assert len(place_world.credentials) > 1
    assert logged.with_any_of(place_world.credentials) == []


def test_no_value_of_a_source_is_logged(source_world: SourceWorld, tags: LeaseTags, logged: Everything) -> None:
    source = source_world.open().source(source_world.source(tags))
    material = source.create(tags)
    source.works(material)
    source.keys(tags)
    source.delete(material.key_id)
    source.works(material)
    public = {name for name in material.fields if name.endswith(("_id", "_name", "email", "serial_number"))}
    values = [*source_world.credentials, *(value for name, value in material.fields.items() if name not in public)]
    assert logged.with_any_of([value for value in values if value != material.key_id]) == []


def test_no_session_token_is_logged(servers: Servers, monkeypatch: pytest.MonkeyPatch, logged: Everything) -> None:
    given = {"ACCESS_KEY_ID": lab.ACCOUNT, "SECRET_ACCESS_KEY": servers.aws.secret_key, "SESSION_TOKEN": "a-session-s"}
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    connection = AwsConnection(endpoint=servers.aws.endpoint, region="eu-central-1")
    assert open_credentials(System.AWS, "default", connection).caller().account == lab.ACCOUNT
    assert any(line.startswith("botocore.") for line in logged.told)
    assert logged.with_any_of(["a-session-s", servers.aws.secret_key]) == []
