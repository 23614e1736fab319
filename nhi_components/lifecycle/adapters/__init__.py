"""One folder a connected system, all behind `lifecycle.ports`; a system's SDK is imported only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from nhi_components.core.connection import (
    ActiveDirectoryConnection,
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
    from nhi_components.lifecycle.adoption.ports import AccountReader, RoleReader
    from nhi_components.lifecycle.clock import Clock
    from nhi_components.lifecycle.credentials.ports import CredentialSystem
    from nhi_components.lifecycle.decommission.ports import Retirement
    from nhi_components.lifecycle.discovery.ports import Discovery
    from nhi_components.lifecycle.ports import SystemAdapter

IMPORTING: Final = RLock()
"""Held while something that brings an SDK along is imported: leases of several systems are looked after side by side,
and where the packages below their SDKs import each other, Python hands one of two threads half a module."""

IDENTITY_SYSTEMS = (System.AWS, System.VAULT, System.GCP, System.AZURE, System.KUBERNETES)
"""The systems on which identities themselves live; the others hold credentials and accounts."""

DISCOVERED = (
    *(System.AWS, System.VAULT, System.KUBERNETES, System.GCP, System.AZURE),
    *(System.GITHUB, System.HOOK, System.ACTIVE_DIRECTORY),
)
"""The systems whose identities `nhi discover` reads."""

RETIRABLE = (
    *(System.AWS, System.VAULT, System.KUBERNETES, System.GCP, System.AZURE),
    *(System.GITHUB, System.HOOK, System.ACTIVE_DIRECTORY),
)
"""The systems whose identities `nhi decommission` retires, whoever has made them."""

_EXTRAS = MappingProxyType(
    {
        System.AWS: ("aws", "boto3"),
        System.VAULT: ("vault", "hvac"),
        System.GCP: ("gcp", "google-auth"),
        System.AZURE: ("azure", "azure-keyvault-secrets"),
        System.KUBERNETES: ("kubernetes", "kubernetes"),
        System.GITHUB: ("github", "pygithub"),
        System.GITLAB: ("gitlab", "python-gitlab"),
        System.ACTIVE_DIRECTORY: ("active-directory", "ldap3"),
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
        System.ACTIVE_DIRECTORY: ActiveDirectoryConnection,
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
            case System.GCP:
                adapter = _class_of("gcp.adapter", "GcpAdapter")(name, connection)
            case System.AZURE:
                adapter = _class_of("azure.adapter", "AzureAdapter")(name, connection)
            case System.KUBERNETES:
                adapter = _class_of("kubernetes.adapter", "KubernetesAdapter")(name, connection)
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


def open_discovery(system: System, name: str, connection: Connection, clock: Clock) -> Discovery:
    """Bind what reads a system's identities to a connection; nothing is reached before its first use.

    Raises:
        NhiError: when the system's SDK is not installed, the connection is another system's, or it is not discovered.
    """
    if system not in DISCOVERED:
        raise NhiError(f"connection {name!r}: {system} is not discovered, expected one of {', '.join(DISCOVERED)}")
    with _installed(system, name, connection):
        opened: Discovery = _class_of(f"{system}.discovery", "Discovery")(name, connection, clock)
        return opened


def open_retirement(system: System, name: str, connection: Connection) -> Retirement:
    """Bind what retires a system's single identities to a connection; nothing is reached before its first use.

    Raises:
        NhiError: when the system's SDK is not installed, the connection is another system's, or it retires nothing.
    """
    if system not in RETIRABLE:
        raise NhiError(
            f"connection {name!r}: {system} has no identities to retire, expected one of {', '.join(RETIRABLE)}"
        )
    with _installed(system, name, connection):
        opened: Retirement = _class_of(f"{system}.retirement", "Retirement")(name, connection)
        return opened


def open_role_reading(name: str, connection: Connection, clock: Clock) -> RoleReader:
    """Bind what reads roles that are to be adopted to a connection of AWS; nothing is reached before its first use.

    Raises:
        NhiError: when AWS's SDK is not installed, or the connection is another system's.
    """
    with _installed(System.AWS, name, connection):
        opened: RoleReader = _class_of("aws.role_reading", "RoleReading")(name, connection, clock)
        return opened


def open_account_reading(name: str, connection: Connection) -> AccountReader:
    """Bind what reads accounts that are to be adopted to a connection of Google Cloud; see `open_role_reading`.

    Raises:
        NhiError: when google-auth is not installed, or the connection is another system's.
    """
    with _installed(System.GCP, name, connection):
        opened: AccountReader = _class_of("gcp.account_reading", "AccountReading")(name, connection)
        return opened


def discovery_policy(system: System) -> str:
    """Write the least-privilege policy that reading a system's identities needs, in its own form."""
    written: str = _class_of(f"{system}.discovery_policy", "policy")()
    return written


def _class_of(module: str, name: str) -> Callable[..., Any]:
    with IMPORTING:
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
