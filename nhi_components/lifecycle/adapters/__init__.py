"""One folder a connected system, all behind `lifecycle.ports`; a system's SDK is imported only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nhi_components.core.connection import AwsConnection, VaultConnection
from nhi_components.core.errors import NhiError
from nhi_components.core.links import System

if TYPE_CHECKING:
    from nhi_components.lifecycle.ports import SystemAdapter

_EXTRAS = {System.AWS: ("aws", "boto3"), System.VAULT: ("vault", "hvac")}


def open_adapter(system: System, name: str, connection: AwsConnection | VaultConnection) -> SystemAdapter:
    """Bind a system's adapter to a connection; nothing is reached before its first use.

    Args:
        system: the kind of system.
        name: the connection's name in `nhi.Provider`.
        connection: how to reach it.

    Raises:
        NhiError: when the system's SDK is not installed, or the connection is another system's.
    """
    try:
        match system, connection:
            case System.AWS, AwsConnection():
                from nhi_components.lifecycle.adapters.aws.adapter import AwsAdapter

                return AwsAdapter(name, connection)
            case System.VAULT, VaultConnection():
                from nhi_components.lifecycle.adapters.vault.adapter import VaultAdapter

                return VaultAdapter(name, connection)
            case _:
                raise NhiError(f"connection {name!r}: got {type(connection).__name__}, expected one for {system}")
    except ModuleNotFoundError as missing:
        extra, package = _EXTRAS[system]
        raise NhiError(
            f"connection {name!r}: the package {missing.name} is not installed, expected {package} and what it needs; "
            f"fix: pip install 'nhi-components[{extra}]'"
        ) from None
