"""Who may do what with the secrets and keys of a vault: by roles, or by the vault's access policies where it says so.

Sources: Key Vault, 'Provide access to Key Vault keys, certificates, and secrets with Azure role-based access control',
'Azure RBAC vs. access policies'; Azure permissions for Security, Microsoft.KeyVault, data actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tools.doubles.azure import errors
from tools.doubles.azure.rbac import Rbac
from tools.doubles.azure.refusals import Refusals
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.doubles.azure.tokens import Held
from tools.doubles.messages import Answer, Request

_SECRETS: Final = "Microsoft.KeyVault/vaults/secrets"
_KEYS: Final = "Microsoft.KeyVault/vaults/keys"
_ON_KEYS: Final[Mapping[str, str]] = {
    "get": "read",
    "list": "read",
    "delete": "delete",
    "wrapKey": "wrap/action",
    "unwrapKey": "unwrap/action",
    **{verb: f"{verb}/action" for verb in ("create", "update", "rotate", "backup", "release", "recover", "purge")},
    **{verb: f"{verb}/action" for verb in ("encrypt", "decrypt", "sign", "verify")},
}
_BY_PERMISSION: Mapping[str, str] = {
    "get": f"{_SECRETS}/getSecret/action",
    "list": f"{_SECRETS}/readMetadata/action",
    "set": f"{_SECRETS}/setSecret/action",
    "delete": f"{_SECRETS}/delete",
    "recover": f"{_SECRETS}/recover/action",
    "purge": f"{_SECRETS}/purge/action",
    **{f"keys/{verb}": f"{_KEYS}/{operation}" for verb, operation in _ON_KEYS.items()},
}
"""A permission of keys is one of access policies' with `keys/` before it."""


class VaultAccess:
    """Judges who is no operator.

    Attributes:
        find: gives a vault as Azure Resource Manager keeps it, by its name; None for one that it does not know.
    """

    def __init__(self, rbac: Rbac) -> None:
        self.find: Callable[[str], Mapping[str, Any] | None] = lambda vault: None
        self._rbac = rbac

    def may(self, request: Request, object_id: str, permission: str) -> bool:
        """Judge a permission such as `get` or `keys/sign`."""
        known = self.find(_vault_of(request))
        if known is not None and not known["properties"].get("enableRbacAuthorization"):
            verb, kind = permission.removeprefix("keys/").lower(), _kind_of(permission)
            return any(
                policy.get("objectId") == object_id
                and {verb, "all"} & {str(each).lower() for each in policy.get("permissions", {}).get(kind, ())}
                for policy in known["properties"].get("accessPolicies") or ()
            )
        return self._rbac.permits(
            object_id, _operation(request, permission), self._scope(request, permission), data=True
        )

    def forbidden(self, request: Request, permission: str, held: Held | None) -> Answer:
        """The 403: of the roles for whom a token was issued to, else of the access policies."""
        vault = _vault_of(request)
        known = self.find(vault)
        if held is not None and (known is None or known["properties"].get("enableRbacAuthorization")):
            return Refusals.denied_by_roles(
                held, _operation(request, permission), self._scope(request, permission), vault
            )
        verb, kind = permission.removeprefix("keys/"), _kind_of(permission)
        text = f"The application 'appid={request.principal}' does not have {kind} {verb} permission on key vault"
        return errors.vault(403, "Forbidden", f"{text} '{vault}'.", "AccessDenied")

    def _scope(self, request: Request, permission: str) -> str:
        """A vault that was only ever named lies in the double's own resource group."""
        vault = _vault_of(request)
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
        known = self.find(vault) or {"id": f"{group}/providers/Microsoft.KeyVault/vaults/{vault}"}
        name = request.params.get("name")
        return f"{known['id']}/{_kind_of(permission)}/{name}" if name else str(known["id"])


def _vault_of(request: Request) -> str:
    return request.path.split("/")[2]


def _kind_of(permission: str) -> str:
    return "keys" if permission.startswith("keys/") else "secrets"


def _operation(request: Request, permission: str) -> str:
    if permission.startswith("keys/"):
        return _BY_PERMISSION[permission]
    if request.method == "PATCH":
        return f"{_SECRETS}/update/action"
    if permission == "get" and "/deletedsecrets/" in request.path:
        return f"{_SECRETS}/readMetadata/action"
    return _BY_PERMISSION[permission]
