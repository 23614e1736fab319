"""Microsoft.KeyVault: vaults as resources, softly deleted for their retention, with their protection against purge.

Sources: REST reference `Vaults` (create, get, update, delete, list deleted, get deleted, purge deleted); Key Vault,
'Soft-delete overview', 'Purge protection' (neither can be taken back; 7 to 90 days; the name stays taken meanwhile).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from tools.doubles.azure.arm import ArmType, answered
from tools.doubles.azure.calls import Call
from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.errors import arm
from tools.doubles.azure.operations import Operations
from tools.doubles.azure.scopes import is_within, normalised, stamp
from tools.doubles.azure.tags import judge_tags
from tools.doubles.azure.vaults import RETENTION, Vaults
from tools.doubles.messages import Answer

_TYPE: Final = "Microsoft.KeyVault/vaults"
_NAME = re.compile(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]")
_LEAST_DAYS: Final = 7


class KeyVaults:
    """Every vault that Azure Resource Manager knows.

    Attributes:
        by_id: each that lives by its resource id in small letters, as the API shows it.
        deleted: each that was deleted by its name, with the moment.
    """

    def __init__(self, vaults: Vaults, operations: Operations, url: str, now: Clock) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self._vaults, self._operations, self._url, self._now = vaults, operations, url, now
        self._on_delete: list[Callable[[str], None]] = []

    def find(self, vault: str) -> dict[str, Any] | None:
        """A vault that lives, by its name."""
        return next((each for each in self.by_id.values() if each["name"].lower() == vault.lower()), None)

    def when_deleted(self, told: Callable[[str], None]) -> None:
        """Have somebody told the id of each vault that is gone for good."""
        self._on_delete.append(told)

    def remove_within(self, scope: str) -> None:
        """Delete the vaults of a resource group that is gone, softly."""
        for key in [each for each in self.by_id if is_within(each, scope)]:
            self._remove(key)

    def types(self) -> Iterator[ArmType]:
        """The types that this is about."""
        verbs = {"GET": self._get, "LIST": self._list, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}
        yield ArmType(_TYPE, verbs)
        yield ArmType("Microsoft.KeyVault/deletedVaults", {"LIST": self._list_deleted})
        verbs = {"GET": self._get_deleted, "POST purge": self._purge}
        yield ArmType("Microsoft.KeyVault/locations/deletedVaults", verbs)

    def _get(self, call: Call) -> Any:
        found = self.by_id.get(normalised(call.id))
        if found is None:
            text = f"The Resource '{_TYPE}/{call.name}' under resource group '{call.group}' was not found."
            more = "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            raise arm(404, "ResourceNotFound", f"{text} {more}")
        return found

    def _list(self, call: Call) -> Any:
        return {"value": [each for each in self.by_id.values() if is_within(str(each["id"]), call.scope)]}

    def _put(self, call: Call) -> Any:
        asked, present = call.json(), self.by_id.get(normalised(call.id))
        properties = asked.get("properties") or {}
        self._forget_old()
        judge_tags(asked.get("tags"))
        if not asked.get("location"):
            raise arm(400, "LocationRequired", "The location property is required for this definition.")
        if _NAME.fullmatch(call.name) is None:
            raise arm(400, "VaultNameNotValid", f"The vault name '{call.name}' is invalid. It has 3 to 24 characters.")
        namesake = self.find(call.name)
        if namesake is not None and normalised(namesake["id"]) != normalised(call.id):
            raise arm(409, "VaultAlreadyExists", f"The vault name '{call.name}' is already in use.")
        is_recovery = properties.get("createMode") == "recover"
        if call.name.lower() in self.deleted:
            return self._recover(call, is_recovery=is_recovery)
        if is_recovery and present is None:
            raise arm(404, "DeletedVaultNotFound", f"A deleted vault with the name '{call.name}' does not exist.")
        self._judge(properties, present)
        return answered(self._keep(call, asked, present), is_new=present is None)

    def _judge(self, properties: dict[str, Any], present: dict[str, Any] | None) -> None:
        had = present["properties"] if present else {}
        for name in ("tenantId", "sku"):
            if not properties.get(name):
                raise arm(400, "BadRequest", f'The property "{name}" is required.')
        if not properties.get("enableRbacAuthorization") and properties.get("accessPolicies") is None:
            raise arm(400, "BadRequest", 'The property "accessPolicies" is required without "enableRbacAuthorization".')
        if properties.get("enablePurgeProtection") is False:
            text = (
                'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a '
                "vault is an irreversible action."
            )
            raise arm(400, "BadRequest", text)
        if properties.get("enableSoftDelete") is False:
            raise arm(400, "BadRequest", 'The property "enableSoftDelete" cannot be set to false.')
        days = properties.get("softDeleteRetentionInDays")
        if days is not None and not _LEAST_DAYS <= days <= RETENTION.days:
            raise arm(400, "BadRequest", 'The property "softDeleteRetentionInDays" must be from 7 to 90.')
        if days is not None and had and days != had["softDeleteRetentionInDays"]:
            raise arm(
                400,
                "BadRequest",
                'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
            )

    def _keep(self, call: Call, asked: dict[str, Any], present: dict[str, Any] | None) -> dict[str, Any]:
        given, had = asked.get("properties") or {}, present["properties"] if present else {}
        properties = {
            "enableRbacAuthorization": False,
            "softDeleteRetentionInDays": had.get("softDeleteRetentionInDays", RETENTION.days),
            "accessPolicies": [],
            **{name: value for name, value in given.items() if value is not None and name != "createMode"},
            "enableSoftDelete": True,
            "vaultUri": f"{self._url}/vaults/{call.name}/",
            "provisioningState": "Succeeded",
        }
        if had.get("enablePurgeProtection"):
            properties["enablePurgeProtection"] = True
        named = {"id": call.id, "name": call.name, "type": _TYPE, "location": asked["location"]}
        self.by_id[normalised(call.id)] = {**named, "tags": asked.get("tags") or {}, "properties": properties}
        self._tell(call.name, properties)
        return self.by_id[normalised(call.id)]

    def _tell(self, name: str, properties: dict[str, Any]) -> None:
        """Let the secrets' side know how it is protected."""
        self._vaults.gone.discard(name)
        self._vaults.retention[name] = timedelta(days=properties["softDeleteRetentionInDays"])
        if properties.get("enablePurgeProtection"):
            self._vaults.protected.add(name)

    def _patch(self, call: Call) -> Any:
        found, asked = self._get(call), call.json()
        judge_tags(asked.get("tags"))
        changed = {**found["properties"], **(asked.get("properties") or {})}
        self._judge(changed, found)
        found |= {"properties": changed, "tags": asked.get("tags", found["tags"])}
        self._tell(call.name, changed)
        return found

    def _delete(self, call: Call) -> Any:
        if normalised(call.id) not in self.by_id:
            return Answer(204)
        self._remove(normalised(call.id))
        return Answer(200)

    def _remove(self, key: str) -> None:
        vault = self.by_id.pop(key)
        self.deleted[vault["name"].lower()] = self._now(), vault
        self._vaults.gone.add(vault["name"])

    def _recover(self, call: Call, *, is_recovery: bool) -> Any:
        vault = self.deleted[call.name.lower()][1]
        if not is_recovery:
            text = (
                "A vault with the same name already exists in deleted state. You need to either recover or purge "
                "existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more "
                "information on soft delete."
            )
            raise arm(409, "ConflictError", text)
        del self.deleted[call.name.lower()]
        self.by_id[normalised(vault["id"])] = vault
        self._vaults.gone.discard(vault["name"])
        return vault

    def _list_deleted(self, call: Call) -> Any:
        self._forget_old()
        return {"value": [self._shown(each) for each in self.deleted]}

    def _get_deleted(self, call: Call) -> Any:
        self._forget_old()
        if call.name.lower() not in self.deleted:
            raise arm(404, "DeletedVaultNotFound", f"The specified deleted vault '{call.name}' does not exist.")
        return self._shown(call.name.lower())

    def _purge(self, call: Call) -> Any:
        self._get_deleted(call)
        if self.deleted[call.name.lower()][1]["properties"].get("enablePurgeProtection"):
            text = f"Operation 'DeletedVaultPurge' is not allowed: vault '{call.name}' has purge protection."
            raise arm(400, "MethodNotAllowed", text)
        return self._operations.begin(call, finish=lambda: self._forget(call.name.lower()))

    def _forget_old(self) -> None:
        for name, (moment, vault) in list(self.deleted.items()):
            if self._now() >= moment + timedelta(days=vault["properties"]["softDeleteRetentionInDays"]):
                self._forget(name)

    def _forget(self, name: str) -> None:
        vault = self.deleted.pop(name)[1]
        self._vaults.empty(vault["name"])
        self._vaults.gone.discard(vault["name"])
        self._vaults.protected.discard(vault["name"])
        for told in self._on_delete:
            told(vault["id"])

    def _shown(self, name: str) -> dict[str, Any]:
        moment, vault = self.deleted[name]
        days = vault["properties"]["softDeleteRetentionInDays"]
        properties = {
            "vaultId": vault["id"],
            "location": vault["location"],
            "deletionDate": stamp(moment),
            "scheduledPurgeDate": stamp(moment + timedelta(days=days)),
            "purgeProtectionEnabled": vault["properties"].get("enablePurgeProtection"),
            "tags": vault["tags"],
        }
        subscription = vault["id"].split("/")[2]
        where = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{vault['location']}"
        kind = "Microsoft.KeyVault/deletedVaults"
        return {
            "id": f"{where}/deletedVaults/{vault['name']}",
            "name": vault["name"],
            "type": kind,
            "properties": properties,
        }
