"""A double of a web hook that answers discovery by the protocol of docs/discovery-protocol.md.

Its cursors are offsets; an administrator can have it forget them. Who may not ask an action is refused as `denied`.
"""

from __future__ import annotations

from typing import Any

from tools.doubles.messages import Request
from tools.doubles.routes import route
from tools.doubles.server import HttpDouble


class DiscoveredDouble(HttpDouble):
    """One web hook, at `/`.

    Attributes:
        place: which workspace it speaks for.
        sections: the records of each, as they go out.
        opens: sections that are named by the first page of another one.
        page: records on a page.
        generation: of its cursors; those of another one have lapsed.
        refusal: what is answered instead; None: what was asked for.
    """

    def __init__(self) -> None:
        self.place = "courier.example.com/shop"
        self.sections: dict[str, list[dict[str, Any]]] = {}
        self.opens: dict[str, list[str]] = {}
        self.page = 2
        self.generation = 0
        self.refusal: dict[str, Any] | None = None
        super().__init__()

    @route("POST", "/")
    def answer(self, request: Request) -> dict[str, Any]:
        asked = request.json()
        action = asked["action"]
        if not self.may(request, action):
            return {"ok": False, "error": f"{request.principal} may not ask {action}", "code": "denied"}
        if self.refusal is not None:
            return self.refusal
        match action:
            case "discover.place":
                return {"ok": True, "place": self.place}
            case "discover.sections":
                opened = {name for names in self.opens.values() for name in names}
                return {"ok": True, "sections": [name for name in self.sections if name not in opened]}
            case _:
                return self._paged(asked["section"], asked["cursor"])

    def _paged(self, section: str, cursor: str | None) -> dict[str, Any]:
        generation, _, offset = (cursor or f"{self.generation}:0").partition(":")
        if int(generation) != self.generation:
            return {"ok": False, "error": "that cursor is not known", "code": "lapsed"}
        begin, records = int(offset), self.sections[section]
        end = begin + self.page
        more = f"{self.generation}:{end}" if end < len(records) else None
        opens = self.opens.get(section, []) if begin == 0 else []
        return {"ok": True, "records": records[begin:end], "next": more, "opens": opens}
