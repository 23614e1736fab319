"""Who owns an identity, where several sources say so: which of them counts first, and whom of a directory one means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from nhi_components.core.tags import OWNER


class Weight(IntEnum):
    """What sources say who owns an identity; the first that says anything counts first, and all are shown."""

    OWN_MARK = 0
    """Our mark `nhi:owner`, or `nhi_owner`, on the identity itself."""
    CMDB = 1
    """A row of a CMDB's file."""
    CODE_OWNERS = 2
    """The file CODEOWNERS of the repository that it comes from."""
    STACK = 3
    """Marks that a stack has given it, as its state keeps them."""
    OTHER = 4
    """Other marks on it, and whatever else its system tells."""
    AUTHOR = 5
    """The author of the commit that it was last updated from."""


class Presence(StrEnum):
    """Whether an owner is still with the organisation, as far as directories tell."""

    PRESENT = "present"
    LEFT = "left"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is said to own an identity.

    Attributes:
        who: a person or a team, as the source calls them.
        source: who says so.
        presence: whether they are still there.
        since: since when they have left; None where it is not told.
    """

    who: str
    source: str
    presence: Presence = Presence.UNKNOWN
    since: datetime | None = None


_OWN: tuple[str, ...] = (f"mark {OWNER}", f"mark {OWNER.replace(':', '_')}")


def row_source(file: str, row: int) -> str:
    """Name a row of a CMDB's file as a source."""
    return f"file {file} row {row}"


def code_owners_source(repository: str) -> str:
    """Name the file CODEOWNERS of a repository as a source."""
    return f"CODEOWNERS of {repository}"


def stack_source(stack: str) -> str:
    """Name a stack as a source."""
    return f"stack {stack}"


def commit_source(commit: str, repository: str) -> str:
    """Name a commit as a source."""
    return f"commit {commit[:12]} of {repository}"


def weight(source: str) -> Weight:
    """Tell how much what a source says of an owner counts."""
    if source in _OWN:
        return Weight.OWN_MARK
    first, _, rest = source.partition(" ")
    if first == "file":
        return Weight.CMDB
    if first.rpartition("/")[2] == "CODEOWNERS" and rest.startswith("of "):
        return Weight.CODE_OWNERS
    return {"stack": Weight.STACK, "commit": Weight.AUTHOR}.get(first, Weight.OTHER)


def in_order(owners: Iterable[Owner]) -> tuple[Owner, ...]:
    """Sort who is said to own an identity: what counts first stands first."""
    return tuple(sorted(owners, key=lambda each: (weight(each.source), each.source, each.who)))


def names_of(owner: str) -> tuple[str, ...]:
    """Give the names under which directories may know an owner, in lower case, the likeliest first.

    `Ann <ann@example.com>` and `mailto:ann@example.com` are a mail address; `@shop/payments` is the team `payments`
    of `shop`, and `@ann` a login.
    """
    plain = " ".join(owner.split()).lower().removeprefix("mailto:")
    _, opened, mail = plain.removesuffix(">").rpartition("<")
    if opened and plain.endswith(">"):
        return (mail.strip(),)
    bare = plain.removeprefix("@")
    team = bare.rpartition("/")[2] if plain.startswith("@") else ""
    return tuple(dict.fromkeys(name for name in (plain, bare, team) if name))
