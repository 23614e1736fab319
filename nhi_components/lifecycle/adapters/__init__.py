"""One folder a connected system, all behind `lifecycle.ports`; a system's SDK is imported only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nhi_components.core.connection import (
    AwsConnection,
    AzureConnection,
    Connection,
    GcpConnection,
    GitHubConnection,
    GitLabConnection,
    HookConnection,
    HostConnection,
    KubernetesConnection,
    ScimConnection,
    VaultConnection,
)
from nhi_components.core.errors import NhiError
from nhi_components.core.links import System

if TYPE_CHECKING:
    from nhi_components.lifecycle.credentials.ports import CredentialSystem
    from nhi_components.lifecycle.ports import SystemAdapter

IDENTITY_SYSTEMS = (System.AWS, System.VAULT)
"""The systems on which identities themselves live; the others hold credentials and accounts."""

_EXTRAS = MappingProxyType(
    {
        System.AWS: ("aws", "boto3"),
        System.VAULT: ("vault", "hvac"),
        System.GCP: ("gcp", "google-auth"),
        System.AZURE: ("azure", "azure-keyvault-secrets"),
        System.KUBERNETES: ("kubernetes", "kubernetes"),
        System.GITHUB: ("github", "pygithub"),
        System.GITLAB: ("gitlab", "python-gitlab"),
    }
)
CONNECTIONS: Mapping[System, type[Connection]] = MappingProxyType(
    {
        System.AWS: AwsConnection,
        System.VAULT: VaultConnection,
        System.GCP: GcpConnection,
        System.AZURE: AzureConnection,
        System.KUBERNETES: KubernetesConnection,
        System.GITHUB: GitHubConnection,
        System.GITLAB: GitLabConnection,
        System.HOST: HostConnection,
        System.SCIM: ScimConnection,
        System.HOOK: HookConnection,
    }
)
"""What sort of connection reaches each system."""


def open_adapter(system: System, name: str, connection: Connection) -> SystemAdapter:
    """Bind a system's adapter to a connection; nothing is reached before its first use.

    Args:
        system: the kind of system.
        name: the connection's name in `nhi.Provider`.
        connection: how to reach it.

    Raises:
        NhiError: when the system's SDK is not installed, or the connection is another system's.
    """
    with _installed(system, name, connection):
        match system:
            case System.AWS:
                adapter: SystemAdapter = _class_of("aws.adapter", "AwsAdapter")(name, connection)
            case System.VAULT:
                adapter = _class_of("vault.adapter", "VaultAdapter")(name, connection)
            case System.SCIM:
                adapter = _class_of("scim.adapter", "ScimAdapter")(name, connection)
            case System.HOOK:
                adapter = _class_of("hook.adapter", "HookAdapter")(name, connection)
            case _:
                adapter = _class_of("holders", "HolderAdapter")(
                    system, name, open_credentials(system, name, connection)
                )
        return adapter


def open_credentials(system: System, name: str, connection: Connection) -> CredentialSystem:
    """Bind a system's sources and places of credentials to a connection; nothing is reached before its first use.

    Raises:
        NhiError: when the system's SDK is not installed, the connection is another system's, or it has no credentials.
    """
    if system is System.SCIM:
        raise NhiError(f"connection {name!r}: {system} holds accounts, expected a system that holds credentials")
    with _installed(system, name, connection):
        opened: CredentialSystem = _class_of(f"{system}.credentials", "Credentials")(name, connection)
        return opened


def _class_of(module: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(import_module(f"{__name__}.{module}"), name)
    return found


@contextmanager
def _installed(system: System, name: str, connection: Connection) -> Iterator[None]:
    if not isinstance(connection, CONNECTIONS[system]):
        raise NhiError(f"connection {name!r}: got {type(connection).__name__}, expected one for {system}")
    try:
        yield
    except ModuleNotFoundError as missing:
        if system not in _EXTRAS:
            raise
        extra, package = _EXTRAS[system]
        raise NhiError(
            f"connection {name!r}: the package {missing.name} is not installed, expected {package} and what it needs; "
            f"fix: pip install 'nhi-components[{extra}]'"
        ) from None
