"""A double of a service that a hook speaks to: accounts with keys, by the protocol of docs/hooks.md.

It is a program as well: `python tools/doubles/hooked.py FILE` reads a request from standard input, answers it on
standard output, and keeps what there is in the file. The token that the service asks for is in HOOKED_TOKEN then.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TOKEN_VARIABLE = "HOOKED_TOKEN"  # noqa: S105 - a variable's name
MOST_KEYS = 3


class Unwilling(Exception):
    """The service understood, and does not do it."""

    def __init__(self, error: str, code: str = "refused") -> None:
        self.code = code
        super().__init__(error)


class Service:
    """Accounts by name, each with its keys; of a key it keeps the hash of its value only.

    Attributes:
        accounts: what there is; plain data.
    """

    def __init__(self, accounts: dict[str, Any] | None = None) -> None:
        self.accounts: dict[str, Any] = accounts if accounts is not None else {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request of the protocol."""
        try:
            return {"ok": True, **self._handler(request)(request)}
        except Unwilling as refused:
            return {"ok": False, "error": str(refused), "code": refused.code}

    def _handler(self, request: dict[str, Any]) -> Any:
        handler = getattr(self, "_" + str(request["action"]).replace(".", "_"), None)
        if request["version"] != 1 or handler is None:
            raise Unwilling(f"no action {request['action']} of version {request['version']}")
        return handler

    def make_account(self, name: str, lease: str | None, *, active: bool = True) -> dict[str, Any]:
        """Make an account as its own administrator would."""
        made: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "lease": lease,
            "active": active,
            "suspended_at": None,
            "keys": {},
        }
        self.accounts[name] = made
        return made

    def make_key(self, name: str) -> tuple[str, str]:
        """Make a key as a person would: its id and its value."""
        key_id, value = f"key-{secrets.token_hex(6)}", secrets.token_urlsafe(24)
        facts = {"hash": _hash(value), "enabled": True, "created_at": _now(), "last_used": None}
        self.accounts[name]["keys"][key_id] = facts
        return key_id, value

    def accepts(self, name: str, key_id: str, value: str) -> bool:
        """Let a key be used."""
        account = self.accounts.get(name)
        key = account["keys"].get(key_id) if account else None
        if not account or not key or not key["enabled"] or not account["active"] or key["hash"] != _hash(value):
            return False
        key["last_used"] = _now()
        return True

    def _describe(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"most": MOST_KEYS, "can_disable": True, "tells_use": True, "accounts": True}

    def _keys_list(self, request: dict[str, Any]) -> dict[str, Any]:
        account = self.accounts.get(request["account"])
        if account is None:
            return {"keys": []}
        self._refuse_foreign(account, request)
        told = ("enabled", "created_at")
        return {"keys": [{"key_id": i, **{t: key[t] for t in told}} for i, key in account["keys"].items()]}

    def _keys_create(self, request: dict[str, Any]) -> dict[str, Any]:
        account = self._account(request)
        self._refuse_foreign(account, request)
        if len(account["keys"]) >= MOST_KEYS:
            raise Unwilling(f"an account has at most {MOST_KEYS} keys", "limit")
        key_id, value = self.make_key(request["account"])
        return {"key_id": key_id, "fields": {"key_name": key_id, "api_key": value}}

    def _keys_disable(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._enabled(request, enabled=False)

    def _keys_enable(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._enabled(request, enabled=True)

    def _enabled(self, request: dict[str, Any], *, enabled: bool) -> dict[str, Any]:
        if key := self._keys(request).get(request["key_id"]):
            key["enabled"] = enabled
        return {}

    def _keys_delete(self, request: dict[str, Any]) -> dict[str, Any]:
        self._keys(request).pop(request["key_id"], None)
        return {}

    def _keys_test(self, request: dict[str, Any]) -> dict[str, Any]:
        value = str(request["fields"].get("api_key", ""))
        return {"works": self.accepts(request["account"], request["key_id"], value)}

    def _keys_last_used(self, request: dict[str, Any]) -> dict[str, Any]:
        key = self._keys(request).get(request["key_id"])
        return {"last_used": key["last_used"] if key else None}

    def _account_ensure(self, request: dict[str, Any]) -> dict[str, Any]:
        account = self.accounts.get(request["account"])
        if account is None:
            self.make_account(request["account"], request["lease"], active=not request["suspended"])
        else:
            account["lease"] = request["lease"]
        return self._account_find(request)

    def _account_find(self, request: dict[str, Any]) -> dict[str, Any]:
        account = self.accounts.get(request["account"])
        told = ("id", "lease", "active", "suspended_at")
        return {"account": {name: account[name] for name in told} if account else None}

    def _account_suspend(self, request: dict[str, Any]) -> dict[str, Any]:
        self._named(request).update(active=False, suspended_at=_now())
        return {}

    def _account_restore(self, request: dict[str, Any]) -> dict[str, Any]:
        self._named(request).update(active=True, suspended_at=None)
        return {}

    def _account_delete(self, request: dict[str, Any]) -> dict[str, Any]:
        account = self.accounts.get(request["account"])
        if account and account["id"] == request["id"]:
            del self.accounts[request["account"]]
        return {}

    def _named(self, request: dict[str, Any]) -> dict[str, Any]:
        account = self._account(request)
        if account["id"] != request["id"]:
            raise Unwilling(f"account {request['account']} is another one")
        return account

    def _account(self, request: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] | None = self.accounts.get(request["account"])
        if found is None:
            raise Unwilling(f"no account {request['account']}")
        return found

    def _keys(self, request: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.accounts.get(request["account"], {}).get("keys", {})
        return found

    def _refuse_foreign(self, account: dict[str, Any], request: dict[str, Any]) -> None:
        if account["lease"] != request["lease"]:
            raise Unwilling(f"account {request['account']} belongs to {account['lease'] or 'somebody else'}")


def main() -> None:
    """Answer one request, as a declared command."""
    file = Path(sys.argv[1])
    request = json.load(sys.stdin)
    if not file.is_file():
        answer: dict[str, Any] = {"ok": False, "error": "the service is down", "code": "unavailable"}
    else:
        kept = json.loads(file.read_text())
        if os.environ.get(TOKEN_VARIABLE) != kept["token"]:
            answer = {"ok": False, "error": "the service refuses the token", "code": "unauthorized"}
        else:
            answer = Service(kept["accounts"]).answer(request)
            file.write_text(json.dumps(kept))
    json.dump(answer, sys.stdout)


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat()


if __name__ == "__main__":
    main()
