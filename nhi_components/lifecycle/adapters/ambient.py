"""Whether a machine is set up for a system without being told so by a connection; nothing is reached.

Sources: google-auth, 'How Application Default Credentials works'; azure-identity, 'DefaultAzureCredential' and its
environment variables; Azure CLI, 'Azure CLI configuration options and variables'; Kubernetes documentation, 'Organizing
Cluster Access Using kubeconfig Files', 'Accessing the API from within a Pod'.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from nhi_components.core.links import System

_GCLOUD_FILE: Final = "application_default_credentials.json"
_AZURE_VARIABLES: Final = ("AZURE_CLIENT_ID", "AZURE_USERNAME", "AZURE_FEDERATED_TOKEN_FILE")


def _for_gcp() -> bool:
    """On a machine of Google's own that has no such file, a connection has to say so: to ask its server takes long."""
    folder = os.environ.get("CLOUDSDK_CONFIG") or str(Path.home() / ".config" / "gcloud")
    return bool(os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")) or (Path(folder) / _GCLOUD_FILE).is_file()


def _for_azure() -> bool:
    """On a machine of Azure's own that nobody has signed in on, a connection has to say so, as on one of Google's."""
    told = any(os.environ.get(name) for name in _AZURE_VARIABLES)
    folder = os.environ.get("AZURE_CONFIG_DIR") or str(Path.home() / ".azure")
    return told or (Path(folder) / "azureProfile.json").is_file()


def _for_kubernetes() -> bool:
    """A file that KUBECONFIG names and that is not there counts for nothing, as kubectl has it."""
    named = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    has_file = any(Path(file).is_file() for file in named.split(os.pathsep) if file)
    return has_file or bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


_NAMED_ONLY: Final = (System.GITHUB, System.HOOK, System.ACTIVE_DIRECTORY)
_SIGNS: Final[Mapping[System, Callable[[], bool]]] = MappingProxyType(
    {System.GCP: _for_gcp, System.AZURE: _for_azure, System.KUBERNETES: _for_kubernetes}
)


def is_set_up(system: System) -> bool:
    """Tell whether a machine shows that a system is used from it; of AWS and Vault that is always assumed."""
    return _SIGNS[system]() if system in _SIGNS else True


def is_worth_a_scan(system: System) -> bool:
    """Tell whether a scan reads a system that no connection names: as `is_set_up`, but a Vault must have an address.

    A token of GitHub says nothing of an organisation that it may list, least of all a workflow's; nor does anything of
    a command that answers `discover`.
    """
    if system in _NAMED_ONLY:
        return False
    return bool(os.environ.get("VAULT_ADDR")) if system is System.VAULT else is_set_up(system)
