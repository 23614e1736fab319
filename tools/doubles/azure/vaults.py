"""Key Vault's data plane, secrets: set, get, versions, update, delete, recover, purge; purge protection as a switch.

A secret's `exp` is kept and shown, and forbids nothing: a get works after it as before. What was deleted goes by itself
when the vault's retention is over.
Sources: Key Vault, 'About Azure Key Vault secrets' (exp and nbf inform only, in secrets), 'Soft-delete overview' (7 to
90 days); REST reference `Secrets`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tools.doubles.azure import errors
from tools.doubles.azure.delayed import Clock
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

RETENTION = timedelta(days=90)
MOST_TAGS, LONGEST_TAG, LARGEST = 15, 256, 25_600
_VAULT = "/vaults/{vault}"
_SECRET = _VAULT + "/secrets/{name}"
_DELETED = _VAULT + "/deletedsecrets/{name}"
_PAGE = 25
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


@dataclass(slots=True)
class Version:
    """One version."""

    id: str
    made: datetime
    value: str = field(repr=False)
    tags: dict[str, str]
    enabled: bool = True
    updated: datetime | None = None
    content_type: str | None = None
    times: dict[str, int] = field(default_factory=dict)

    def change(self, asked: dict[str, Any]) -> None:
        """Take over the attributes that were given: `enabled`, `exp`, `nbf`, and the content type."""
        attributes = asked.get("attributes") or {}
        self.enabled = attributes.get("enabled", self.enabled)
        self.content_type = asked.get("contentType", self.content_type)
        self.times |= {name: int(attributes[name]) for name in ("exp", "nbf") if attributes.get(name) is not None}


@dataclass(slots=True)
class Secret:
    """One secret with its versions, oldest first; `deleted` is when it was deleted.

    Attributes:
        settling: how many more questions are answered as if a deletion, or a purge, had not come through yet.
        purged: whether it is being purged.
    """

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: datetime | None = None
    settling: int = 0
    purged: bool = False


class Vaults:
    """The secrets of every vault.

    Attributes:
        by_name: each by vault and name, deleted ones among them.
        protected: the vaults with purge protection.
        retention: how long what was deleted is kept, by vault; 90 days for the others.
        gone: the vaults that were deleted themselves.
        slowness: how many questions a deletion or purge takes to come through.
    """

    def __init__(self, url: str, now: Clock) -> None:
        self.by_name: dict[tuple[str, str], Secret] = {}
        self.protected: set[str] = set()
        self.retention: dict[str, timedelta] = {}
        self.gone: set[str] = set()
        self.slowness = 0
        self._url, self._now = url, now

    @route("PUT", _SECRET, needs="set")
    def set(self, request: Request) -> Any:
        key, asked = (request.params["vault"], request.params["name"]), request.json()
        self._judge_vault(key[0])
        if _NAME.fullmatch(key[1]) is None:
            raise Refusal(errors.vault(400, "BadParameter", f"The request URI contains an invalid name: {key[1]}"))
        secret = self.by_name.setdefault(key, Secret(key[1]))
        self._refuse_while_deleted(key, secret)
        tags = asked.get("tags") or {}
        _judge(asked.get("value", ""), tags)
        version = Version(uuid4().hex, self._now(), asked["value"], tags)
        version.change(asked)
        secret.versions.append(version)
        return self._shown(key[0], secret, version, value=True)

    @route("GET", _VAULT + "/secrets", needs="list")
    def listing(self, request: Request) -> Any:
        vault = self._judge_vault(request.params["vault"])
        living = [each for (owner, _), each in self.by_name.items() if owner == vault and not each.deleted]
        shown = [self._shown(vault, each, each.versions[-1], whole=True) for each in living]
        return self._page(request, shown)

    @route("GET", _SECRET, needs="get")
    @route("GET", _SECRET + "/", needs="get")
    @route("GET", _SECRET + "/{version}", needs="get")
    def get(self, request: Request) -> Any:
        secret, version = self._version(request)
        if not version.enabled:
            raise Refusal(
                errors.vault(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
            )
        return self._shown(request.params["vault"], secret, version, value=True)

    @route("GET", _SECRET + "/versions", needs="list")
    def versions(self, request: Request) -> Any:
        vault, secret = request.params["vault"], self._find(request)
        # The order is nobody's promise.
        shown = [self._shown(vault, secret, each) for each in sorted(secret.versions, key=lambda each: each.id)]
        return self._page(request, shown)

    @route("PATCH", _SECRET + "/{version}", needs="set")
    def update(self, request: Request) -> Any:
        secret, version = self._version(request)
        asked = request.json()
        if (tags := asked.get("tags")) is not None:
            _judge("x", tags)
            version.tags = tags
        version.change(asked)
        version.updated = self._now()
        return self._shown(request.params["vault"], secret, version)

    @route("DELETE", _SECRET, needs="delete")
    def delete(self, request: Request) -> Any:
        secret = self._find(request)
        secret.deleted, secret.settling = self._now(), self.slowness
        return self._deleted_shown(request.params["vault"], secret)

    @route("GET", _VAULT + "/deletedsecrets", needs="list")
    def deleted_listing(self, request: Request) -> Any:
        vault = self._judge_vault(request.params["vault"])
        gone = [
            each for (owner, _), each in self.by_name.items() if owner == vault and each.deleted and not each.purged
        ]
        return self._page(request, [self._deleted_shown(vault, each, whole=True) for each in gone])

    @route("GET", _DELETED, needs="get")
    def get_deleted(self, request: Request) -> Any:
        return self._deleted_shown(request.params["vault"], self._find_deleted(request))

    @route("DELETE", _DELETED, needs="purge")
    def purge(self, request: Request) -> Any:
        secret, vault = self._find_deleted(request), request.params["vault"]
        if vault in self.protected:
            text = 'Operation "purge" is not allowed because purge protection is enabled for this vault.'
            raise Refusal(errors.vault(403, "Forbidden", text))
        secret.purged, secret.settling = True, self.slowness
        if not self.slowness:
            del self.by_name[vault, secret.name]
        return Answer(204)

    @route("POST", _DELETED + "/recover", needs="recover")
    def recover(self, request: Request) -> Any:
        secret = self._find_deleted(request)
        secret.deleted = None
        return self._shown(request.params["vault"], secret, secret.versions[-1], whole=True)

    def empty(self, vault: str) -> None:
        """Let a vault's secrets be gone for good, as those of a vault that was purged are."""
        for key in [each for each in self.by_name if each[0] == vault]:
            del self.by_name[key]

    def kept_for(self, vault: str) -> timedelta:
        """How long a vault keeps what was deleted."""
        return self.retention.get(vault, RETENTION)

    def _judge_vault(self, vault: str) -> str:
        """Refuse a vault that is gone, and let go what has outlived its time in it."""
        if vault in self.gone:
            raise Refusal(errors.vault(404, "VaultNotFound", f"The vault {vault} was not found."))
        for key, each in list(self.by_name.items()):
            if key[0] == vault and each.deleted and self._now() >= each.deleted + self.kept_for(vault):
                del self.by_name[key]
        return vault

    def _settle(self, key: tuple[str, str], secret: Secret) -> bool:
        """Whether what was begun has come through; every question brings it nearer."""
        if secret.settling:
            secret.settling -= 1
            return False
        if secret.purged:
            self.by_name.pop(key, None)
        return True

    def _refuse_while_deleted(self, key: tuple[str, str], secret: Secret) -> None:
        if not secret.deleted:
            return
        if not self._settle(key, secret):
            text = f"Secret {secret.name} is currently being deleted and cannot be re-created; retry later."
            raise Refusal(errors.vault(409, "Conflict", text, "ObjectIsBeingDeleted"))
        if secret.purged:
            secret.versions.clear()
            secret.deleted, secret.purged = None, False
            self.by_name[key] = secret
            return
        text = f"Secret {secret.name} is currently in a deleted but recoverable state, and its name cannot be reused."
        raise Refusal(errors.vault(409, "Conflict", text, "ObjectIsDeletedButRecoverable"))

    def _find(self, request: Request) -> Secret:
        vault = self._judge_vault(request.params["vault"])
        secret = self.by_name.get((vault, request.params["name"]))
        if secret is None or secret.deleted:
            message = f"A secret with (name/id) {request.params['name']} was not found in this key vault."
            raise Refusal(errors.vault(404, "SecretNotFound", message))
        return secret

    def _find_deleted(self, request: Request) -> Secret:
        key = self._judge_vault(request.params["vault"]), request.params["name"]
        secret = self.by_name.get(key)
        if secret is None or not secret.deleted or not self._settle(key, secret) or secret.purged:
            raise Refusal(errors.vault(404, "SecretNotFound", f"Deleted Secret not found: {key[1]}"))
        return secret

    def _version(self, request: Request) -> tuple[Secret, Version]:
        secret, wanted = self._find(request), request.params.get("version", "")
        found = [each for each in secret.versions if not wanted or each.id == wanted]
        if not found:
            raise Refusal(errors.vault(404, "SecretNotFound", f"A secret with (name/id) {secret.name} was not found."))
        return secret, found[-1]

    def _page(self, request: Request, shown: list[dict[str, Any]]) -> dict[str, Any]:
        start = int(request.query.get("$skiptoken", 0))
        end = start + int(request.query.get("maxresults", _PAGE))
        link = f"{self._url}{request.path}?api-version={request.query.get('api-version', '')}&$skiptoken={end}"
        return {"value": shown[start:end], "nextLink": link if end < len(shown) else None}

    def _shown(
        self, vault: str, secret: Secret, version: Version, *, value: bool = False, whole: bool = False
    ) -> dict[str, Any]:
        protected = vault in self.protected
        attributes = {
            "enabled": version.enabled,
            "created": int(version.made.timestamp()),
            "updated": int((version.updated or version.made).timestamp()),
            "recoveryLevel": "Recoverable" if protected else "Recoverable+Purgeable",
            "recoverableDays": self.kept_for(vault).days,
            **version.times,
        }
        # Clients read name and version from the id, in which a vault has a host of its own.
        id_ = f"{self._url}/secrets/{secret.name}" + ("" if whole else f"/{version.id}")
        facts: dict[str, Any] = {"id": id_, "attributes": attributes, "tags": dict(version.tags)}
        facts |= {"contentType": version.content_type} if version.content_type else {}
        return facts | ({"value": version.value} if value else {})

    def _deleted_shown(self, vault: str, secret: Secret, *, whole: bool = False) -> dict[str, Any]:
        facts = self._shown(vault, secret, secret.versions[-1], whole=whole)
        deleted = secret.deleted or self._now()
        return facts | {
            "recoveryId": f"{self._url}/deletedsecrets/{secret.name}",
            "deletedDate": int(deleted.timestamp()),
            "scheduledPurgeDate": int((deleted + self.kept_for(vault)).timestamp()),
        }


def _judge(value: str, tags: dict[str, str]) -> None:
    told: list[tuple[bool, str]] = [
        (not value, "The property value is not specified."),
        (len(value.encode()) > LARGEST, "The secret's value is longer than 25,600 bytes."),
        (len(tags) > MOST_TAGS, "A secret has at most 15 tags."),
        (any(len(text) > LONGEST_TAG for pair in tags.items() for text in pair), "A tag is longer than 256."),
    ]
    for wrong, text in told:
        if wrong:
            raise Refusal(errors.vault(400, "BadParameter", text))
