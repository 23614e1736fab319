"""Non-human identities as Pulumi components: provisioned, judged, destroyed and proved.

Nothing is imported before it is used: `nhi_components.aws`, `.azure`, `.gcp`, `.kubernetes` and `.vault` bring their
own SDKs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nhi_components import version

if TYPE_CHECKING:
    from nhi_components import home, on
    from nhi_components.core.errors import SpecError
    from nhi_components.core.expiry import Expiry
    from nhi_components.core.grant import Grant
    from nhi_components.core.identity import Identity, Kind, Owner
    from nhi_components.core.rule_exception import RuleException
    from nhi_components.core.secret import SecretSpec
    from nhi_components.federation import FederatedIdentity
    from nhi_components.resources import Provider

__all__ = [
    "Expiry",
    "FederatedIdentity",
    "Grant",
    "Identity",
    "Kind",
    "Owner",
    "Provider",
    "RuleException",
    "SecretSpec",
    "SpecError",
    "__version__",
    "home",
    "on",
]

__version__ = version.VERSION

_HOMES = {
    "Expiry": "core.expiry",
    "FederatedIdentity": "federation",
    "Grant": "core.grant",
    "Identity": "core.identity",
    "Kind": "core.identity",
    "Owner": "core.identity",
    "Provider": "resources",
    "RuleException": "core.rule_exception",
    "SecretSpec": "core.secret",
    "SpecError": "core.errors",
}


_MODULES = ("home", "on")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"nhi_components.{name}")
    if name in _HOMES:
        return getattr(import_module(f"nhi_components.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
