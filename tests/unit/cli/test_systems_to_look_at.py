"""Where `nhi verify` and `nhi kill` look for a lease when nobody says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nhi_components.cli.connections import systems_to_look_at
from nhi_components.core.connection import GcpConnection
from nhi_components.core.links import System
from nhi_components.provider.settings import Settings

USUAL = [System.AWS, System.VAULT]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is set up."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AZURE_CLIENT_ID", "AZURE_USERNAME", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def test_a_machine_that_shows_nothing_looks_where_identities_always_may_be() -> None:
    assert systems_to_look_at(None, Settings()) == USUAL


def test_a_connection_leads_there() -> None:
    assert systems_to_look_at(None, Settings(gcp={"default": GcpConnection()})) == [*USUAL, System.GCP]


def test_ambient_credentials_lead_there(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = machine / ".config/gcloud/application_default_credentials.json"
    file.parent.mkdir(parents=True)
    file.touch()
    assert systems_to_look_at(None, Settings()) == [*USUAL, System.GCP]
    file.unlink()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(machine / "key.json"))
    assert systems_to_look_at(None, Settings()) == [*USUAL, System.GCP]


def test_whoever_is_signed_in_to_azure_is_led_there(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = machine / ".azure/azureProfile.json"
    file.parent.mkdir(parents=True)
    file.touch()
    assert systems_to_look_at(None, Settings()) == [*USUAL, System.AZURE]
    file.unlink()
    assert systems_to_look_at(None, Settings()) == USUAL
    monkeypatch.setenv("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000000")
    assert systems_to_look_at(None, Settings()) == [*USUAL, System.AZURE]


def test_a_kubeconfig_leads_there_if_there_is_one(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = machine / "cluster.yaml"
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(machine / "other.yaml"), str(file)]))
    assert systems_to_look_at(None, Settings()) == USUAL
    file.touch()
    assert systems_to_look_at(None, Settings()) == [*USUAL, System.KUBERNETES]


def test_what_is_said_is_all() -> None:
    assert systems_to_look_at(["gcp"], Settings()) == [System.GCP]
