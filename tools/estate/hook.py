"""A system that no adapter knows: bots of a workspace, of which a web hook's double tells all that may be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tools.doubles.discovered import DiscoveredDouble
from tools.estate.truth import (
    ANN,
    DEPENDENTS_GONE,
    DUPLICATE,
    ENDLESS,
    EVE,
    EXPIRED_CREDENTIAL,
    GHOST,
    KIM,
    OLD_90,
    OLD_180,
    OLD_365,
    OWNER_LEFT,
    OWNER_UNKNOWN,
    SHADOW,
    UNOWNED,
    UNUSED_30,
    UNUSED_60,
    UNUSED_90,
    Ledger,
    Told,
)

LEASE: Final = {"nhi:lease": "lease-abcdefghijklmnop", "nhi:managed-by": "nhi_components"}
_EVERYTHING_WRONG: Final[dict[str, Any]] = {"used": 300, "key": (800, None)}


class HookEstate:
    """Plants one workspace.

    Args:
        double: the double.
        ledger: takes what is planted.
    """

    def __init__(self, double: DiscoveredDouble, ledger: Ledger) -> None:
        self.double, self._ledger = double, ledger
        self._told: list[dict[str, Any]] = []
        double.sections, double.page = {"bots": self._told}, 50
        self.token = double.grant("the-bots-readers-token", "reader")

    def bot(
        self,
        name: str,
        *told: Told,
        made: int = 1000,
        used: int | None = 1,
        watched: bool = True,
        key: tuple[int, int | None] | None = None,
        key_off: bool = False,
        guard: str | None = None,
        marks: dict[str, str] | None = None,
        holds: str = "",
        **about: Any,
    ) -> str:
        """Make a bot; give its key.

        Args:
            name: its name.
            told: what must be told of it.
            made: how many days ago.
            used: how many days ago it was used last; None for never.
            watched: uses are told at all.
            key: how many days ago an API key was made, and in how many it ends, if it does.
            key_off: that is switched off.
            guard: why no tool may remove it.
            marks: its marks; a lease's without any.
            holds: what it may do, in place of one thing of its own.
            about: more for `Ledger.plant`.
        """
        bot = f"{self.double.place}/bots/{name}"
        use = {
            "at": None if used is None else _ago(used),
            "watched_since": _ago(2000) if watched else None,
            "as_of": None,
        }
        own = {"key": bot, "kind": "bot", "name": name, "unique_id": f"id-{name}", "created_at": _ago(made)}
        more = {"use": use, "marks": LEASE if marks is None else marks, **({"guard": guard} if guard else {})}
        self._tell("identity", **own, **more)
        self._tell("grant", holder=bot, privilege=holds or f"{name}.write", target="shop")
        if key is not None:
            ends = {} if key[1] is None else {"expires_at": _ago(-key[1])}
            of_key = {"identity": bot, "kind": "api-key", "id": f"key-{name}", "created_at": _ago(key[0]), **ends}
            self._tell("credential", **of_key, disabled=key_off)
        return self._ledger.plant("hook", bot, *told, **about)

    def plant(self) -> None:
        """Plant all of them."""
        for number in range(15):
            self.bot(f"helper-{number:02}", made=10 * number + 1)
        self.bot("by-hand", SHADOW, marks={}, why="made by hand")
        self.bot("nobodys", UNOWNED, owners=(), why="nobody is said to own it")
        self.bot("left-behind", OWNER_LEFT, owners=(EVE,), why="its owner has left")
        self.bot("strange", OWNER_UNKNOWN, owners=(GHOST, "other@example.com"), why="no directory has its owners")
        for days, told in ((30, UNUSED_30), (60, UNUSED_60), (90, UNUSED_90)):
            self.bot(f"idle-{days}", told, used=days, why=f"used {days} days ago to the day")
            self.bot(f"idle-{days - 1}", *_before(told), used=days - 1, why=f"used {days - 1} days ago")
        self.bot("never-used", UNUSED_90, used=None, why="made long ago, and never used")
        self.bot("new", made=29, used=None, why="made lately, and not used yet")
        self.bot("unwatched", used=None, watched=False, why="nothing is told of its uses")
        for days, told in ((90, OLD_90), (180, OLD_180), (365, OLD_365)):
            self.bot(f"key-{days}", told, key=(days, 50), why=f"a key of {days} days to the day")
            self.bot(f"key-{days - 1}", *_before(told), key=(days - 1, 50), why=f"a key of {days - 1} days")
        self.bot("key-for-ever", ENDLESS, key=(3, None), why="a key never ends")
        self.bot("key-off", key=(800, None), key_off=True, why="an old, endless key that is switched off")
        self.bot("key-over", EXPIRED_CREDENTIAL, key=(800, -1), why="an old key has ended and is there")
        self.bot("of-the-service", guard="service-linked", owners=(), marks={}, why="of a service", **_EVERYTHING_WRONG)
        faults = (SHADOW, UNOWNED, UNUSED_90, OLD_365, ENDLESS)
        self.bot("for-emergencies", *faults, guard="break-glass", owners=(), marks={}, why="kept", **_EVERYTHING_WRONG)
        for number in range(2):
            self.bot(f"twin-{number}", DUPLICATE, holds="parcels.read", why="does the same as another")
        self.bot("twin-of-kim", holds="parcels.read", owners=(KIM,), why="serves another owner")
        self._depended("ran", DEPENDENTS_GONE, before=["flow"], after=[])
        self._depended("runs-on", before=["flow", "other"], after=["other"])
        self._depended("runs-anew", before=["old"], after=["new"])
        self.bot("marked", owners=(), marks={**LEASE, "contact": ANN}, why="owned by a mark")

    def _depended(self, name: str, *told: Told, before: list[str], after: list[str]) -> None:
        bot = self.bot(name, *told, why=f"{before} depended on it, {after} do")

        def depend(flows: list[str]) -> None:
            for flow in flows:
                self._tell("dependent", identity=bot, kind="workflow", name=f"{bot}/{flow}")

        def change() -> None:
            self._told[:] = [each for each in self._told if each["record"] != "dependent" or each["identity"] != bot]
            depend(after)

        depend(before)
        self._ledger.changes.append(change)

    def _tell(self, record: str, **fields: Any) -> None:
        self._told.append({"record": record, **fields})


_STEPS: Final = (UNUSED_30, UNUSED_60, UNUSED_90, OLD_90, OLD_180, OLD_365)


def _before(told: Told) -> list[Told]:
    """The degree below one; of the lowest there is none."""
    same = [each for each in _STEPS if each[0] == told[0]]
    return same[: same.index(told)][-1:]


def _ago(days: int) -> str:
    """So many days ago, or in so many where that is less than none."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()
