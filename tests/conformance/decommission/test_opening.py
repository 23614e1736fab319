"""Opening retirements by their systems."""

from __future__ import annotations

import pytest

from nhi_components.core.connection import AzureConnection, HostConnection
from nhi_components.core.errors import NhiError
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters import CONNECTIONS, RETIRABLE, open_retirement


@pytest.mark.parametrize("system", RETIRABLE)
def test_a_retirement_is_opened_for_each_system_without_reaching_it(system: System) -> None:
    opened = open_retirement(system, "production", CONNECTIONS[system].model_construct())
    assert (opened.system, opened.connection) == (system, "production")


def test_a_connection_of_another_system_is_refused() -> None:
    with pytest.raises(NhiError, match="got AzureConnection, expected one for gcp"):
        open_retirement(System.GCP, "production", AzureConnection())


def test_a_system_without_identities_to_retire_is_refused() -> None:
    with pytest.raises(NhiError, match="host has no identities to retire, expected one of aws"):
        open_retirement(System.HOST, "here", HostConnection())
