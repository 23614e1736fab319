"""A double of a web hook that retires bots by the protocol of docs/discovery-protocol.md.

A bot that is disabled has its token refused; a bot that is deleted can be brought back for 30 days by nobody here, and
the answer says so all the same. Who may not ask an action is refused as `denied`.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from tools.doubles.discovered import DiscoveredDouble
from tools.doubles.messages import Request
from tools.doubles.routes import route

RECOVERABLE = timedelta(days=30)


class RetiredDouble(DiscoveredDouble):
    """One web hook, at `/`.

    Attributes:
        bots: by key: id, token, whether it is on, mark, why it is guarded, what depends on it.
        irreversible: whether a bot that is disabled could not be given back.
    """

    def __init__(self) -> None:
        self.bots: dict[str, dict[str, Any]] = {}
        self.irreversible = False
        super().__init__()

    def make(self, key: str, token: str) -> dict[str, Any]:
        """Make a bot, in the place of another one of its key."""
        made = {"id": secrets.token_hex(8), "token": token, "on": True, "mark": ["", ""]}
        self.bots[key] = {**made, "guarded": "", "dependents": []}
        return self.bots[key]

    def accepts(self, token: str) -> bool:
        """Tell whether a bot's token is accepted."""
        return any(each["token"] == token and each["on"] for each in self.bots.values())

    @route("POST", "/")
    def answer(self, request: Request) -> dict[str, Any]:
        asked = request.json()
        part, _, what = str(asked["action"]).partition(".")
        if part != "retire" or self.refusal is not None or not self.may(request, asked["action"]):
            return super().answer(request)
        about = asked["identity"]
        bot = self.bots.get(about["key"])
        presence = "gone" if bot is None else "other" if bot["id"] != about["unique_id"] else ""
        if what == "look":
            return {"ok": True, **(self._standing(bot) if bot and not presence else {"presence": presence})}
        if bot is None or presence:
            return {"ok": True, "removed": []} if what == "delete" else {"ok": False, "error": f"it is {presence}"}
        return self._done(what, about["key"], bot, asked)

    def _standing(self, bot: dict[str, Any]) -> dict[str, Any]:
        case, stage = bot["mark"]
        told = {name: bot[name] for name in ("guarded", "dependents")}
        return {"presence": "alive" if bot["on"] else "disabled", "case": case, "stage": stage, **told}

    def _done(self, what: str, key: str, bot: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        match what:
            case "undo" if self.irreversible:
                return {"ok": False, "error": "a bot that is off stays so", "code": "irreversible"}
            case "undo":
                return {"ok": True, "undo": {"on": bot["on"]}}
            case "mark":
                bot["mark"] = [asked["case"], asked["stage"]]
                return {"ok": True, "marked": True}
            case "disable":
                bot["on"] = False
            case "restore":
                bot["on"] = bot["on"] or asked["undo"]["on"]
            case _:
                del self.bots[key]
                until = (self.now() + RECOVERABLE).isoformat()
                return {"ok": True, "removed": [{"kind": "bot", "name": key, "recoverable_until": until}]}
        return {"ok": True}
